import { expect, test } from '@playwright/test';
import { sameMechanisms, securityServer } from './sec-agree.js';

const own = { spiClient: 1, spiServer: 2, portClient: 5062, portServer: 5063 };

test('the best algorithm of what the UE offers is chosen, TS 33.203 Annex H', () => {
  const offers = [
    'ipsec-3gpp;alg=hmac-md5-96;ealg=aes-cbc;spi-c=9;spi-s=8;port-c=7;port-s=6',
    'ipsec-3gpp; alg=HMAC-SHA-1-96; ealg=null; spi-c=9; spi-s=8; port-c=7; port-s=6',
  ];
  expect(securityServer(offers, own)).toBe(
    'ipsec-3gpp;q=0.1;alg=hmac-sha-1-96;ealg=null;spi-c=1;spi-s=2;port-c=5062;port-s=5063',
  );
});

test('without a mechanism of ours there is no offer', () => {
  expect(securityServer(['digest', 'tls', 'ipsec-3gpp;alg=hmac-sha-2-256'], own)).toBeNull();
  expect(securityServer([], own)).toBeNull();
});

test('Security-Verify is compared by what it says; RFC 3329 §2.3.1', () => {
  const sent = 'ipsec-3gpp;q=0.1;alg=hmac-sha-1-96;spi-c=1';
  expect(sameMechanisms(['ipsec-3gpp; spi-c=1; q=0.1; alg=hmac-sha-1-96'], sent)).toBe(true);
  expect(sameMechanisms(['ipsec-3gpp;q=0.1;alg=hmac-md5-96;spi-c=1'], sent)).toBe(false);
  expect(sameMechanisms(['ipsec-3gpp;q=0.1;alg=hmac-sha-1-96'], sent)).toBe(false);
  expect(sameMechanisms([sent, sent], sent)).toBe(false);
  expect(sameMechanisms([], sent)).toBe(false);
});
