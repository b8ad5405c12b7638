/** Dotted decimal from four octets. */
export function ipv4Text(octets: Uint8Array, at = 0): string {
  return `${octets[at] ?? 0}.${octets[at + 1] ?? 0}.${octets[at + 2] ?? 0}.${octets[at + 3] ?? 0}`;
}

/** The recommended text form of RFC 5952 §4 from sixteen octets: lower case, the first longest run of zero groups as `::`. */
export function ipv6Text(octets: Uint8Array, at = 0): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((octets[at + i] ?? 0) << 8) | (octets[at + i + 1] ?? 0));
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; ) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length += 1;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
    i += Math.max(1, length);
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best < 0) return hex(groups);
  return `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
}

/** Four or sixteen octets, or null where the text is no address literal. Accepts `::`, embedded IPv4 (RFC 4291 §2.2) and brackets. */
export function ipOctets(text: string): Uint8Array | null {
  const known = REMEMBERED.get(text);
  if (known !== undefined) return copied(known);
  const octets = readOctets(text);
  if (REMEMBERED.size >= MAX_REMEMBERED) REMEMBERED.clear();
  REMEMBERED.set(text, octets);
  return copied(octets);
}

function copied(octets: Uint8Array | null): Uint8Array | null {
  return octets === null ? null : octets.slice();
}

/** The same few addresses are read for every packet. */
const REMEMBERED = new Map<string, Uint8Array | null>();
const MAX_REMEMBERED = 1024;

function readOctets(text: string): Uint8Array | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return bare.includes(':') ? ipv6Octets(bare) : ipv4Octets(bare);
}

function ipv4Octets(text: string): Uint8Array | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return null;
  const parts = match.slice(1).map(Number);
  return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : null;
}

function ipv6Octets(text: string): Uint8Array | null {
  if (text.length > 45) return null;
  let source = text;
  const tail = /^(.*:)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.exec(text);
  if (tail) {
    const four = ipv4Octets(tail[2] ?? '');
    if (!four) return null;
    const [a = 0, b = 0, c = 0, d = 0] = four;
    source = `${tail[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return null;
  const groupsOf = (half: string | undefined): string[] => (half ? half.split(':') : []);
  const left = groupsOf(halves[0]);
  const right = groupsOf(halves[1]);
  const zeros = 8 - left.length - right.length;
  if (halves.length === 1 ? zeros !== 0 : zeros < 1) return null;
  const groups = [...left, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...right];
  const octets = new Uint8Array(16);
  for (const [i, group] of groups.entries()) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    const value = Number.parseInt(group, 16);
    octets[i * 2] = value >> 8;
    octets[i * 2 + 1] = value & 0xff;
  }
  return octets;
}

const IPV4_MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/**
 * The canonical text of an address literal: RFC 5952, without brackets and zone, an IPv4-mapped address (RFC 4291 §2.5.5.2) as
 * the IPv4 address that it stands for; other text lower-cased as it is.
 */
export function canonicalAddress(text: string): string {
  const octets = ipOctets(text.replace(/%[^\]]*/, ''));
  if (!octets) return text.toLowerCase();
  if (octets.length === 4) return ipv4Text(octets);
  return IPV4_MAPPED.every((octet, i) => octets[i] === octet) ? ipv4Text(octets, 12) : ipv6Text(octets);
}
