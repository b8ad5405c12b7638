import type { Evidence } from '../evidence/model.js';
import type { Profile } from '../profile/profile.js';
import type { Finding } from './finding.js';
import { evaluateFlow } from './flows/evaluate.js';
import { FLOW_BOOK } from './flows/flow-book.js';
import { type Judgement, judge, verdictOf } from './judge.js';
import { worse } from './verdict.js';

/**
 * Judges the evidence of a case: the rule book for conformance, and the flow of the case that the capture names for service.
 * A capture of no case, or of a case without a flow, is judged as any trace. Pure, so live and offline agree by construction.
 */
export function judgeCase(evidence: Evidence, profile: Profile): Judgement {
  const flow = evidence.caseId === undefined ? undefined : FLOW_BOOK.get(evidence.caseId);
  if (flow === undefined) {
    return judge(evidence, profile);
  }
  const outcome = evaluateFlow(flow, evidence, profile);
  const service = verdictOf(outcome.findings, profile);
  const base = judge(evidence, profile, { service });
  return {
    ...base,
    findings: inOrder([...base.findings, ...outcome.findings]),
    verdict: worse(base.verdict, service),
    exercised: { ...base.exercised, [flow.caseId]: outcome.steps.size },
  };
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((one, other) => (one.frame ?? 0) - (other.frame ?? 0));
}
