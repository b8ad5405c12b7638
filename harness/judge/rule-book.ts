import type { Rule } from './rule.js';
import { GEN_MATRIX } from './rules/gen-matrix.js';
import { MTH } from './rules/mth.js';

/** The families of the rule book: one line each. */
export const FAMILIES: Readonly<Record<string, readonly Rule[]>> = {
  GEN_MATRIX,
  MTH,
};

/** Every rule. */
export const RULES: readonly Rule[] = Object.values(FAMILIES).flat();
