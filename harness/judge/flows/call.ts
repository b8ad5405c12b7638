import { arrow, carries, diameter, request, response, result, rtp, sipHolds } from './arrow.js';
import type { Condition, Flow, FlowStep, Place, Side } from './flow.js';

const hasSdp = sipHolds('an SDP body', (sip) => (sip.body.length > 0 ? null : 'no body'));

const reliable = sipHolds('a reliable provisional response: Require: 100rel and RSeq', (sip) =>
  sip.all('Require').includes('100rel') && sip.has('RSeq') ? null : 'no 100rel in Require, or no RSeq',
);

/** The voice path: packets of one direction at Izi for as long as both talk, with a tenth of grace at either end for set-up and release. */
function talks(from: Place, to: Place): Condition {
  return {
    requires: `RTP from ${from} to ${to} for the whole talking time`,
    seen: (message, binding) => {
      const last = binding.messages.findLast(
        (candidate) =>
          candidate.protocol === 'rtp' &&
          candidate.from.node?.name === message.from.node?.name &&
          candidate.to.node?.name === message.to.node?.name,
      );
      const seconds = last === undefined ? 0 : (last.at - message.at) / 1_000_000;
      const wanted = (binding.profile.timers.PX_CALL_DURATION / 1000) * 0.9;
      return seconds >= wanted ? null : `RTP for ${seconds.toFixed(1)} s of at least ${wanted.toFixed(1)} s`;
    },
  };
}

/** No media later than one second after the 200 to BYE. Catalogue INT-02; nni-rules DLG-07. */
function mediaStopsAfter(bye: string): Condition {
  return {
    requires: 'no RTP later than 1 s after the release',
    seen: (message, binding) => {
      const released = binding.step(bye) ?? message;
      const late = binding.messages.find(
        (candidate) => candidate.protocol === 'rtp' && candidate.at > released.at + 1_000_000,
      );
      return late === undefined ? null : `RTP in frame ${late.frame}`;
    },
  };
}

/** 180 only when the resources of both sides are known to be there: the caller's UPDATE was answered. RFC 3312 §6. */
const afterPreconditions: Condition = {
  requires: 'the 180 comes only after the preconditions of both sides are met (UPDATE answered)',
  seen: (message, binding) => {
    const confirmed = binding.step('C7');
    return confirmed === undefined || message.index < confirmed.index ? 'a 180 before the 200 to UPDATE' : null;
  },
};

/** Registration of both users: the preamble. */
const PREAMBLE: readonly FlowStep[] = [
  arrow('PA', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the calling user is registered', { after: [] }),
  arrow('PB', 'b.p-cscf', 'b.ue', response(200, 'REGISTER'), 'the called user is registered', { after: [] }),
];

/** C1 to C8: the call until the caller hears ring-back, preconditions at both ends. TS 23.228 §5.5.1, §5.6.2, §5.7.2; RFC 3312. */
const ALERTED: readonly FlowStep[] = [
  ...PREAMBLE,
  arrow('C1', 'a.ue', 'a.p-cscf', request('INVITE'), 'the caller sends INVITE with offer 1', {
    after: ['PA', 'PB'],
    holds: [hasSdp],
  }),
  arrow('C1M', 'a.p-cscf', 'a.s-cscf', request('INVITE'), 'the INVITE follows the Service-Route', {
    holds: [carries('P-Asserted-Identity'), carries('P-Charging-Vector')],
  }),
  arrow('C1T', 'a.s-cscf', 'a.tas', request('INVITE'), 'the originating services are served'),
  arrow('C1X', 'a.s-cscf', 'a.ibcf', request('INVITE'), 'the INVITE goes to the border'),
  arrow('C1N', 'a.ibcf', 'b.ibcf', request('INVITE'), 'the INVITE crosses the border'),
  arrow('C1I', 'b.ibcf', 'b.i-cscf', request('INVITE'), 'the INVITE enters the called network'),
  arrow('LIR', 'b.i-cscf', 'b.hss', diameter('LIR'), 'the I-CSCF asks where the called user is'),
  arrow('LIA', 'b.hss', 'b.i-cscf', diameter('LIA'), 'the HSS names the S-CSCF', { holds: [result(2001)] }),
  arrow('C1S', 'b.i-cscf', 'b.s-cscf', request('INVITE'), 'the INVITE reaches the S-CSCF'),
  arrow('C1U', 'b.s-cscf', 'b.tas', request('INVITE'), 'the terminating services are served'),
  arrow('C1P', 'b.s-cscf', 'b.p-cscf', request('INVITE'), 'the INVITE follows the Path'),
  arrow('C1B', 'b.p-cscf', 'b.ue', request('INVITE'), 'the INVITE reaches the called UE', { holds: [hasSdp] }),
  arrow('C3', 'b.ue', 'b.p-cscf', response(183, 'INVITE'), 'the called UE answers 183 with answer 1', {
    holds: [hasSdp, reliable],
  }),
  arrow('C3N', 'b.ibcf', 'a.ibcf', response(183, 'INVITE'), 'the 183 crosses the border', { holds: [hasSdp] }),
  arrow('C3A', 'a.p-cscf', 'a.ue', response(183, 'INVITE'), 'the 183 reaches the caller'),
  ...authorised('b', 'C3'),
  ...authorised('a', 'C3N'),
  arrow('C4', 'a.ue', 'a.p-cscf', request('PRACK'), 'the caller confirms with PRACK', {
    after: ['C3A'],
    holds: [carries('RAck')],
  }),
  arrow('C4N', 'a.ibcf', 'b.ibcf', request('PRACK'), 'the PRACK crosses the border'),
  arrow('C5', 'b.ue', 'b.p-cscf', response(200, 'PRACK'), 'the called UE answers the PRACK'),
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

/** C11 to C13: answer and talk. */
const TALKED: readonly FlowStep[] = [
  arrow('C11', 'b.ue', 'b.p-cscf', response(200, 'INVITE'), 'the called user answers', { after: ['C8'] }),
  arrow('C11N', 'b.ibcf', 'a.ibcf', response(200, 'INVITE'), 'the answer crosses the border'),
  arrow('C11A', 'a.p-cscf', 'a.ue', response(200, 'INVITE'), 'the caller is connected'),
  arrow('C12', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
  arrow('C12N', 'a.ibcf', 'b.ibcf', request('ACK'), 'the ACK crosses the border'),
  arrow('C12B', 'b.p-cscf', 'b.ue', request('ACK'), 'the ACK reaches the called UE'),
  arrow('C13A', 'a.trgw', 'b.trgw', rtp, 'the caller is heard', { after: ['C11'], holds: [talks('a.trgw', 'b.trgw')] }),
  arrow('C13B', 'b.trgw', 'a.trgw', rtp, 'the called user is heard', {
    after: ['C11'],
    holds: [talks('b.trgw', 'a.trgw')],
  }),
];

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

/** C14 and C15: release by one side. TS 24.229 §5.1.5. */
function released(by: Side): readonly FlowStep[] {
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

/** The called user declines while it rings: a final response end to end, acknowledged hop by hop. RFC 3261 §17.1.1.3. */
const DECLINED: readonly FlowStep[] = [
  arrow('E1', 'b.ue', 'b.p-cscf', response(603, 'INVITE'), 'the called user declines', { after: ['C8'] }),
  arrow('E1K', 'b.p-cscf', 'b.ue', request('ACK'), 'the refusal is acknowledged'),
  arrow('E1N', 'b.ibcf', 'a.ibcf', response(603, 'INVITE'), 'the refusal crosses the border', { after: ['E1'] }),
  arrow('E1A', 'a.p-cscf', 'a.ue', response(603, 'INVITE'), 'the caller is told'),
  arrow('E1L', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
  arrow('EX', 'a.p-cscf', 'a.ue', response(200, 'INVITE'), 'the call is never answered', {
    occurs: 'never',
    after: ['C1'],
  }),
];

/** The caller gives up while it rings: CANCEL hop by hop, 487 end to end. RFC 3261 §9; TP_GM_PCSCF_CANCEL_01. */
const CANCELLED: readonly FlowStep[] = [
  arrow('X1', 'a.ue', 'a.p-cscf', request('CANCEL'), 'the caller gives up', { after: ['C8A'] }),
  arrow('X1A', 'a.p-cscf', 'a.ue', response(200, 'CANCEL'), 'the next hop confirms the CANCEL'),
  arrow('X1N', 'a.ibcf', 'b.ibcf', request('CANCEL'), 'the CANCEL crosses the border', { after: ['X1'] }),
  arrow('X1B', 'b.p-cscf', 'b.ue', request('CANCEL'), 'the called UE stops ringing', { holds: [within(2, 'X1')] }),
  arrow('X2', 'b.ue', 'b.p-cscf', response(487, 'INVITE'), 'the called UE ends the INVITE'),
  arrow('X2N', 'b.ibcf', 'a.ibcf', response(487, 'INVITE'), 'the 487 crosses the border', { after: ['X1N'] }),
  arrow('X2A', 'a.p-cscf', 'a.ue', response(487, 'INVITE'), 'the caller is told', { after: ['X1'] }),
  arrow('X3', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
  arrow('XX', 'a.p-cscf', 'a.ue', response(200, 'INVITE'), 'the call is never answered', {
    occurs: 'never',
    after: ['C1'],
  }),
];

/** The step comes at most so many seconds after another one. */
function within(seconds: number, earlier: string): Condition {
  return {
    requires: `at most ${seconds} s after step ${earlier}`,
    seen: (message, binding) => {
      const took = (message.at - (binding.step(earlier)?.at ?? message.at)) / 1_000_000;
      return took <= seconds ? null : `${took.toFixed(1)} s`;
    },
  };
}

/** The flows of the group INT that are automated; catalogue §9.3 and §9.0.1. */
export const CALL_FLOWS: readonly Flow[] = [
  {
    caseId: 'Q3953-INT-01',
    clause: 'TS 24.229 §5.1.3, §5.2.7, §5.4.4, §6; TS 23.228 §5.5.1, §5.6.2, §5.7.2',
    opens: 'INVITE',
    usualCause: 'A border or proxy on the way drops the message, or the preconditions of one side are never met',
    steps: [...ALERTED, ...TALKED, ...released('a')],
  },
  {
    caseId: 'Q3953-INT-02',
    clause: 'TS 24.229 §5.1.5, §5.2.7, §5.4.4; TS 23.228 §5.10.1',
    opens: 'INVITE',
    usualCause: 'The BYE of the called side does not follow the reversed route set, or one side keeps its resources',
    steps: [...ALERTED, ...TALKED, ...released('b')],
  },
  {
    caseId: 'Q3953-INT-05',
    clause: 'RFC 3261 §21.6.2, §17.1.1.3; TS 24.229 §5.1.4',
    opens: 'INVITE',
    usualCause: 'A node on the way turns the refusal into another one, or retries elsewhere',
    steps: [...ALERTED, ...DECLINED],
  },
  {
    caseId: 'Q3953-INT-07',
    clause: 'RFC 3261 §9.1, §9.2; TS 24.229 §5.1.3, §5.1.4',
    opens: 'INVITE',
    usualCause: 'A node on the way does not pass the CANCEL on, or answers the INVITE itself',
    steps: [...ALERTED, ...CANCELLED],
  },
];
