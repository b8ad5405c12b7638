import type { Evidence } from '../evidence/model.js';
import type { Profile } from '../profile/profile.js';
import type { Finding } from './finding.js';
import { evaluateFlow } from './flows/evaluate.js';
import type { Flow } from './flows/flow.js';
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
  const unseen = unexercised(flow, base.exercised);
  const conformance = worse(base.conformance, verdictOf(unseen, profile));
  return {
    findings: inOrder([...base.findings, ...outcome.findings, ...unseen]),
    service,
    conformance,
    verdict: worse(conformance, service),
    exercised: { ...base.exercised, [flow.caseId]: outcome.steps.size },
  };
}

/** A rule that the case is about and that found nothing to look at: nobody's deviation, but no proof either. */
function unexercised(flow: Flow, exercised: Judgement['exercised']): readonly Finding[] {
  return (flow.exercises ?? [])
    .filter((rule) => exercised[rule] === undefined)
    .map((rule) => ({
      rule: flow.caseId,
      clause: flow.clause,
      severity: 'inconc',
      attributedTo: null,
      required: `the case exercises the rule ${rule}`,
      seen: 'nothing in the trace that the rule is about',
      usualCause: 'The messages that the rule looks at were never sent, or their reference point was not captured',
      referencePoint: null,
      frame: null,
    }));
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((one, other) => (one.frame ?? 0) - (other.frame ?? 0));
}
