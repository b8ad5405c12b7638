import type { NetEnvironment } from '../net/environment.js';
import { NetError } from '../net/net-error.js';
import type { Endpoint } from '../net/socket-registry.js';
import { openUdp, type UdpSocket } from '../net/udp.js';

/** The address and the ports (inclusive) that a function may use for media. */
export interface MediaRange {
  readonly address: string;
  readonly ports: readonly [number, number];
}

/** RTP on an even port and RTCP on the next odd one, RFC 3550 §11. */
export interface MediaPortPair {
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  sendRtp(octets: Uint8Array, destination: Endpoint): void;
  sendRtcp(octets: Uint8Array, destination: Endpoint): void;
  close(): Promise<void>;
}

export interface MediaPortHandlers {
  onRtp(octets: Uint8Array, source: Endpoint): void;
  onRtcp(octets: Uint8Array, source: Endpoint): void;
  /** A datagram that could not be sent. */
  onError?(error: NetError): void;
}

/**
 * Hands out port pairs of one range in turn, so that a port which was just given back is not used again at once and late packets
 * of the last call do not reach the next.
 */
export class MediaPorts {
  readonly #environment: NetEnvironment;
  readonly #node: string;
  readonly #range: MediaRange;
  readonly #used = new Set<number>();
  #next: number;

  constructor(environment: NetEnvironment, node: string, range: MediaRange) {
    this.#environment = environment;
    this.#node = node;
    this.#range = range;
    this.#next = this.#firstEven;
  }

  /** Pairs that are open. */
  get open(): number {
    return this.#used.size;
  }

  /** Opens a pair; rejects with a `NetError` if every port of the range is taken. */
  async openPair(handlers: MediaPortHandlers): Promise<MediaPortPair> {
    const pairs = Math.floor((this.#range.ports[1] - this.#firstEven + 1) / 2);
    for (let tries = 0; tries < pairs; tries++) {
      const port = this.#next;
      this.#next = port + 3 <= this.#range.ports[1] ? port + 2 : this.#firstEven;
      if (this.#used.has(port)) continue;
      this.#used.add(port);
      const pair = await this.#tryOpen(port, handlers);
      if (pair !== null) return pair;
      this.#used.delete(port);
    }
    const end = { address: this.#range.address, port: this.#firstEven };
    throw new NetError('EADDRINUSE', end, `${this.#node} has no free pair of media ports`);
  }

  get #firstEven(): number {
    return this.#range.ports[0] + (this.#range.ports[0] % 2);
  }

  /** Null if somebody else has one of the two ports. */
  async #tryOpen(port: number, handlers: MediaPortHandlers): Promise<MediaPortPair | null> {
    const rtp = await this.#socket(port, 'rtp', handlers);
    if (rtp === null) return null;
    let rtcp: UdpSocket | null;
    try {
      rtcp = await this.#socket(port + 1, 'rtcp', handlers);
    } catch (error) {
      await rtp.close();
      throw error;
    }
    if (rtcp === null) {
      await rtp.close();
      return null;
    }
    const rtcpSocket = rtcp;
    return {
      address: rtp.address,
      rtpPort: rtp.port,
      rtcpPort: rtcpSocket.port,
      sendRtp: (octets, destination) => rtp.send(octets, destination),
      sendRtcp: (octets, destination) => rtcpSocket.send(octets, destination),
      close: async () => {
        await Promise.all([rtp.close(), rtcpSocket.close()]);
        this.#used.delete(port);
      },
    };
  }

  async #socket(port: number, protocol: 'rtp' | 'rtcp', handlers: MediaPortHandlers): Promise<UdpSocket | null> {
    try {
      return await openUdp({
        environment: this.#environment,
        node: this.#node,
        address: this.#range.address,
        port,
        protocol,
        onDatagram: protocol === 'rtp' ? handlers.onRtp : handlers.onRtcp,
        onError: (error) => handlers.onError?.(error),
      });
    } catch (error) {
      if (error instanceof NetError && error.code === 'EADDRINUSE') return null;
      throw error;
    }
  }
}
