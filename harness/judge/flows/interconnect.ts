import { arrow, carries, lacks, response, result } from './arrow.js';
import { anonymousFrom, identitiesOf } from './call-conditions.js';
import {
  ALERTED,
  cancelled,
  described,
  invited,
  laterCall,
  offered,
  RINGING,
  refused,
  released,
  talked,
} from './call-steps.js';
import type { Condition, Flow, FlowStep, Side } from './flow.js';

/** A short call: what the rules of the border look at. */
const CALL: readonly FlowStep[] = [...ALERTED, ...talked(2), ...released('a')];

/** The same between users who are registered. */
function callReleasedBy(side: Side): readonly FlowStep[] {
  return [...invited(), ...described(), ...RINGING, ...talked(2), ...released(side)];
}

/** Steps with more to be said of some of them. */
function holding(
  steps: readonly FlowStep[],
  more: Readonly<Record<string, readonly Condition[]>>,
): readonly FlowStep[] {
  return steps.map((step) => ({ ...step, holds: [...step.holds, ...(more[step.id] ?? [])] }));
}

/** The flows of the group NNI that are automated; catalogue §9.8. What must be true at the border is in the rules that they exercise. */
export const INTERCONNECT_FLOWS: readonly Flow[] = [
  {
    caseId: 'Q3953-NNI-02',
    clause: 'TS 29.165 §6.1.1.3, Annex B',
    opens: 'INVITE',
    usualCause: 'The border has no header policy towards the interconnect',
    steps: CALL,
    exercises: [
      'GEN-09',
      'GEN-13',
      'HDR-01',
      'HDR-02',
      'HDR-03',
      'HDR-04',
      'HDR-06',
      'HDR-07',
      'INV-22',
      'INV-30',
      'INV-31',
    ],
  },
  {
    caseId: 'Q3953-NNI-03',
    clause: 'TS 29.165 Annex B.7, table B.7.1',
    opens: 'INVITE',
    usualCause: 'A border or S-CSCF removes what the other network needs, or never adds it',
    steps: CALL,
    exercises: ['GEN-03', 'GEN-07', 'GEN-08', 'GEN-10', 'INV-03', 'INV-12', 'INV-13', 'INV-17', 'INV-19', 'PCV-03'],
  },
  {
    caseId: 'Q3953-NNI-04',
    clause: 'TS 29.165 Annex B.7, table B.7.2',
    opens: 'INVITE',
    usualCause:
      'A border removes headers of responses as if they were of requests, or an S-CSCF leaves the answer without its vector',
    steps: [
      ...CALL,
      ...laterCall('U', 'C15A', [
        ...offered([], result(5001)),
        arrow('N1', 'b.ibcf', 'a.ibcf', response(404, 'INVITE'), 'a number that nobody has is refused'),
      ]),
      ...laterCall('D', 'UN1', [...invited(), ...refused(603, 'C1B', 'the called user declines')]),
      ...laterCall('G', 'DE1L', [...invited(), ...described(), ...RINGING, ...cancelled('C8A')]),
    ],
    exercises: [
      'GEN-05',
      'GEN-10',
      'GEN-11',
      'MTH-08',
      'PCV-08',
      'PCV-09',
      'PCV-32',
      'RSP-02',
      'RSP-03',
      'RSP-07',
      'RSP-12',
      'DLG-09',
    ],
  },
  {
    caseId: 'Q3953-NNI-07',
    clause: 'TS 29.165 §11.2; TS 24.229 §4.5',
    opens: 'INVITE',
    usualCause: 'An S-CSCF or border keeps the identifiers of the inner hop, or makes an icid-value of its own',
    steps: [...CALL, ...laterCall('B', 'C15A', callReleasedBy('a'), 'b')],
    exercises: [
      'PCV-01',
      'PCV-03',
      'PCV-04',
      'PCV-07',
      'PCV-08',
      'PCV-09',
      'PCV-11',
      'PCV-13',
      'PCV-19',
      'PCV-27',
      'PCV-32',
    ],
  },
  {
    caseId: 'Q3953-NNI-10',
    clause: 'TS 24.229 §5.10.4; TS 29.165 §7',
    opens: 'INVITE',
    usualCause:
      'The border hides some of the headers that show its network, or cannot read its own tokens when they come back',
    steps: [
      ...CALL,
      ...laterCall('S', 'C15A', callReleasedBy('b')),
      ...laterCall('B', 'SC15A', callReleasedBy('a'), 'b'),
    ],
    exercises: ['THG-01', 'THG-02', 'THG-04', 'THG-05', 'THG-10', 'THG-11', 'THG-12'],
  },
  {
    caseId: 'Q3953-NNI-12',
    clause: 'TS 29.165 §12.3; TS 24.229 §4.4.2, §5.10.2, §5.10.3',
    opens: 'INVITE',
    usualCause: 'A border treats a trusted network as an untrusted one, or rewrites the identity',
    steps: holding(CALL, {
      C1N: [identitiesOf('C1X')],
      C1I: [identitiesOf('C1X')],
      C1B: [identitiesOf('C1X')],
    }),
    exercises: ['INV-03', 'INV-04', 'INV-05', 'RSP-07', 'TRU-14', 'URI-05'],
  },
  {
    caseId: 'Q3953-NNI-13',
    clause: 'RFC 3325 §7, §9.3; TS 24.229 §4.4.2, §5.10.6; TS 24.607',
    opens: 'INVITE',
    usualCause: 'A border treats an untrusted network as a trusted one',
    steps: [
      ...CALL,
      ...laterCall(
        'P',
        'C15A',
        holding(callReleasedBy('a'), {
          C1M: [carries('P-Asserted-Identity')],
          C1N: [lacks('P-Asserted-Identity'), anonymousFrom],
          C1I: [lacks('P-Asserted-Identity')],
          C1B: [lacks('P-Asserted-Identity'), anonymousFrom],
        }),
      ),
      ...laterCall('N', 'PC15A', holding(callReleasedBy('a'), { C1N: [carries('P-Asserted-Identity')] })),
    ],
    exercises: ['TRU-01', 'TRU-02', 'TRU-03', 'TRU-13', 'TRU-17'],
  },
];
