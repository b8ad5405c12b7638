import { ipOctets } from '../ip-address.js';
import { type Endpoint, TCP_FLAGS, tcpPacket } from './ip-packet.js';

/** Ethernet's 1500 octets without the IP and TCP headers. */
const SEGMENT_4 = 1460;
const SEGMENT_6 = 1440;
/** Window scale 14 (RFC 7323 §2.3): nobody acknowledges between our writes, and no window may seem full. */
const SCALE_OPTION = Uint8Array.of(3, 3, 14, 1);

interface Direction {
  next: number;
}

interface Connection {
  readonly ends: ReadonlyMap<string, Direction>;
}

/** Turns writes on stream sockets into the TCP segments that a capture of them would show: handshake first, then data with running numbers. */
export class ConversationWriter {
  private readonly connections = new Map<string, Connection>();
  private identification = 0;

  /** The IP packets of one write; a handshake of three in front of the first write between two endpoints. */
  write(source: Endpoint, destination: Endpoint, octets: Uint8Array): Buffer[] {
    const from = endpointKey(source);
    const to = endpointKey(destination);
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    const packets: Buffer[] = [];
    let connection = this.connections.get(key);
    if (!connection) {
      connection = {
        ends: new Map([
          [from, { next: 1 }],
          [to, { next: 1 }],
        ]),
      };
      this.connections.set(key, connection);
      this.handshake(source, destination, packets);
    }
    const ours = connection.ends.get(from) ?? { next: 1 };
    const theirs = connection.ends.get(to) ?? { next: 1 };
    const size = ipOctets(source.address)?.length === 4 ? SEGMENT_4 : SEGMENT_6;
    for (let at = 0; at < octets.length; at += size) {
      const part = octets.subarray(at, at + size);
      const push = at + size >= octets.length ? TCP_FLAGS.psh : 0;
      const fields = { sequence: ours.next, acknowledgement: theirs.next, flags: TCP_FLAGS.ack | push };
      packets.push(tcpPacket(source, destination, fields, part, this.nextIdentification()));
      ours.next = (ours.next + part.length) >>> 0;
    }
    return packets;
  }

  /** Never zero, so that every packet differs from a mirror's copy of another. */
  nextIdentification(): number {
    this.identification = (this.identification % 0xffff) + 1;
    return this.identification;
  }

  private handshake(source: Endpoint, destination: Endpoint, packets: Buffer[]): void {
    const { syn, ack } = TCP_FLAGS;
    const none = new Uint8Array(0);
    const send = (from: Endpoint, to: Endpoint, sequence: number, acknowledgement: number, flags: number): void => {
      const options = (flags & syn) !== 0 ? SCALE_OPTION : none;
      packets.push(tcpPacket(from, to, { sequence, acknowledgement, flags, options }, none, this.nextIdentification()));
    };
    send(source, destination, 0, 0, syn);
    send(destination, source, 0, 1, syn | ack);
    send(source, destination, 1, 1, ack);
  }
}

function endpointKey(endpoint: Endpoint): string {
  return `${endpoint.address}|${endpoint.port}`;
}
