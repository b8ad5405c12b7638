import { parseSessionExpires, type SessionExpires } from '../wire/sip/headers.js';
import type { SipMessage, SipRequest } from '../wire/sip/message.js';

export type CallState = 'proceeding' | 'early' | 'alerting' | 'answered' | 'confirmed' | 'ended';

/** How a call came to its end, from this party's view. */
export interface CallEnd {
  readonly by: 'release' | 'release of the peer' | 'cancel' | 'refusal' | 'timeout' | 'transport';
  /** The final status of the INVITE where it was not 2xx. */
  readonly status: number | null;
  /** Reason header of the message that ended it. */
  readonly reason: string | null;
}

export const SDP = 'application/sdp';
/** RFC 4028 §5. */
export const MIN_SE = 90;

export function sessionExpiresOf(message: SipMessage): SessionExpires | null {
  const value = message.get('Session-Expires');
  return value === undefined ? null : parseSessionExpires(value);
}

const KNOWN_OPTIONS: readonly string[] = ['100rel', 'precondition', 'timer', 'sec-agree'];

/** What the request requires and this UE does not have: it is refused with 420, RFC 3261 §8.2.2.3. */
export function unknownOptions(request: SipRequest): readonly string[] {
  return request.all('Require').filter((option) => !KNOWN_OPTIONS.includes(option.toLowerCase()));
}

/** An option tag in Supported or Require. */
export function offersOption(message: SipMessage, tag: string): boolean {
  return [...message.all('Supported'), ...message.all('Require')].some((each) => each.toLowerCase() === tag);
}

/** Session-Expires of the 2xx to a request: the refresher that was asked for, else its sender (GSMA IR.92 §2.2.8). */
export function grantedSession(request: SipRequest): readonly (readonly [string, string])[] {
  const asked = sessionExpiresOf(request);
  if (asked === null || !request.all('Supported').some((tag) => tag.toLowerCase() === 'timer')) return [];
  return [
    ['Session-Expires', `${asked.seconds};refresher=${asked.refresher ?? 'uac'}`],
    ['Require', 'timer'],
  ];
}
