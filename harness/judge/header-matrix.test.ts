import { expect, test } from '@playwright/test';
import { compileCell } from './cell.js';
import matrix from './data/iinni-headers.json' with { type: 'json' };

test('every cell of the matrix compiles', () => {
  const requests = Object.values(matrix.request).flatMap((cells) => Object.values(cells));
  const responses = Object.values(matrix.response as unknown as Record<string, Record<string, [unknown, string][]>>)
    .flatMap((headers) => Object.values(headers))
    .flatMap((entries) => entries.map(([, cell]) => cell));
  expect(requests).toHaveLength(781);
  expect(responses).toHaveLength(727);
  for (const cell of [...requests, ...responses]) expect(() => compileCell(cell)).not.toThrow();
});

test('a condition that is not known leaves both codes open', () => {
  const cell = compileCell('svc:CCBS|(cap38&rinit)?M;cap40?O');
  expect(cell((name) => name === 'svc:CCBS')).toEqual(['M']);
  expect(cell((name) => name === 'cap38' || name === 'rinit')).toEqual(['M']);
  expect(cell((name) => (name === 'cap38' ? 'unknown' : name === 'rinit'))).toEqual(['M', 'NA']);
  expect(cell((name) => (name === 'cap38' ? 'unknown' : name === 'cap40'))).toEqual(['O']);
  expect(() => compileCell('cap1?')).toThrow();
});
