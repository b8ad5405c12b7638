import { arrow, request, response, rtp } from './arrow.js';
import { directed, heldSince, within } from './call-conditions.js';
import { ALERTED, laterCall, released, talked } from './call-steps.js';
import type { Flow, FlowStep } from './flow.js';

/** One side holds the call and resumes it: offers in UPDATE, the call and its media stay. RFC 3264 §8.4; TS 24.610 §4.5.2. */
const HELD_AND_RESUMED: readonly FlowStep[] = [
  arrow('H1', 'a.ue', 'a.p-cscf', request('UPDATE'), 'a user holds the call', {
    after: ['C13A', 'C13B', 'C12B'],
    holds: [directed('sendonly')],
  }),
  arrow('H1N', 'a.ibcf', 'b.ibcf', request('UPDATE'), 'the hold crosses the border', { holds: [directed('sendonly')] }),
  arrow('H2', 'b.ue', 'b.p-cscf', response(200, 'UPDATE'), 'the other side agrees', { holds: [directed('recvonly')] }),
  arrow('H2A', 'a.p-cscf', 'a.ue', response(200, 'UPDATE'), 'the call is held', { holds: [directed('recvonly')] }),
  arrow('R1', 'a.ue', 'a.p-cscf', request('UPDATE'), 'the user resumes the call', {
    holds: [directed('sendrecv'), heldSince('H2A')],
  }),
  arrow('R1N', 'a.ibcf', 'b.ibcf', request('UPDATE'), 'the resumption crosses the border', {
    holds: [directed('sendrecv')],
  }),
  arrow('R2', 'b.ue', 'b.p-cscf', response(200, 'UPDATE'), 'the other side agrees', { holds: [directed('sendrecv')] }),
  arrow('R2A', 'a.p-cscf', 'a.ue', response(200, 'UPDATE'), 'the call goes on', { holds: [directed('sendrecv')] }),
  arrow('R3A', 'a.trgw', 'b.trgw', rtp, 'the holder is heard again', { after: ['R2A'], holds: [within(1, 'R2A')] }),
  arrow('R3B', 'b.trgw', 'a.trgw', rtp, 'the other user is heard again', {
    after: ['R2A'],
    holds: [within(1, 'R2A')],
  }),
];

/** The flows of the group SS that are automated; catalogue §9.6. */
export const SERVICE_FLOWS: readonly Flow[] = [
  {
    caseId: 'Q3953-SS-19',
    clause: 'TS 24.610 §4.5.2; RFC 3264 §8.4; TS 29.165 §12.8',
    opens: 'INVITE',
    usualCause: 'A border changes the direction of the stream, or its gateway does not open again',
    steps: [
      ...ALERTED,
      ...talked(2),
      ...HELD_AND_RESUMED,
      ...laterCall('B', 'R3B', HELD_AND_RESUMED, 'b'),
      ...released('a').map((step) => (step.id === 'C14' ? { ...step, after: ['BR3A', 'BR3B'] } : step)),
    ],
    exercises: ['SDP-18', 'DLG-15', 'CHK-RX-AAR'],
  },
];
