import { expect, test } from '@playwright/test';
import { REQUIREMENTS } from './ledger.js';

test('holds every requirement of the rule book once', () => {
  expect(REQUIREMENTS).toHaveLength(444);
  expect(new Set(REQUIREMENTS.map((requirement) => requirement.id)).size).toBe(444);
});
