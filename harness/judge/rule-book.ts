import type { Rule } from './rule.js';
import { MTH } from './rules/mth.js';

/** The families of the rule book: one line each. */
export const FAMILIES: Readonly<Record<string, readonly Rule[]>> = {
  MTH,
};

/** Every rule. */
export const RULES: readonly Rule[] = Object.values(FAMILIES).flat();
