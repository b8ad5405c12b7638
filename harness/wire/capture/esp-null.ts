import { IP_PROTOCOLS, transportChecksum } from './ip-packet.js';

/** What an ESP packet with null encryption carries. */
export interface EspPayload {
  readonly protocol: number;
  readonly start: number;
  readonly end: number;
}

/** Lengths of the integrity check value in order of use (RFC 5879 §8; RFC 4868 for the longer ones), and of the IV: none, or GMAC's 8. */
const ICV_LENGTHS = [12, 16, 24, 32, 0] as const;
const IV_LENGTHS = [0, 8] as const;

const CARRIED: ReadonlySet<number> = new Set([
  IP_PROTOCOLS.tcp,
  IP_PROTOCOLS.udp,
  IP_PROTOCOLS.ipv4,
  IP_PROTOCOLS.ipv6,
  IP_PROTOCOLS.sctp,
]);

/**
 * Finds the payload of an ESP packet that is integrity-protected but not encrypted, as on Gm with ealg=null (TS 33.203 §6.3).
 * The trailer does not say whether it is so: each length of ICV is tried, and holds only if padding, next header and the inner
 * header agree (RFC 5879). Encrypted packets give null.
 * @param addresses the IP packet whose header is used for the pseudo header, its payload beginning at `start`.
 */
export function espNullPayload(packet: Uint8Array, start: number, end: number): EspPayload | null {
  for (const icv of ICV_LENGTHS) {
    const trailer = end - icv - 2;
    if (trailer < start + 8) continue;
    const padLength = packet[trailer] ?? 0;
    const protocol = packet[trailer + 1] ?? 0;
    if (!CARRIED.has(protocol) || !monotonicPadding(packet, trailer, padLength)) continue;
    for (const iv of IV_LENGTHS) {
      const payload = { protocol, start: start + 8 + iv, end: trailer - padLength };
      if (payload.end > payload.start && plausible(packet, payload)) return payload;
    }
  }
  return null;
}

/** RFC 4303 §2.4: 1, 2, 3, … */
function monotonicPadding(packet: Uint8Array, trailer: number, length: number): boolean {
  for (let i = 0; i < length; i += 1) if (packet[trailer - length + i] !== i + 1) return false;
  return true;
}

function plausible(packet: Uint8Array, { protocol, start, end }: EspPayload): boolean {
  const length = end - start;
  const u16 = (at: number): number => ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0);
  switch (protocol) {
    case IP_PROTOCOLS.udp:
      return length >= 8 && u16(start + 4) === length && u16(start) !== 0 && u16(start + 2) !== 0;
    case IP_PROTOCOLS.tcp: {
      const header = ((packet[start + 12] ?? 0) >> 4) * 4;
      if (length < 20 || header < 20 || header > length || ((packet[start + 12] ?? 0) & 0x0e) !== 0) return false;
      return transportChecksum(withPayload(packet, start, end), headerLength(packet), IP_PROTOCOLS.tcp) === 0;
    }
    case IP_PROTOCOLS.ipv4:
      return length >= 20 && (packet[start] ?? 0) >> 4 === 4 && u16(start + 2) === length;
    case IP_PROTOCOLS.ipv6:
      return length >= 40 && (packet[start] ?? 0) >> 4 === 6 && u16(start + 4) === length - 40;
    default:
      return length >= 16;
  }
}

function headerLength(packet: Uint8Array): number {
  return (packet[0] ?? 0) >> 4 === 6 ? 40 : ((packet[0] ?? 0) & 0x0f) * 4;
}

function withPayload(packet: Uint8Array, start: number, end: number): Uint8Array {
  return Buffer.concat([packet.subarray(0, headerLength(packet)), packet.subarray(start, end)]);
}
