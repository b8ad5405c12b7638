import { parseDecimal, parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';

/** Seconds asked for by a REGISTER or SUBSCRIBE: the Contact's own `expires`, else Expires (RFC 3261 §10.2.1.1); null where it says nothing. */
export function requestedExpiry(request: SipRequest): number | null {
  const contact = request.get('Contact');
  const own = contact === undefined ? null : (parseNameAddr(contact)?.params.get('expires') ?? null);
  return parseDecimal(own ?? request.get('Expires')?.trim() ?? '');
}
