const IPV4 = /^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

/**
 * An IPv6 literal as it stands between brackets, RFC 5954 §4.1. The extra colon in front of an IPv4 tail, which the ABNF of
 * RFC 3261 once produced, is read too (RFC 5118 §4.10).
 */
export function isIpv6Literal(text: string): boolean {
  if (text.length < 2 || text.length > 48) return false;
  let groups = text.replace(/:::(?=\d+\.)/, '::');
  let budget = 8;
  const tail = groups.slice(groups.lastIndexOf(':') + 1);
  if (tail.includes('.')) {
    if (!IPV4.test(tail)) return false;
    groups = groups.slice(0, -tail.length);
    budget = 6;
    if (!groups.endsWith('::')) groups = groups.slice(0, -1);
  }
  const halves = groups.split('::');
  if (halves.length > 2) return false;
  const parts = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!parts.every((part) => /^[0-9A-Fa-f]{1,4}$/.test(part))) return false;
  return halves.length === 2 ? parts.length < budget : parts.length === budget;
}
