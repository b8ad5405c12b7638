import { type AvpInput, buildAnswer, buildDiameter, withIdentifiers } from '../wire/diameter/build.js';
import { VENDOR_3GPP } from '../wire/diameter/dictionary.js';
import { findAll, numberOf, resultOf, textOf } from '../wire/diameter/find.js';
import { DiameterFramer } from '../wire/diameter/framing.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import { parseDiameter } from '../wire/diameter/parse.js';
import type { Timer } from './clock.js';
import type { NetEnvironment } from './environment.js';
import type { StreamConnection } from './stream-connection.js';

/** An application that a peer speaks, RFC 6733 §2.4. */
export interface DiameterApplication {
  readonly applicationId: number;
  readonly vendorId: number;
}

/** A request that got no answer: nothing came in time, the connection went, or the peer refused the capabilities. */
export class DiameterPeerError extends Error {
  override readonly name = 'DiameterPeerError';
  constructor(
    readonly code: 'timeout' | 'connection-lost' | 'refused' | 'unreachable',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a connection needs from its peer. */
export interface ConnectionOwner {
  readonly node: string;
  readonly originHost: string;
  readonly originRealm: string;
  readonly applications: readonly DiameterApplication[];
  readonly environment: NetEnvironment;
  /** Milliseconds until a request without an answer fails. */
  readonly requestTimeoutMs: number;
  /** Tw of RFC 3539 in milliseconds; null sends no watchdog (those of the other side are answered). */
  readonly watchdogMs: number | null;
  /** Answers a request of an application; null leaves it without an answer. */
  answer(request: DiameterMessage, connection: DiameterConnection): Promise<DiameterMessage | null>;
  nextHopByHop(): number;
  closed(connection: DiameterConnection): void;
  /** What this node could not do. */
  trouble(text: string): void;
  /** What the peer did that leads to no answer: garbage on the stream, an answer nobody waits for. */
  peerTrouble(text: string): void;
}

interface Pending {
  readonly resolve: (answer: DiameterMessage) => void;
  readonly reject: (error: DiameterPeerError) => void;
  readonly timer: Timer;
}

const RELAY = 0xffff_ffff;
const SUCCESS = 2001;
const NO_COMMON_APPLICATION = 5010;
const CAPABILITIES = 257;
const WATCHDOG = 280;
const DISCONNECT = 282;

/** One transport connection to a Diameter peer: capabilities, watchdog, disconnect, and requests matched to answers. RFC 6733 §5. */
export class DiameterConnection {
  readonly #stream: StreamConnection;
  readonly #owner: ConnectionOwner;
  readonly #framer = new DiameterFramer();
  readonly #pending = new Map<number, Pending>();
  #state: 'wait-capabilities' | 'open' | 'closing' | 'closed' = 'wait-capabilities';
  #remoteHost: string | null = null;
  #watchdog: Timer | null = null;
  #watchdogUnanswered = 0;

  constructor(stream: StreamConnection, owner: ConnectionOwner) {
    this.#stream = stream;
    this.#owner = owner;
    stream.onClose(() => this.#ended());
    stream.onData((octets) => this.#received(octets));
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** Origin-Host that the other side told in its capabilities. */
  get remoteHost(): string | null {
    return this.#remoteHost;
  }

  /** Requests without an answer. */
  get pendingRequests(): number {
    return this.#pending.size;
  }

  /** Sends CER and takes the CEA (client side). Rejects where the peer refuses. */
  async exchangeCapabilities(): Promise<void> {
    const answer = await this.#transmit(
      buildDiameter({ command: 'CER', endToEnd: this.#owner.nextHopByHop(), avps: this.#capabilities() }),
    );
    const result = resultOf(answer)?.code;
    if (result !== SUCCESS) {
      this.#stream.end();
      throw new DiameterPeerError(
        'refused',
        `${this.#owner.node}: the peer answered CER with ${result ?? 'no result'}`,
      );
    }
    this.#opened(answer);
  }

  /** Sends a request; resolves with its answer. */
  request(request: DiameterMessage): Promise<DiameterMessage> {
    if (this.#state !== 'open') {
      return Promise.reject(
        new DiameterPeerError('connection-lost', `${this.#owner.node}: the connection is ${this.#state}`),
      );
    }
    return this.#transmit(request);
  }

  /** DPR, its DPA, and the end of the connection. Resolves also where the peer does not answer. */
  async disconnect(): Promise<void> {
    if (this.#state !== 'open') {
      this.#stream.destroy();
      return;
    }
    this.#state = 'closing';
    this.#watchdog?.cancel();
    const request = buildDiameter({
      command: 'DPR',
      endToEnd: this.#owner.nextHopByHop(),
      avps: [...this.#origin(), ['Disconnect-Cause', 'REBOOTING']],
    });
    await this.#transmit(request).catch((error: unknown) => {
      if (!(error instanceof DiameterPeerError)) throw error;
    });
    this.#stream.end();
  }

  #transmit(request: DiameterMessage): Promise<DiameterMessage> {
    const hopByHop = this.#owner.nextHopByHop();
    return new Promise((resolve, reject) => {
      const timer = this.#owner.environment.clock.after(this.#owner.requestTimeoutMs, () => {
        this.#pending.delete(hopByHop);
        reject(
          new DiameterPeerError(
            'timeout',
            `${this.#owner.node}: no answer to command ${request.commandCode} in ${this.#owner.requestTimeoutMs} ms`,
          ),
        );
      });
      this.#pending.set(hopByHop, { resolve, reject, timer });
      this.#stream.write(withIdentifiers(request, hopByHop).octets);
    });
  }

  #received(octets: Uint8Array): void {
    for (const frame of this.#framer.push(octets)) {
      if (frame.kind === 'garbage') {
        this.#owner.peerTrouble(`${frame.defect.text} (from ${this.#remoteHost ?? this.#stream.remote.address})`);
        this.#stream.destroy();
        return;
      }
      this.#armWatchdog();
      this.#message(parseDiameter(frame.octets));
    }
  }

  #message(message: DiameterMessage): void {
    if (!message.flags.request) {
      this.#answered(message);
      return;
    }
    if (message.commandCode === CAPABILITIES && message.applicationId === 0) this.#capabilitiesRequested(message);
    else if (message.commandCode === WATCHDOG && message.applicationId === 0) this.#succeed(message);
    else if (message.commandCode === DISCONNECT && message.applicationId === 0) {
      this.#state = 'closing';
      this.#succeed(message);
      this.#stream.end();
    } else if (this.#state === 'wait-capabilities') {
      this.#owner.peerTrouble(`command ${message.commandCode} came before the capabilities`);
      this.#stream.destroy();
    } else this.#serve(message);
  }

  #serve(request: DiameterMessage): void {
    this.#owner.answer(request, this).then(
      (answer) => {
        if (answer !== null) this.#stream.write(answer.octets);
      },
      (error: unknown) => {
        this.#owner.trouble(`command ${request.commandCode} could not be answered: ${String(error)}`);
        this.#stream.write(buildAnswer(request, [['Result-Code', 5012], ...this.#origin()]).octets);
      },
    );
  }

  #answered(answer: DiameterMessage): void {
    const pending = this.#pending.get(answer.hopByHop);
    if (pending === undefined) {
      this.#owner.peerTrouble(`an answer to command ${answer.commandCode} that nobody waits for`);
      return;
    }
    this.#pending.delete(answer.hopByHop);
    pending.timer.cancel();
    pending.resolve(answer);
  }

  #capabilitiesRequested(request: DiameterMessage): void {
    const common = this.#isCommon(request);
    this.#stream.write(
      buildAnswer(request, [['Result-Code', common ? SUCCESS : NO_COMMON_APPLICATION], ...this.#capabilities()]).octets,
    );
    if (common) this.#opened(request);
    else this.#stream.end();
  }

  #isCommon(capabilities: DiameterMessage): boolean {
    const theirs = new Set(
      [
        ...findAll(capabilities, 'Auth-Application-Id'),
        ...findAll(capabilities, 'Acct-Application-Id'),
        ...findAll(capabilities, 'Vendor-Specific-Application-Id', 'Auth-Application-Id'),
        ...findAll(capabilities, 'Vendor-Specific-Application-Id', 'Acct-Application-Id'),
      ].map((avp) => avp.value),
    );
    return theirs.has(RELAY) || this.#owner.applications.some(({ applicationId }) => theirs.has(applicationId));
  }

  #opened(capabilities: DiameterMessage): void {
    this.#remoteHost = textOf(capabilities, 'Origin-Host') ?? null;
    this.#state = 'open';
    this.#armWatchdog();
  }

  #capabilities(): readonly AvpInput[] {
    const vendors = new Set(this.#owner.applications.map(({ vendorId }) => vendorId).filter((vendor) => vendor !== 0));
    return [
      ...this.#origin(),
      ['Host-IP-Address', this.#stream.local.address],
      // The manufacturer has no enterprise number of its own; RFC 6733 §5.3.3 lets 0 say so.
      ['Vendor-Id', 0],
      ['Product-Name', 'q3953'],
      ...[...vendors].map((vendor): AvpInput => ['Supported-Vendor-Id', vendor]),
      ...this.#owner.applications.map(
        ({ applicationId, vendorId }): AvpInput =>
          vendorId === 0
            ? ['Auth-Application-Id', applicationId]
            : [
                'Vendor-Specific-Application-Id',
                [
                  ['Vendor-Id', vendorId],
                  ['Auth-Application-Id', applicationId],
                ],
              ],
      ),
    ];
  }

  #origin(): readonly AvpInput[] {
    return [
      ['Origin-Host', this.#owner.originHost],
      ['Origin-Realm', this.#owner.originRealm],
    ];
  }

  #succeed(request: DiameterMessage): void {
    this.#stream.write(buildAnswer(request, [['Result-Code', SUCCESS], ...this.#origin()]).octets);
  }

  /** RFC 3539 §3.4.1: Tw starts anew with everything that comes; two watchdogs without any sign of life end the connection. */
  #armWatchdog(): void {
    const { watchdogMs, environment } = this.#owner;
    this.#watchdog?.cancel();
    this.#watchdogUnanswered = 0;
    if (watchdogMs === null || this.#state !== 'open') return;
    const expired = (): void => {
      if (this.#state !== 'open') return;
      if (this.#watchdogUnanswered >= 2) {
        this.#owner.trouble(`${this.#remoteHost ?? 'the peer'} does not answer watchdogs`);
        this.#stream.destroy();
        return;
      }
      if (this.#watchdogUnanswered === 0) this.#sendWatchdog();
      this.#watchdogUnanswered += 1;
      this.#watchdog = environment.clock.after(watchdogMs, expired, { background: true });
    };
    this.#watchdog = environment.clock.after(watchdogMs, expired, { background: true });
  }

  #sendWatchdog(): void {
    const request = buildDiameter({ command: 'DWR', endToEnd: this.#owner.nextHopByHop(), avps: this.#origin() });
    this.#transmit(request).then(
      (answer) => {
        if (numberOf(answer, 'Result-Code') !== SUCCESS) this.#owner.trouble('a watchdog was answered with an error');
      },
      (error: unknown) => {
        if (!(error instanceof DiameterPeerError)) throw error;
      },
    );
  }

  #ended(): void {
    this.#state = 'closed';
    this.#watchdog?.cancel();
    for (const frame of this.#framer.end()) if (frame.kind === 'garbage') this.#owner.peerTrouble(frame.defect.text);
    for (const { reject, timer } of this.#pending.values()) {
      timer.cancel();
      reject(new DiameterPeerError('connection-lost', `${this.#owner.node}: the connection was closed`));
    }
    this.#pending.clear();
    this.#owner.closed(this);
  }
}

/** An application of 3GPP. */
export function application3gpp(applicationId: number): DiameterApplication {
  return { applicationId, vendorId: VENDOR_3GPP };
}
