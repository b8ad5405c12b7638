import type { Fault } from './fault.js';
import { octetFault } from './sip-change.js';

/**
 * For the flow of each case: one arrow that never comes, on the access side, where no rule of the border looks. What a network does wrong
 * at the border is for the rules; that it does nothing at all is for the flow.
 */
const MISSING_ARROWS = [
  ['Q3953-INT-01', '180', 'INVITE', 'ring-back'],
  ['Q3953-INT-02', '180', 'INVITE', 'ring-back'],
  ['Q3953-INT-05', '603', 'INVITE', 'the refusal'],
  ['Q3953-INT-07', '487', 'INVITE', 'the end of the INVITE'],
  ['Q3953-REG-01', '200', 'REGISTER', 'the answer to its registration'],
  ['Q3953-REG-03', '200', 'SUBSCRIBE', 'the answer to its subscription'],
  ['Q3953-REG-04', '200', 'REGISTER', 'the answer to its registration'],
  ['Q3953-REG-06', '200', 'REGISTER', 'the answer to its registration'],
  ['Q3953-REG-07', '403', 'REGISTER', 'the refusal'],
  ['Q3953-REG-08', '403', 'REGISTER', 'the refusal'],
  ['Q3953-REG-09', '200', 'REGISTER', 'the answer to its de-registration'],
] as const;

export const FLOW_FAULTS: readonly Fault[] = MISSING_ARROWS.map(([caseId, status, method, what]) =>
  octetFault(
    {
      name: `${caseId.slice('Q3953-'.length).toLowerCase()}-never-told`,
      title: `The P-CSCF of home A keeps ${what} from the UE`,
      catches: caseId,
      carrier: caseId,
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
