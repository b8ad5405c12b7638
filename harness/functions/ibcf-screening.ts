import type { SipMessage } from '../wire/sip/message.js';
import { type HeaderRow, privacyOf } from './header-policy.js';

/** Named deviations of the border. */
export type ScreeningBehaviour = 'forwards-access-headers' | 'forwards-untrusted-headers';

const isResponse = (message: SipMessage): boolean => message.kind === 'response';
const isQ850 = (value: string): boolean => /^\s*Q\.850\b/i.test(value);
/** RFC 3325 §7: `none` forbids the removal. */
const mayHideIdentity = (message: SipMessage): boolean => !privacyOf(message).includes('none');

/** What never crosses any II-NNI, and what the non-roaming one does not know. TS 29.165 §6.1.1.3.3, table 6.1.3.1. */
export const NEVER_ACROSS: readonly HeaderRow<ScreeningBehaviour>[] = [
  ...(
    [
      ['P-Charging-Function-Addresses', 'TS 29.165 table 6.1.3.1 item 37'],
      ['P-User-Database', 'TS 29.165 table 6.1.3.1 item 54'],
      ['P-Preferred-Identity', 'TS 29.165 table 6.1.3.1 item 26'],
      ['P-Media-Authorization', 'TS 29.165 table 6.1.3.1 item 22'],
      ['Security-Client', 'TS 29.165 table 6.1.3.1 item 39'],
      ['Security-Server', 'TS 29.165 table 6.1.3.1 item 39'],
      ['Security-Verify', 'TS 29.165 table 6.1.3.1 item 39'],
      ['Relayed-Charge', 'TS 29.165 table 6.1.3.1 item 115'],
      ['Authentication-Info', 'TS 29.165 §6.1.1.3.3'],
      ['Authorization', 'TS 29.165 §6.1.1.3.3'],
      ['P-Associated-URI', 'TS 29.165 §6.1.1.3.3'],
      ['P-Called-Party-ID', 'TS 29.165 §6.1.1.3.3'],
      ['P-Preferred-Service', 'TS 29.165 §6.1.1.3.3'],
      ['P-Profile-Key', 'TS 29.165 §6.1.1.3.3'],
      ['P-Served-User', 'TS 29.165 §6.1.1.3.3'],
      ['P-Visited-Network-ID', 'TS 29.165 §6.1.1.3.3'],
      ['Path', 'TS 29.165 §6.1.1.3.3'],
      ['Priority-Share', 'TS 29.165 §6.1.1.3.3'],
      ['Proxy-Authenticate', 'TS 29.165 §6.1.1.3.3'],
      ['Proxy-Authorization', 'TS 29.165 §6.1.1.3.3'],
      ['Resource-Share', 'TS 29.165 §6.1.1.3.3'],
      ['Restoration-Info', 'TS 29.165 §6.1.1.3.3'],
      ['Service-Route', 'TS 29.165 §6.1.1.3.3'],
      ['WWW-Authenticate', 'TS 29.165 §6.1.1.3.3'],
    ] as const
  ).map(([header, clause]) => ({ header, clause })),
];

/** What crosses only inside the trust domain, in either direction. TS 29.165 table 6.2 with TS 24.229 §4.4. */
export const TRUST_ONLY: readonly HeaderRow<ScreeningBehaviour>[] = [
  {
    header: 'P-Asserted-Identity',
    clause: 'RFC 3325 §5, §7; TS 29.165 table 6.2 item 1',
    when: 'untrusted',
    only: mayHideIdentity,
    unless: 'forwards-untrusted-headers',
  },
  {
    header: 'P-Access-Network-Info',
    clause: 'RFC 7315 §4.4.2.2; TS 29.165 table 6.2 item 2',
    when: 'untrusted',
    unless: 'forwards-access-headers',
  },
  {
    header: 'Cellular-Network-Info',
    clause: 'TS 29.165 table 6.1.3.1 item 117',
    when: 'untrusted',
    unless: 'forwards-access-headers',
  },
  { header: 'Reason', clause: 'TS 29.165 table 6.1.3.1 item 41', when: 'untrusted', only: isResponse, values: isQ850 },
  ...(
    [
      ['Resource-Priority', 'TS 29.165 table 6.2 item 3'],
      ['P-Asserted-Service', 'RFC 6050 §5.1.2; TS 29.165 table 6.2 item 5'],
      ['P-Charging-Vector', 'RFC 7315 §4.6.1; TS 29.165 table 6.2 item 6'],
      ['P-Private-Network-Indication', 'RFC 7316 §5'],
      ['P-Early-Media', 'RFC 5009 §10; TS 29.165 table 6.1.3.1 item 69'],
      ['Feature-Caps', 'TS 29.165 table 6.2 item 13'],
      ['Service-Interact-Info', 'TS 29.165 table 6.1.3.1 item 125'],
      ['Response-Source', 'TS 29.165 table 6.1.3.1 item 121'],
      ['Attestation-Info', 'TS 29.165 table 6.2'],
      ['Origination-Id', 'TS 29.165 table 6.2'],
      ['Additional-Identity', 'TS 29.165 table 6.1.3.1 item 126'],
    ] as const
  ).map(([header, clause]) => ({
    header,
    clause,
    when: 'untrusted' as const,
    unless: 'forwards-untrusted-headers' as const,
  })),
];

/** What an untrusted network asserts is not believed, whatever privacy it asks for. RFC 3325 §5; TS 24.229 §5.10.3. */
export const BELIEVED_WITH_TRUST: readonly HeaderRow<ScreeningBehaviour>[] = [
  { header: 'P-Asserted-Identity', clause: 'RFC 3325 §5; TS 24.229 §5.10.3', when: 'untrusted' },
];
