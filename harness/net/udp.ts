import { createSocket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import type { NetEnvironment } from './environment.js';
import { NetError, netError } from './net-error.js';
import { type Endpoint, endpointKey, socketRegistry } from './socket-registry.js';
import type { TapRecord } from './tap.js';

export interface UdpOptions {
  readonly environment: NetEnvironment;
  /** Name of the network function that the socket belongs to. */
  readonly node: string;
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly protocol: TapRecord['protocol'];
  /** The octets are the handler's own. */
  onDatagram(octets: Uint8Array, source: Endpoint): void;
  /** A datagram that could not be sent, where `send` was given no handler of its own. */
  onError?(error: NetError): void;
}

export interface UdpSocket {
  readonly address: string;
  readonly port: number;
  /** Sends one datagram, unless a deviation makes none or several of it. */
  send(octets: Uint8Array, destination: Endpoint, onError?: (error: NetError) => void): void;
  close(): Promise<void>;
}

/** Receive buffer asked for; the system may give less. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/**
 * A bound UDP socket with a tap. Rejects with a `NetError` if the address cannot be bound.
 */
export function openUdp(options: UdpOptions): Promise<UdpSocket> {
  const { environment, node, address, protocol } = options;
  const { clock, tap, deviation } = environment;
  const registry = socketRegistry(environment.activity);
  if (isIP(address) === 0) {
    return Promise.reject(new NetError('EINVALID', options, `${node} cannot open a UDP socket`));
  }
  const family = isIPv6(address) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Only literals are ever sent to, so that a datagram leaves in the turn of the event loop in which it is sent.
    lookup: (host, _options, done) => {
      const known = isIP(host);
      if (known === 0) done(new NetError('EINVALID', { address: host, port: 0 }, `${node} cannot send`), '', 4);
      else done(null, host, known);
    },
  });

  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(netError(error, options, `${node} cannot open a UDP socket`));
    };
    socket.once('error', failed);
    socket.bind({ address, port: options.port, exclusive: true }, () => {
      socket.off('error', failed);
      const own: Endpoint = Object.freeze({ address, port: socket.address().port });
      socket.on('error', (error) => options.onError?.(netError(error, own, `${node} has trouble with its UDP socket`)));
      growBuffer(() => socket.setRecvBufferSize(RECEIVE_BUFFER));
      const flow = registry.flow(`datagrams to ${node} at ${address}:${own.port}`);
      const key = endpointKey(own);
      registry.udp.set(key, { flow, tapped: true });

      socket.on('message', (octets, rinfo) => {
        const sender = registry.udp.get(endpointKey(rinfo));
        const source = { address: rinfo.address, port: rinfo.port };
        if (sender?.tapped !== true) {
          const at = Math.round(clock.now() * 1000);
          tap.record({ at, transport: 'udp', source, destination: own, octets, protocol });
        }
        try {
          options.onDatagram(octets, source);
        } finally {
          // Behind the handler, so that what it sends is under way before this has ended.
          if (sender !== undefined) flow.received(1);
        }
      });

      const write = (octets: Uint8Array, destination: Endpoint, onError?: (error: NetError) => void) => {
        if (closed) return;
        const receiver = registry.udp.get(endpointKey(destination));
        if (receiver === undefined && !reachable(destination)) {
          (onError ?? options.onError)?.(new NetError('EINVALID', destination, `${node} cannot send a datagram`));
          return;
        }
        const at = Math.round(clock.now() * 1000);
        tap.record({ at, transport: 'udp', source: own, destination, octets, protocol });
        receiver?.flow.sent(1);
        socket.send(octets, destination.port, destination.address, (error) => {
          if (error === null) return;
          receiver?.flow.received(1);
          (onError ?? options.onError)?.(netError(error, destination, `${node} cannot send a datagram`));
        });
      };

      let closed = false;
      resolve({
        address,
        port: own.port,
        send: (octets, destination, onError) => {
          if (deviation === undefined) write(octets, destination, onError);
          else {
            const outgoing = { transport: 'udp', source: own, destination, octets, protocol, node } as const;
            for (const each of deviation(outgoing)) write(each, destination, onError);
          }
        },
        close: () =>
          new Promise((done) => {
            if (closed) return done();
            closed = true;
            registry.udp.delete(key);
            flow.drop();
            socket.close(() => done());
          }),
      });
    });
  });
}

/** A smaller buffer than asked for is not worth failing for; the activity guard tells when datagrams are lost. */
function growBuffer(grow: () => void): void {
  try {
    grow();
  } catch {
    return;
  }
}

/** A peer may make us answer to port 0 or to a host name; the system's call would throw. */
function reachable(destination: Endpoint): boolean {
  return isIP(destination.address) !== 0 && destination.port > 0 && destination.port < 65_536;
}
