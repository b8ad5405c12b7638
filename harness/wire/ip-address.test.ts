import { isIP } from 'node:net';
import { expect, test } from '@playwright/test';
import { canonicalAddress, ipOctets } from './ip-address.js';

test('addresses have one text each', () => {
  const pairs: readonly (readonly [string, string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['[2001:DB8:0:0:0:0:0:1]', '2001:db8::1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['Example.NET', 'example.net'],
  ];
  for (const [text, canonical] of pairs) expect(canonicalAddress(text)).toBe(canonical);
});

test('what Node takes for an address is one here, and nothing else is', () => {
  const texts = [
    ...['1.2.3.4', '1.2.3', '256.1.1.1', '1.2.3.4.5', '01.2.3.4x', '', ':', '::', ':::', '1::2::3', '1:2:3:4:5:6:7:8'],
    ...[
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '::1.2.3.4',
      '1::1.2.3.4',
      '12345::',
      'g::',
      '1:2:3:4:5:6:7::',
      '::2:3:4:5:6:7:8',
    ],
  ];
  for (const text of texts)
    expect([text, ipOctets(text)?.length ?? 0]).toEqual([text, { 0: 0, 4: 4, 6: 16 }[isIP(text)]]);
});
