import type { BehaviourFault } from './fault.js';

/**
 * Who misbehaves in which network, in what way (by the function's own table of deviations), which rule must notice, in which case and
 * under which options.
 */
type Row = readonly [
  role: 'ibcf' | 'i-cscf' | 'p-cscf' | 's-cscf',
  network: 'home-a' | 'home-b',
  behaviour: string,
  catches: string,
  carrier: string,
  title: string,
  options?: Readonly<Record<string, string>>,
];

const CALL = 'Q3953-INT-01';

const ROWS: readonly Row[] = [
  ['ibcf', 'home-a', 'keeps-max-forwards', 'GEN-06', CALL, 'The exit border does not count Max-Forwards down'],
  ['ibcf', 'home-b', 'keeps-max-forwards', 'GEN-06', CALL, 'The entry border does not count Max-Forwards down'],
  ['ibcf', 'home-a', 'no-topology-hiding', 'THG-01', CALL, 'The exit border shows the nodes of its network'],
  [
    'ibcf',
    'home-b',
    'no-topology-hiding',
    'THG-01',
    CALL,
    'The entry border shows the nodes of its network in responses',
  ],
  ['ibcf', 'home-a', 'drops-asserted-identity', 'INV-03', CALL, 'The border drops the caller in spite of trust'],
  [
    'ibcf',
    'home-b',
    'forwards-access-headers',
    'TRU-03',
    CALL,
    'The border lets the access of the callee out without trust',
    { trust: 'off' },
  ],
  [
    'ibcf',
    'home-b',
    'forwards-untrusted-headers',
    'PCV-31',
    CALL,
    'The border lets charging data out without trust',
    { trust: 'off' },
  ],
  [
    's-cscf',
    'home-a',
    'type-3-ioi-outside',
    'PCV-13',
    CALL,
    'The S-CSCF uses the identifier of ISC towards the other network',
  ],
  ['s-cscf', 'home-b', 'no-term-ioi', 'PCV-09', CALL, 'The S-CSCF of the callee answers without term-ioi'],
  ['s-cscf', 'home-a', 'no-tel-identity', 'INV-04', CALL, 'The S-CSCF does not add the tel URI of the caller'],
  ['s-cscf', 'home-a', 'no-service-route', 'Q3953-REG-01', 'Q3953-REG-01', 'The S-CSCF gives no Service-Route'],
  [
    's-cscf',
    'home-a',
    'no-associated-uri',
    'Q3953-REG-01',
    'Q3953-REG-01',
    'The S-CSCF tells no identities of the user',
  ],
  ['s-cscf', 'home-a', 'no-notify', 'Q3953-REG-03', 'Q3953-REG-03', 'The S-CSCF never notifies its subscribers'],
  [
    's-cscf',
    'home-a',
    'no-third-party-registration',
    'Q3953-REG-09',
    'Q3953-REG-09',
    'The S-CSCF tells no application server of a registration',
  ],
  [
    's-cscf',
    'home-a',
    'no-deregistration-in-hss',
    'Q3953-REG-09',
    'Q3953-REG-09',
    'The S-CSCF does not tell the HSS that the user is gone',
  ],
  ['s-cscf', 'home-a', 'ignores-filter-criteria', CALL, CALL, 'The S-CSCF of the caller calls no application server'],
  ['s-cscf', 'home-a', 'no-number-translation', CALL, CALL, 'The S-CSCF asks ENUM for nothing'],
  [
    's-cscf',
    'home-a',
    'accepts-wrong-response',
    'Q3953-REG-07',
    'Q3953-REG-07',
    'The S-CSCF registers a user whose RES is wrong',
  ],
  ['p-cscf', 'home-a', 'charging-vector-to-ue', 'PCV-28', CALL, 'The P-CSCF shows charging data to the UE'],
  // The core refuses what requires sec-agree of it, so the call never gets to the border.
  ['p-cscf', 'home-a', 'keeps-sec-agree', CALL, CALL, 'The P-CSCF forwards the security agreement of the UE'],
  ['p-cscf', 'home-a', 'no-rx', CALL, CALL, 'The P-CSCF asks the PCRF for nothing'],
  [
    'p-cscf',
    'home-a',
    'keeps-keys-in-challenge',
    'Q3953-REG-01',
    'Q3953-REG-01',
    'The P-CSCF shows IK and CK to the UE',
  ],
  ['p-cscf', 'home-a', 'no-path', 'Q3953-REG-01', 'Q3953-REG-01', 'The P-CSCF leaves Path out'],
  ['p-cscf', 'home-a', 'no-reg-event', 'Q3953-REG-03', 'Q3953-REG-03', 'The P-CSCF does not subscribe to reg events'],
  [
    'i-cscf',
    'home-a',
    'answers-unknown-user-200',
    'Q3953-REG-08',
    'Q3953-REG-08',
    'The I-CSCF lets an unknown user in',
  ],
  ['i-cscf', 'home-a', 'record-routes', 'Q3953-REG-03', 'Q3953-REG-03', 'The I-CSCF stays on the path'],
];

/** Functions of ours that misbehave. */
export const FUNCTION_FAULTS: readonly BehaviourFault[] = ROWS.map(
  ([role, network, behaviour, catches, carrier, title, options]) => ({
    kind: 'behaviour',
    name: `${role}-${network}-${behaviour}`,
    title,
    role,
    network,
    behaviour,
    catches,
    carrier,
    ...(options === undefined ? {} : { options }),
  }),
);
