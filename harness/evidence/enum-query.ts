import type { DnsMessage } from '../wire/dns/message.js';

/** A look-up below the agreed suffix, or a NAPTR look-up of a number's reversed digits below any (RFC 6116 §3.2). */
export function isEnum(dns: DnsMessage, enumSuffix: string): boolean {
  const question = dns.questions[0];
  if (!question) return false;
  const name = question.name.toLowerCase();
  const suffix = enumSuffix.toLowerCase().replace(/^\.|\.$/g, '');
  const below = suffix !== '' && name.endsWith(`.${suffix}`);
  return below || (question.type === 'NAPTR' && /^(?:\d\.){4,}[a-z]/.test(name));
}
