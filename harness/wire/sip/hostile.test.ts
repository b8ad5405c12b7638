import { expect, test } from '@playwright/test';
import { editSip } from './edit.js';
import { parseNameAddr, parseVia } from './headers.js';
import { bodyParts } from './multipart.js';
import { parseSip } from './parse.js';
import { parseUri } from './uri.js';

const invite = Buffer.from(
  [
    'INVITE tel:+15550100 SIP/2.0',
    'Via: SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bKa;rport , SIP/2.0/UDP b.example;branch=z9hG4bKb',
    'From: "Ä \\" <" <sip:a@home-a.example;user=phone>;tag=1',
    'To: <tel:+15550100;phone-context=x>',
    'Call-ID: x@y',
    'CSeq: 1 INVITE',
    'Max-Forwards: 70',
    'Contact: <sip:[2001:db8::2]:5060>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"',
    'P-Charging-Vector: icid-value="AyretyU0dm+6O2IrT5tAFrbHLso=023551024";orig-ioi=home1.net',
    'Warning: 399 h "a, b (c"',
    'Subject: folded',
    '\tline',
    'Content-Type: multipart/mixed;boundary="b"',
    'Content-Length: 60',
    '',
    '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\r\n\r\nplain\r\n--b--\r\n',
  ].join('\r\n'),
);

/** Asks a message everything; throws only if the codec does. */
function exercise(octets: Uint8Array): void {
  const message = parseSip(octets);
  if (Buffer.compare(message.octets, octets) !== 0) throw new Error('octets changed');
  for (const name of new Set(message.headers.map((field) => field.name))) message.all(name);
  for (const field of message.headers) {
    parseNameAddr(field.value);
    parseVia(field.value);
  }
  if (message.defects.some(({ offset }) => !(offset >= 0 && offset <= octets.length)))
    throw new Error('offset outside');
  bodyParts(message);
  editSip(message).removeFirst('Via').prepend('Via', 'x').append('Route', '<sip:r;lr>').done();
  if (message.kind === 'request') parseUri(message.requestUri);
}

test('an untouched edit gives the same octets', () => {
  expect(Buffer.compare(editSip(parseSip(invite)).done().octets, invite)).toBe(0);
});

test('every truncation is read without a throw', () => {
  for (let length = 0; length <= invite.length; length++) exercise(invite.subarray(0, length));
});

test('every octet flipped is read without a throw', () => {
  let state = 3953;
  for (let at = 0; at < invite.length; at++) {
    for (let round = 0; round < 3; round++) {
      state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
      const flipped = Buffer.from(invite);
      flipped[at] = round === 0 ? 0 : (state >> 8) & 0xff;
      exercise(flipped);
    }
  }
});

const head = 'OPTIONS sip:a@b SIP/2.0\r\n';
const hostile: readonly (readonly [title: string, make: (n: number) => string])[] = [
  ['open angle brackets', (n) => `${head}Route: ${'<,'.repeat(n)}\r\n\r\n`],
  ['open comments', (n) => `${head}Via: ${'(,'.repeat(n)}\r\n\r\n`],
  ['quotes', (n) => `${head}Contact: ${'"\\"'.repeat(n)}\r\n\r\n`],
  ['folds', (n) => `${head}To: a${'\r\n b'.repeat(n)}\r\n\r\n`],
  ['parameters', (n) => `${head}To: <sip:a@b>${';a=b'.repeat(n)}\r\n\r\n`],
  ['digits in a tel URI', (n) => `OPTIONS tel:+${'1'.repeat(n)}x SIP/2.0\r\n\r\n`],
  ['spaces in the start line', (n) => `OPTIONS ${' '.repeat(n)}x\r\n\r\n`],
  ['short lines', (n) => `${head}${'a:b\r\n'.repeat(n)}\r\n`],
  ['header names', (n) => `${head}${Array.from({ length: n / 4 }, (_, i) => `h${i}:b\r\n`).join('')}\r\n`],
  ['lines without colon', (n) => `${head}${'x\n'.repeat(n)}\r\n`],
  ['spaces in a Via', (n) => `${head}Via: SIP${' '.repeat(n)}/2.0\r\n\r\n`],
  ['boundaries', (n) => `${head}Content-Type: multipart/mixed;boundary=b\r\n\r\n${'--b\r\n'.repeat(n)}`],
];

for (const [title, make] of hostile) {
  test(`many ${title} are read in linear time`, () => {
    const octets = Buffer.from(make(13_000));
    const before = process.cpuUsage().user;
    exercise(octets);
    // A quadratic reader needs seconds for this; the bound is wide because the machines of CI are slow.
    expect(process.cpuUsage(undefined).user - before).toBeLessThan(1_500_000);
  });
}
