import { arrow, carries, diameter, refusal, request, response, result, rtp } from './arrow.js';
import {
  afterPreconditions,
  hasSdp,
  mediaStopsAfter,
  noPreconditions,
  offersPreconditions,
  reliable,
  talksFor,
  within,
} from './call-conditions.js';
import type { Condition, FlowStep, Place, Side } from './flow.js';

/** Registration of both users: the preamble. */
export const PREAMBLE: readonly FlowStep[] = [
  arrow('PA', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the calling user is registered', { after: [] }),
  arrow('PB', 'b.p-cscf', 'b.ue', response(200, 'REGISTER'), 'the called user is registered', { after: [] }),
];

/** C1 as far as the network of the called user: who it is for is asked last. TS 23.228 §5.6.2. */
export function offered(after: readonly string[], answer: Condition, invite: readonly Condition[] = []) {
  return [
    arrow('C1', 'a.ue', 'a.p-cscf', request('INVITE'), 'the caller sends INVITE with offer 1', {
      after,
      holds: [hasSdp, ...invite],
    }),
    arrow('C1M', 'a.p-cscf', 'a.s-cscf', request('INVITE'), 'the INVITE follows the Service-Route', {
      holds: [carries('P-Asserted-Identity'), carries('P-Charging-Vector')],
    }),
    arrow('C1T', 'a.s-cscf', 'a.tas', request('INVITE'), 'the originating services are served'),
    arrow('C1X', 'a.s-cscf', 'a.ibcf', request('INVITE'), 'the INVITE goes to the border'),
    arrow('C1N', 'a.ibcf', 'b.ibcf', request('INVITE'), 'the INVITE crosses the border'),
    arrow('C1I', 'b.ibcf', 'b.i-cscf', request('INVITE'), 'the INVITE enters the called network'),
    arrow('LIR', 'b.i-cscf', 'b.hss', diameter('LIR'), 'the I-CSCF asks where the called user is'),
    arrow('LIA', 'b.hss', 'b.i-cscf', diameter('LIA'), 'the HSS tells where the called user is', { holds: [answer] }),
  ];
}

/** C1: the INVITE from UE to UE. TS 23.228 §5.5.1, §5.6.2, §5.7.2. */
export function invited(after: readonly string[] = ['PA', 'PB'], invite: readonly Condition[] = []) {
  return [
    ...offered(after, result(2001), invite),
    arrow('C1S', 'b.i-cscf', 'b.s-cscf', request('INVITE'), 'the INVITE reaches the S-CSCF'),
    arrow('C1U', 'b.s-cscf', 'b.tas', request('INVITE'), 'the terminating services are served'),
    arrow('C1P', 'b.s-cscf', 'b.p-cscf', request('INVITE'), 'the INVITE follows the Path'),
    arrow('C1B', 'b.p-cscf', 'b.ue', request('INVITE'), 'the INVITE reaches the called UE', { holds: [hasSdp] }),
  ];
}

/** C3 to C5: answer 1 in a reliable 183, media authorised at both sides, PRACK. */
export function described(answer: readonly Condition[] = []): readonly FlowStep[] {
  return [
    arrow('C3', 'b.ue', 'b.p-cscf', response(183, 'INVITE'), 'the called UE answers 183 with answer 1', {
      after: ['C1B'],
      holds: [hasSdp, reliable, ...answer],
    }),
    arrow('C3N', 'b.ibcf', 'a.ibcf', response(183, 'INVITE'), 'the 183 crosses the border', {
      holds: [hasSdp, ...answer],
    }),
    arrow('C3A', 'a.p-cscf', 'a.ue', response(183, 'INVITE'), 'the 183 reaches the caller', { holds: answer }),
    ...authorised('b', 'C3'),
    ...authorised('a', 'C3N'),
    arrow('C4', 'a.ue', 'a.p-cscf', request('PRACK'), 'the caller confirms with PRACK', {
      after: ['C3A'],
      holds: [carries('RAck')],
    }),
    arrow('C4N', 'a.ibcf', 'b.ibcf', request('PRACK'), 'the PRACK crosses the border'),
    arrow('C5', 'b.ue', 'b.p-cscf', response(200, 'PRACK'), 'the called UE answers the PRACK'),
  ];
}

/** C6 to C8: the resources of both sides are there, so the called UE alerts. RFC 3312 §6. */
export const RINGING: readonly FlowStep[] = [
  arrow('C6', 'a.ue', 'a.p-cscf', request('UPDATE'), 'the caller has its resources: UPDATE with offer 2', {
    after: ['C4'],
    holds: [hasSdp],
  }),
  arrow('C6N', 'a.ibcf', 'b.ibcf', request('UPDATE'), 'the UPDATE crosses the border'),
  arrow('C7', 'b.ue', 'b.p-cscf', response(200, 'UPDATE'), 'the called UE answers 2', { holds: [hasSdp] }),
  arrow('C8', 'b.ue', 'b.p-cscf', response(180, 'INVITE'), 'the called UE alerts', {
    after: ['C3'],
    holds: [afterPreconditions],
  }),
  arrow('C8N', 'b.ibcf', 'a.ibcf', response(180, 'INVITE'), 'the 180 crosses the border'),
  arrow('C8A', 'a.p-cscf', 'a.ue', response(180, 'INVITE'), 'the caller hears ring-back'),
];

/** C1 to C8: the call until the caller hears ring-back, preconditions at both ends. RFC 3312. */
export const ALERTED: readonly FlowStep[] = alertedWith();

/** The same with more to be said of answer 1. */
export function alertedWith(answer: readonly Condition[] = []): readonly FlowStep[] {
  return [...PREAMBLE, ...invited(), ...described(answer), ...RINGING];
}

/** The same where the called side does not use preconditions: it alerts at once, with the answer, and nobody sends UPDATE. RFC 3312 §11. */
export const ALERTED_AT_ONCE: readonly FlowStep[] = [
  ...PREAMBLE,
  ...invited(['PA', 'PB'], [offersPreconditions]),
  arrow('C8', 'b.ue', 'b.p-cscf', response(180, 'INVITE'), 'the called UE alerts, with the answer', {
    after: ['C1B'],
    holds: [hasSdp, reliable, noPreconditions],
  }),
  arrow('C8N', 'b.ibcf', 'a.ibcf', response(180, 'INVITE'), 'the 180 crosses the border', { holds: [hasSdp] }),
  arrow('C8A', 'a.p-cscf', 'a.ue', response(180, 'INVITE'), 'the caller hears ring-back'),
  ...authorised('b', 'C8'),
  ...authorised('a', 'C8N'),
  arrow('C9', 'a.ue', 'a.p-cscf', request('PRACK'), 'the caller confirms with PRACK', {
    after: ['C8A'],
    holds: [carries('RAck')],
  }),
  arrow('C10', 'b.ue', 'b.p-cscf', response(200, 'PRACK'), 'the called UE answers the PRACK'),
];

/** C11 to C13: answer and talk, for the agreed talking time or for so many seconds. */
export function talked(seconds: number | null = null, media: readonly Condition[] = []): readonly FlowStep[] {
  return [
    arrow('C11', 'b.ue', 'b.p-cscf', response(200, 'INVITE'), 'the called user answers', { after: ['C8'] }),
    arrow('C11N', 'b.ibcf', 'a.ibcf', response(200, 'INVITE'), 'the answer crosses the border'),
    arrow('C11A', 'a.p-cscf', 'a.ue', response(200, 'INVITE'), 'the caller is connected'),
    arrow('C12', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
    arrow('C12N', 'a.ibcf', 'b.ibcf', request('ACK'), 'the ACK crosses the border'),
    arrow('C12B', 'b.p-cscf', 'b.ue', request('ACK'), 'the ACK reaches the called UE'),
    arrow('C13A', 'a.trgw', 'b.trgw', rtp, 'the caller is heard', {
      after: ['C11'],
      holds: [talksFor('a.trgw', 'b.trgw', seconds), ...media],
    }),
    arrow('C13B', 'b.trgw', 'a.trgw', rtp, 'the called user is heard', {
      after: ['C11'],
      holds: [talksFor('b.trgw', 'a.trgw', seconds), ...media],
    }),
  ];
}

/** Rx of one side: the P-CSCF has the media authorised. TS 29.214 §4.4.1; what the messages hold is for the rules CHK-RX-… */
function authorised(side: Side, after: string): readonly FlowStep[] {
  return [
    arrow(`AAR${side}`, `${side}.p-cscf`, `${side}.pcrf`, diameter('AAR'), `side ${side} has its media authorised`, {
      after: [after],
    }),
    arrow(`AAA${side}`, `${side}.pcrf`, `${side}.p-cscf`, diameter('AAA'), `side ${side} gets its media authorised`, {
      after: [`AAR${side}`],
    }),
  ];
}

/** The Rx session of each side ends, and its bearer with it. TS 29.214 §4.4.4. */
export function givenBack(after: string): readonly FlowStep[] {
  return (['a', 'b'] as const).map((side) =>
    arrow(`STR${side}`, `${side}.p-cscf`, `${side}.pcrf`, diameter('STR'), `side ${side} gives its bearer back`, {
      after: [after],
    }),
  );
}

/** C14 and C15: release by one side. TS 24.229 §5.1.5. */
export function released(by: Side): readonly FlowStep[] {
  const other: Side = by === 'a' ? 'b' : 'a';
  return [
    arrow('C14', `${by}.ue`, `${by}.p-cscf`, request('BYE'), 'the user hangs up', { after: ['C13A', 'C13B', 'C12B'] }),
    arrow('C14N', `${by}.ibcf`, `${other}.ibcf`, request('BYE'), 'the BYE crosses the border'),
    arrow('C14B', `${other}.p-cscf`, `${other}.ue`, request('BYE'), 'the BYE reaches the other user'),
    arrow('C15', `${other}.ue`, `${other}.p-cscf`, response(200, 'BYE'), 'the other user confirms'),
    arrow('C15A', `${by}.p-cscf`, `${by}.ue`, response(200, 'BYE'), 'the call is over', {
      holds: [mediaStopsAfter('C15')],
    }),
  ];
}

/** The call is refused at the called side: a final response end to end, acknowledged hop by hop. RFC 3261 §17.1.1.3. */
export function refused(status: number, after: string, says: string): readonly FlowStep[] {
  return [
    arrow('E1', 'b.ue', 'b.p-cscf', response(status, 'INVITE'), says, { after: [after] }),
    arrow('E1K', 'b.p-cscf', 'b.ue', request('ACK'), 'the refusal is acknowledged'),
    // Which status it has there is for the rules; that the caller gets the right one is the next step.
    arrow('E1N', 'b.ibcf', 'a.ibcf', refusal('INVITE'), 'the refusal crosses the border', { after: ['E1'] }),
    arrow('E1A', 'a.p-cscf', 'a.ue', response(status, 'INVITE'), 'the caller is told', { occurs: 'single' }),
    arrow('E1L', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
    neverAnswered,
  ];
}

export const neverAnswered: FlowStep = arrow(
  'EX',
  'a.p-cscf',
  'a.ue',
  response(200, 'INVITE'),
  'the call is never answered',
  { occurs: 'never', after: ['C1'] },
);

/** The caller gives up: CANCEL hop by hop, 487 end to end. RFC 3261 §9; TP_GM_PCSCF_CANCEL_01. */
export function cancelled(after: string, how: readonly Condition[] = []): readonly FlowStep[] {
  return [
    arrow('X1', 'a.ue', 'a.p-cscf', request('CANCEL'), 'the caller gives up', { after: [after], holds: how }),
    arrow('X1A', 'a.p-cscf', 'a.ue', response(200, 'CANCEL'), 'the next hop confirms the CANCEL'),
    arrow('X1N', 'a.ibcf', 'b.ibcf', request('CANCEL'), 'the CANCEL crosses the border', { after: ['X1'] }),
    arrow('X1B', 'b.p-cscf', 'b.ue', request('CANCEL'), 'the called UE is told', { holds: [within(2, 'X1')] }),
    arrow('X2', 'b.ue', 'b.p-cscf', response(487, 'INVITE'), 'the called UE ends the INVITE'),
    arrow('X2N', 'b.ibcf', 'a.ibcf', response(487, 'INVITE'), 'the 487 crosses the border', { after: ['X1N'] }),
    arrow('X2A', 'a.p-cscf', 'a.ue', response(487, 'INVITE'), 'the caller is told', { after: ['X1'] }),
    arrow('X3', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
    neverAnswered,
  ];
}

/** Everything that comes after another call of the same case: the same steps under names of their own, from the other side if it calls. */
export function laterCall(
  prefix: string,
  after: string,
  steps: readonly FlowStep[],
  by: Side = 'a',
): readonly FlowStep[] {
  const own = new Set(steps.map((step) => step.id));
  const renamed = (id: string): string => (own.has(id) ? `${prefix}${id}` : id);
  const turned = (place: Place): Place =>
    by === 'a' ? place : (`${place.startsWith('a') ? 'b' : 'a'}${place.slice(1)}` as Place);
  return steps.map((step, position) => {
    const [first, ...others] = step.from;
    const before = position === 0 ? [after] : step.after?.map(renamed);
    return {
      ...step,
      id: renamed(step.id),
      from: [turned(first), ...others.map(turned)],
      to: turned(step.to),
      ...(before === undefined ? {} : { after: before }),
      ...(step.until === undefined ? {} : { until: renamed(step.until) }),
      holds: step.holds.map(({ requires, seen }) => ({
        requires,
        seen: (message, binding) => seen(message, { ...binding, step: (id) => binding.step(renamed(id)) }),
      })),
    };
  });
}
