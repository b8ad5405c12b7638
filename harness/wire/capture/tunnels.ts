/** Where the payload of a tunnel begins, and whether it is an IP packet or an Ethernet frame. */
export interface TunnelPayload {
  readonly kind: 'ip' | 'ethernet';
  readonly start: number;
}

/** The port of VXLAN, RFC 7348 §5. */
export const VXLAN_PORT = 4789;

interface GreType {
  readonly kind: TunnelPayload['kind'];
  /** Octets between the GRE header and the payload. */
  readonly header: number;
}

/** EtherTypes in GRE: RFC 2784 §2.4, RFC 1701 (bridged Ethernet), and the ERSPAN types II and III by which switches send mirrored frames. */
const GRE_TYPES: ReadonlyMap<number, GreType> = new Map([
  [0x0800, { kind: 'ip', header: 0 }],
  [0x86dd, { kind: 'ip', header: 0 }],
  [0x6558, { kind: 'ethernet', header: 0 }],
  [0x88be, { kind: 'ethernet', header: 8 }],
  [0x22eb, { kind: 'ethernet', header: 12 }],
]);

/** Opens GRE at `at`: checksum, key and sequence number are optional words (RFC 2784, RFC 2890); null where it carries something else. */
export function grePayload(packet: Buffer, at: number): TunnelPayload | null {
  if (at + 4 > packet.length) return null;
  const flags = packet.readUInt16BE(at);
  // Source routing and other versions (PPTP is 1) have other headers.
  if ((flags & 0x4007) !== 0) return null;
  const type = GRE_TYPES.get(packet.readUInt16BE(at + 2));
  if (!type) return null;
  const words = [0x8000, 0x2000, 0x1000].filter((bit) => (flags & bit) !== 0).length;
  return { kind: type.kind, start: at + 4 + words * 4 + type.header };
}

/** Opens a VXLAN datagram: the I flag set and the reserved octets zero, RFC 7348 §5. */
export function vxlanPayload(datagram: Uint8Array): TunnelPayload | null {
  const reserved = [1, 2, 3, 7].every((at) => datagram[at] === 0);
  return datagram.length > 8 + 14 && datagram[0] === 0x08 && reserved ? { kind: 'ethernet', start: 8 } : null;
}
