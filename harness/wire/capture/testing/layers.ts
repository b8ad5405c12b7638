import { type Endpoint, IP_PROTOCOLS, ipPacketAround, TCP_FLAGS, tcpPacket, udpPacket } from '../ip-packet.js';

/** Builders of the layers that only foreign captures have; each wraps octets as a probe would have seen them. */

const ETHERTYPE_4 = 0x0800;
const ETHERTYPE_6 = 0x86dd;

function etherType(packet: Uint8Array): number {
  return (packet[0] ?? 0) >> 4 === 6 ? ETHERTYPE_6 : ETHERTYPE_4;
}

function u16(...values: number[]): Buffer {
  const octets = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) octets.writeUInt16BE(value, i * 2);
  return octets;
}

export function ethernet(packet: Uint8Array, vlans: readonly number[] = []): Buffer {
  const tags = vlans.map((vlan, i) => u16(i === 0 && vlans.length > 1 ? 0x88a8 : 0x8100, vlan));
  // Padded to the minimum of 60 octets, as real frames are: the padding is no payload.
  const frame = Buffer.concat([Buffer.alloc(12, 2), ...tags, u16(etherType(packet)), packet]);
  return frame.length < 60 ? Buffer.concat([frame, Buffer.alloc(60 - frame.length)]) : frame;
}

export function linuxCooked(packet: Uint8Array): Buffer {
  return Buffer.concat([u16(0, 1, 6), Buffer.alloc(8), u16(etherType(packet)), packet]);
}

export function linuxCooked2(packet: Uint8Array): Buffer {
  return Buffer.concat([u16(etherType(packet), 0, 0, 1, 1), Buffer.alloc(10), packet]);
}

export function loopback(packet: Uint8Array, family: number, little: boolean): Buffer {
  const header = Buffer.alloc(4);
  if (little) header.writeUInt32LE(family);
  else header.writeUInt32BE(family);
  return Buffer.concat([header, packet]);
}

/** A G-PDU with sequence number and one extension header (PDU session container), TS 29.281 §5. */
export function gtpU(packet: Uint8Array, outer: { readonly source: string; readonly destination: string }): Buffer {
  const optional = Buffer.from([0, 7, 0, 0x85, 1, 0x10, 9, 0]);
  const header = Buffer.alloc(8);
  header[0] = 0x36;
  header[1] = 255;
  header.writeUInt16BE(optional.length + packet.length, 2);
  header.writeUInt32BE(0xdecade, 4);
  const payload = Buffer.concat([header, optional, packet]);
  return udpPacket({ address: outer.source, port: 2152 }, { address: outer.destination, port: 2152 }, payload, 1);
}

/** Puts the transport of a plain IPv4 or IPv6 packet behind ESP with null encryption; the ICV's octets stand for an HMAC. RFC 4303, RFC 2410. */
export function espNull(packet: Buffer, icvLength: number, spi = 0x1000): Buffer {
  const six = packet[0] !== undefined && packet[0] >> 4 === 6;
  const start = six ? 40 : 20;
  const protocol = packet[six ? 6 : 9] ?? 0;
  const transport = packet.subarray(start);
  const padLength = (4 - ((transport.length + 2) % 4)) % 4;
  const header = Buffer.alloc(8);
  header.writeUInt32BE(spi, 0);
  header.writeUInt32BE(1, 4);
  const padding = Buffer.from(Array.from({ length: padLength }, (_, i) => i + 1));
  const trailer = Buffer.from([padLength, protocol]);
  const icv = Buffer.from(Array.from({ length: icvLength }, (_, i) => (i * 89 + 17) & 0xff));
  const esp = Buffer.concat([header, transport, padding, trailer, icv]);
  const [source, destination] = addressesOf(packet);
  return ipPacketAround(source, destination, IP_PROTOCOLS.esp, esp, 77);
}

function addressesOf(packet: Buffer): [string, string] {
  const at = (start: number, size: number): string => {
    const octets = packet.subarray(start, start + size);
    if (size === 4) return [...octets].join('.');
    return (octets.toString('hex').match(/.{4}/g) ?? []).join(':');
  };
  return packet[0] !== undefined && packet[0] >> 4 === 6 ? [at(8, 16), at(24, 16)] : [at(12, 4), at(16, 4)];
}

/** Cuts the payload of a plain IPv4 packet into fragments of `size` octets (a multiple of eight). RFC 791 §3.2. */
export function fragments4(packet: Buffer, size: number): Buffer[] {
  const payload = packet.subarray(20);
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += size) parts.push(fragment4(packet, at, payload.subarray(at, at + size)));
  return parts;
}

/** One fragment, which may overlap others. */
export function fragment4(packet: Buffer, at: number, part: Uint8Array): Buffer {
  const more = at + part.length < packet.length - 20;
  const fragment = Buffer.concat([packet.subarray(0, 20), part]);
  fragment.writeUInt16BE(fragment.length, 2);
  fragment.writeUInt16BE((more ? 0x2000 : 0) | (at / 8), 6);
  return fragment;
}

/** Cuts a plain IPv6 packet into fragments with fragment headers. RFC 8200 §4.5. */
export function fragments6(packet: Buffer, size: number, identification = 99): Buffer[] {
  const payload = packet.subarray(40);
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const part = payload.subarray(at, at + size);
    const header = Buffer.alloc(8);
    header[0] = packet[6] ?? 0;
    header.writeUInt16BE(at | (at + size < payload.length ? 1 : 0), 2);
    header.writeUInt32BE(identification, 4);
    const fragment = Buffer.concat([packet.subarray(0, 40), header, part]);
    fragment.writeUInt16BE(fragment.length - 40, 4);
    fragment[6] = 44;
    parts.push(fragment);
  }
  return parts;
}

/** Segments of one direction of a connection: cut the stream where you like, send them in the order you like. */
export class Stream {
  private readonly isn: number;

  constructor(
    private readonly source: Endpoint,
    private readonly destination: Endpoint,
    isn = 1000,
  ) {
    this.isn = isn;
  }

  syn(): Buffer {
    return tcpPacket(
      this.source,
      this.destination,
      { sequence: this.isn, acknowledgement: 0, flags: TCP_FLAGS.syn },
      new Uint8Array(0),
    );
  }

  /** `at`: offset of the octets in the stream. */
  data(at: number, octets: Uint8Array, flags = 0): Buffer {
    return tcpPacket(
      this.source,
      this.destination,
      { sequence: (this.isn + 1 + at) >>> 0, acknowledgement: 1, flags: TCP_FLAGS.ack | TCP_FLAGS.psh | flags },
      octets,
    );
  }
}
