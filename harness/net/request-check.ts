import { parseCSeq } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';

/** Headers without which there is no transaction and no answer, RFC 3261 §8.1.1. */
const INDISPENSABLE = ['From', 'To', 'Call-ID', 'CSeq'] as const;

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Why the transaction layer answers a request itself instead of passing it up; null for the usual case. */
export function refusal(request: SipRequest): Refusal | null {
  const missing = INDISPENSABLE.find((name) => !request.has(name));
  if (missing !== undefined) return { status: 400, reason: `Missing ${missing}` };
  if (!speaksVersion2(request)) return { status: 505, reason: 'Version Not Supported' };
  const cSeq = parseCSeq(request.get('CSeq') ?? '');
  if (cSeq === null || cSeq.method !== request.method) return { status: 400, reason: 'CSeq Does Not Match' };
  // RFC 3261 §18.3: a datagram that is shorter than it says.
  const length = request.get('Content-Length') ?? '';
  if (/^\d+$/.test(length) && Number(length) > request.body.length) {
    return { status: 400, reason: 'Content-Length Too Large' };
  }
  return null;
}

/** RFC 3261 §7.1; any case is taken (§7.3.1 has it so for all that is not quoted). */
function speaksVersion2({ octets, headers }: SipRequest): boolean {
  const startLine = Buffer.from(octets.buffer, octets.byteOffset, headers[0]?.start ?? octets.length).toString(
    'latin1',
  );
  return /[ \t]SIP\/2\.0[ \t]*[\r\n]/i.test(startLine);
}
