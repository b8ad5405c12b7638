import { expect, test } from '@playwright/test';
import { buildRequest } from '../wire/sip/build.js';
import { editChargingVector, ioiText, ioiTypeOf, withoutAccessCharging } from './charging-vector.js';

const message = (value: string) =>
  buildRequest({ method: 'INVITE', requestUri: 'sip:a@b', headers: [['P-Charging-Vector', value]] });

test('identifiers of types 1 and 3 are quoted and prefixed, of type 2 plain; TS 24.229 table 7.2A.5A', () => {
  expect(ioiText('type-1', 'home-a.net')).toBe('"Type 1home-a.net"');
  expect(ioiText('type-2', 'home-a.net')).toBe('home-a.net');
  expect(ioiText('type-2', 'home a')).toBe('"home a"');
  expect(ioiText('type-3', 'home-a.net')).toBe('"Type 3home-a.net"');
  expect(ioiTypeOf('"Type 1 x"')).toBe('type-1');
  expect(ioiTypeOf('"Type 3x"')).toBe('type-3');
  expect(ioiTypeOf('home-a.net')).toBe('type-2');
});

test('a change keeps quoted values and the rest, and puts icid-value first', () => {
  const edited = editChargingVector(message('orig-ioi=a;transit-ioi="x.1, void";icid-value="1;2"'), {
    'orig-ioi': null,
    'term-ioi': 'b',
  });
  expect(edited.get('P-Charging-Vector')).toBe('icid-value="1;2";transit-ioi="x.1, void";term-ioi=b');
});

test('no change leaves the octets alone; a message without the header gets none', () => {
  const same = message('icid-value=1;orig-ioi=a');
  expect(editChargingVector(same, { 'term-ioi': null })).toBe(same);
  const none = buildRequest({ method: 'INVITE', requestUri: 'sip:a@b', headers: [] });
  expect(editChargingVector(none, { 'term-ioi': 'x' })).toBe(none);
});

test('access charging data is taken out, TS 24.229 §5.4.3.2', () => {
  const clean = withoutAccessCharging(
    message('icid-value=1;pdngw=10.1.1.1;eps-info="eps-item=1;ecid=2";ecid=3;orig-ioi=a'),
  );
  expect(clean.get('P-Charging-Vector')).toBe('icid-value=1;orig-ioi=a');
});
