import { arrow, request, response, result, rtp, type Shape } from './arrow.js';
import {
  about,
  keysOf,
  namesSession,
  noBody,
  relayedFrom,
  speaksOnly,
  uninterrupted,
  within,
} from './call-conditions.js';
import {
  ALERTED,
  ALERTED_AT_ONCE,
  alertedWith,
  cancelled,
  described,
  givenBack,
  invited,
  laterCall,
  neverAnswered,
  offered,
  PREAMBLE,
  RINGING,
  refused,
  released,
  talked,
} from './call-steps.js';
import type { Flow, FlowStep } from './flow.js';

/** How a network says that the called user did not answer in time. */
const noReply: Shape = (message, binding) => [480, 408].some((status) => response(status, 'INVITE')(message, binding));

/** What a user presses in INT-23: every key of RFC 4733 §3.2. */
const KEYS = '0123456789*#ABCD';

/** A call in one codec from end to end: both answers name it, and what the gateways pass is what the UEs sent. */
function talkedIn(codec: string, clockRate: number): readonly FlowStep[] {
  const relayed = [relayedFrom('a.ue', 'a.trgw'), relayedFrom('b.ue', 'b.trgw')];
  return [
    ...alertedWith([speaksOnly(codec, clockRate)]),
    ...talked(2).map((step) =>
      step.id === 'C13A' || step.id === 'C13B'
        ? { ...step, holds: [...step.holds, ...relayed.slice(step.id === 'C13A' ? 0 : 1).slice(0, 1)] }
        : step,
    ),
    ...released('a'),
  ];
}

/** The refresher sends UPDATE at half of the interval, and the peer confirms. RFC 4028 §7.2, §10. */
function refreshed(id: string, after: string, interval: number): readonly FlowStep[] {
  return [
    arrow(`${id}1`, 'a.ue', 'a.p-cscf', request('UPDATE'), 'the refresher refreshes at half of the interval', {
      after: [after],
      holds: [about(interval / 2, after), namesSession, noBody],
    }),
    arrow(`${id}N`, 'a.ibcf', 'b.ibcf', request('UPDATE'), 'the refresh crosses the border'),
    arrow(`${id}B`, 'b.ue', 'b.p-cscf', response(200, 'UPDATE'), 'the peer confirms', { holds: [namesSession] }),
    arrow(`${id}2`, 'a.p-cscf', 'a.ue', response(200, 'UPDATE'), 'the refresher is told', { holds: [namesSession] }),
  ];
}

/** Nobody takes the call, and the network of the called user ends it: CANCEL to the UE, 480 or 408 to the caller. */
const TIMED_OUT: readonly FlowStep[] = [
  arrow('T1', 'b.p-cscf', 'b.ue', request('CANCEL'), 'the called network ends the ringing', { after: ['C8'] }),
  arrow('T2', 'b.ue', 'b.p-cscf', response(487, 'INVITE'), 'the called UE ends the INVITE'),
  arrow('T2N', 'b.ibcf', 'a.ibcf', noReply, 'the end crosses the border', { after: ['C8N'] }),
  arrow('T2A', 'a.p-cscf', 'a.ue', noReply, 'the caller is told that nobody answers'),
  arrow('T3', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
];

/** The flows of the group INT that are automated; catalogue §9.3 and §9.0.1. */
export const CALL_FLOWS: readonly Flow[] = [
  {
    caseId: 'Q3953-INT-01',
    clause: 'TS 24.229 §5.1.3, §5.2.7, §5.4.4, §6; TS 23.228 §5.5.1, §5.6.2, §5.7.2',
    opens: 'INVITE',
    usualCause: 'A border or proxy on the way drops the message, or the preconditions of one side are never met',
    steps: [...ALERTED, ...talked(), ...released('a')],
  },
  {
    caseId: 'Q3953-INT-02',
    clause: 'TS 24.229 §5.1.5, §5.2.7, §5.4.4; TS 23.228 §5.10.1',
    opens: 'INVITE',
    usualCause: 'The BYE of the called side does not follow the reversed route set, or one side keeps its resources',
    steps: [...ALERTED, ...talked(), ...released('b')],
  },
  {
    caseId: 'Q3953-INT-04',
    clause: 'TS 24.229 §5.1.4; RFC 3261 §21.4.24, §17.1.1.3',
    opens: 'INVITE',
    usualCause: 'A node on the way turns busy into another status, or lets the caller hear ring-back first',
    steps: [
      ...PREAMBLE,
      arrow('B1', 'b.ue', 'b.p-cscf', response(200, 'INVITE'), 'the called user takes the call of a third user', {
        after: ['PB'],
      }),
      arrow('B2', 'b.p-cscf', 'b.ue', request('ACK'), 'the called user is in that call'),
      ...invited(['PA', 'B2']),
      ...refused(486, 'C1B', 'the called user is busy'),
      arrow('E1R', 'a.p-cscf', 'a.ue', response(180, 'INVITE'), 'the caller hears no ring-back', {
        occurs: 'never',
        after: ['C1'],
      }),
    ],
  },
  {
    caseId: 'Q3953-INT-05',
    clause: 'RFC 3261 §21.6.2, §17.1.1.3; TS 24.229 §5.1.4',
    opens: 'INVITE',
    usualCause: 'A node on the way turns the refusal into another one, or retries elsewhere',
    steps: [...ALERTED, ...refused(603, 'C8', 'the called user declines')],
  },
  {
    caseId: 'Q3953-INT-06',
    clause: 'RFC 3261 §9, §16.6 step 11, §16.8; TS 24.229 §5.1.3.1, §5.7; TS 29.214 §4.4.4',
    opens: 'INVITE',
    usualCause: 'No network watches how long a call rings, or one side keeps what it had reserved',
    steps: [
      ...ALERTED,
      ...cancelled('C8A', [about(30, 'C8A')]),
      ...givenBack('X1'),
      ...laterCall('T', 'X3', [
        ...invited(),
        ...described(),
        ...RINGING,
        ...TIMED_OUT,
        ...givenBack('T1'),
        neverAnswered,
      ]),
    ],
    exercises: ['DLG-08', 'DLG-09', 'CHK-RX-STR'],
  },
  {
    caseId: 'Q3953-INT-07',
    clause: 'RFC 3261 §9.1, §9.2; TS 24.229 §5.1.3, §5.1.4',
    opens: 'INVITE',
    usualCause: 'A node on the way does not pass the CANCEL on, or answers the INVITE itself',
    steps: [...ALERTED, ...cancelled('C8A')],
  },
  {
    caseId: 'Q3953-INT-08',
    clause: 'RFC 3261 §9.1, §9.2; TS 24.229 §5.1.3; TS 29.214 §4.4.4',
    opens: 'INVITE',
    usualCause: 'A node on the way does not pass the CANCEL on, or a P-CSCF keeps the media that it had authorised',
    steps: [
      ...PREAMBLE,
      ...invited(),
      ...described(),
      ...cancelled('C5'),
      ...givenBack('X1'),
      arrow('X4', 'b.ue', 'b.p-cscf', response(180, 'INVITE'), 'the called UE never rings', {
        occurs: 'never',
        after: ['C1B'],
      }),
      arrow('X5', 'a.ue', 'a.p-cscf', request('UPDATE'), 'no UPDATE follows the CANCEL', {
        occurs: 'never',
        after: ['C1'],
      }),
    ],
    exercises: ['CHK-RX-STR', 'DLG-08', 'DLG-09'],
  },
  {
    caseId: 'Q3953-INT-09',
    clause: 'TS 24.229 §5.3.2.2; TS 29.228 §6.1.4; RFC 3261 §21.4.5',
    opens: 'INVITE',
    usualCause: 'The I-CSCF maps the result of the HSS to another status, or the caller waits for a time-out',
    steps: [
      ...PREAMBLE.slice(0, 1),
      ...offered(['PA'], result(5001)),
      arrow('N1', 'b.i-cscf', 'b.ibcf', response(404, 'INVITE'), 'the number is not allocated'),
      arrow('N1N', 'b.ibcf', 'a.ibcf', response(404, 'INVITE'), 'the 404 crosses the border'),
      arrow('N1A', 'a.p-cscf', 'a.ue', response(404, 'INVITE'), 'the caller is told', {
        occurs: 'single',
        holds: [within(5, 'C1')],
      }),
      arrow('N2', 'a.ue', 'a.p-cscf', request('ACK'), 'the caller acknowledges'),
      neverAnswered,
    ],
    exercises: ['CHK-CX-LIR'],
  },
  {
    caseId: 'Q3953-INT-10',
    clause: 'TS 24.229 §5.1.3.1, §6.1.2; RFC 3312 §11; GSMA IR.65',
    opens: 'INVITE',
    usualCause: 'The calling side demands preconditions, or a network waits for an UPDATE that never comes',
    steps: [
      ...ALERTED_AT_ONCE,
      ...talked(2),
      arrow('CM', 'a.ue', 'a.trgw', rtp, 'the caller sends no media before it has its bearer', {
        occurs: 'never',
        after: ['C1'],
        until: 'AAAa',
      }),
      ...released('a'),
      arrow('CX', 'a.ue', 'a.p-cscf', request('UPDATE'), 'nobody asks for resources by UPDATE', {
        occurs: 'never',
        after: ['C1'],
      }),
    ],
    exercises: ['SDP-17', 'CHK-RX-AAR'],
  },
  {
    caseId: 'Q3953-INT-14',
    clause: 'RFC 4028 §7.2, §9, §10; GSMA IR.92 §2.2.8',
    opens: 'INVITE',
    usualCause: 'A border does not pass the refresh or its Session-Expires, or the refresher counts a time of its own',
    steps: [
      ...ALERTED,
      ...talked(90, [uninterrupted]),
      ...refreshed('F', 'C11A', 90),
      ...refreshed('G', 'F2', 90),
      arrow('FX', 'a.p-cscf', 'a.ue', request('BYE'), 'the network does not end the call', {
        occurs: 'never',
        after: ['C1'],
      }),
      ...released('a').map((step) => (step.id === 'C14' ? { ...step, after: ['G2'] } : step)),
    ],
    exercises: ['INV-18', 'RSP-12'],
  },
  {
    caseId: 'Q3953-INT-19',
    clause: 'TS 26.114 §5.2.1, §6.2.2; GSMA IR.92 §3.2; RFC 3264 §6.1',
    opens: 'INVITE',
    usualCause: 'A border removes the wideband codec from the offer, or a gateway transcodes',
    steps: talkedIn('AMR-WB', 16_000),
    exercises: ['SDP-06', 'SDP-08', 'VOC-02', 'VOC-07', 'VOC-16', 'VOC-17', 'CHK-RX-AAR'],
  },
  {
    caseId: 'Q3953-INT-20',
    clause: 'TS 26.114 §5.2.1, §6.2.2; RFC 3264 §6.1',
    opens: 'INVITE',
    usualCause: 'The answer keeps a format that the called side does not know, or a gateway transcodes to keep it',
    steps: talkedIn('AMR', 8000),
    exercises: ['SDP-06', 'SDP-08', 'VOC-07', 'VOC-16', 'VOC-17', 'CHK-RX-AAR'],
  },
  {
    caseId: 'Q3953-INT-23',
    clause: 'RFC 4733 §2.3, §2.5; GSMA IR.92 §3.3; TS 29.165 Annex C.3.1.10',
    opens: 'INVITE',
    usualCause: 'A gateway drops or rewrites the packets of events, or the far end was told another payload type',
    steps: [
      ...ALERTED,
      ...talked(6).map((step) => {
        if (step.id === 'C13A') return { ...step, holds: [...step.holds, keysOf(KEYS, 'C3N')] };
        if (step.id === 'C13B') return { ...step, holds: [...step.holds, keysOf(KEYS, 'C1N')] };
        return step;
      }),
      ...released('a'),
    ],
    exercises: ['VOC-13', 'VOC-14', 'VOC-16'],
  },
];
