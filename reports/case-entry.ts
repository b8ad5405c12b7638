import { type CaseOptions, caseKey } from '../harness/catalogue/case-options.js';
import { caseById } from '../harness/catalogue/catalogue.js';
import type { Finding } from '../harness/judge/finding.js';
import type { LatticeVerdict, Verdict } from '../harness/judge/verdict.js';
import { scrub } from './scrub.js';
import type { CaseEntry, EvidenceEntry, FindingEntry } from './verdict-report.js';

/** How a case ended, as its fixture knows it. */
export interface CaseOutcome {
  readonly id: string;
  readonly options: CaseOptions;
  /** Playwright's `repeatEachIndex`. */
  readonly repetition?: number;
  readonly verdict: Verdict;
  readonly service: LatticeVerdict;
  readonly conformance: LatticeVerdict;
  readonly findings: readonly Finding[];
  /** How many rules found something to look at. */
  readonly rulesExercised: number;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly durationMs: number;
  readonly steps?: readonly { readonly title: string; readonly at: number; readonly durationMs: number }[];
  readonly measurements?: Readonly<Record<string, number>>;
  readonly fault?: string | null;
  /** For notApplicable, notRun, error and inconc: why, and how to mend or enable it. */
  readonly reason?: string | null;
  readonly errorKind?: 'bed' | 'tap' | 'harness';
}

export const NO_EVIDENCE: EvidenceEntry = { pcapng: null, ladder: null, messages: null, log: null };

/** The entry of `verdicts.json` for a case. Throws where the catalogue does not know the id. */
export function caseEntryOf(outcome: CaseOutcome, evidence: EvidenceEntry = NO_EVIDENCE): CaseEntry {
  const known = caseById(outcome.id);
  return {
    key: caseKey(outcome.id, outcome.options, outcome.repetition ?? 0),
    id: outcome.id,
    title: known.title,
    purpose: known.purpose,
    group: known.group,
    priority: known.priority,
    configuration: known.configuration,
    options: { ...outcome.options },
    clauses: [...known.clauses],
    officialId: known.officialId,
    verdict: outcome.verdict,
    service: outcome.service,
    conformance: outcome.conformance,
    findings: outcome.findings.map(findingEntryOf),
    rulesExercised: outcome.rulesExercised,
    startedAt: outcome.startedAt,
    durationMs: outcome.durationMs,
    steps: (outcome.steps ?? []).map((step) => ({ ...step })),
    ...(outcome.measurements === undefined ? {} : { measurements: { ...outcome.measurements } }),
    evidence,
    fault: outcome.fault ?? null,
    reason: outcome.reason == null ? null : scrub(outcome.reason),
    ...(outcome.errorKind === undefined ? {} : { errorKind: outcome.errorKind }),
  };
}

/** A finding as reports write it: scrubbed, and with exactly the published properties. */
export function findingEntryOf(finding: Finding): FindingEntry {
  return {
    rule: finding.rule,
    clause: finding.clause,
    severity: finding.severity,
    attributedTo: finding.attributedTo,
    required: scrub(finding.required),
    seen: scrub(finding.seen),
    usualCause: scrub(finding.usualCause),
    referencePoint: finding.referencePoint,
    frame: finding.frame,
    ...(finding.message === undefined ? {} : { message: finding.message }),
    ...(finding.line === undefined ? {} : { line: finding.line }),
  };
}
