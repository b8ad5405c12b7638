import { expect, test } from '@playwright/test';
import { parseNameAddr, parseVia } from './headers.js';
import { parseSip } from './parse.js';
import { formatSipUri, parseUri } from './uri.js';

function register(requestUri: string, via: string, contact = '<sip:user@[2001:db8::10]>') {
  return parseSip(
    Buffer.from(
      [
        `REGISTER ${requestUri} SIP/2.0`,
        'To: sip:user@example.com',
        'From: sip:user@example.com;tag=81x2',
        `Via: ${via}`,
        'Call-ID: SSG9559905523997077@hlau_4100',
        'Max-Forwards: 70',
        `Contact: ${contact}`,
        'CSeq: 98176 REGISTER',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    ),
  );
}

const via = 'SIP/2.0/UDP [2001:db8::9:1]:5070;branch=z9hG4bKas3-111';

test('§4.1 a valid IPv6 reference', () => {
  const m = register('sip:[2001:db8::10]', via);
  expect(m.defects).toEqual([]);
  expect(parseUri('sip:[2001:db8::10]')).toMatchObject({ host: '2001:db8::10', port: null });
  expect(parseVia(via)).toMatchObject({ host: '2001:db8::9:1', port: 5070 });
});

test('§4.2 an IPv6 address without brackets is no host', () => {
  expect(register('sip:2001:db8::10', via).defects.map(({ code }) => code)).toEqual(['sip-request-uri']);
});

test('§4.3 and §4.4 the port is inside or outside the brackets', () => {
  expect(parseUri('sip:[2001:db8::10:5070]')).toMatchObject({ host: '2001:db8::10:5070', port: null });
  expect(parseUri('sip:[2001:db8::10]:5070')).toMatchObject({ host: '2001:db8::10', port: 5070 });
});

test('§4.5 received with and without brackets', () => {
  for (const received of ['[2001:db8::9:255]', '2001:db8::9:255']) {
    const m = register('sip:[2001:db8::10]', `SIP/2.0/UDP [2001:db8::9:1];received=${received};branch=z9hG4bKas3-111`);
    expect(m.defects).toEqual([]);
    expect(parseVia(m.get('Via') ?? '')?.params.get('received')).toBe(received);
  }
});

test('§4.7 and §4.9 both versions in one message, and a mapped IPv4 address', () => {
  const m = register(
    'sip:user@example.com',
    `${via}, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKas3-112`,
    '<sip:user@[::ffff:192.0.2.10]:19823>',
  );
  expect(m.defects).toEqual([]);
  expect(m.all('Via').map((value) => parseVia(value)?.host)).toEqual(['2001:db8::9:1', '192.0.2.1']);
  expect(parseUri(parseNameAddr(m.get('Contact') ?? '')?.uri ?? '')).toMatchObject({
    host: '::ffff:192.0.2.10',
    port: 19823,
  });
});

test('§4.10 the third colon that the old ABNF made', () => {
  expect(parseUri('sip:user@[2001:db8:::192.0.2.1]')).toMatchObject({ host: '2001:db8:::192.0.2.1' });
  expect(parseUri('sip:user@[2001:db8:::1]')).toBeNull();
  expect(parseUri('sip:user@[1:2:3:4:5:6:7:8:9]')).toBeNull();
  expect(parseUri('sip:user@[2001:db8::10')).toBeNull();
});

test('an IPv6 host is written in brackets', () => {
  expect(formatSipUri({ user: 'a', host: '2001:db8::1', port: 5060, params: { lr: null } })).toBe(
    'sip:a@[2001:db8::1]:5060;lr',
  );
});
