import type { Socket } from 'node:net';
import type { Flow } from './activity.js';
import type { NetEnvironment } from './environment.js';
import { NetError, netError } from './net-error.js';
import { type Endpoint, type SocketRegistry, socketRegistry } from './socket-registry.js';
import type { TapRecord } from './tap.js';

export interface StreamConnectionOptions {
  readonly environment: NetEnvironment;
  readonly node: string;
  readonly protocol: TapRecord['protocol'];
  readonly transport: 'tcp' | 'tls';
  readonly socket: Socket;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** Octets that may wait for a peer that does not read. */
const WRITE_LIMIT = 16 * 1024 * 1024;

/** An open TCP or TLS connection with a tap: every write is recorded as one message, every chunk from a foreign peer as it comes. */
export class StreamConnection {
  readonly transport: 'tcp' | 'tls';
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #options: StreamConnectionOptions;
  readonly #registry: SocketRegistry;
  readonly #socket: Socket;
  #data: ((octets: Uint8Array) => void) | null = null;
  #close: ((error: NetError | null) => void)[] = [];
  #error: NetError | null = null;
  #closed = false;

  constructor(options: StreamConnectionOptions) {
    this.#options = options;
    this.transport = options.transport;
    this.local = options.local;
    this.remote = options.remote;
    this.#socket = options.socket;
    this.#registry = socketRegistry(options.environment.activity);
    const socket = options.socket;
    socket.pause();
    socket.on('data', (octets) => this.#received(octets));
    socket.on('error', (error) => {
      this.#error ??= netError(error, this.remote, `${options.node} lost a connection`);
    });
    socket.on('end', () => this.#socket.end());
    socket.on('close', () => this.#ended());
    if (socket.destroyed) setImmediate(() => this.#ended());
  }

  get closed(): boolean {
    return this.#closed || this.#socket.destroyed || !this.#socket.writable;
  }

  /** Sets the one reader. Nothing is read before. */
  onData(handler: (octets: Uint8Array) => void): void {
    this.#data = handler;
    this.#socket.resume();
  }

  /** Called once, when both directions are over; with the error that ended it, if any. */
  onClose(handler: (error: NetError | null) => void): void {
    if (this.#closed) handler(this.#error);
    else this.#close.push(handler);
  }

  /** Writes one message, unless a deviation makes none or several of it. A closed connection swallows it: `onClose` has told. */
  write(octets: Uint8Array): void {
    const { environment, node, protocol } = this.#options;
    if (environment.deviation === undefined) {
      this.#write(octets);
      return;
    }
    const { transport, local: source, remote: destination } = this;
    for (const each of environment.deviation({ transport, source, destination, octets, protocol, node }))
      this.#write(each);
  }

  #write(octets: Uint8Array): void {
    if (this.closed) return;
    if (this.#socket.writableLength > WRITE_LIMIT) {
      this.destroy(new NetError('ESLOWPEER', this.remote, `${this.#options.node} gave up a connection`));
      return;
    }
    this.#record(octets, this.local, this.remote);
    this.#flow(this.local, this.remote)?.sent(octets.length);
    this.#socket.write(octets);
  }

  /** Closes after everything written has left. */
  end(): void {
    this.#socket.end();
  }

  /** Closes at once. */
  destroy(error: NetError | null = null): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #received(octets: Uint8Array): void {
    const flow = this.#flow(this.remote, this.local);
    if (!this.#registry.streamTapped(this.remote, this.local)) this.#record(octets, this.remote, this.local);
    try {
      this.#data?.(octets);
    } finally {
      flow?.received(octets.length);
    }
  }

  #flow(writer: Endpoint, reader: Endpoint): Flow | null {
    return this.#registry.streamFlow(writer, reader);
  }

  #record(octets: Uint8Array, source: Endpoint, destination: Endpoint): void {
    const { environment, protocol } = this.#options;
    const at = Math.round(environment.clock.now() * 1000);
    environment.tap.record({ at, transport: this.transport, source, destination, octets, protocol });
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#registry.closeStream(this.local, this.remote);
    const handlers = this.#close;
    this.#close = [];
    for (const handler of handlers) handler(this.#error);
  }
}
