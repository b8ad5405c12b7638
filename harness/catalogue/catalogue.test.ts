import { expect, test } from '@playwright/test';
import { caseKey, DEFAULT_CASE_OPTIONS, optionsWith } from './case-options.js';
import { allCases, caseById } from './catalogue.js';
import { clausesOf } from './clause.js';

test('holds the 308 cases of Q.3953 and the 241 companion cases, each id once', () => {
  const cases = allCases();
  expect(cases.filter((one) => one.source === 'q3953')).toHaveLength(308);
  expect(cases.filter((one) => one.source === 'companion')).toHaveLength(241);
  expect(new Set(cases.map((one) => one.id)).size).toBe(549);
  for (const one of cases) {
    expect(one.title, one.id).not.toBe('');
    expect(one.groupTitle, one.id).not.toBe('');
  }
});

test('knows a case by its id and names an unknown one', () => {
  expect(caseById('Q3953-INT-01')).toMatchObject({
    group: 'INT',
    configuration: 'CF-INT',
    priority: 'P1',
    officialId: null,
    clauses: [
      'TS 24.229 §5.1.3',
      'TS 24.229 §5.2.7',
      'TS 24.229 §5.4.4',
      'TS 24.229 §6',
      'TS 29.165',
      'TS 23.228 §5.5.1',
      'TS 23.228 §5.6.2',
      'TS 23.228 §5.7.2',
    ],
  });
  expect(() => caseById('Q3953-INT-999')).toThrow(/Q3953-INT-999/);
});

test('repeats the specification in front of each clause', () => {
  expect(clausesOf('24.229 §5.10.6, 5.10.8; RFC 3325')).toEqual(['TS 24.229 §5.10.6', 'TS 24.229 §5.10.8', 'RFC 3325']);
  expect(clausesOf('29.165 Table 5.3.2.1, §11.2')).toEqual(['TS 29.165 Table 5.3.2.1', 'TS 29.165 §11.2']);
  expect(clausesOf('RFC 4028, RFC 3261 §14')).toEqual(['RFC 4028', 'RFC 3261 §14']);
  expect(clausesOf('-')).toEqual([]);
});

test('gives the default variant the bare id, and every other one what differs', () => {
  expect(caseKey('Q3953-INT-01', DEFAULT_CASE_OPTIONS)).toBe('Q3953-INT-01');
  const other = optionsWith({ transport: 'udp', ipVersion: '6', topologyHiding: 'off', trust: 'off' });
  expect(caseKey('Q3953-INT-01', other, 1)).toBe('Q3953-INT-01.udp.ipv6.no-hiding.no-trust.repeat-2');
  expect(() => optionsWith({ colour: 'blue' })).toThrow(/colour/);
  expect(() => optionsWith({ transport: 'pigeon' })).toThrow();
});
