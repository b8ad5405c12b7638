import { DiameterPeer, type DiameterRemote } from '../net/diameter-peer.js';
import { application3gpp, type DiameterConnection, DiameterPeerError } from '../net/diameter-peer-connection.js';
import type { NetEnvironment } from '../net/environment.js';
import type { DiameterMessage } from '../wire/diameter/message.js';

/** What a function needs to reach its HSS or PCRF. */
export interface DiameterClientSetup {
  /** Name of the network function, for example `s-cscf.home-a`. */
  readonly node: string;
  readonly originHost: string;
  readonly originRealm: string;
  /** The server, and where the connection comes from. */
  readonly remote: DiameterRemote;
  readonly destinationRealm: string;
  /** Without it requests go to the realm. */
  readonly destinationHost?: string;
  readonly environment: NetEnvironment;
  readonly requestTimeoutMs?: number;
  readonly watchdogMs?: number;
}

/** One connection to a server, opened at the first request and again after a loss. */
export class DiameterClient {
  readonly peer: DiameterPeer;
  readonly #remote: DiameterRemote;
  #connection: DiameterConnection | null = null;
  #connecting: Promise<DiameterConnection> | null = null;

  constructor(setup: DiameterClientSetup, applicationId: number) {
    this.peer = new DiameterPeer({ ...setup, applications: [application3gpp(applicationId)] });
    this.#remote = setup.remote;
  }

  /** Connects now; without it the first request does. */
  async start(): Promise<void> {
    await this.#connected();
  }

  stop(): Promise<void> {
    return this.peer.stop();
  }

  /** The answer, or the error that says why there is none. */
  async request(request: DiameterMessage): Promise<DiameterMessage | DiameterPeerError> {
    try {
      const connection = await this.#connected();
      return await connection.request(request);
    } catch (error) {
      if (error instanceof DiameterPeerError) return error;
      throw error;
    }
  }

  /** The open connection; whoever asks while one is being opened gets the same. */
  async #connected(): Promise<DiameterConnection> {
    if (this.#connection?.open) return this.#connection;
    this.#connecting ??= this.peer.connect(this.#remote).finally(() => {
      this.#connecting = null;
    });
    this.#connection = await this.#connecting;
    return this.#connection;
  }
}
