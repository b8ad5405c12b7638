import { ipv4Text, ipv6Text } from '../ip-address.js';
import type { CapturedFrame } from './capture-file.js';
import { LINK_TYPES } from './capture-file.js';
import { espNullPayload } from './esp-null.js';
import { GTP_U_PORT, gtpUserPacket } from './gtp-u.js';
import { FragmentStore } from './ip-fragments.js';
import { IP_PROTOCOLS } from './ip-packet.js';
import { networkStart } from './link-layer.js';
import type { TransportSink } from './transport.js';
import { grePayload, type TunnelPayload, VXLAN_PORT, vxlanPayload } from './tunnels.js';
import { readUpperPdu } from './upper-pdu.js';

/** Tunnels in tunnels beyond this are not opened. */
const MAX_DEPTH = 6;
const MAX_EXTENSION_HEADERS = 16;
/** UDP-encapsulated ESP, RFC 3948 §2.1. */
const ESP_UDP_PORT = 4500;
/** Hop-by-hop, routing, destination options, mobility: skipped alike. RFC 8200 §4, RFC 6275. */
const SKIPPED_HEADERS: ReadonlySet<number> = new Set([0, 43, 60, 135]);
const FRAGMENT_HEADER = 44;

/** What is known of a packet while its layers are opened. */
interface Context {
  readonly frames: readonly number[];
  readonly frame: number;
  readonly at: number;
  readonly depth: number;
  /** The snap length cut the octets. */
  readonly cut: boolean;
}

interface IpContext extends Context {
  readonly source: string;
  readonly destination: string;
  readonly identification: number;
  /** The packet's octets from its IP header on. */
  readonly packet: Buffer;
}

/** Opens frames down to UDP datagrams, TCP segments, SCTP packets and lifted PDUs; puts IP fragments together; opens GTP-U, IP-in-IP, GRE, VXLAN and null-encrypted ESP. */
export class Dissector {
  private readonly fragments: FragmentStore;
  private readonly addressTexts = new Map<number, string>();
  private readonly unknownLinks = new Set<number>();

  constructor(private readonly sink: TransportSink) {
    this.fragments = new FragmentStore((frames) => {
      sink.problem({
        code: 'missing-fragment',
        severity: 'error',
        text: `An IP datagram stays incomplete: ${frames.length} of its fragments are in the capture.`,
        frame: frames.at(-1) ?? null,
      });
    });
  }

  frame(frame: CapturedFrame): void {
    const { octets } = frame;
    if (frame.linkType === LINK_TYPES.upperPdu) {
      this.upperPdu(frame);
      return;
    }
    const view = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
    const start = networkStart(frame.linkType, view);
    if (start === 'unknown') {
      this.unknownLink(frame);
      return;
    }
    if (start === null) return;
    this.ip(view.subarray(start), {
      frames: [frame.number],
      frame: frame.number,
      at: frame.at,
      depth: 0,
      cut: frame.originalLength > octets.length,
    });
  }

  /** Gives up fragments that wait for the rest of their datagram. */
  end(): void {
    this.fragments.end();
  }

  private unknownLink(frame: CapturedFrame): void {
    if (this.unknownLinks.has(frame.linkType)) return;
    this.unknownLinks.add(frame.linkType);
    this.sink.problem({
      code: 'undecodable-frame',
      severity: 'error',
      text: `Frames of link type ${frame.linkType} cannot be read here; frame ${frame.number} is the first.`,
      frame: frame.number,
    });
  }

  private upperPdu(frame: CapturedFrame): void {
    const pdu = readUpperPdu(frame.octets);
    if (!pdu) {
      this.sink.problem({
        code: 'undecodable-frame',
        severity: 'error',
        text: `The tags of the exported PDU in frame ${frame.number} are broken.`,
        frame: frame.number,
      });
      return;
    }
    this.sink.lifted({ ...pdu, frames: [frame.number], frame: frame.number, at: frame.at });
  }

  private ip(packet: Buffer, context: Context): void {
    if (context.depth > MAX_DEPTH) return;
    const version = (packet[0] ?? 0) >> 4;
    if (version === 4) this.ipv4(packet, context);
    else if (version === 6) this.ipv6(packet, context);
  }

  private ipv4(packet: Buffer, context: Context): void {
    const header = ((packet[0] ?? 0) & 0x0f) * 4;
    if (header < 20 || packet.length < header) return;
    // A total length of zero is what segmentation offload leaves behind.
    const total = packet.readUInt16BE(2) || packet.length;
    if (total < header) return;
    const end = Math.min(total, packet.length);
    const source = this.ipv4Address(packet, 12);
    const destination = this.ipv4Address(packet, 16);
    const identification = packet.readUInt16BE(4);
    const fragment = packet.readUInt16BE(6);
    const offset = (fragment & 0x1fff) * 8;
    const more = (fragment & 0x2000) !== 0;
    const protocol = packet[9] ?? 0;
    const ip: IpContext = {
      frames: context.frames,
      frame: context.frame,
      at: context.at,
      depth: context.depth,
      cut: context.cut && total > packet.length,
      source,
      destination,
      identification,
      packet: packet.subarray(0, end),
    };
    if (offset === 0 && !more) {
      this.transport(protocol, header, ip);
      return;
    }
    this.fragment(`${source} ${destination} ${protocol} ${identification}`, protocol, offset, more, header, header, ip);
  }

  private ipv6(packet: Buffer, context: Context): void {
    if (packet.length < 40) return;
    const length = packet.readUInt16BE(4);
    const end = length === 0 ? packet.length : Math.min(40 + length, packet.length);
    let next = packet[6] ?? 0;
    let at = 40;
    const ip: IpContext = {
      frames: context.frames,
      frame: context.frame,
      at: context.at,
      depth: context.depth,
      cut: context.cut && 40 + length > packet.length,
      source: ipv6Text(packet, 8),
      destination: ipv6Text(packet, 24),
      identification: -1,
      packet: packet.subarray(0, end),
    };
    for (let i = 0; i < MAX_EXTENSION_HEADERS; i += 1) {
      if (SKIPPED_HEADERS.has(next)) {
        if (at + 8 > end) return;
        next = packet[at] ?? 0;
        at += ((packet[at + 1] ?? 0) + 1) * 8;
        continue;
      }
      if (next === FRAGMENT_HEADER) {
        if (at + 8 > end) return;
        const field = packet.readUInt16BE(at + 2);
        const inner = packet[at] ?? 0;
        const offset = field & 0xfff8;
        const more = (field & 1) === 1;
        if (offset === 0 && !more) {
          next = inner;
          at += 8;
          continue;
        }
        const key = `${ip.source} ${ip.destination} ${packet.readUInt32BE(at + 4)}`;
        this.fragment(key, inner, offset, more, at + 8, 40, ip);
        return;
      }
      break;
    }
    if (at < end) this.transport(next, at, ip);
  }

  private fragment(
    key: string,
    protocol: number,
    offset: number,
    more: boolean,
    payloadAt: number,
    headerLength: number,
    ip: IpContext,
  ): void {
    const payload = ip.packet.subarray(payloadAt);
    const { frame, at } = ip;
    const whole = this.fragments.add(key, { offset, more, payload, frame, at });
    if (!whole) return;
    const header = Buffer.from(ip.packet.subarray(0, headerLength));
    const packet = Buffer.concat([header, whole.payload]);
    this.transport(protocol, headerLength, { ...ip, frames: whole.frames, packet, cut: false });
  }

  private transport(protocol: number, at: number, ip: IpContext): void {
    const { packet } = ip;
    switch (protocol) {
      case IP_PROTOCOLS.udp:
        this.udp(at, packet.length, ip);
        return;
      case IP_PROTOCOLS.tcp:
        this.tcp(at, packet.length, ip);
        return;
      case IP_PROTOCOLS.sctp:
        this.sctp(at, packet.length, ip);
        return;
      case IP_PROTOCOLS.ipv4:
      case IP_PROTOCOLS.ipv6:
        this.ip(packet.subarray(at), deeper(ip));
        return;
      case IP_PROTOCOLS.gre: {
        const payload = grePayload(packet, at);
        if (payload) this.tunnel(payload, packet, ip);
        return;
      }
      case IP_PROTOCOLS.esp:
        this.esp(at, packet.length, ip);
        return;
      case IP_PROTOCOLS.ah:
        // RFC 4302 §2.2: length in 32-bit words, minus 2.
        if (at + 12 <= packet.length && ip.depth < MAX_DEPTH) {
          this.transport(packet[at] ?? 0, at + ((packet[at + 1] ?? 0) + 2) * 4, { ...ip, depth: ip.depth + 1 });
        }
    }
  }

  private udp(at: number, end: number, ip: IpContext): void {
    const { packet } = ip;
    if (at + 8 > end) return;
    const sourcePort = packet.readUInt16BE(at);
    const destinationPort = packet.readUInt16BE(at + 2);
    const length = packet.readUInt16BE(at + 4);
    const stop = length >= 8 ? Math.min(at + length, end) : end;
    const payload = packet.subarray(at + 8, stop);
    if (destinationPort === GTP_U_PORT || sourcePort === GTP_U_PORT) {
      const inner = gtpUserPacket(payload);
      if (inner !== null) {
        this.ip(payload.subarray(inner), deeper(ip));
        return;
      }
    }
    const vxlan = destinationPort === VXLAN_PORT ? vxlanPayload(payload) : null;
    if (vxlan) {
      this.tunnel(vxlan, payload, ip);
      return;
    }
    if ((destinationPort === ESP_UDP_PORT || sourcePort === ESP_UDP_PORT) && payload.length > 8) {
      if (payload.readUInt32BE(0) !== 0 && this.esp(at + 8, stop, ip)) return;
    }
    this.sink.udp({
      frames: ip.frames,
      frame: ip.frame,
      at: ip.at,
      source: { address: ip.source, port: sourcePort },
      destination: { address: ip.destination, port: destinationPort },
      payload,
      identification: ip.identification,
      cut: ip.cut || at + length > end,
    });
  }

  private tcp(at: number, end: number, ip: IpContext): void {
    const { packet } = ip;
    if (at + 20 > end) return;
    const header = ((packet[at + 12] ?? 0) >> 4) * 4;
    if (header < 20) return;
    this.sink.tcp({
      frames: ip.frames,
      frame: ip.frame,
      at: ip.at,
      source: { address: ip.source, port: packet.readUInt16BE(at) },
      destination: { address: ip.destination, port: packet.readUInt16BE(at + 2) },
      payload: packet.subarray(Math.min(at + header, end), end),
      sequence: packet.readUInt32BE(at + 4),
      acknowledgement: packet.readUInt32BE(at + 8),
      flags: packet[at + 13] ?? 0,
      cut: ip.cut,
    });
  }

  private sctp(at: number, end: number, ip: IpContext): void {
    const { packet } = ip;
    if (at + 12 > end) return;
    this.sink.sctp({
      frames: ip.frames,
      frame: ip.frame,
      at: ip.at,
      source: { address: ip.source, port: packet.readUInt16BE(at) },
      destination: { address: ip.destination, port: packet.readUInt16BE(at + 2) },
      payload: packet.subarray(at + 12, end),
      cut: ip.cut,
    });
  }

  private tunnel(payload: TunnelPayload, octets: Buffer, ip: IpContext): void {
    const inner = octets.subarray(payload.start);
    const start = payload.kind === 'ip' ? 0 : networkStart(LINK_TYPES.ethernet, inner);
    if (typeof start === 'number') this.ip(inner.subarray(start), deeper(ip));
  }

  /** Whether the packet was null-encrypted, and so could be opened. */
  private esp(at: number, end: number, ip: IpContext): boolean {
    if (ip.cut || ip.depth >= MAX_DEPTH) return false;
    const inner = espNullPayload(ip.packet, at, end);
    if (!inner) return false;
    this.transport(inner.protocol, inner.start, {
      ...ip,
      depth: ip.depth + 1,
      packet: ip.packet.subarray(0, inner.end),
    });
    return true;
  }

  /** Addresses repeat in every packet; their texts are made once. */
  private ipv4Address(packet: Buffer, at: number): string {
    const number = packet.readUInt32BE(at);
    const known = this.addressTexts.get(number);
    if (known !== undefined) return known;
    const text = ipv4Text(packet, at);
    if (this.addressTexts.size < 100_000) this.addressTexts.set(number, text);
    return text;
  }
}

function deeper(ip: IpContext): Context {
  return { frames: ip.frames, frame: ip.frame, at: ip.at, depth: ip.depth + 1, cut: ip.cut };
}
