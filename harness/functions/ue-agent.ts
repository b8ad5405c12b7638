import type { Clock } from '../net/clock.js';
import type { NetEnvironment } from '../net/environment.js';
import type { ClientEvents, ClientTransaction, Hop, ListenPoint, SipStack } from '../net/sip-stack.js';
import { buildRequest, type RequestParts } from '../wire/sip/build.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { hostPort } from './network-function.js';
import { type Progress, UeError } from './ue-progress.js';
import type { SecurityAgreement } from './ue-security.js';
import { MMTEL_FEATURE, UE_METHODS, type UeBehaviour, type UeSetup } from './ue-setup.js';

type Header = readonly [string, string];

/** What registration, subscription and calls of one UE share: its sockets, its identities, and what the registration left. */
export class UeAgent {
  readonly environment: NetEnvironment;
  readonly clock: Clock;
  readonly behaviours: ReadonlySet<UeBehaviour>;
  /** Errors that the UE met by itself; told as leftovers. */
  readonly problems: string[] = [];
  /** Set from the 401 on, TS 33.203 §7.2. */
  security: SecurityAgreement | null = null;
  /** Service-Route of the registration, TS 24.229 §5.1.1.2.1. */
  serviceRoute: readonly string[] = [];
  /** P-Associated-URI of the registration; the first is the default public identity. */
  associated: readonly string[] = [];
  readonly #contactUser: string;
  readonly #cell: string;

  constructor(
    readonly setup: UeSetup,
    readonly stack: SipStack,
    readonly progress: Progress,
  ) {
    this.environment = setup.environment;
    this.clock = setup.environment.clock;
    this.behaviours = new Set(setup.behaviours);
    // No number: in requests to this Contact a user part of digits would have to be a telephone number.
    this.#contactUser = `ue${this.environment.random.hex(4)}`;
    this.#cell = setup.accessNetworkInfo ?? madeUpCell(setup.domain);
  }

  get name(): string {
    return this.setup.node.name;
  }

  get impi(): string {
    const { impi } = this.setup.subscriber;
    return this.behaviours.has('unknown-identity') ? `unknown-${impi}` : impi;
  }

  /** The identity that is registered explicitly. */
  get identity(): string {
    const [identity = `sip:${this.setup.subscriber.impi}`] = this.setup.subscriber.impus;
    return this.behaviours.has('unknown-identity') ? identity.replace(/^sip:\+?/, 'sip:unknown-') : identity;
  }

  /** The default public identity, TS 24.229 §5.1.1.2.1; before registration the one that will be registered. */
  get defaultIdentity(): string {
    return this.associated[0] ?? this.identity;
  }

  /** The UE's own URI: behind the registration at the protected server port (TS 24.229 §5.1.2A.1.1). */
  get contactUri(): string {
    return `sip:${this.#contactUser}@${hostPort(this.point)}`;
  }

  get contact(): string {
    return `<${this.contactUri}>;${MMTEL_FEATURE}`;
  }

  /** The socket that requests leave from and come to. */
  get point(): ListenPoint {
    const { address, sip, protectedServer } = this.setup.gm;
    return { transport: this.transport, address, port: this.security === null ? sip : protectedServer };
  }

  get transport(): 'udp' | 'tcp' {
    return this.setup.pCscf.transport ?? 'udp';
  }

  /** The P-CSCF: its protected server port once there is an agreement. */
  get hop(): Hop {
    const { address, port } = this.setup.pCscf;
    return { transport: this.transport, address, port: this.security?.serverPort ?? port };
  }

  /** Route of requests outside a dialog: the P-CSCF and the Service-Route, TS 24.229 §5.1.2A.1.1. */
  get routes(): readonly Header[] {
    const own: Header = ['Route', `<sip:${hostPort(this.hop)};lr>`];
    return [own, ...this.serviceRoute.map((route): Header => ['Route', route])];
  }

  /** What every message that makes or refreshes a dialog says of this end: RFC 3261 §12.2, §13.2.1; RFC 3311 §4. */
  get targetHeaders(): readonly Header[] {
    return [
      ['Contact', this.contact],
      ['Allow', UE_METHODS],
    ];
  }

  get accessNetworkInfo(): Header {
    return ['P-Access-Network-Info', this.#cell];
  }

  /** What RFC 3329 §2.3.1 puts into every protected request (never into ACK and CANCEL). */
  get securityHeaders(): readonly Header[] {
    if (this.security === null) return [];
    return [
      ['Require', 'sec-agree'],
      ['Proxy-Require', 'sec-agree'],
      ...this.security.verify.map((value): Header => ['Security-Verify', value]),
    ];
  }

  /** `urn:gsma:imei:` of the telephone, RFC 7254 §4. */
  get instance(): string {
    const { imei, number } = this.setup.subscriber;
    const digits = (imei ?? `35999901${number.replace(/\D/g, '').slice(-6).padStart(6, '0')}0`).padEnd(15, '0');
    return `urn:gsma:imei:${digits.slice(0, 8)}-${digits.slice(8, 14)}-${digits.slice(14, 15)}`;
  }

  newCallId(): string {
    return `${this.environment.random.hex(12)}@${hostPort({ ...this.point, port: 0 }).replace(/:0$/, '')}`;
  }

  newTag(): string {
    return this.environment.random.hex(6);
  }

  build(parts: RequestParts): SipRequest {
    return buildRequest(parts);
  }

  send(request: SipRequest, events: ClientEvents): ClientTransaction {
    return this.stack.send(request, this.hop, events, { from: this.point });
  }

  sendAck(ack: SipRequest): void {
    this.stack.sendAck(ack, this.hop, { from: this.point });
  }

  /** The final response to a request other than INVITE. Rejects where none comes. */
  exchange(request: SipRequest): Promise<SipResponse> {
    const { method } = request;
    return new Promise((resolve, reject) => {
      this.progress.saw(`${method} sent`);
      this.send(request, {
        response: (response) => {
          if (response.status < 200) return;
          this.progress.saw(`${response.status} to ${method}`);
          resolve(response);
        },
        failed: (cause, detail) => {
          this.progress.saw(`${cause} of ${method}`);
          reject(new UeError(`${this.name} got no answer to its ${method} (${cause}): ${detail}`));
        },
      });
    });
  }

  /** For work that goes on by itself: what it rejects with becomes a problem, never an unhandled rejection. */
  background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.problems.push(error instanceof Error ? error.message : String(error));
    });
  }
}

/** An E-UTRAN cell of the home PLMN, TS 24.229 §7.2A.4: MCC, MNC, four digits of TAC and seven of cell identity. */
function madeUpCell(domain: string): string {
  const plmn = /mnc(\d{3})\.mcc(\d{3})/.exec(domain);
  const mnc = (plmn?.[1] ?? '001').replace(/^0/, '');
  return `3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=${plmn?.[2] ?? '001'}${mnc}00010019B01`;
}
