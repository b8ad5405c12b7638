import type { Rule } from './rule.js';
import { GEN } from './rules/gen.js';
import { GEN_MATRIX } from './rules/gen-matrix.js';
import { HDR } from './rules/hdr.js';
import { MTH } from './rules/mth.js';
import { PCV } from './rules/pcv.js';
import { TRU } from './rules/tru.js';
import { URI } from './rules/uri.js';

/** The families of the rule book: one line each. */
export const FAMILIES: Readonly<Record<string, readonly Rule[]>> = {
  GEN,
  GEN_MATRIX,
  MTH,
  HDR,
  PCV,
  TRU,
  URI,
};

/** Every rule. */
export const RULES: readonly Rule[] = Object.values(FAMILIES).flat();
