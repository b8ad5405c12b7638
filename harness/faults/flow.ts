import type { Fault } from './fault.js';
import { octetFault } from './sip-change.js';

/**
 * For the flow of each case: one arrow that never comes, on the access side, where no rule of the border looks. What a network does wrong
 * at the border is for the rules; that it does nothing at all is for the flow.
 */
const MISSING_ARROWS: readonly (readonly [
  caseId: string,
  status: string,
  method: string,
  what: string,
  options?: Readonly<Record<string, string>>,
])[] = [
  ['Q3953-INT-01', '180', 'INVITE', 'ring-back'],
  ['Q3953-INT-02', '180', 'INVITE', 'ring-back'],
  ['Q3953-INT-04', '486', 'INVITE', 'the busy tone'],
  ['Q3953-INT-05', '603', 'INVITE', 'the refusal'],
  ['Q3953-INT-06', '480', 'INVITE', 'that nobody answers'],
  ['Q3953-INT-07', '487', 'INVITE', 'the end of the INVITE'],
  ['Q3953-INT-08', '487', 'INVITE', 'the end of the INVITE'],
  ['Q3953-INT-09', '404', 'INVITE', 'that the number is not allocated'],
  ['Q3953-INT-10', '180', 'INVITE', 'ring-back'],
  ['Q3953-INT-14', '200', 'UPDATE', 'the answer to its refresh'],
  ['Q3953-INT-19', '180', 'INVITE', 'ring-back'],
  ['Q3953-INT-20', '180', 'INVITE', 'ring-back'],
  ['Q3953-INT-23', '180', 'INVITE', 'ring-back'],
  ['Q3953-SS-19', '200', 'UPDATE', 'the answer to its hold'],
  ['Q3953-NNI-02', '180', 'INVITE', 'ring-back'],
  ['Q3953-NNI-03', '180', 'INVITE', 'ring-back'],
  ['Q3953-NNI-04', '487', 'INVITE', 'the end of the INVITE'],
  ['Q3953-NNI-07', '180', 'INVITE', 'ring-back'],
  ['Q3953-NNI-10', '180', 'INVITE', 'ring-back'],
  ['Q3953-NNI-12', '180', 'INVITE', 'ring-back'],
  ['Q3953-NNI-13', '180', 'INVITE', 'ring-back', { trust: 'off' }],
  ['Q3953-REG-01', '200', 'REGISTER', 'the answer to its registration'],
  ['Q3953-REG-03', '200', 'SUBSCRIBE', 'the answer to its subscription'],
  ['Q3953-REG-04', '200', 'REGISTER', 'the answer to its registration'],
  ['Q3953-REG-06', '200', 'REGISTER', 'the answer to its registration'],
  ['Q3953-REG-07', '403', 'REGISTER', 'the refusal'],
  ['Q3953-REG-08', '403', 'REGISTER', 'the refusal'],
  ['Q3953-REG-09', '200', 'REGISTER', 'the answer to its de-registration'],
];

export const FLOW_FAULTS: readonly Fault[] = MISSING_ARROWS.map(([caseId, status, method, what, options]) =>
  octetFault(
    {
      name: `${caseId.slice('Q3953-'.length).toLowerCase()}-never-told`,
      title: `The P-CSCF of home A keeps ${what} from the UE`,
      catches: caseId,
      carrier: caseId,
      ...(options === undefined ? {} : { options }),
      at: {
        referencePoint: 'Gm',
        protocol: 'sip',
        fromRole: 'p-cscf',
        fromNetwork: 'home-a',
        method,
        status: Number(status),
      },
    },
    () => [],
  ),
);
