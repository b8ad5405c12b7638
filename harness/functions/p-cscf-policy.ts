import type { SipMessage } from '../wire/sip/message.js';
import { type HeaderRow, privacyOf } from './header-policy.js';
import type { BehaviourRow } from './network-function.js';

/** Named deviations of the P-CSCF. */
export const P_CSCF_BEHAVIOURS = {
  'keeps-keys-in-challenge': { does: 'shows IK and CK to the UE', clause: 'TS 24.229 §5.2.2.2' },
  'keeps-sec-agree': { does: 'forwards the security agreement headers into the core', clause: 'TS 24.229 §5.2.2.1' },
  'keeps-preferred-identity': { does: 'forwards P-Preferred-Identity', clause: 'TS 24.229 §5.2.6.3' },
  'no-asserted-identity': { does: 'asserts no identity', clause: 'TS 24.229 §5.2.6.3' },
  'charging-vector-to-ue': { does: 'shows P-Charging-Vector to the UE', clause: 'TS 24.229 §4.5' },
  'new-icid-in-dialog': { does: 'makes a new icid-value for every request of a call', clause: 'TS 32.260 §5.1.2.2' },
  'no-charging-vector': { does: 'sends no P-Charging-Vector', clause: 'TS 24.229 §5.2.6.3' },
  'no-path': { does: 'sends REGISTER on without Path', clause: 'TS 24.229 §5.2.2.1' },
  'no-visited-network': { does: 'sends REGISTER on without P-Visited-Network-ID', clause: 'TS 24.229 §5.2.2.1' },
  'no-reg-event': { does: 'does not subscribe to the reg event package', clause: 'TS 24.229 §5.2.3' },
  'no-rx': { does: 'asks the PCRF for nothing', clause: 'TS 29.214 §4.4.1' },
  'no-rx-termination': { does: 'leaves the Rx session when the call ends', clause: 'TS 29.214 §4.4.4' },
  'no-record-route': { does: 'leaves the path after the initial request', clause: 'TS 24.229 §5.2.6.3' },
  'ignores-security-verify': { does: 'accepts any Security-Verify', clause: 'RFC 3329 §2.3.1' },
} as const satisfies Record<string, BehaviourRow>;
export type PCscfBehaviour = keyof typeof P_CSCF_BEHAVIOURS;

const always = (rows: readonly (readonly [string, string])[]): readonly HeaderRow<PCscfBehaviour>[] =>
  rows.map(([header, clause]) => ({ header, clause }));

/** What a UE may not say to the core: TS 24.229 §5.2.6.3 and §4.4 (the UE is outside the trust domain). */
export const FROM_UE: readonly HeaderRow<PCscfBehaviour>[] = [
  ...always([
    ['P-Charging-Vector', 'TS 24.229 §5.2.6.3'],
    ['P-Charging-Function-Addresses', 'TS 24.229 §5.2.6.3'],
    ['P-Asserted-Identity', 'RFC 3325 §5'],
    ['P-Asserted-Service', 'RFC 6050 §5.1.2'],
    ['P-Served-User', 'RFC 5502 §7.2'],
    ['P-Profile-Key', 'TS 24.229 §4.4'],
    ['P-User-Database', 'TS 24.229 §4.4'],
    ['P-Visited-Network-ID', 'RFC 7315 §4.3.2'],
    ['P-Associated-URI', 'RFC 7315 §4.1'],
    ['P-Private-Network-Indication', 'RFC 7316 §5'],
    ['Feature-Caps', 'TS 24.229 §4.4'],
    ['Restoration-Info', 'TS 24.229 §4.4'],
    ['Relayed-Charge', 'TS 24.229 §4.4'],
    ['Service-Interact-Info', 'TS 24.229 §4.4'],
    ['Cellular-Network-Info', 'TS 24.229 §4.4'],
  ]),
  { header: 'P-Preferred-Identity', clause: 'TS 24.229 §5.2.6.3', unless: 'keeps-preferred-identity' },
  { header: 'Security-Client', clause: 'TS 24.229 §5.2.2.1', unless: 'keeps-sec-agree' },
  { header: 'Security-Verify', clause: 'TS 24.229 §5.2.2.1', unless: 'keeps-sec-agree' },
  {
    header: 'P-Access-Network-Info',
    clause: 'RFC 7315 §5.4: only a network entity says network-provided',
    values: (value) => /;\s*network-provided\b/i.test(value),
  },
  {
    header: 'P-Early-Media',
    clause: 'TS 24.229 §5.2.7.3; RFC 5009 §8: a UE only says that it supports it',
    only: (message: SipMessage) =>
      message.kind === 'response' || !/^\s*supported\s*$/i.test(message.get('P-Early-Media') ?? ''),
  },
];

/** What the core knows and a UE is not told: TS 24.229 §4.5, §5.2.6.4, §5.2.7.2. */
export const TO_UE: readonly HeaderRow<PCscfBehaviour>[] = [
  { header: 'P-Charging-Vector', clause: 'TS 24.229 §4.5', unless: 'charging-vector-to-ue' },
  ...always([
    ['P-Charging-Function-Addresses', 'TS 24.229 §4.5'],
    ['P-Asserted-Service', 'TS 24.229 §5.2.7.2'],
    ['P-Served-User', 'RFC 5502 §7.2'],
    ['P-Access-Network-Info', 'RFC 7315 §4.4.2.2'],
    ['P-Visited-Network-ID', 'RFC 7315 §4.3.2'],
    ['P-User-Database', 'TS 24.229 §4.4'],
    ['P-Profile-Key', 'TS 24.229 §4.4'],
    ['P-Private-Network-Indication', 'RFC 7316 §5'],
    ['Restoration-Info', 'TS 24.229 §4.4'],
    ['Relayed-Charge', 'TS 24.229 §4.4'],
    ['Service-Interact-Info', 'TS 24.229 §4.4'],
    ['Cellular-Network-Info', 'TS 24.229 §4.4'],
  ]),
  {
    header: 'P-Asserted-Identity',
    clause: 'RFC 3325 §7',
    only: (message: SipMessage) => privacyOf(message).includes('id'),
  },
];

/** Option tags by which a UE speaks to the P-CSCF alone. */
export const SEC_AGREE_HEADERS: readonly string[] = ['Require', 'Proxy-Require'];
