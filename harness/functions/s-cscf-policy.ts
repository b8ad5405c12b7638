import type { BehaviourRow } from './network-function.js';

/** Named deviations of the S-CSCF. */
export const S_CSCF_BEHAVIOURS = {
  'no-term-ioi': { does: 'answers without term-ioi', clause: 'TS 24.229 §5.4.3.3' },
  'no-orig-ioi': { does: 'sends requests to the other network without orig-ioi', clause: 'TS 24.229 §5.4.3.2' },
  'type-3-ioi-outside': { does: 'uses the identifier of ISC towards the other network', clause: 'TS 24.229 §4.5.4' },
  'keeps-served-user': { does: 'leaves P-Served-User in what leaves the network', clause: 'RFC 5502 §7.2' },
  'no-tel-identity': { does: 'does not add the tel URI to P-Asserted-Identity', clause: 'TS 24.229 §5.4.3.2' },
  'keeps-preferred-service': {
    does: 'does not turn P-Preferred-Service into P-Asserted-Service',
    clause: 'TS 24.229 §5.4.3.2',
  },
  'no-record-route': { does: 'leaves the path after the initial request', clause: 'TS 24.229 §5.4.3.2' },
  'ignores-filter-criteria': { does: 'calls no application server', clause: 'TS 23.218 §6.4' },
  'no-number-translation': { does: 'sends the tel URI on without asking ENUM', clause: 'TS 24.229 §5.4.3.2' },
  'no-called-party-id': { does: 'does not tell the UE which identity was called', clause: 'TS 24.229 §5.4.3.3' },
  'accepts-wrong-response': { does: 'registers a user whose RES is wrong', clause: 'TS 24.229 §5.4.1.2.3' },
  'no-service-route': { does: 'answers REGISTER without Service-Route', clause: 'TS 24.229 §5.4.1.2.2F' },
  'no-associated-uri': { does: 'answers REGISTER without P-Associated-URI', clause: 'TS 24.229 §5.4.1.2.2F' },
  'no-third-party-registration': {
    does: 'tells no application server of a registration',
    clause: 'TS 24.229 §5.4.1.7',
  },
  'no-notify': { does: 'accepts a reg-event subscription and never notifies', clause: 'RFC 6665 §4.2.1.2' },
  'no-deregistration-in-hss': { does: 'does not tell the HSS that the user is gone', clause: 'TS 29.228 §6.1.2' },
  'ignores-auts': { does: 'challenges again without resynchronising the HSS', clause: 'TS 33.203 §6.1.3' },
} as const satisfies Record<string, BehaviourRow>;
export type SCscfBehaviour = keyof typeof S_CSCF_BEHAVIOURS;

/** Operator policy of registration, seconds where times. */
export interface RegistrationPolicy {
  readonly maxExpires: number;
  /** Below it a REGISTER is answered 423. */
  readonly minExpires: number;
  /** A protected re-registration is challenged again (TS 24.229 §5.4.1.2.1). */
  readonly challengeReRegistration: boolean;
}

/** TS 24.229 §5.4.1.2: 600 000 s is what a UE asks for. */
export const DEFAULT_REGISTRATION_POLICY: RegistrationPolicy = {
  maxExpires: 600_000,
  minExpires: 60,
  challengeReRegistration: false,
};
