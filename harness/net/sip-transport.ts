import { isIPv6 } from 'node:net';
import type { SipMessage } from '../wire/sip/message.js';
import { parseSip } from '../wire/sip/parse.js';
import { NetError } from './net-error.js';
import { SipConnections } from './sip-connections.js';
import type { Hop, ListenPoint, SipStackOptions, SipTransport } from './sip-stack.js';
import { listenStream, type StreamListener } from './stream.js';
import type { StreamConnection } from './stream-connection.js';
import { openUdp, type UdpSocket } from './udp.js';

/** A message that has come in. */
export interface Arrival {
  readonly message: SipMessage;
  readonly source: Hop;
  readonly arrivedAt: ListenPoint;
  /** The connection it came over; null for a datagram. */
  readonly connection: StreamConnection | null;
}

export interface SipTransportEvents {
  arrived(arrival: Arrival): void;
  /** Something a peer did that is no SIP, or a socket that failed: told, never thrown. */
  trouble(text: string): void;
}

/** Name and address that a TLS server may show. */
export interface SipDestination extends Hop {
  /** The host of the URI that led here, RFC 5922 §7.1. */
  readonly name?: string;
}

/** The sockets of one network function. */
export class SipTransports {
  readonly #options: SipStackOptions;
  readonly #events: SipTransportEvents;
  readonly #udp = new Map<ListenPoint, UdpSocket>();
  readonly #listeners: StreamListener[] = [];
  readonly #connections: SipConnections;

  constructor(options: SipStackOptions, events: SipTransportEvents) {
    this.#options = options;
    this.#events = events;
    this.#connections = new SipConnections(options, events);
  }

  /** Opens all listening points, or none: rejects with the first `NetError`. */
  async start(): Promise<void> {
    this.#connections.restart();
    const opened = await Promise.allSettled(this.#options.listen.map((point) => this.#open(point)));
    const failure = opened.find((each) => each.status === 'rejected');
    if (failure === undefined) return;
    await this.stop();
    throw failure.reason;
  }

  async stop(): Promise<void> {
    this.#connections.closeAll();
    const closing = [...this.#udp.values(), ...this.#listeners].map((each) => each.close());
    this.#udp.clear();
    this.#listeners.length = 0;
    await Promise.all(closing);
  }

  /** The own point that a message to a hop leaves from; for TCP without a listener of its own, the UDP point of that address. */
  pointFor(transport: SipTransport, address: string, wanted?: ListenPoint): ListenPoint | null {
    if (wanted !== undefined) return wanted;
    const six = isIPv6(address);
    const near = this.#options.listen.filter((point) => isIPv6(point.address) === six);
    const exact = near.find((point) => point.transport === transport);
    return exact ?? (transport === 'udp' ? null : (near[0] ?? null));
  }

  /** Sends over the connection that there is, or opens one; a datagram at once. `failed` is called at most once, never at once. */
  send(octets: Uint8Array, to: SipDestination, from: ListenPoint, failed: (error: NetError) => void): void {
    if (to.transport !== 'udp') {
      this.#connections.send(octets, to, from, failed);
      return;
    }
    const socket = this.#udp.get(from) ?? this.#udpAt(from);
    if (socket === null) {
      const error = new NetError('EINVALID', from, `${this.#options.node} has no UDP socket at this address`);
      queueMicrotask(() => failed(error));
    } else {
      socket.send(octets, to, (error) => queueMicrotask(() => failed(error)));
    }
  }

  /** Whether a connection to that hop is open already. */
  connected(to: Hop, from: ListenPoint): boolean {
    return this.#connections.has(to, from);
  }

  #udpAt(from: ListenPoint): UdpSocket | null {
    for (const [point, socket] of this.#udp) {
      if (point.address === from.address && point.port === from.port) return socket;
    }
    return null;
  }

  async #open(point: ListenPoint): Promise<void> {
    const { environment, node, tls } = this.#options;
    const common = { environment, node, address: point.address, port: point.port, protocol: 'sip' } as const;
    const onError = (error: NetError) => this.#events.trouble(error.message);
    if (point.transport === 'udp') {
      const socket = await openUdp({
        ...common,
        onError,
        onDatagram: (octets, source) => {
          // RFC 5626 §3.5.1: empty lines keep a flow alive and are no message.
          if (octets.every((octet) => octet === 0x0d || octet === 0x0a)) return;
          const hop = { transport: 'udp', address: source.address, port: source.port } as const;
          this.#events.arrived({ message: parseSip(octets), source: hop, arrivedAt: point, connection: null });
        },
      });
      this.#udp.set(point, socket);
      return;
    }
    if (point.transport === 'tls' && tls === undefined) {
      throw new NetError('ETLS', point, `${node} has no certificate to listen for TLS with`);
    }
    const listener = await listenStream({
      ...common,
      ...(point.transport === 'tls' && tls !== undefined ? { tls } : {}),
      onConnection: (connection) => this.#connections.adopt(connection, point),
      onError,
    });
    this.#listeners.push(listener);
  }
}
