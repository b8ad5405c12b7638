import type { Evidence } from '../evidence/model.js';
import type { Profile } from '../profile/profile.js';
import { RuleContext } from './context.js';
import { partyName } from './correlation.js';
import type { Finding } from './finding.js';
import { isBlindTo, oneWayHops } from './one-way.js';
import type { Rule, Violation } from './rule.js';
import { RULES } from './rule-book.js';
import { serviceVerdict } from './service.js';
import { severityOf } from './severity.js';
import { type LatticeVerdict, worse } from './verdict.js';

/** What the judge says about one trace. */
export interface Judgement {
  readonly findings: readonly Finding[];
  /** Was every message right? */
  readonly conformance: LatticeVerdict;
  /** Did it work end to end? */
  readonly service: LatticeVerdict;
  /** The worse of both. */
  readonly verdict: LatticeVerdict;
  /** How often each rule found something to look at; a rule that is not in it was not exercised. */
  readonly exercised: Readonly<Record<string, number>>;
}

export interface JudgeOptions {
  /** The rules to judge with; the whole rule book without it. */
  readonly rules?: readonly Rule[];
  /** The service verdict of a live case, which knows what was meant to happen; without it, it is read from the trace. */
  readonly service?: LatticeVerdict;
}

/** More findings than this of one rule are counted, not told. */
const FINDINGS_PER_RULE = 100;

/** Judges a trace. Pure: the same evidence and profile give the same judgement, live or offline. */
export function judge(evidence: Evidence, profile: Profile, options: JudgeOptions = {}): Judgement {
  const context = new RuleContext(evidence, profile);
  const findings: Finding[] = [...integrityFindings(evidence), ...oneWayFindings(context)];
  const exercised: Record<string, number> = {};
  for (const rule of options.rules ?? RULES) {
    const outcome = rule.check(context);
    if (outcome.applied > 0) exercised[rule.id] = outcome.applied;
    const violations = outcome.violations.filter((one) => !isBlind(context, rule, one));
    findings.push(...violations.slice(0, FINDINGS_PER_RULE).map((violation) => findingOf(rule, violation)));
    const untold = violations.length - FINDINGS_PER_RULE;
    if (untold > 0) findings.push(untoldFinding(rule, untold));
  }
  findings.sort((a, b) => (a.frame ?? 0) - (b.frame ?? 0));
  const conformance = conformanceOf(findings, exercised, context);
  const service = options.service ?? serviceVerdict(context);
  return { findings, conformance, service, verdict: worse(conformance, service), exercised };
}

function isBlind(context: RuleContext, rule: Rule, { message }: Violation): boolean {
  return message?.protocol === 'sip' && isBlindTo(context, rule.id, context.viewOf(message));
}

function oneWayFindings(context: RuleContext): readonly Finding[] {
  return [...oneWayHops(context).values()].map(({ from, to, proof }) =>
    integrityFinding(
      'info',
      `Only what ${from} sent to ${to} is in the capture; what the other side said is not judged.`,
      proof?.record.frame ?? null,
    ),
  );
}

function findingOf(rule: Rule, violation: Violation): Finding {
  const { message } = violation;
  return {
    rule: rule.id,
    clause: rule.clause,
    severity: severityOf(violation.strength ?? rule.strength, violation.provenance ?? rule.provenance),
    attributedTo: violation.blame ?? (message === null ? null : partyName(message.from)),
    required: violation.required ?? rule.says,
    seen: violation.seen,
    usualCause: violation.usualCause ?? rule.usualCause,
    referencePoint: message?.referencePoint ?? null,
    frame: message?.frame ?? null,
    ...(message === null ? {} : { message: message.index }),
    ...(violation.line === undefined ? {} : { line: violation.line }),
  };
}

function untoldFinding(rule: Rule, count: number): Finding {
  return {
    rule: rule.id,
    clause: rule.clause,
    severity: 'info',
    attributedTo: null,
    required: rule.says,
    seen: `${count} more violations of this rule in the trace`,
    usualCause: rule.usualCause,
    referencePoint: null,
    frame: null,
  };
}

/** A capture that is not whole proves nothing: its gaps are errors of the measurement, not of a network. */
function integrityFindings(evidence: Evidence): Finding[] {
  const issues = evidence.integrity.map((issue) => integrityFinding(issue.severity, issue.text, issue.frame));
  const told = evidence.integrity.some((issue) => issue.code === 'no-frames');
  if (evidence.frameCount === 0 && !told)
    issues.push(integrityFinding('error', 'the capture holds no frame at all', null));
  return issues;
}

function integrityFinding(severity: 'error' | 'info', seen: string, frame: number | null): Finding {
  return {
    rule: 'EVIDENCE',
    clause: 'ETSI EG 202 810',
    severity,
    attributedTo: null,
    required: 'The capture is whole: every frame of the session is in it and can be decoded.',
    seen,
    usualCause: 'the tap was started late, stopped early, dropped packets or cut them at its snap length',
    referencePoint: null,
    frame,
  };
}

/**
 * Findings decide; a deviation of somebody who is not under test is an error of the harness, because then nothing was
 * proved about who is. Nothing looked at is `inconc`, never `pass`.
 */
function conformanceOf(
  findings: readonly Finding[],
  exercised: Readonly<Record<string, number>>,
  context: RuleContext,
): LatticeVerdict {
  // Where no border was found, only the grammar of SIP was looked at: that may fail, and never pass.
  const telling = Object.keys(exercised).filter((id) => context.ici.length > 0 || !id.startsWith('GEN-'));
  return worse(telling.length === 0 ? 'inconc' : 'pass', verdictOf(findings, context.profile));
}

/** What findings make of a verdict that would be `pass` without them. */
export function verdictOf(findings: readonly Finding[], profile: Profile): LatticeVerdict {
  let verdict: LatticeVerdict = 'pass';
  const outside = peersOf(profile);
  for (const finding of findings) {
    if (finding.severity === 'error' || finding.severity === 'inconc') verdict = worse(verdict, finding.severity);
    if (finding.severity === 'fail')
      verdict = worse(verdict, finding.attributedTo !== null && outside(finding.attributedTo) ? 'error' : 'fail');
  }
  return verdict;
}

/** Tells the names of known nodes that are not under test; an unknown sender is nobody's peer and counts as it is. */
function peersOf(profile: Profile): (name: string) => boolean {
  const networks = new Map(profile.nodes.map((node) => [node.name, node.network]));
  const sut = new Set(profile.sut);
  return (name) => {
    const network = networks.get(name);
    return network !== undefined && sut.size > 0 && !sut.has(name) && !sut.has(network);
  };
}
