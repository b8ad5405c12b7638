import type { Evidence, RecordedMessage } from '../../evidence/model.js';
import type { Profile } from '../../profile/profile.js';
import type { Finding } from '../finding.js';
import type { Flow, FlowBinding, FlowStep, Place, Side } from './flow.js';

/** What became of a flow: its findings, and which message each step was. */
export interface FlowOutcome {
  readonly findings: readonly Finding[];
  readonly steps: ReadonlyMap<string, RecordedMessage>;
}

/** Holds the evidence against a flow. Retransmissions count once; every step that is missing, forbidden or wrong is told. */
export function evaluateFlow(flow: Flow, evidence: Evidence, profile: Profile): FlowOutcome {
  const messages = withoutRetransmissions(evidence.messages);
  const sides = sidesOf(flow, messages, profile);
  if (sides === null) {
    return { findings: [missingOpening(flow)], steps: new Map() };
  }
  const matched = new Map<string, RecordedMessage>();
  const binding: FlowBinding = {
    profile,
    messages,
    network: (side) => sides[side],
    step: (id) => matched.get(id),
  };
  const nodeOf = (place: Place): string => placeName(place, sides, profile);
  const byPlace = groupByPlace(messages, sides);
  const findings: Finding[] = [];
  flow.steps.forEach((step, position) => {
    const candidates = candidatesOf(step, byPlace);
    const floor = Math.max(-1, ...predecessors(flow, step, position).map((id) => matched.get(id)?.index ?? -1));
    const hits = candidates.filter((message) => message.index > floor && step.is(message, binding));
    if (step.occurs === 'never') {
      const end = step.until === undefined ? undefined : matched.get(step.until)?.index;
      const forbidden = hits.find((message) => end === undefined || message.index < end);
      if (forbidden !== undefined) {
        findings.push(
          finding(flow, step, forbidden, forbidden.from.node?.name ?? nodeOf(step.from[0]), step.says, 'it was seen'),
        );
      }
      return;
    }
    const hit = hits[0];
    if (hit === undefined) {
      if (step.occurs !== 'optional') {
        findings.push(
          finding(flow, step, null, nodeOf(step.from[0]), step.says, whatInstead(candidates, step, floor, binding)),
        );
      }
      return;
    }
    matched.set(step.id, hit);
    const second = hits[1];
    if (step.occurs === 'single' && second !== undefined) {
      findings.push(
        finding(flow, step, second, nodeOf(step.from[0]), `${step.says}, exactly once`, `${hits.length} of them`),
      );
    }
    for (const condition of step.holds) {
      const seen = condition.seen(hit, binding);
      if (seen !== null) {
        findings.push(finding(flow, step, hit, nodeOf(step.from[0]), condition.requires, seen));
      }
    }
  });
  return { findings, steps: matched };
}

/** The messages at the places of a step, in capture order. */
function candidatesOf(
  step: FlowStep,
  byPlace: ReadonlyMap<string, readonly RecordedMessage[]>,
): readonly RecordedMessage[] {
  const [first, ...others] = step.from.map((from) => byPlace.get(`${from}>${step.to}`) ?? []);
  if (others.length === 0) return first ?? [];
  return [...(first ?? []), ...others.flat()].sort((one, other) => one.index - other.index);
}

function predecessors(flow: Flow, step: FlowStep, position: number): readonly string[] {
  if (step.after !== undefined) {
    return step.after;
  }
  for (let earlier = position - 1; earlier >= 0; earlier -= 1) {
    const candidate = flow.steps[earlier];
    if (candidate !== undefined && candidate.occurs !== 'never') {
      return [candidate.id];
    }
  }
  return [];
}

function finding(
  flow: Flow,
  step: FlowStep,
  message: RecordedMessage | null,
  attributedTo: string,
  required: string,
  seen: string,
): Finding {
  return {
    rule: flow.caseId,
    clause: flow.clause,
    severity: 'fail',
    attributedTo,
    required: `step ${step.id}: ${required}`,
    seen,
    usualCause: flow.usualCause,
    referencePoint: message?.referencePoint ?? null,
    frame: message?.frame ?? null,
    ...(message === null ? {} : { message: message.index }),
  };
}

function missingOpening(flow: Flow): Finding {
  return {
    rule: flow.caseId,
    clause: flow.clause,
    severity: 'inconc',
    attributedTo: null,
    required: `a UE opens the case with ${flow.opens}`,
    seen: `no ${flow.opens} of a UE to its P-CSCF`,
    usualCause: 'The preamble failed, or the access of the calling side was not captured',
    referencePoint: 'Gm',
    frame: null,
  };
}

/** Only the later ones go: a retransmission has the octets of an earlier message between the same two sockets. */
function withoutRetransmissions(messages: readonly RecordedMessage[]): readonly RecordedMessage[] {
  const seen = new Set<string>();
  return messages.filter((message) => {
    if (message.protocol !== 'sip') {
      return true;
    }
    const text = Buffer.from(message.octets.buffer, message.octets.byteOffset, message.octets.byteLength);
    const key = `${message.from.address} ${message.from.port} ${message.to.address} ${message.to.port} ${text.toString('latin1')}`;
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

function sidesOf(flow: Flow, messages: readonly RecordedMessage[], profile: Profile): Record<Side, string> | null {
  const opening = messages.find(
    (message) =>
      message.protocol === 'sip' &&
      message.from.node?.role === 'ue' &&
      message.sip.kind === 'request' &&
      message.sip.method === flow.opens,
  );
  const a = opening?.from.node?.network;
  if (a === undefined) {
    return null;
  }
  return { a, b: profile.operators.find((operator) => operator.name !== a)?.name ?? a };
}

function placeName(place: Place, sides: Record<Side, string>, profile: Profile): string {
  const [side, role] = split(place);
  const node = profile.nodes.find((candidate) => candidate.network === sides[side] && candidate.role === role);
  return node?.name ?? `${role}.${sides[side]}`;
}

function split(place: Place): readonly [Side, string] {
  return [place.startsWith('a') ? 'a' : 'b', place.slice(2)];
}

function groupByPlace(
  messages: readonly RecordedMessage[],
  sides: Record<Side, string>,
): ReadonlyMap<string, RecordedMessage[]> {
  const groups = new Map<string, RecordedMessage[]>();
  const side = (network: string): Side | null => (network === sides.a ? 'a' : network === sides.b ? 'b' : null);
  for (const message of messages) {
    const from = message.from.node;
    const to = message.to.node;
    const fromSide = from === undefined ? null : side(from.network);
    const toSide = to === undefined ? null : side(to.network);
    if (from === undefined || to === undefined || fromSide === null || toSide === null) {
      continue;
    }
    const key = `${fromSide}.${from.role}>${toSide}.${to.role}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [message]);
    } else {
      group.push(message);
    }
  }
  return groups;
}

/** Tells an arrow that came too early from one that never came. */
function whatInstead(
  candidates: readonly RecordedMessage[],
  step: FlowStep,
  floor: number,
  binding: FlowBinding,
): string {
  const early = candidates.find((message) => message.index <= floor && step.is(message, binding));
  return early === undefined
    ? `nothing of the kind from ${step.from.join(' or ')} to ${step.to}`
    : `only before the step that it must follow (frame ${early.frame})`;
}
