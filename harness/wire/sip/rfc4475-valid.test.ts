import { expect, test } from '@playwright/test';
import { sipDefectCodes } from './defect-codes.js';
import { parseNameAddr, parseVia } from './headers.js';
import type { SipMessage } from './message.js';
import { bodyParts } from './multipart.js';
import { parseSip } from './parse.js';
import { parseUri } from './uri.js';

/** Octets of lines; `<0x07>` stands for that octet, as in RFC 4475. */
function message(...lines: readonly string[]): SipMessage {
  const text = lines.join('\r\n');
  const parts = text.split(/<0x([0-9A-F]{2})>/);
  return parseSip(
    Buffer.concat(parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from(part, 'hex')))),
  );
}

function violations(of: SipMessage): readonly string[] {
  return of.defects.filter(({ code }) => sipDefectCodes.get(code)?.severity === 'violation').map(({ code }) => code);
}

test('§3.1.1.1 a short tortuous INVITE', () => {
  const m = message(
    'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
    'TO :',
    ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
    'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
    '  ;',
    '  tag = 98asjd8',
    'MaX-fOrWaRdS: 0068',
    'Call-ID: wsinv.ndaksdj@192.0.2.1',
    'Content-Length   : 150',
    'cseq: 0009',
    '  INVITE',
    'Via  : SIP  /   2.0',
    ' /UDP',
    '    192.0.2.2;branch=z9hG4bK390skdjuw',
    's :',
    'NewFangledHeader:   newfangled value',
    ' continued newfangled value',
    'UnknownHeaderWithUnusualValue: ;;,,;;,;',
    'Content-Type: application/sdp',
    'Route:',
    ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
    'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
    '  branch  =   z9hG4bK9ikj8  ,',
    ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
    ' z9hG4bK30239',
    'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
    '      newvalue ;',
    '  secondparam ; q = 0.33',
    '',
    'v=0',
    'o=mhandley 29739 7272939 IN IP4 192.0.2.3',
    's=-',
    'c=IN IP4 192.0.2.4',
    't=0 0',
    'm=audio 49217 RTP/AVP 0 12',
    'm=video 3227 RTP/AVP 31',
    'a=rtpmap:31 LPC',
    '',
  );
  expect(violations(m)).toEqual([]);
  expect(m.body).toHaveLength(150);
  expect(m.all('Via').map((value) => parseVia(value)?.branch)).toEqual([
    'z9hG4bK390skdjuw',
    'z9hG4bK9ikj8',
    'z9hG4bK30239',
  ]);
  expect(m.all('Via').map((value) => parseVia(value)?.transport)).toEqual(['UDP', 'TCP', 'UDP']);
  expect(m.get('CSeq')).toBe('0009 INVITE');
  expect(parseNameAddr(m.get('To') ?? '')?.params.get('tag')).toBe('1918181833n');
  expect(parseNameAddr(m.get('From') ?? '')).toMatchObject({
    displayName: 'J Rosenberg \\"',
    uri: 'sip:jdrosen@example.com',
  });
  const contact = parseNameAddr(m.get('Contact') ?? '');
  expect(contact?.displayName).toBe('Quoted string ""');
  expect([...(contact?.params ?? [])]).toEqual([
    ['newparam', 'newvalue'],
    ['secondparam', null],
    ['q', '0.33'],
  ]);
  expect(m.get('NewFangledHeader')).toBe('newfangled value continued newfangled value');
  expect(m.get('Subject')).toBe('');
});

test('§3.1.1.2 a wide range of valid characters', () => {
  const m = message(
    "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
    "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
    'To: "BEL:\\<0x07> NUL:\\<0x00> DEL:\\<0x7F>" <sip:1_unusual.URI~(to-be!sure)&isn\'t+it$/crazy?,/;;*@example.com>',
    "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.",
    'Call-ID: intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
    "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~",
    'Max-Forwards: 255',
    "extensionHeader-!.%*+_`'~:大停電",
    'Content-Length: 0',
    '',
    '',
  );
  expect(m.defects).toEqual([]);
  if (m.kind !== 'request') throw new Error('not a request');
  const uri = parseUri(m.requestUri);
  expect(uri).toMatchObject({
    user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
    password: "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
    host: 'example.com',
  });
  expect(m.get("EXTENSIONHEADER-!.%*+_`'~")).toBe('大停電');
  expect(parseNameAddr(m.get('From') ?? '')?.params.get("fromparam''~+*_!.-%")).toBe('работающий');
  expect(parseNameAddr(m.get('To') ?? '')?.displayName).toBe('BEL:\x07 NUL:\x00 DEL:\x7f');
});

const head = (method: string, uri: string, ...more: readonly string[]) =>
  message(
    `${method} ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw',
    ...(more.some((line) => line.startsWith('To')) ? [] : ['To: sip:user@example.com']),
    ...(more.some((line) => line.startsWith('From')) ? [] : ['From: <sip:caller@example.net>;tag=938']),
    'Call-ID: x.239409asdfakjkn23onasd0-3234',
    `CSeq: 234234 ${method}`,
    'Max-Forwards: 70',
    ...more,
    'l: 0',
    '',
    '',
  );

test('§3.1.1.3 and §3.1.1.4 escapes in URIs are kept and are valid', () => {
  const m = head(
    'INVITE',
    'sip:sips%3Auser%40example.com@example.net',
    'To: sip:%75se%72@example.com',
    'From: <sip:I%20have%20spaces@example.net>;tag=938',
    'Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>',
  );
  expect(m.defects).toEqual([]);
  expect(m.kind === 'request' && parseUri(m.requestUri)).toMatchObject({
    user: 'sips%3Auser%40example.com',
    host: 'example.net',
  });
  const contact = parseUri(parseNameAddr(m.get('Contact') ?? '')?.uri ?? '');
  expect(contact?.scheme === 'sip' && contact.params.has('lr')).toBe(false);
  const nulls = head(
    'REGISTER',
    'sip:example.com',
    'Contact: <sip:%00@host5.example.com>',
    'Contact: <sip:%00%00@host5.example.com>',
  );
  expect(nulls.defects).toEqual([]);
  expect(nulls.all('Contact')).toHaveLength(2);
});

test('§3.1.1.5 a percent sign outside a URI is no escape', () => {
  const m = head(
    'RE%47IST%45R',
    'sip:registrar.example.com',
    'To: "%Z%45" <sip:resource@example.com>',
    'From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23',
    'Contact: <sip:alias1@host1.example.com>',
    'C%6Fntact: <sip:alias2@host2.example.com>',
    'Contact: <sip:alias3@host3.example.com>',
  );
  expect(m.defects).toEqual([]);
  expect(m.kind === 'request' && m.method).toBe('RE%47IST%45R');
  expect(m.all('Contact')).toHaveLength(2);
  expect(parseNameAddr(m.get('To') ?? '')?.displayName).toBe('%Z%45');
});

test('§3.1.1.6 no white space between display name and angle bracket', () => {
  const m = head('OPTIONS', 'sip:user@example.com', 'From: caller<sip:caller@example.com>;tag=323');
  expect(m.defects).toEqual([]);
  expect(parseNameAddr(m.get('From') ?? '')).toMatchObject({ displayName: 'caller', uri: 'sip:caller@example.com' });
});

test('§3.1.1.7 long values', () => {
  const long = 'i'.repeat(2_000);
  const vias = Array.from({ length: 12 }, (_, i) => `Via: SIP/2.0/TCP sip${i}.example.com;branch=z9hG4bK${i}${long}`);
  const m = head(
    'INVITE',
    'sip:user@example.com',
    `To: "I have a user name of ${'extreme '.repeat(20)}proportion" <sip:user@example.com:6000;unknownparam1=very${'long'.repeat(300)}value>`,
    `From: sip:amazinglylongcallername${long}@example.net;tag=12${'982'.repeat(300)}424`,
    `Unknown-${'Long'.repeat(200)}-Name: unknown-${long}-value`,
    ...vias,
    `Contact: <sip:amazinglylongcallername${long}@host5.example.net>`,
  );
  expect(m.defects).toEqual([]);
  expect(m.octets.length).toBeGreaterThan(30_000);
  expect(m.all('Via')).toHaveLength(13);
});

test('§3.1.1.8 octets behind Content-Length in a datagram are no part of the message', () => {
  const m = message(
    'REGISTER sip:example.com SIP/2.0',
    'To: sip:j.user@example.com',
    'From: sip:j.user@example.com;tag=43251j3j324',
    'Max-Forwards: 8',
    'I: dblreq.0ha0isndaksdj99sdfafnl3lk233412',
    'Contact: sip:j.user@host.example.com',
    'CSeq: 8 REGISTER',
    'Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492',
    'Content-Length: 0',
    '',
    '',
    'INVITE sip:joe@example.com SIP/2.0',
    't: sip:joe@example.com',
    '',
    '',
  );
  expect(m.body).toHaveLength(0);
  expect(m.defects.map(({ code }) => code)).toEqual(['sip-content-length-too-small']);
});

test('§3.1.1.9 semicolons in the user part', () => {
  const m = head('OPTIONS', 'sip:user;par=u%40example.net@example.com', 'To: sip:j_user@example.com');
  expect(m.defects).toEqual([]);
  const uri = parseUri(m.kind === 'request' ? m.requestUri : '');
  expect(uri).toMatchObject({ user: 'user;par=u%40example.net', number: 'user', host: 'example.com' });
  expect(uri?.scheme === 'sip' && uri.params.size).toBe(0);
  expect(uri?.scheme === 'sip' && uri.userParams.get('par')).toBe('u%40example.net');
});

test('§3.1.1.10 transports of every kind', () => {
  const vias = ['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP'].map(
    (t, i) => `Via: SIP/2.0/${t} t${i}.example.com;branch=z9hG4bK${i}`,
  );
  const m = head('OPTIONS', 'sip:user@example.com', ...vias);
  expect(m.defects).toEqual([]);
  expect(m.all('Via').map((value) => parseVia(value)?.transport)).toEqual([
    'UDP',
    'UDP',
    'SCTP',
    'TLS',
    'UNKNOWN',
    'TCP',
  ]);
});

test('§3.1.1.11 a multipart body with binary octets', () => {
  const body = Buffer.concat([
    Buffer.from('--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n'),
    Buffer.from('--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n'),
    Buffer.from([0x30, 0x82, 0x0d, 0x0a, 0x00, 0xff]),
    Buffer.from('\r\n--7a9cbec02ceef655--\r\n'),
  ]);
  const lines = [
    'MESSAGE sip:kumiko@example.org SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport',
    'Max-Forwards: 70',
    'From: <sip:fluffy@example.com>;tag=2fb0dcc9',
    'To: <sip:kumiko@example.org>',
    'Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..',
    'CSeq: 1 MESSAGE',
    'Content-Type: multipart/mixed;boundary=7a9cbec02ceef655',
    `Content-Length: ${body.length}`,
    '',
    '',
  ];
  const m = parseSip(Buffer.concat([Buffer.from(lines.join('\r\n')), body]));
  expect(m.defects).toEqual([]);
  const parts = bodyParts(m);
  expect(parts.map(({ type }) => type)).toEqual(['text/plain', 'application/octet-stream']);
  expect([...(parts[1]?.octets ?? [])]).toEqual([0x30, 0x82, 0x0d, 0x0a, 0x00, 0xff]);
});

const response = (statusLine: string, ...more: readonly string[]) =>
  message(
    statusLine,
    'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923',
    'Call-ID: unreason.1234ksdfak3j2erwedfsASdf',
    'CSeq: 35 INVITE',
    'From: sip:user@example.com;tag=11141343',
    'To: sip:user@example.edu;tag=2229',
    ...more,
    'Content-Length: 0',
    '',
    '',
  );

test('§3.1.1.12 and §3.1.1.13 unusual and empty reason phrases', () => {
  const unusual = response(
    'SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое',
    'Contact: <sip:user@host198.example.com>',
  );
  expect(unusual.defects).toEqual([]);
  expect(unusual).toMatchObject({ status: 200, reason: '= 2**3 * 5**2 но сто девяносто девять - простое' });
  const empty = response('SIP/2.0 100 ');
  expect(empty.defects).toEqual([]);
  expect(empty).toMatchObject({ status: 100, reason: '' });
});
