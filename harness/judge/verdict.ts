/** Verdicts of the lattice, in rising order; a verdict never improves. ETSI EG 202 810, TTCN-3 (ES 201 873-1 §24). */
export const LATTICE = ['none', 'pass', 'inconc', 'fail', 'error'] as const;
export type LatticeVerdict = (typeof LATTICE)[number];

/** Outside the lattice: the profile says it does not apply, or a prerequisite is missing. Neither ever counts as a pass. */
export type Verdict = LatticeVerdict | 'notApplicable' | 'notRun';

/** The worse of two verdicts. */
export function worse(a: LatticeVerdict, b: LatticeVerdict): LatticeVerdict {
  return LATTICE.indexOf(a) >= LATTICE.indexOf(b) ? a : b;
}
