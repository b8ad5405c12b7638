import { type AvpInput, avpOctets, buildAnswer, encodeAvp } from '../wire/diameter/build.js';
import { checkCommand } from '../wire/diameter/check.js';
import { avpByName, commandOf } from '../wire/diameter/dictionary.js';
import { findAll, textOf } from '../wire/diameter/find.js';
import type { Avp, DiameterMessage } from '../wire/diameter/message.js';
import {
  type ConnectionOwner,
  type DiameterApplication,
  DiameterConnection,
  DiameterPeerError,
} from './diameter-peer-connection.js';
import type { NetEnvironment } from './environment.js';
import { connectStream, listenStream, type StreamListener } from './stream.js';

/** Where a Diameter peer listens. */
export interface DiameterAddress {
  readonly address: string;
  readonly port: number;
}

/** The other end of a client: its address, and the port block of this node where nodes share an address. */
export interface DiameterRemote extends DiameterAddress {
  /** Address the connection comes from. */
  readonly localAddress?: string;
  readonly localPorts?: readonly [number, number];
}

export interface DiameterPeerOptions {
  /** Name of the network function, for the tap and for errors. */
  readonly node: string;
  /** DiameterIdentity of this node, for example `hss.ims.mnc001.mcc001.3gppnetwork.org`. */
  readonly originHost: string;
  readonly originRealm: string;
  readonly applications: readonly DiameterApplication[];
  readonly environment: NetEnvironment;
  /** Default 4000 ms on the clock. */
  readonly requestTimeoutMs?: number;
  /**
   * Tw in milliseconds, RFC 3539 §3.4.1 (30 000 recommended, not below 6000). Without it no watchdog is sent, as on a skipping
   * clock idle time passes in no time and would fill the capture; those of the other side are always answered.
   */
  readonly watchdogMs?: number;
}

/** Answers one command; null leaves the request without an answer. */
export type DiameterHandler = (request: DiameterMessage) => DiameterMessage | null | Promise<DiameterMessage | null>;

/** Errors of the base protocol that a peer answers by itself, RFC 6733 §7.1. */
const COMMAND_UNSUPPORTED = 3001;
const APPLICATION_UNSUPPORTED = 3007;
const AVP_UNSUPPORTED = 5001;
const INVALID_AVP_VALUE = 5004;
const MISSING_AVP = 5005;

/**
 * A Diameter node over TCP: listens, connects, and serves the commands it was given a handler for. RFC 6733.
 * Requests with a wrong application, an unknown command, a missing or an unknown mandatory AVP are answered with the error that §7.1 names.
 */
export class DiameterPeer {
  readonly #options: DiameterPeerOptions;
  readonly #handlers = new Map<number, DiameterHandler>();
  readonly #connections = new Set<DiameterConnection>();
  readonly #troubles: string[] = [];
  readonly #owner: ConnectionOwner;
  #listener: StreamListener | null = null;
  #hopByHop: number;
  #sessions = 0;

  constructor(options: DiameterPeerOptions) {
    this.#options = options;
    this.#hopByHop = options.environment.random.integer(2 ** 31);
    this.#owner = {
      node: options.node,
      originHost: options.originHost,
      originRealm: options.originRealm,
      applications: options.applications,
      environment: options.environment,
      requestTimeoutMs: options.requestTimeoutMs ?? 4000,
      watchdogMs: options.watchdogMs ?? null,
      answer: (request) => this.#answer(request),
      nextHopByHop: () => (this.#hopByHop = (this.#hopByHop + 1) >>> 0),
      closed: (connection) => this.#connections.delete(connection),
      trouble: (text) => this.#troubles.push(`${options.node}: ${text}`),
      peerTrouble: (text) => options.environment.onWarning?.(`${options.node}: ${text}`),
    };
  }

  get originHost(): string {
    return this.#options.originHost;
  }

  get originRealm(): string {
    return this.#options.originRealm;
  }

  /** Sets the handler of a command code. */
  serve(commandCode: number, handler: DiameterHandler): void {
    this.#handlers.set(commandCode, handler);
  }

  async listen(at: DiameterAddress): Promise<void> {
    const { environment, node } = this.#options;
    this.#listener = await listenStream({
      environment,
      node,
      ...at,
      protocol: 'diameter',
      onConnection: (stream) => {
        this.#connections.add(new DiameterConnection(stream, this.#owner));
      },
      onError: (error) => this.#owner.trouble(error.message),
    });
  }

  /** Opens a connection and exchanges capabilities. Rejects with a `DiameterPeerError`. */
  async connect(remote: DiameterRemote): Promise<DiameterConnection> {
    const { environment, node } = this.#options;
    const stream = await connectStream({ environment, node, protocol: 'diameter', ...remote }).catch((error: Error) => {
      throw new DiameterPeerError('unreachable', error.message, { cause: error });
    });
    const connection = new DiameterConnection(stream, this.#owner);
    this.#connections.add(connection);
    await connection.exchangeCapabilities();
    return connection;
  }

  /** Sends a request to the peer with that Origin-Host, or to the only one. */
  request(request: DiameterMessage): Promise<DiameterMessage> {
    const destination = textOf(request, 'Destination-Host');
    const open = [...this.#connections].filter((connection) => connection.open);
    const connection = open.find(({ remoteHost }) => remoteHost === destination) ?? open[0];
    if (connection === undefined) {
      return Promise.reject(new DiameterPeerError('unreachable', `${this.#options.node} has no open connection`));
    }
    return connection.request(request);
  }

  /** The same for those who can do without an answer: null where none came, which `leftovers` then tells. */
  async ask(request: DiameterMessage): Promise<DiameterMessage | null> {
    try {
      return await this.request(request);
    } catch (error) {
      if (!(error instanceof DiameterPeerError)) throw error;
      this.#owner.trouble(error.message);
      return null;
    }
  }

  /** A new Session-Id, RFC 6733 §8.8. */
  newSessionId(): string {
    this.#sessions += 1;
    const high = Math.floor(this.#options.environment.clock.now() / 1000) % 2 ** 32;
    return `${this.#options.originHost};${high};${this.#sessions};${this.#options.environment.random.hex(4)}`;
  }

  /** An End-to-End Identifier, RFC 6733 §3: 12 bits of the time, 20 of chance. */
  newEndToEnd(): number {
    const { clock, random } = this.#options.environment;
    return (((Math.floor(clock.now() / 1000) % 2 ** 12) << 20) | random.integer(2 ** 20)) >>> 0;
  }

  /** Disconnects from every peer and stops listening. */
  async stop(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.disconnect()));
    await this.#listener?.close();
    this.#listener = null;
  }

  /** Requests without an answer, and what went wrong on the connections. */
  leftovers(): readonly string[] {
    const pending = [...this.#connections].reduce((sum, connection) => sum + connection.pendingRequests, 0);
    const told = pending === 0 ? [] : [`${this.#options.node}: ${pending} Diameter requests have no answer`];
    return [...told, ...this.#troubles];
  }

  async #answer(request: DiameterMessage): Promise<DiameterMessage | null> {
    const { applications } = this.#options;
    if (!applications.some(({ applicationId }) => applicationId === request.applicationId)) {
      return this.#protocolError(request, APPLICATION_UNSUPPORTED);
    }
    const handler = this.#handlers.get(request.commandCode);
    if (handler === undefined || commandOf(request.commandCode, true, request.applicationId) === undefined) {
      return this.#protocolError(request, COMMAND_UNSUPPORTED);
    }
    return this.#refusal(request) ?? handler(request);
  }

  #protocolError(request: DiameterMessage, code: number): DiameterMessage {
    return buildAnswer(request, [['Result-Code', code], ...this.#origin()], { error: true });
  }

  /** Permanent failures that any application answers alike, RFC 6733 §7.1.5 with §7.5 (Failed-AVP). */
  #refusal(request: DiameterMessage): DiameterMessage | null {
    const refuse = (code: number, failed: Uint8Array): DiameterMessage =>
      buildAnswer(request, [
        ...applicationOf(request),
        ['Result-Code', code],
        ...this.#origin(),
        ['Failed-AVP', failed],
      ]);
    const unknown = findUnknownMandatory(request.avps);
    if (unknown !== undefined) return refuse(AVP_UNSUPPORTED, avpOctets(unknown));
    const invalid = request.defects.find(({ code }) => code === 'diameter-avp-value');
    if (invalid !== undefined) {
      const avp = request.avps.findLast(({ offset }) => offset <= invalid.offset);
      return refuse(INVALID_AVP_VALUE, avp === undefined ? new Uint8Array(0) : avpOctets(avp));
    }
    // Where the composition of a command is not read in its specification, a peer that leaves something out may be right.
    const missing = checkCommand(request).find(
      ({ code, tag, offset }) => code === 'diameter-missing-avp' && tag === 'S' && offset === 20,
    );
    const definition = missing?.avp == null ? undefined : avpByName(missing.avp);
    if (definition === undefined) return null;
    const { code, vendorId } = definition;
    return refuse(MISSING_AVP, encodeAvp({ code, vendorId, mandatory: true, data: new Uint8Array(0) }));
  }

  #origin(): readonly AvpInput[] {
    return [
      ['Origin-Host', this.#options.originHost],
      ['Origin-Realm', this.#options.originRealm],
    ];
  }
}

/** What an answer without the E bit says of its application, as the request says it. */
function applicationOf(request: DiameterMessage): readonly AvpInput[] {
  return ['Vendor-Specific-Application-Id', 'Auth-Application-Id', 'Auth-Session-State'].flatMap((name) =>
    findAll(request, name)
      .slice(0, 1)
      .map((avp): AvpInput => [name, avp.data]),
  );
}

function findUnknownMandatory(avps: readonly Avp[]): Avp | undefined {
  for (const avp of avps) {
    if (avp.name === undefined && avp.flags.mandatory) return avp;
    const inside = findUnknownMandatory(avp.avps);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
