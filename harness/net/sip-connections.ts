import { SipFramer } from '../wire/sip/framing.js';
import { parseSip } from '../wire/sip/parse.js';
import { NetError, netError } from './net-error.js';
import type { Hop, ListenPoint, SipStackOptions } from './sip-stack.js';
import type { SipDestination, SipTransportEvents } from './sip-transport.js';
import { connectStream } from './stream.js';
import type { StreamConnection } from './stream-connection.js';

interface Waiting {
  readonly octets: Uint8Array;
  readonly failed: (error: NetError) => void;
}

const PONG = Buffer.from('\r\n');

/** A ping is two empty lines, a pong is one: RFC 5626 §3.5.1. */
const PING_LENGTH = 4;

/** The TCP and TLS connections of one network function: kept open and used again, RFC 3261 §18. */
export class SipConnections {
  readonly #options: SipStackOptions;
  readonly #events: SipTransportEvents;
  readonly #open = new Map<string, StreamConnection>();
  readonly #opening = new Map<string, Waiting[]>();
  readonly #all = new Set<StreamConnection>();
  #stopped = false;

  constructor(options: SipStackOptions, events: SipTransportEvents) {
    this.#options = options;
    this.#events = events;
  }

  has(to: Hop, from: ListenPoint): boolean {
    return this.#open.get(keyOf(to, from))?.closed === false;
  }

  send(octets: Uint8Array, to: SipDestination, from: ListenPoint, failed: (error: NetError) => void): void {
    const key = keyOf(to, from);
    const open = this.#open.get(key);
    if (open !== undefined && !open.closed) {
      open.write(octets);
      return;
    }
    const waiting = this.#opening.get(key);
    if (waiting !== undefined) {
      waiting.push({ octets, failed });
      return;
    }
    const queue = [{ octets, failed }];
    this.#opening.set(key, queue);
    this.#connect(to, from).then(
      (connection) => {
        this.#opening.delete(key);
        this.adopt(connection, from);
        for (const each of queue) connection.write(each.octets);
      },
      (error: unknown) => {
        this.#opening.delete(key);
        const told = netError(error, to, `${this.#options.node} cannot connect`);
        for (const each of queue) each.failed(told);
      },
    );
  }

  /** Reads SIP from a connection, whoever opened it. */
  adopt(connection: StreamConnection, point: ListenPoint): void {
    if (this.#stopped) {
      connection.destroy();
      return;
    }
    const source: Hop = { transport: connection.transport, ...connection.remote };
    const key = keyOf(source, point);
    const framer = new SipFramer();
    this.#open.set(key, connection);
    this.#all.add(connection);
    connection.onData((octets) => {
      for (const frame of framer.push(octets)) {
        if (frame.kind === 'message') {
          this.#events.arrived({ message: parseSip(frame.octets), source, arrivedAt: point, connection });
        } else if (frame.kind === 'garbage') {
          this.#events.trouble(
            `${this.#options.node} closes the connection from ${source.address}:${source.port}: ${frame.defect.text}`,
          );
          connection.destroy();
          return;
        } else if (frame.octets.length >= PING_LENGTH) {
          connection.write(PONG);
        }
      }
    });
    connection.onClose(() => {
      for (const frame of framer.end()) {
        if (frame.kind === 'garbage') {
          this.#events.trouble(`${source.address}:${source.port} closed its connection in the middle of a message`);
        }
      }
      this.#all.delete(connection);
      if (this.#open.get(key) === connection) this.#open.delete(key);
    });
  }

  /** Connections may be made (again). */
  restart(): void {
    this.#stopped = false;
  }

  closeAll(): void {
    this.#stopped = true;
    for (const connection of this.#all) connection.destroy();
  }

  #connect(to: SipDestination, from: ListenPoint): Promise<StreamConnection> {
    const { environment, node, tls, localPorts } = this.#options;
    if (to.transport === 'tls' && tls === undefined) {
      return Promise.reject(new NetError('ETLS', to, `${node} has no certificate to connect with`));
    }
    return connectStream({
      environment,
      node,
      address: to.address,
      port: to.port,
      protocol: 'sip',
      localAddress: from.address,
      ...(localPorts === undefined ? {} : { localPorts }),
      ...(to.transport === 'tls' && tls !== undefined ? { tls } : {}),
      ...(to.name === undefined ? {} : { serverName: to.name }),
    });
  }
}

/** One connection for each pair of points: a protected port of ours is another flow than the unprotected one. */
function keyOf(to: Hop, from: ListenPoint): string {
  return `${to.transport} ${to.address} ${to.port} ${from.address} ${from.port}`;
}
