import { expect, test } from '@playwright/test';
import {
  parseAuthentication,
  parseChargingVector,
  parseContentType,
  parseCSeq,
  parseNameAddr,
  parsePrivacy,
  parseRAck,
  parseReason,
  parseSessionExpires,
  parseSubscriptionState,
  parseTokens,
  parseVia,
} from './headers.js';
import { headerNames, knownHeader } from './names.js';

test('name-addr: quoted, unquoted, bare, with commas and brackets in odd places', () => {
  expect(parseNameAddr('"Doe, \\"J\\" <x>" <sip:j@h;a=b>;tag=1;q')).toMatchObject({
    displayName: 'Doe, "J" <x>',
    uri: 'sip:j@h;a=b',
    bracketed: true,
  });
  expect(parseNameAddr('Jane Doe <tel:+1>')).toMatchObject({ displayName: 'Jane Doe', uri: 'tel:+1' });
  const bare = parseNameAddr('sip:j@h;tag=1');
  expect([bare?.uri, bare?.bracketed, bare?.params.get('tag')]).toEqual(['sip:j@h', false, '1']);
  for (const bad of ['', '<>', '<sip:a@b', '"open <sip:a@b>', '"a" sip:a@b', 'a b'])
    expect(parseNameAddr(bad)).toBeNull();
});

test('a feature tag keeps what its quotes held', () => {
  const contact = parseNameAddr('<sip:h>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel";audio');
  expect(contact?.params.get('+g.3gpp.icsi-ref')).toBe('urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel');
  expect(contact?.params.get('audio')).toBeNull();
});

test('Via', () => {
  expect(parseVia('SIP/2.0/TCP h:5060;branch=z9hG4bK1;rport;received=192.0.2.1')).toMatchObject({
    transport: 'TCP',
    host: 'h',
    port: 5060,
    branch: 'z9hG4bK1',
  });
  expect(parseVia('sip / 2.0 / tls [2001:db8::1] ; branch = x')).toMatchObject({
    transport: 'TLS',
    host: '2001:db8::1',
    branch: 'x',
  });
  for (const bad of [
    '',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'SIP/3.0/UDP h',
    'SIP/2.0/UDP h:x',
    'SIP/2.0/UDP h:70000',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP h i',
  ]) {
    expect([bad, parseVia(bad)]).toEqual([bad, null]);
  }
});

test('numbers with methods', () => {
  expect(parseCSeq(' 0009  INVITE ')).toEqual({ number: 9, method: 'INVITE' });
  expect(parseRAck('776656 1 INVITE')).toEqual({ rseq: 776_656, cseq: 1, method: 'INVITE' });
  for (const bad of ['', '1', 'INVITE 1', '1 INVITE x', '2147483648 INVITE', '-1 INVITE', '1.0 INVITE']) {
    expect([bad, parseCSeq(bad)]).toEqual([bad, null]);
  }
  for (const bad of ['1 INVITE', '1 1', '4294967296 1 INVITE', '1 1 INVITE x']) expect(parseRAck(bad)).toBeNull();
});

test('session timer, reason, subscription state, privacy', () => {
  expect(parseSessionExpires('1800;refresher=UAC;x')).toMatchObject({ seconds: 1800, refresher: 'uac' });
  expect(parseSessionExpires('90')).toMatchObject({ seconds: 90, refresher: null });
  expect(parseSessionExpires('90;refresher=me')).toBeNull();
  expect(parseReason('Q.850;cause=16;text="Normal, call; clearing"')).toMatchObject({
    protocol: 'Q.850',
    cause: 16,
    text: 'Normal, call; clearing',
  });
  expect(parseSubscriptionState('Active;expires=600')).toMatchObject({ state: 'active', expires: 600 });
  expect(parsePrivacy('id; Header;user')).toEqual(['id', 'header', 'user']);
  expect(parseTokens('100rel, ,precondition')).toEqual(['100rel', 'precondition']);
});

test('charging vector: unquoted values, raw parameters', () => {
  const vector = parseChargingVector(
    'icid-value="A=,;b";icid-generated-at=192.0.2.1;orig-ioi=home1.net;transit-ioi="ipx.1"',
  );
  expect(vector).toMatchObject({
    icidValue: 'A=,;b',
    icidGeneratedAt: '192.0.2.1',
    origIoi: 'home1.net',
    termIoi: null,
    transitIoi: 'ipx.1',
    relatedIcid: null,
  });
  expect(vector?.params.get('icid-value')).toBe('"A=,;b"');
  expect(parseChargingVector('')).toBeNull();
});

test('challenges and credentials', () => {
  const challenge = parseAuthentication('Digest realm="a, b", nonce="x==", algorithm=AKAv1-MD5,qop="auth,auth-int"');
  expect(challenge?.scheme).toBe('Digest');
  expect([...(challenge?.params ?? [])]).toEqual([
    ['realm', 'a, b'],
    ['nonce', 'x=='],
    ['algorithm', 'AKAv1-MD5'],
    ['qop', 'auth,auth-int'],
  ]);
  expect(parseAuthentication('nextnonce="1", qop=auth')).toMatchObject({ scheme: '' });
});

test('media types', () => {
  expect(parseContentType('Multipart/Mixed; Boundary="a;b"')).toMatchObject({ type: 'multipart', subtype: 'mixed' });
  expect(parseContentType('multipart/mixed;boundary="a;b"')?.params.get('boundary')).toBe('a;b');
  for (const bad of ['', 'text', '/plain', 'text/', 'a b/c']) expect(parseContentType(bad)).toBeNull();
});

test('the table of names: every name once, every compact form once', () => {
  const names = headerNames.map(({ name }) => name.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  const compact = headerNames.flatMap((header) => header.compact ?? []);
  expect(new Set(compact).size).toBe(compact.length);
  // RFC 3261, 3515, 3841, 3892, 4028, 4474, 6665 and 8224 give these.
  expect([...compact].sort().join('')).toBe('abcdefijklmnorstuvxy');
  expect(knownHeader('V')?.name).toBe('Via');
  expect(knownHeader('p-asserted-identity')?.name).toBe('P-Asserted-Identity');
});
