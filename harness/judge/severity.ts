import type { Severity } from './finding.js';
import type { Provenance, Strength } from './rule.js';

const OF_STRENGTH: Readonly<Record<Strength, Severity>> = { shall: 'fail', should: 'warn', may: 'info' };

/** What a source allows at most: only a clause that was read in the specification itself may fail anybody. */
const OF_PROVENANCE: Readonly<Record<Provenance, Severity>> = {
  S: 'fail',
  F: 'fail',
  S2: 'warn',
  E: 'warn',
  B: 'warn',
  R: 'warn',
  'E?': 'info',
};

const RANK: readonly Severity[] = ['info', 'warn', 'fail'];

/** Severity of a violation: the weaker of the requirement's strength and of how sure we are of its clause. */
export function severityOf(strength: Strength, provenance: Provenance): Severity {
  const a = OF_STRENGTH[strength];
  const b = OF_PROVENANCE[provenance];
  return RANK.indexOf(a) <= RANK.indexOf(b) ? a : b;
}
