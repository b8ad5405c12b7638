import { expect, test } from '@playwright/test';
import {
  akaDigestResponse,
  akaNonce,
  authenticationVector,
  buildAuts,
  checkAkaDigest,
  deriveOpc,
  milenage,
  milenageMac,
  octetsToSqn,
  openChallenge,
  parseAkaNonce,
  verifyAuts,
} from './aka.js';
import { SqnGenerator, SqnWindow } from './aka-sequence.js';

const octets = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** TS 35.208 §4.3: K, RAND, SQN, AMF, OP, OPc, f1, f1*, f2, f5, f3, f4, f5*. */
const TEST_SETS = [
  [
    '465b5ce8b199b49faa5f0a2ee238a6bc',
    '23553cbe9637a89d218ae64dae47bf35',
    'ff9bb4d0b607',
    'b9b9',
    'cdc202d5123e20f62b6d676ac72cb318',
    'cd63cb71954a9f4e48a5994e37a02baf',
    '4a9ffac354dfafb3',
    '01cfaf9ec4e871e9',
    'a54211d5e3ba50bf',
    'aa689c648370',
    'b40ba9a3c58b2a05bbf0d987b21bf8cb',
    'f769bcd751044604127672711c6d3441',
    '451e8beca43b',
  ],
  [
    '0396eb317b6d1c36f19c1c84cd6ffd16',
    'c00d603103dcee52c4478119494202e8',
    'fd8eef40df7d',
    'af17',
    'ff53bade17df5d4e793073ce9d7579fa',
    '53c15671c60a4b731c55b4a441c0bde2',
    '5df5b31807e258b0',
    'a8c016e51ef4a343',
    'd3a628ed988620f0',
    'c47783995f72',
    '58c433ff7a7082acd424220f2b67c556',
    '21a8c1f929702adb3e738488b9f5c5da',
    '30f1197061c1',
  ],
  [
    'fec86ba6eb707ed08905757b1bb44b8f',
    '9f7c8d021accf4db213ccff0c7f71a6a',
    '9d0277595ffc',
    '725c',
    'dbc59adcb6f9a0ef735477b7fadf8374',
    '1006020f0a478bf6b699f15c062e42b3',
    '9cabc3e99baf7281',
    '95814ba2b3044324',
    '8011c48c0c214ed2',
    '33484dc2136b',
    '5dbdbb2954e8f3cde665b046179a5098',
    '59a92d3b476a0443487055cf88b2307b',
    'deacdd848cc6',
  ],
  [
    '9e5944aea94b81165c82fbf9f32db751',
    'ce83dbc54ac0274a157c17f80d017bd6',
    '0b604a81eca8',
    '9e09',
    '223014c5806694c007ca1eeef57f004f',
    'a64a507ae1a2a98bb88eb4210135dc87',
    '74a58220cba84c49',
    'ac2cc74a96871837',
    'f365cd683cd92e96',
    'f0b9c08ad02e',
    'e203edb3971574f5a94b0d61b816345d',
    '0c4524adeac041c4dd830d20854fc46b',
    '6085a86c6f63',
  ],
  [
    '4ab1deb05ca6ceb051fc98e77d026a84',
    '74b0cd6031a1c8339b2b6ce2b8c4a186',
    'e880a1b580b6',
    '9f07',
    '2d16c5cd1fdf6b22383584e3bef2a8d8',
    'dcf07cbd51855290b92a07a9891e523e',
    '49e785dd12626ef2',
    '9e85790336bb3fa2',
    '5860fc1bce351e7e',
    '31e11a609118',
    '7657766b373d1c2138f307e3de9242f9',
    '1c42e960d89b8fa99f2744e0708ccb53',
    'fe2555e54aa9',
  ],
  [
    '6c38a116ac280c454f59332ee35c8c4f',
    'ee6466bc96202c5a557abbeff8babf63',
    '414b98222181',
    '4464',
    '1ba00a1a7c6700ac8c3ff3e96ad08725',
    '3803ef5363b947c6aaa225e58fae3934',
    '078adfb488241a57',
    '80246b8d0186bcf1',
    '16c8233f05a0ac28',
    '45b0f69ab06c',
    '3f8c7587fe8e4b233af676aede30ba3b',
    'a7466cc1e6b2a1337d49d3b66e95d7b4',
    '1f53cd2b1113',
  ],
] as const;

for (const [index, set] of TEST_SETS.entries()) {
  test(`Milenage gives the outputs of TS 35.208 test set ${index + 1}`, () => {
    const [k, rand, sqn, amf, op, opc, f1, f1Star, f2, f5, f3, f4, f5Star] = set;
    expect(hex(deriveOpc(octets(k), octets(op)))).toBe(opc);
    const keys = { k: octets(k), opc: octets(opc) };
    const out = milenage(keys, octets(rand));
    expect([hex(out.res), hex(out.ck), hex(out.ik), hex(out.ak), hex(out.akResync)]).toEqual([f2, f3, f4, f5, f5Star]);
    const mac = milenageMac(keys, octets(rand), octetsToSqn(octets(sqn)), octets(amf));
    expect([hex(mac.macA), hex(mac.macS)]).toEqual([f1, f1Star]);
  });
}

const keys = { k: octets(TEST_SETS[0][0]), opc: octets(TEST_SETS[0][5]) };
const rand = octets(TEST_SETS[0][1]);

test('a challenge is opened with the SQN it was made with, and only by the right key', () => {
  const vector = authenticationVector(keys, { rand, sqn: 0x1234_5678_9abc, amf: octets('8000') });
  const challenge = openChallenge(keys, vector.rand, vector.autn);
  expect(challenge).toMatchObject({ sqn: 0x1234_5678_9abc, macValid: true });
  expect(hex(challenge?.res ?? new Uint8Array())).toBe(hex(vector.xres));
  const stranger = { k: octets('00112233445566778899aabbccddeeff'), opc: keys.opc };
  expect(openChallenge(stranger, vector.rand, vector.autn)?.macValid).toBe(false);
  expect(openChallenge(keys, vector.rand, vector.autn.subarray(1))).toBeNull();
});

test('AUTS carries SQN_MS and is refused when one bit of it changes', () => {
  const auts = buildAuts(keys, rand, 4711);
  expect(auts).toHaveLength(14);
  expect(verifyAuts(keys, rand, auts)).toBe(4711);
  for (let index = 0; index < auts.length; index += 1) {
    const changed = Uint8Array.from(auts);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(verifyAuts(keys, rand, changed)).toBeNull();
  }
});

test('a nonce holds RAND and AUTN', () => {
  const vector = authenticationVector(keys, { rand, sqn: 33, amf: octets('8000') });
  const nonce = akaNonce(vector);
  const parsed = parseAkaNonce(nonce);
  expect(hex(parsed?.rand ?? new Uint8Array())).toBe(hex(rand));
  expect(hex(parsed?.autn ?? new Uint8Array())).toBe(hex(vector.autn));
  expect(parseAkaNonce('not base64!')).toBeNull();
  expect(parseAkaNonce('AAAA')).toBeNull();
});

test('the digest is that of RFC 2617 §3.5 where the password is text', () => {
  const input = {
    username: 'Mufasa',
    realm: 'testrealm@host.com',
    password: Buffer.from('Circle Of Life'),
    method: 'GET',
    uri: '/dir/index.html',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    qop: 'auth',
    cnonce: '0a4f113b',
    nc: '00000001',
  } as const;
  expect(akaDigestResponse(input)).toBe('6629fae49393a05397450978507c4ef1');
  expect(checkAkaDigest(input, '6629FAE49393A05397450978507C4EF1')).toBe(true);
  expect(checkAkaDigest(input, '6629fae49393a05397450978507c4ef2')).toBe(false);
  expect(checkAkaDigest(input, '')).toBe(false);
});

test('the USIM takes each SQN once, takes them out of order between different IND, and refuses a jump beyond Δ', () => {
  const generator = new SqnGenerator();
  const window = new SqnWindow();
  const first = generator.next();
  const second = generator.next();
  expect(second % 32).toBe((first % 32) + 1);
  expect(window.accept(second)).toBe(true);
  expect(window.accept(first)).toBe(true);
  expect(window.accept(first)).toBe(false);
  expect(window.highest).toBe(second);
  expect(window.accept(2 ** 40)).toBe(false);
});

test('resynchronisation makes the next vector acceptable', () => {
  const window = new SqnWindow(100_000);
  const generator = new SqnGenerator();
  expect(window.accept(generator.next())).toBe(false);
  generator.resynchronise(window.highest);
  expect(window.accept(generator.next())).toBe(true);
});
