import type { CaptureProblem } from './capture-file.js';
import type { Endpoint } from './ip-packet.js';

/** What every transport unit carries: where it was seen and between whom. */
interface Unit {
  /** Capture frames that it was put together from, the completing one last. */
  readonly frames: readonly number[];
  readonly frame: number;
  /** Microseconds since the epoch. */
  readonly at: number;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly payload: Uint8Array;
}

export interface UdpDatagram extends Unit {
  /** Identification of the IPv4 packet; -1 with IPv6. Tells a mirror's copy from a second sending. */
  readonly identification: number;
  /** The snap length cut the payload. */
  readonly cut: boolean;
}

export interface TcpSegment extends Unit {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly cut: boolean;
}

export interface SctpPacket extends Unit {
  readonly cut: boolean;
}

/** A PDU whose transport is gone, as in decrypted TLS. */
export interface LiftedPdu extends Unit {
  readonly dissector: string;
  readonly carrier: 'tcp' | 'udp' | 'sctp' | 'none';
}

/** Where the dissector delivers what it finds. */
export interface TransportSink {
  udp(datagram: UdpDatagram): void;
  tcp(segment: TcpSegment): void;
  sctp(packet: SctpPacket): void;
  lifted(pdu: LiftedPdu): void;
  problem(problem: CaptureProblem): void;
}
