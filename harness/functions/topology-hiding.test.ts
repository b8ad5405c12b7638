import { expect, test } from '@playwright/test';
import { buildRequest, buildResponse } from '../wire/sip/build.js';
import { TopologyHiding } from './topology-hiding.js';

const DOMAIN = 'ims.mnc001.mcc001.3gppnetwork.org';

function hiding(fixedVector = false): TopologyHiding {
  return new TopologyHiding({
    domain: DOMAIN,
    fixedVector,
    hides: (header, value) => (header === 'Via' ? !value.includes('tokenized-by') : value.includes('10.0.0.')),
  });
}

const invite = buildRequest({
  method: 'INVITE',
  requestUri: 'sip:+46701740605@ims.mnc002.mcc001.3gppnetwork.org;user=phone',
  headers: [
    ['Via', 'SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bKa'],
    ['Via', 'SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKb;x="a, b"'],
    ['Record-Route', '<sip:ibcf.home-a;lr>, <sip:leg-1@10.0.0.3;lr>, <sip:call-1@10.0.0.4;lr>'],
    ['Max-Forwards', '70'],
    ['From', '<sip:a@x>;tag=1'],
    ['To', '<sip:b@y>'],
    ['Call-ID', '1'],
    ['CSeq', '1 INVITE'],
    ['Contact', '<sip:a@10.0.0.9>'],
  ],
});

test('nothing of the inside is readable, the border is, and everything comes back as it was', () => {
  const thig = hiding();
  const hidden = thig.hide(invite);
  const routing = [...hidden.all('Via'), ...hidden.all('Record-Route')].join('\n');
  expect(routing).not.toContain('10.0.0.');
  expect(hidden.all('Record-Route')[0]).toBe('<sip:ibcf.home-a;lr>');
  expect(hidden.all('Record-Route')).toHaveLength(3);
  expect(hidden.all('Via')).toHaveLength(1);
  for (const value of [...hidden.all('Via'), ...hidden.all('Record-Route').slice(1)]) {
    expect(value).toMatch(new RegExp(`[A-Za-z0-9_-]+@${DOMAIN}[;>].*tokenized-by=${DOMAIN}`));
  }
  const back = thig.reveal(hidden);
  expect(back.all('Via')).toEqual(invite.all('Via'));
  expect(back.all('Record-Route')).toEqual(invite.all('Record-Route'));
});

test('the same entry gives another token each time, and the same one only with a fixed vector', () => {
  const thig = hiding();
  expect(thig.hide(invite).all('Record-Route')[1]).not.toBe(thig.hide(invite).all('Record-Route')[1]);
  const fixed = hiding(true);
  expect(fixed.hide(invite).all('Record-Route')[1]).toBe(fixed.hide(invite).all('Record-Route')[1]);
});

test('tokens of another border and broken ones stay as they are', () => {
  const other = hiding().hide(invite);
  expect(hiding().reveal(other).all('Record-Route')).toEqual(other.all('Record-Route'));
  const broken = buildRequest({
    method: 'BYE',
    requestUri: 'sip:a@x',
    headers: [['Route', `<sip:AAAA@${DOMAIN};lr;tokenized-by=${DOMAIN}>, <sip:@${DOMAIN};tokenized-by=${DOMAIN}>`]],
  });
  expect(hiding().reveal(broken).octets).toEqual(broken.octets);
});

test('a response on its way out keeps the Via of who asked', () => {
  const response = buildResponse(invite, 183, { toTag: 'x' });
  const hidden = hiding().hide(response);
  expect(hidden.all('Via')).toEqual(invite.all('Via'));
  expect(hidden.all('Record-Route').join()).not.toContain('10.0.0.');
});
