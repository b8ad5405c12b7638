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
  if (request.defects.some((defect) => defect.code === 'sip-version')) {
    return { status: 505, reason: 'Version Not Supported' };
  }
  const cSeq = parseCSeq(request.get('CSeq') ?? '');
  if (cSeq === null || cSeq.method !== request.method) return { status: 400, reason: 'CSeq Does Not Match' };
  // RFC 3261 §18.3: a datagram that is shorter than it says.
  if (request.defects.some((defect) => defect.code === 'sip-content-length-too-large')) {
    return { status: 400, reason: 'Content-Length Too Large' };
  }
  return null;
}
