import type { VerdictReport } from '../../reports/verdict-report.js';

/** Exit codes of every verb. */
export const EXIT = {
  asExpected: 0,
  notAsExpected: 1,
  usage: 2,
  bed: 3,
  nothingRun: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** What a report means for a shell: a bed or tap error first, because verdicts beside it are not to be trusted; then any verdict below pass. */
export function exitCodeOf(report: VerdictReport): number {
  const { cases } = report;
  if (cases.every((entry) => entry.verdict === 'notRun' || entry.verdict === 'notApplicable')) return EXIT.nothingRun;
  if (cases.some((entry) => entry.verdict === 'error' && (entry.errorKind === 'bed' || entry.errorKind === 'tap'))) {
    return EXIT.bed;
  }
  const expected = new Set(['pass', 'notApplicable', 'notRun']);
  return cases.every((entry) => expected.has(entry.verdict)) ? EXIT.asExpected : EXIT.notAsExpected;
}

/** A mistake of the caller: one clear message, exit code 2. */
export class UsageError extends Error {}

/** Something that the harness stands on is missing or broken, exit code 3. */
export class BedError extends Error {}
