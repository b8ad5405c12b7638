import { arrow, avpIs, carries, diameter, request, response, result, rtp, sipHolds } from './arrow.js';
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

/** C1 to C13: set-up with preconditions at both ends and talk. TS 23.228 §5.5.1, §5.6.2, §5.7.2; RFC 3312. */
const SET_UP: readonly FlowStep[] = [
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

/** Rx of one side: the P-CSCF has the media authorised before the user is alerted. TS 29.214 §4.4.1. */
function authorised(side: Side, after: string): readonly FlowStep[] {
  return [
    arrow(
      `AAR${side}`,
      `${side}.p-cscf`,
      `${side}.pcrf`,
      diameter('AAR'),
      `P-CSCF of side ${side} has the media authorised`,
      { after: [after] },
    ),
    arrow(`AAA${side}`, `${side}.pcrf`, `${side}.p-cscf`, diameter('AAA'), `PCRF of side ${side} authorises it`, {
      after: [`AAR${side}`],
      holds: [result(2001)],
    }),
  ];
}

/** C14 to C16: release by one side. TS 24.229 §5.1.5, TS 29.214 §4.4.4. */
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
    ...(['a', 'b'] as const).flatMap((side) => [
      arrow(
        `STR${side}`,
        `${side}.p-cscf`,
        `${side}.pcrf`,
        diameter('STR'),
        `P-CSCF of side ${side} ends the Rx session`,
        {
          after: ['C14'],
          holds: [avpIs('Termination-Cause', 1)],
        },
      ),
      arrow(`STA${side}`, `${side}.pcrf`, `${side}.p-cscf`, diameter('STA'), `PCRF of side ${side} confirms`, {
        after: [`STR${side}`],
        holds: [result(2001)],
      }),
    ]),
  ];
}

/** The flows of the group INT that are automated; catalogue §9.3 and §9.0.1. */
export const CALL_FLOWS: readonly Flow[] = [
  {
    caseId: 'Q3953-INT-01',
    clause: 'TS 24.229 §5.1.3, §5.2.7, §5.4.4, §6; TS 23.228 §5.5.1, §5.6.2, §5.7.2',
    opens: 'INVITE',
    usualCause: 'A border or proxy on the way drops the message, or the preconditions of one side are never met',
    steps: [...SET_UP, ...released('a')],
  },
  {
    caseId: 'Q3953-INT-02',
    clause: 'TS 24.229 §5.1.5, §5.2.7, §5.4.4; TS 23.228 §5.10.1',
    opens: 'INVITE',
    usualCause: 'The BYE of the called side does not follow the reversed route set, or one side keeps its resources',
    steps: [...SET_UP, ...released('b')],
  },
];
