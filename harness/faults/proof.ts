import type { CaptureRecord } from '../evidence/capture-from-tap.js';
import type { Finding } from '../judge/finding.js';
import { judgeRecords } from '../judge/judge-records.js';
import type { Profile } from '../profile/profile.js';
import type { Fault, WireFault } from './fault.js';
import { applyToTap } from './inject.js';

/** What became of one fault: caught means that exactly the rule that must catch it spoke up, and no other. */
export interface FaultOutcome {
  readonly name: string;
  readonly title: string;
  readonly catches: string;
  readonly carrier: string;
  readonly caught: boolean;
  /** Rules with more findings than the good trace has. */
  readonly rules: readonly string[];
  /** One sentence for an escaped fault: what happened instead. */
  readonly detail: string;
}

/** A good run, as its tap recorded it. */
export interface GoodTrace {
  readonly caseId: string;
  readonly records: readonly CaptureRecord[];
  readonly profile: Profile;
}

/** Changes a good trace by one wire fault at a time and tells which rules speak up. Pure. */
export function proveOnTrace(trace: GoodTrace, faults: readonly WireFault[]): readonly FaultOutcome[] {
  const good = judgeRecords(trace.records, trace.profile, trace.caseId).judgement.findings;
  return faults.map((fault) => {
    const records = applyToTap(trace.records, fault, trace.profile.nodes);
    if (records.every((record, index) => record === trace.records[index])) {
      return outcomeOf(fault, [], 'the fault changed nothing: no message of the trace is at its place');
    }
    const bad = judgeRecords(records, trace.profile, trace.caseId).judgement.findings;
    return outcomeOf(fault, newRules(good, bad));
  });
}

/** The outcome of a fault that was live in a run whose findings are given. */
export function outcomeOf(fault: Fault, rules: readonly string[], problem?: string): FaultOutcome {
  const caught = problem === undefined && rules.length === 1 && rules[0] === fault.catches;
  const { name, title, catches, carrier } = fault;
  return {
    name,
    title,
    catches,
    carrier,
    caught,
    rules,
    detail: caught ? '' : (problem ?? howItEscaped(fault, rules)),
  };
}

/** Rules with more findings in the bad trace than in the good one, in order of their id. */
export function newRules(good: readonly Finding[], bad: readonly Finding[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const finding of bad) counts.set(finding.rule, (counts.get(finding.rule) ?? 0) + 1);
  for (const finding of good) counts.set(finding.rule, (counts.get(finding.rule) ?? 0) - 1);
  return [...counts].flatMap(([rule, count]) => (count > 0 ? [rule] : [])).sort();
}

function howItEscaped(fault: Fault, rules: readonly string[]): string {
  if (rules.length === 0) return `no rule spoke up; ${fault.catches} must`;
  return rules.includes(fault.catches)
    ? `besides ${fault.catches} also ${rules.filter((rule) => rule !== fault.catches).join(', ')} spoke up`
    : `${rules.join(', ')} spoke up instead of ${fault.catches}`;
}
