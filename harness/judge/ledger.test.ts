import { expect, test } from '@playwright/test';
import { EXEMPTIONS, REQUIREMENTS } from './ledger.js';
import { RULES } from './rule-book.js';

test('holds every requirement of the rule book once', () => {
  expect(REQUIREMENTS).toHaveLength(444);
  expect(new Set(REQUIREMENTS.map((requirement) => requirement.id)).size).toBe(444);
});

test('every requirement is a rule or says why it is none', () => {
  const rules = new Set(RULES.map((rule) => rule.id));
  const exempted = new Set(EXEMPTIONS.map((exemption) => exemption.id));
  const ids = REQUIREMENTS.map((requirement) => requirement.id);
  expect(ids.filter((id) => !rules.has(id) && !exempted.has(id))).toEqual([]);
  expect(ids.filter((id) => rules.has(id) && exempted.has(id))).toEqual([]);
  expect([...exempted].filter((id) => !ids.includes(id))).toEqual([]);
});

test('no id is given to two rules', () => {
  const ids = RULES.map((rule) => rule.id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});
