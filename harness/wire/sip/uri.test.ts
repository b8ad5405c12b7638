import { expect, test } from '@playwright/test';
import { formatSipUri, parseUri, plainNumber, sameUri } from './uri.js';

test('a SIP URI in its parts', () => {
  const uri = parseUri(
    'sips:+46-70;npdi;rn=+4671:pw@Host.example.:5061;user=phone;LR;x=%20?Subject=a%20b&Priority=urgent',
  );
  expect(uri).toMatchObject({
    scheme: 'sips',
    user: '+46-70;npdi;rn=+4671',
    number: '+46-70',
    password: 'pw',
    host: 'Host.example.',
    port: 5061,
  });
  if (uri?.scheme !== 'sips') throw new Error('not sips');
  expect([...uri.userParams]).toEqual([
    ['npdi', null],
    ['rn', '+4671'],
  ]);
  expect([...uri.params]).toEqual([
    ['user', 'phone'],
    ['lr', null],
    ['x', '%20'],
  ]);
  expect([...uri.headers]).toEqual([
    ['subject', 'a%20b'],
    ['priority', 'urgent'],
  ]);
});

test('tel, urn and other schemes', () => {
  expect(parseUri('tel:+46(70)17.40-605;isub=1')).toMatchObject({
    scheme: 'tel',
    global: true,
    number: '+46(70)17.40-605',
  });
  expect(parseUri('tel:112;phone-context=ims.example')).toMatchObject({ scheme: 'tel', global: false, number: '112' });
  expect(plainNumber('+46(70)17.40-605')).toBe('+46701740605');
  expect(parseUri('URN:Service:sos.police')).toMatchObject({ scheme: 'urn', nid: 'service', nss: 'sos.police' });
  expect(parseUri('urn:urn-7:3gpp-service.ims.icsi.mmtel')).toMatchObject({ nid: 'urn-7' });
  expect(parseUri('im:a@b')).toMatchObject({ scheme: 'other', name: 'im' });
});

for (const bad of [
  '',
  'sip:',
  'sip:@host',
  'sip:a@',
  'sip:a@host:',
  'sip:a@host:99999',
  'sip:a@host:5060x',
  'sip:a b@host',
  'sip:a@ho st',
  'sip:a@host_;lr>',
  'sip:%4@host',
  'sip:a@[::1',
  'sip:a@[12345::]',
  'sip:a@-host',
  'tel:',
  'tel:+',
  'tel:+46x',
  'tel:abc-xyz',
  'urn:x',
  'nocolon',
  '1a:b',
]) {
  test(`"${bad}" is no URI`, () => {
    expect(parseUri(bad)).toBeNull();
  });
}

const same: readonly (readonly [string, string])[] = [
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
  [
    'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
    'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
  ],
  [
    'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
    'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
  ],
  ['tel:+46-70-1', 'TEL:+46701'],
];
const different: readonly (readonly [string, string])[] = [
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
  ['sip:a@b', 'sips:a@b'],
  ['tel:+4670', 'tel:4670;phone-context=+46'],
];

test('equality as in the examples of RFC 3261 §19.1.4', () => {
  for (const [a, b] of same) expect([a, b, sameUri(a, b), sameUri(b, a)]).toEqual([a, b, true, true]);
  for (const [a, b] of different) expect([a, b, sameUri(a, b), sameUri(b, a)]).toEqual([a, b, false, false]);
});

test('what is written is read back', () => {
  const text = formatSipUri({
    scheme: 'sip',
    user: '+4670;phone-context=x',
    host: '::1',
    port: 5062,
    params: { user: 'phone', lr: null },
    headers: { a: 'b' },
  });
  expect(text).toBe('sip:+4670;phone-context=x@[::1]:5062;user=phone;lr?a=b');
  expect(parseUri(text)).toMatchObject({ host: '::1', port: 5062, number: '+4670' });
});
