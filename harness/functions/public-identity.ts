import { parseUri, plainNumber } from '../wire/sip/uri.js';
import { plainHost } from './own-address.js';

/** One spelling per public identity, TS 23.003 §13.4: without port and parameters, host in lower case, numbers without separators. */
export function identityKey(text: string): string {
  const uri = parseUri(text);
  if (uri === null) return text;
  if (uri.scheme === 'tel') return `tel:${plainNumber(uri.number)}`;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return uri.text;
  const user = uri.number?.startsWith('+') ? plainNumber(uri.number) : (uri.user ?? '');
  return `sip:${user}@${plainHost(uri.host)}`;
}

/** The E.164 number of a tel URI or of a SIP URI with user=phone (RFC 3261 §19.1.6), with `+`; null for anything else. */
export function globalNumber(text: string): string | null {
  const uri = parseUri(text);
  if (uri === null) return null;
  if (uri.scheme === 'tel') return uri.number.startsWith('+') ? plainNumber(uri.number) : null;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return null;
  if (uri.params.get('user') !== 'phone' || uri.number === null || !uri.number.startsWith('+')) return null;
  return plainNumber(uri.number);
}
