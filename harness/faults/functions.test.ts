import { expect, test } from '@playwright/test';
import { I_CSCF_BEHAVIOURS } from '../functions/i-cscf.js';
import { IBCF_BEHAVIOURS } from '../functions/ibcf.js';
import { P_CSCF_BEHAVIOURS } from '../functions/p-cscf-policy.js';
import { S_CSCF_BEHAVIOURS } from '../functions/s-cscf-policy.js';
import { FUNCTION_FAULTS } from './functions.js';

const TABLES: Readonly<Record<string, object>> = {
  ibcf: IBCF_BEHAVIOURS,
  'i-cscf': I_CSCF_BEHAVIOURS,
  'p-cscf': P_CSCF_BEHAVIOURS,
  's-cscf': S_CSCF_BEHAVIOURS,
};

test('every behaviour fault names a deviation that its function has', () => {
  for (const fault of FUNCTION_FAULTS) {
    expect(Object.keys(TABLES[fault.role] ?? {}), fault.name).toContain(fault.behaviour);
  }
});

test('names are unique', () => {
  expect(new Set(FUNCTION_FAULTS.map((fault) => fault.name)).size).toBe(FUNCTION_FAULTS.length);
});
