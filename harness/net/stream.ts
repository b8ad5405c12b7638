import { createServer, isIP, type Server, type Socket, connect as tcpConnect } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createServer as createTlsServer,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import type { NetEnvironment } from './environment.js';
import { NetError, netError } from './net-error.js';
import type { TlsIdentity } from './sip-stack.js';
import { type Endpoint, endpointKey, socketRegistry } from './socket-registry.js';
import { StreamConnection } from './stream-connection.js';
import type { TapRecord } from './tap.js';

interface StreamBase {
  readonly environment: NetEnvironment;
  /** Name of the network function that the socket belongs to. */
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: TapRecord['protocol'];
  /** With it the stream is TLS, and both ends show a certificate of this authority (TS 33.310, RFC 5922). */
  readonly tls?: TlsIdentity;
}

export interface ListenOptions extends StreamBase {
  onConnection(connection: StreamConnection): void;
  /** A handshake that failed, or an error of the listener itself. */
  onError?(error: NetError): void;
}

export interface StreamListener {
  readonly address: string;
  readonly port: number;
  /** Stops listening and closes every connection that came in here. */
  close(): Promise<void>;
}

/** Listens for TCP, or TLS over TCP. Rejects with a `NetError` if the address cannot be bound. */
export function listenStream(options: ListenOptions): Promise<StreamListener> {
  const { environment, node, address, tls } = options;
  const registry = socketRegistry(environment.activity);
  if (isIP(address) === 0) return Promise.reject(new NetError('EINVALID', options, `${node} cannot listen`));
  const transport = tls === undefined ? 'tcp' : 'tls';
  const accepted = new Set<Socket>();
  const connections = new Set<StreamConnection>();
  const flow = registry.flow(`connects to ${node} at ${address}:${options.port}`);

  const welcome = (socket: Socket) => {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      // The peer is gone before we could look at it.
      flow.received(1);
      socket.destroy();
      return;
    }
    const remote = { address: remoteAddress, port: remotePort };
    const connection = new StreamConnection({ ...options, transport, socket, local: own, remote });
    connections.add(connection);
    connection.onClose(() => connections.delete(connection));
    options.onConnection(connection);
    flow.received(1);
  };
  const server: Server =
    tls === undefined
      ? createServer({ noDelay: true }, welcome)
      : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true, noDelay: true }, welcome);
  server.on('connection', (socket: Socket) => {
    accepted.add(socket);
    socket.on('close', () => accepted.delete(socket));
  });
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    flow.received(1);
    const peer = { address: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 };
    // In TLS 1.3 a client may believe to be connected, and have written, before its certificate is refused.
    registry.closeStream(own, peer);
    options.onError?.(netError(tlsError(error), peer, `${node} refused a TLS connection`));
  });
  let own: Endpoint = { address, port: options.port };

  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(netError(error, options, `${node} cannot listen`));
    server.once('error', failed);
    server.listen({ host: address, port: options.port, exclusive: true }, () => {
      server.off('error', failed);
      const bound = server.address();
      own = { address, port: typeof bound === 'object' && bound !== null ? bound.port : options.port };
      server.on('error', (error) => options.onError?.(netError(error, own, `${node} has trouble with its listener`)));
      const key = endpointKey(own);
      registry.listeners.set(key, { flow, tapped: true });
      let closing: Promise<void> | null = null;
      resolve({
        ...own,
        close: () => {
          closing ??= new Promise((done) => {
            registry.listeners.delete(key);
            server.close(() => done());
            for (const connection of connections) connection.destroy();
            for (const socket of accepted) socket.destroy();
            flow.drop();
          });
          return closing;
        },
      });
    });
  });
}

export interface ConnectOptions extends StreamBase {
  /** Address the connection comes from; the system's choice without it. */
  readonly localAddress?: string;
  /** Ports (inclusive) it comes from, where several nodes share an address; the system's choice without it. */
  readonly localPorts?: readonly [number, number];
  /** Real milliseconds until the attempt is given up. Default 4000. */
  readonly timeoutMs?: number;
  /** The name that the server's certificate must carry; the address without it. */
  readonly serverName?: string;
}

/** Opens a TCP connection, or TLS over TCP. Rejects with a `NetError`. */
export async function connectStream(options: ConnectOptions): Promise<StreamConnection> {
  const { environment, node, localPorts } = options;
  const ends = { address: options.address, port: options.port };
  if (isIP(options.address) === 0 || !(options.port > 0 && options.port < 65_536)) {
    throw new NetError('EINVALID', ends, `${node} cannot connect`);
  }
  if (localPorts === undefined) return attempt(options, 0);
  // A port is free again only after TIME_WAIT, so that a used one is tried last: the start moves on with every connection.
  const [first, last] = localPorts;
  const count = last - first + 1;
  const key = `${options.localAddress ?? ''} ${first}`;
  for (let tried = 0; ; tried += 1) {
    const registry = socketRegistry(environment.activity);
    const next = registry.nextLocalPort(key) % count;
    try {
      return await attempt(options, first + next);
    } catch (error) {
      const busy = error instanceof NetError && (error.code === 'EADDRINUSE' || error.code === 'EADDRNOTAVAIL');
      if (!busy || tried + 1 >= count) throw error;
    }
  }
}

function attempt(options: ConnectOptions, localPort: number): Promise<StreamConnection> {
  const { environment, node, address, port, tls } = options;
  const registry = socketRegistry(environment.activity);
  const remote: Endpoint = { address, port };
  const listener = registry.listeners.get(endpointKey(remote));
  // The loopback answers or refuses at once, whoever listens there.
  const near = listener !== undefined || address === '::1' || address.startsWith('127.');
  const token = near ? environment.activity.begin(`connect from ${node} to ${address}:${port}`) : null;
  if (listener?.tapped === true) listener.flow.sent(1);

  return new Promise((resolve, reject) => {
    const raw = tcpConnect({
      host: address,
      port,
      noDelay: true,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      ...(localPort === 0 ? {} : { localPort }),
    });
    let socket: Socket = raw;
    let reached = false;
    let settled = false;
    const fail = (error: Error) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      raw.destroy();
      token?.end();
      if (!reached) listener?.flow.received(1);
      reject(netError(reached ? tlsError(error) : error, remote, `${node} cannot connect`));
    };
    const timer = setTimeout(
      () => fail(new NetError('ETIMEDOUT', remote, `${node} cannot connect`)),
      options.timeoutMs ?? 4000,
    );
    const opened = () => {
      const local = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 };
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (listener !== undefined) registry.openStream(local, remote, listener.tapped);
      const transport = tls === undefined ? 'tcp' : 'tls';
      resolve(new StreamConnection({ ...options, transport, socket, local, remote }));
      token?.end();
    };
    raw.on('error', fail);
    if (tls === undefined) {
      raw.once('connect', opened);
      return;
    }
    raw.once('connect', () => {
      reached = true;
      socket = tlsConnect({ socket: raw, host: address, ...tls, ...identityCheck(options) });
      socket.on('error', fail);
      socket.once('secureConnect', opened);
      socket.once('close', () => fail(new NetError('ETLS', remote, `${node} was cut off in the TLS handshake`)));
    });
  });
}

/** A server may vouch for the name that led to it (RFC 5922 §7.1) or for its address, which is all that a hop has. */
function identityCheck({ address, serverName }: ConnectOptions): ConnectionOptions {
  const name = serverName === undefined || isIP(serverName) !== 0 ? null : serverName;
  return {
    ...(name === null ? {} : { servername: name }),
    checkServerIdentity: (_host, certificate) => {
      const problem = checkServerIdentity(address, certificate);
      return problem === undefined || name === null ? problem : checkServerIdentity(name, certificate);
    },
  };
}

function tlsError(error: Error): Error {
  if (
    'code' in error &&
    typeof error.code === 'string' &&
    /^E[A-Z]+$/.test(error.code) &&
    !error.code.startsWith('EPROTO')
  ) {
    return error;
  }
  return Object.assign(new Error(error.message, { cause: error }), { code: 'ERR_SSL' });
}
