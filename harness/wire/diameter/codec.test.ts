import { expect, test } from '@playwright/test';
import { buildAnswer, buildDiameter } from './build.js';
import { checkCommand } from './check.js';
import { VENDOR_3GPP } from './dictionary.js';
import { find, numberOf, octetsOf, resultOf, textOf } from './find.js';
import { looksLikeDiameter, parseDiameter } from './parse.js';

const cx = [
  ['Vendor-Id', VENDOR_3GPP],
  ['Auth-Application-Id', 16777216],
] as const;

function userAuthorizationRequest() {
  return buildDiameter({
    command: 'UAR',
    hopByHop: 0x01020304,
    endToEnd: 0xfffefdfc,
    avps: [
      ['Session-Id', 'icscf.a;1;2'],
      ['Vendor-Specific-Application-Id', cx],
      ['Auth-Session-State', 'NO_STATE_MAINTAINED'],
      ['Origin-Host', 'icscf.a'],
      ['Origin-Realm', 'a'],
      ['Destination-Realm', 'a'],
      ['User-Name', 'user@a'],
      ['Public-Identity', 'sip:user@a'],
      ['Visited-Network-Identifier', 'a'],
      ['User-Authorization-Type', 'REGISTRATION'],
    ],
  });
}

test('a request that is built from names is read back, typed and without defects', () => {
  const message = userAuthorizationRequest();
  expect(message).toMatchObject({ version: 1, commandCode: 300, applicationId: 16777216, hopByHop: 0x01020304 });
  expect(message.endToEnd).toBe(0xfffefdfc);
  expect(message.length).toBe(message.octets.length);
  expect(message.flags).toEqual({ request: true, proxiable: true, error: false, retransmitted: false });
  expect(textOf(message, 'Public-Identity')).toBe('sip:user@a');
  expect(numberOf(message, 'Vendor-Specific-Application-Id', 'Vendor-Id')).toBe(VENDOR_3GPP);
  expect(numberOf(message, 'Auth-Session-State')).toBe(1);
  expect(message.defects).toEqual([]);
  expect(checkCommand(message)).toEqual([]);
  expect(looksLikeDiameter(message.octets)).toBe(true);
});

test('an answer repeats identifiers and Session-Id', () => {
  const request = userAuthorizationRequest();
  const answer = buildAnswer(request, [
    ['Vendor-Specific-Application-Id', cx],
    [
      'Experimental-Result',
      [
        ['Vendor-Id', VENDOR_3GPP],
        ['Experimental-Result-Code', 2001],
      ],
    ],
    ['Auth-Session-State', 1],
    ['Origin-Host', 'hss.a'],
    ['Origin-Realm', 'a'],
  ]);
  expect(answer).toMatchObject({ hopByHop: request.hopByHop, endToEnd: request.endToEnd, commandCode: 300 });
  expect(answer.avps[0]?.name).toBe('Session-Id');
  expect(resultOf(answer)).toEqual({ code: 2001, experimental: true, vendorId: VENDOR_3GPP });
  expect(checkCommand(answer)).toEqual([]);
});

test('what the dictionary asks for and the message lacks is told', () => {
  const message = buildDiameter({
    command: 'UAR',
    avps: [
      ['Origin-Host', 'x'],
      ['Session-Id', 'x;1'],
      ['Origin-Host', 'y'],
    ],
  });
  const defects = checkCommand(message).map((defect) => `${defect.code} ${defect.avp}`);
  expect(defects).toContain('diameter-missing-avp User-Name');
  expect(defects).toContain('diameter-repeated-avp Origin-Host');
  expect(defects).toContain('diameter-fixed-position Session-Id');
});

test('every data format survives a round trip', () => {
  const message = buildDiameter({
    command: 'CER',
    avps: [
      ['Host-IP-Address', '192.0.2.7'],
      ['Host-IP-Address', '2001:db8::1'],
      ['Event-Timestamp', Date.UTC(2026, 10, 22)],
      ['Event-Timestamp', Date.UTC(2040, 0, 1)],
      ['Accounting-Sub-Session-Id', 2n ** 63n],
      ['Media-Type', 'OTHER'],
      ['Product-Name', 'ÿ'],
      { code: 4242, vendorId: 99, mandatory: false, data: Uint8Array.of(1, 2, 3) },
    ],
  });
  expect(message.avps.map((avp) => avp.value)).toEqual([
    '192.0.2.7',
    '2001:db8::1',
    Date.UTC(2026, 10, 22),
    Date.UTC(2040, 0, 1),
    2n ** 63n,
    0xffff_ffff,
    'ÿ',
    Uint8Array.of(1, 2, 3),
  ]);
  expect(message.defects).toEqual([]);
});

test('an unknown AVP with the M bit is a defect, one without is not', () => {
  const build = (mandatory: boolean) =>
    buildDiameter({ command: 'DWR', avps: [{ code: 4242, vendorId: 99, mandatory, data: Uint8Array.of(1) }] }).defects;
  expect(build(true).map((defect) => defect.code)).toEqual(['diameter-unknown-mandatory-avp']);
  expect(build(false)).toEqual([]);
});

test('wrong lengths, flags and padding become defects and never throw', () => {
  const good = userAuthorizationRequest().octets;
  const codes = (change: (octets: Uint8Array) => Uint8Array): readonly string[] =>
    parseDiameter(change(Uint8Array.from(good))).defects.map((defect) => defect.code);
  const put =
    (offset: number, ...values: readonly number[]) =>
    (octets: Uint8Array) => {
      octets.set(values, offset);
      return octets;
    };
  expect(codes(put(0, 2))).toContain('diameter-version');
  expect(codes(put(3, 0))).toContain('diameter-message-length');
  expect(codes(put(4, 0xe0))).toContain('diameter-error-bit-in-request');
  expect(codes(put(4, 0xc1))).toContain('diameter-reserved-flags');
  expect(codes(put(25, 0xff))).toContain('diameter-avp-length');
  expect(codes(put(20 + 8 + 11, 1))).toContain('diameter-padding');
  expect(codes((octets) => octets.subarray(0, 19))).toContain('diameter-truncated');
  expect(codes((octets) => octets.subarray(0, 60))).toContain('diameter-message-length');
});

test('a message cut or flipped anywhere is read without an exception, and its octets are kept', () => {
  const good = userAuthorizationRequest().octets;
  for (let cut = 0; cut < good.length; cut += 1) {
    const octets = good.subarray(0, cut);
    const message = parseDiameter(octets);
    expect(message.octets).toBe(octets);
    expect(message.defects.length).toBeGreaterThan(0);
    looksLikeDiameter(octets);
    checkCommand(message);
  }
  for (let index = 0; index < good.length; index += 1) {
    const octets = Uint8Array.from(good);
    octets[index] = (octets[index] ?? 0) ^ 0xff;
    checkCommand(parseDiameter(octets));
  }
});

test('deep nesting is bounded', () => {
  let data: Uint8Array = new Uint8Array(0);
  for (let depth = 0; depth < 3000; depth += 1) {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(279, 0);
    header.writeUIntBE(8 + data.length, 5, 3);
    header[4] = 0x40;
    data = Buffer.concat([header, data]);
  }
  const head = Buffer.from(userAuthorizationRequest().octets.subarray(0, 20));
  head.writeUIntBE(20 + data.length, 1, 3);
  const message = parseDiameter(Buffer.concat([head, data]));
  expect(message.defects.map((defect) => defect.code)).toEqual(['diameter-too-deep']);
});

test('octets of other protocols do not look like Diameter', () => {
  expect(looksLikeDiameter(Buffer.from('INVITE sip:user@example.org SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n'))).toBe(
    false,
  );
  expect(looksLikeDiameter(new Uint8Array(64))).toBe(false);
  expect(looksLikeDiameter(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))).toBe(
    false,
  );
});

test('octets of an AVP are what was given', () => {
  const message = buildDiameter({
    command: 'MAR',
    avps: [['SIP-Auth-Data-Item', [['SIP-Authenticate', Uint8Array.of(1, 2, 3)]]]],
  });
  expect(octetsOf(message, 'SIP-Auth-Data-Item', 'SIP-Authenticate')).toEqual(Uint8Array.of(1, 2, 3));
  expect(find(message, 'SIP-Auth-Data-Item')?.avps).toHaveLength(1);
});
