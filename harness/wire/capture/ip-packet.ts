import { ipOctets } from '../ip-address.js';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** IP protocol numbers, IANA. */
export const IP_PROTOCOLS = { ipv4: 4, tcp: 6, udp: 17, ipv6: 41, gre: 47, esp: 50, ah: 51, sctp: 132 } as const;

export const TCP_FLAGS = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;

export interface TcpFields {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  /** Already a multiple of four octets. */
  readonly options?: Uint8Array;
}

/** A UDP datagram in one IP packet with right checksums. RFC 768, 791, 8200. @throws RangeError on an address that is no literal, or beyond 65535 octets. */
export function udpPacket(source: Endpoint, destination: Endpoint, payload: Uint8Array, identification = 0): Buffer {
  const length = 8 + payload.length;
  const packet = ipPacket(source.address, destination.address, IP_PROTOCOLS.udp, length, identification);
  const at = packet.length - length;
  packet.writeUInt16BE(source.port, at);
  packet.writeUInt16BE(destination.port, at + 2);
  packet.writeUInt16BE(length, at + 4);
  packet.set(payload, at + 8);
  // A checksum of zero means "none" (RFC 768), so zero is sent as all ones.
  packet.writeUInt16BE(transportChecksum(packet, at, IP_PROTOCOLS.udp) || 0xffff, at + 6);
  return packet;
}

/** A TCP segment in one IP packet with right checksums, window 65535. RFC 9293 §3.1. @throws RangeError as `udpPacket`. */
export function tcpPacket(
  source: Endpoint,
  destination: Endpoint,
  fields: TcpFields,
  payload: Uint8Array,
  identification = 0,
): Buffer {
  const options = fields.options ?? new Uint8Array(0);
  const length = 20 + options.length + payload.length;
  const packet = ipPacket(source.address, destination.address, IP_PROTOCOLS.tcp, length, identification);
  const at = packet.length - length;
  packet.writeUInt16BE(source.port, at);
  packet.writeUInt16BE(destination.port, at + 2);
  packet.writeUInt32BE(fields.sequence >>> 0, at + 4);
  packet.writeUInt32BE(fields.acknowledgement >>> 0, at + 8);
  packet[at + 12] = ((20 + options.length) / 4) << 4;
  packet[at + 13] = fields.flags;
  packet.writeUInt16BE(0xffff, at + 14);
  packet.set(options, at + 20);
  packet.set(payload, at + 20 + options.length);
  packet.writeUInt16BE(transportChecksum(packet, at, IP_PROTOCOLS.tcp), at + 16);
  return packet;
}

/** An IP packet of either version around any payload. @throws RangeError as `udpPacket`. */
export function ipPacketAround(
  source: string,
  destination: string,
  protocol: number,
  payload: Uint8Array,
  identification = 0,
): Buffer {
  const packet = ipPacket(source, destination, protocol, payload.length, identification);
  packet.set(payload, packet.length - payload.length);
  return packet;
}

function ipPacket(from: string, to: string, protocol: number, length: number, identification: number): Buffer {
  const source = ipOctets(from);
  const destination = ipOctets(to);
  if (!source || !destination || source.length !== destination.length) {
    throw new RangeError(`not two addresses of one IP version: ${from}, ${to}`);
  }
  const header = source.length === 4 ? 20 : 40;
  if (length + (header === 20 ? 20 : 0) > 65_535) throw new RangeError(`an IP packet cannot carry ${length} octets`);
  const packet = Buffer.alloc(header + length);
  if (header === 20) {
    packet[0] = 0x45;
    packet.writeUInt16BE(packet.length, 2);
    packet.writeUInt16BE(identification & 0xffff, 4);
    packet[8] = 64;
    packet[9] = protocol;
    packet.set(source, 12);
    packet.set(destination, 16);
    packet.writeUInt16BE(onesComplement(octetSum(packet, 0, 20)), 10);
  } else {
    packet[0] = 0x60;
    packet.writeUInt16BE(length, 4);
    packet[6] = protocol;
    packet[7] = 64;
    packet.set(source, 8);
    packet.set(destination, 24);
  }
  return packet;
}

function octetSum(octets: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 1 < end; at += 2) sum += ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  if (at < end) sum += (octets[at] ?? 0) << 8;
  return sum;
}

/** RFC 1071. */
function onesComplement(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 65_536);
  return ~folded & 0xffff;
}

/** Checksum over pseudo header, transport header and payload; zero when the field holds a right one already. */
export function transportChecksum(packet: Uint8Array, at: number, protocol: number): number {
  const six = (packet[0] ?? 0) >> 4 === 6;
  const addresses = six ? octetSum(packet, 8, 40) : octetSum(packet, 12, 20);
  return onesComplement(addresses + protocol + (packet.length - at) + octetSum(packet, at, packet.length));
}
