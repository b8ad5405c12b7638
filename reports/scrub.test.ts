import { expect, test } from '@playwright/test';
import { scrub } from './scrub.js';

const SECRET: readonly (readonly [line: string, secret: string])[] = [
  [
    'WWW-Authenticate: Digest nonce="x", ik="00112233445566778899aabbccddeeff", ck="ffeeddccbbaa99887766554433221100"',
    '0011223344',
  ],
  ['WWW-Authenticate: Digest nonce="x", ck="ffeeddccbbaa99887766554433221100"', 'ffeeddccbb'],
  ['WWW-Authenticate: Digest CK = deadbeefdeadbeef', 'deadbeef'],
  ['Authorization: Digest username="u", response="6629fae49393a05397450978507c4ef1"', '6629fae4'],
  ['Authentication-Info: rspauth="6629fae49393a05397450978507c4ef1"', '6629fae4'],
  ['Authorization: Digest auts="c2VjcmV0c2VjcmV0"', 'c2VjcmV0'],
  ['Proxy-Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['Contact: <sip:alice:hunter2@example.org>', 'hunter2'],
  ['password=hunter2', 'hunter2'],
  ['{"password": "hunter2"}', 'hunter2'],
  ['{"k":"465b5ce8b199b49faa5f0a2ee238a6bc","opc":"cd63cb71954a9f4e48a5994e37a02baf"}', '465b5ce8'],
  ['{"k":"465b5ce8b199b49faa5f0a2ee238a6bc","opc":"cd63cb71954a9f4e48a5994e37a02baf"}', 'cd63cb71'],
  ['OPc: 0xcd63cb71954a9f4e48a5994e37a02baf', 'cd63cb71'],
  ['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj', 'd0Rmdmcm'],
  ['-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0\n-----END PRIVATE KEY-----', 'kqhkiG9w0'],
];

for (const [line, secret] of SECRET) {
  test(`removes ${secret} from ${line.slice(0, 50)}`, () => {
    const clean = scrub(`Via: x\r\n${line}\r\nTo: y`);
    expect(clean).not.toContain(secret);
    expect(clean.split('\n')).toHaveLength(`Via: x\r\n${line}\r\nTo: y`.split('\n').length);
    expect(clean.startsWith('Via: x\r\n')).toBe(true);
    expect(clean.endsWith('\r\nTo: y')).toBe(true);
  });
}

test('leaves everything else as it is', () => {
  for (const text of [
    'WWW-Authenticate: Digest realm="ims", nonce="q83vEjRWeJA=", algorithm=AKAv1-MD5',
    'Via: SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1',
    'From: <sip:+447700900101@ims.mnc001.mcc001.3gppnetwork.org;user=phone>;tag=a',
    'P-Charging-Vector: icid-value=1;orig-ioi=ims.a',
    'the response was late',
    'Record-Route: <sip:token@ibcf.home-a;lr>',
  ]) {
    expect(scrub(text)).toBe(text);
  }
});

test('takes linear time on what looks like a secret and never ends', () => {
  const long = `ik="${'a'.repeat(200_000)} password=${'b'.repeat(200_000)} sip:${'c'.repeat(200_000)} -----BEGIN PRIVATE KEY-----${'d\n'.repeat(100_000)}`;
  const started = performance.now();
  scrub(long);
  expect(performance.now() - started).toBeLessThan(2000);
});
