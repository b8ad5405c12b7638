import { expect, test } from '@playwright/test';
import { sipDefectCodes } from './defect-codes.js';
import { parseSip } from './parse.js';

const base = {
  start: 'OPTIONS sip:user@example.com SIP/2.0',
  Via: 'SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw2349i',
  From: '<sip:j.user@example.com>;tag=1239',
  To: '<sip:user@example.com>',
  'Call-ID': 'x.0ha0isndaksdj99sdfafnl3lk233412',
  CSeq: '8 OPTIONS',
  'Max-Forwards': '70',
  'Content-Length': '0',
};

type Change = Partial<Record<keyof typeof base, string | null>> & {
  readonly more?: readonly string[];
  readonly body?: string;
};

/** A good OPTIONS with one change; null leaves a header out. */
function codes({ more = [], body = '', ...change }: Change): readonly string[] {
  const { start, ...headers } = { ...base, ...change };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  const octets = Buffer.from([start, ...lines, ...more, '', body].join('\r\n'));
  return parseSip(octets).defects.map(({ code }) => code);
}

test('the good message has no defect', () => {
  expect(codes({})).toEqual([]);
});

const invalid: readonly (readonly [section: string, change: Change, codes: readonly string[]])[] = [
  [
    '§3.1.2.1 extraneous separators',
    { Via: 'SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKk;,;,,', more: ['Contact: "Joe" <sip:joe@example.org>;;;;'] },
    ['sip-empty-list-element', 'sip-empty-parameter', 'sip-header-value', 'sip-empty-parameter'],
  ],
  ['§3.1.2.2 Content-Length beyond the datagram', { 'Content-Length': '9999' }, ['sip-content-length-too-large']],
  ['§3.1.2.3 negative Content-Length', { 'Content-Length': '-999' }, ['sip-content-length']],
  [
    '§3.1.2.4 overlarge request scalars',
    {
      CSeq: '36893488147419103232 OPTIONS',
      'Max-Forwards': '300',
      more: [`Expires: 1${'0'.repeat(100)}`, 'Contact: <sip:user@host129.example.com>;expires=280297596632815'],
    },
    ['sip-header-value', 'sip-header-value', 'sip-header-value', 'sip-max-forwards'],
  ],
  [
    '§3.1.2.5 overlarge response scalars',
    {
      start: 'SIP/2.0 503 Service Unavailable',
      To: '<sip:user@example.com>;tag=1',
      CSeq: '9292394834772304023312 OPTIONS',
      more: ['Retry-After: 949302838503028349304023988', 'Warning: 1812 overture "In Progress"'],
    },
    ['sip-header-value', 'sip-header-value', 'sip-header-value'],
  ],
  ['§3.1.2.6 quote not closed', { To: '"Mr. J. User <sip:j.user@example.com>' }, ['sip-unbalanced-quote']],
  ['§3.1.2.7 angle brackets', { start: 'OPTIONS <sip:user@example.com> SIP/2.0' }, ['sip-request-uri-brackets']],
  ['§3.1.2.8 white space in the URI', { start: 'OPTIONS sip:user@example.com; lr SIP/2.0' }, ['sip-request-uri']],
  ['§3.1.2.9 several spaces', { start: 'OPTIONS  sip:user@example.com  SIP/2.0' }, ['sip-start-line-spacing']],
  ['§3.1.2.10 trailing spaces', { start: 'OPTIONS sip:user@example.com SIP/2.0  ' }, ['sip-start-line-spacing']],
  ['§3.1.2.12 a zone other than GMT', { more: ['Date: Fri, 01 Jan 2010 16:00:00 EST'] }, ['sip-header-value']],
  [
    '§3.1.2.13 a question mark outside angle brackets',
    { more: ['Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E'] },
    ['sip-header-value'],
  ],
  ['§3.1.2.14 spaces in an addr-spec', { To: '"Watson, Thomas" < sip:t.watson@example.org >' }, ['sip-header-value']],
  [
    '§3.1.2.15 a display name that is no token',
    { From: 'Bell, Alexander <sip:a@example.com>;tag=43' },
    ['sip-header-value'],
  ],
  [
    '§3.1.2.16 another version',
    { start: 'OPTIONS sip:user@example.org SIP/7.0', Via: 'SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw' },
    ['sip-version', 'sip-header-value'],
  ],
  ['§3.1.2.17 method mismatch', { CSeq: '8 INVITE' }, ['sip-cseq-method']],
  [
    '§3.1.2.18 method mismatch, unknown method',
    { start: 'NEWMETHOD sip:user@example.com SIP/2.0', CSeq: '8 INVITE' },
    ['sip-cseq-method'],
  ],
  [
    '§3.1.2.19 overlarge status',
    { start: 'SIP/2.0 4294967301 better not break the receiver', To: '<sip:u@example.com>;tag=1' },
    ['sip-start-line-spacing', 'sip-status-code'],
  ],
  ['§3.2.1 no transaction identifier', { Via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK' }, ['sip-branch-without-cookie']],
  [
    '§3.3.1 required headers missing',
    { From: null, To: null, 'Call-ID': null },
    ['sip-mandatory-header-missing', 'sip-mandatory-header-missing', 'sip-mandatory-header-missing'],
  ],
  ['§3.3.2 unknown scheme', { start: 'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0' }, []],
  ['§3.3.3 known but atypical scheme', { start: 'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0' }, []],
  ['§3.3.4 unknown schemes in headers', { To: '<isbn:2983792873>', From: '<http://www.example.com>;tag=3234233' }, []],
  [
    '§3.3.5 option tags that nothing supports',
    { more: ['Require: nothingSupportsThis, nothingSupportsThisEither', 'Proxy-Require: noProxiesSupportThis'] },
    [],
  ],
  ['§3.3.7 unknown authorisation scheme', { more: ['Authorization: NoOneKnowsThisScheme opaque-data=here'] }, []],
  [
    '§3.3.8 several values of single headers',
    { more: ['CSeq: 59 OPTIONS', 'Call-ID: other', 'To: <sip:other@example.com>', 'Max-Forwards: 5'] },
    ['sip-duplicate-header', 'sip-duplicate-header', 'sip-duplicate-header', 'sip-duplicate-header'],
  ],
  [
    '§3.3.9 several Content-Lengths',
    {
      'Content-Length': '13',
      more: ['Content-Type: text/plain', 'Content-Length: 138'],
      body: "There's no way to know",
    },
    ['sip-duplicate-header', 'sip-content-length-too-small'],
  ],
  ['§3.3.11 Max-Forwards of zero', { 'Max-Forwards': '0' }, []],
  ['§3.3.12 a parameter behind a bare URI', { more: ['Contact: sip:+19725552222@gw1.example.net;unknownparam'] }, []],
  [
    '§3.3.14 escaped headers in a Contact',
    { more: ['Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>'] },
    [],
  ],
  [
    '§3.4.1 an INVITE of RFC 2543',
    {
      start: 'INVITE sip:UserB@example.com SIP/2.0',
      Via: 'SIP/2.0/UDP iftgw.example.com',
      From: '<sip:+13035551111@ift.client.example.net;user=phone>',
      CSeq: '56 INVITE',
      'Max-Forwards': null,
      'Content-Length': null,
      more: ['Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>', 'Content-Type: application/sdp'],
      body: 'v=0\r\n',
    },
    ['sip-mandatory-header-missing', 'sip-header-missing', 'sip-branch-without-cookie', 'sip-from-tag-missing'],
  ],
];

for (const [section, change, expected] of invalid) {
  test(`${section} gives ${expected.join(', ') || 'no defect'}`, () => {
    expect(codes(change)).toEqual(expected);
  });
}

test('every code has its place in the table, and every defect a clause', () => {
  for (const [, , expected] of invalid) for (const code of expected) expect(sipDefectCodes.has(code)).toBe(true);
});

const lineFaults: readonly (readonly [title: string, octets: string | Buffer, codes: readonly string[]])[] = [
  ['nothing', '', ['sip-start-line']],
  ['a stray word', 'hello', ['sip-start-line']],
  ['an HTTP request', 'GET / HTTP/1.1\r\n\r\n', ['sip-version']],
  ['a status line without a number', 'SIP/2.0 OK\r\n\r\n', ['sip-start-line']],
  ['NULs', Buffer.alloc(100), ['sip-start-line']],
];

for (const [title, octets, expected] of lineFaults) {
  test(`${title}: ${expected[0]} and no throw`, () => {
    const message = parseSip(Buffer.from(octets));
    expect(message.defects.map(({ code }) => code).slice(0, 1)).toEqual(expected);
  });
}

test('faults of lines: no colon, bare LF, folding, white space before the colon, controls, bad UTF-8, no empty line', () => {
  const good = parseSip(
    Buffer.from(
      'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n',
    ),
  );
  expect(good.defects).toEqual([]);
  const withLine = (line: string | Buffer) => {
    const octets = Buffer.concat([good.octets.subarray(0, -2), Buffer.from(line), Buffer.from('\r\n\r\n')]);
    return parseSip(octets).defects.map(({ code, offset }) => [code, offset - good.octets.length + 2]);
  };
  expect(withLine('no colon here')).toEqual([['sip-header-without-colon', 0]]);
  expect(withLine('Q: a\nZ: b')).toEqual([['sip-bare-lf', 4]]);
  expect(withLine('Q: a\rb')).toEqual([['sip-bare-cr', 4]]);
  expect(withLine('Q : a')).toEqual([['sip-space-before-colon', 1]]);
  expect(withLine('Q: a\r\n b')).toEqual([['sip-folded-line', 6]]);
  expect(withLine('Q: a\x01b')).toEqual([['sip-control-character', 4]]);
  expect(withLine('Q Y: a')).toEqual([['sip-header-name-token', 0]]);
  expect(withLine(Buffer.from([0x51, 0x3a, 0x20, 0xc3, 0x28]))).toEqual([['sip-not-utf8', 3]]);
  expect(parseSip(good.octets.subarray(0, -2)).defects.map(({ code }) => code)).toEqual(['sip-no-empty-line']);
});
