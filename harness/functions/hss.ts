import { type DiameterAddress, DiameterPeer } from '../net/diameter-peer.js';
import { application3gpp } from '../net/diameter-peer-connection.js';
import type { NetEnvironment } from '../net/environment.js';
import type { NetworkNode } from '../profile/profile.js';
import { type AvpInput, buildAnswer, buildDiameter } from '../wire/diameter/build.js';
import { APPLICATION_ID, VENDOR_3GPP } from '../wire/diameter/dictionary.js';
import { editDiameter } from '../wire/diameter/edit.js';
import { enumeratedOf, numberOf, octetsOf, resultOf, textOf, textsOf } from '../wire/diameter/find.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import { buildUserProfile } from '../wire/xml/service-profile.js';
import { CX_APPLICATION } from './cx-client.js';
import { type AssignmentRow, assignmentOf } from './hss-assignment.js';
import type { BehaviourRow, FunctionSetup, NetworkFunction } from './network-function.js';
import { canonicalIdentity, type RegistrationState, Subscriber, type SubscriberInput } from './subscriber.js';

/** Ways in which this HSS can misbehave. */
export const HSS_BEHAVIOURS = {
  'answers-nothing': { does: 'leaves every Cx request without an answer', clause: 'RFC 6733 §6.2' },
  'too-busy': { does: 'answers DIAMETER_TOO_BUSY (3004) with the E bit', clause: 'RFC 6733 §7.1.3' },
  'gives-stale-vectors': { does: 'uses a sequence number again', clause: 'TS 33.102 §6.3.2' },
  'leaves-out-integrity-key': { does: 'sends no Integrity-Key in the MAA', clause: 'TS 29.229 §6.3.13' },
  'leaves-out-user-data': { does: 'sends no User-Data in the SAA of a registration', clause: 'TS 29.228 §6.1.2' },
  'gives-both-results': { does: 'puts Result-Code beside Experimental-Result', clause: 'TS 29.229 §6.2' },
  'forgets-server-name': { does: 'sends no Server-Name for a registered user', clause: 'TS 29.228 §6.1.4' },
  'knows-nobody': { does: 'answers DIAMETER_ERROR_USER_UNKNOWN to everything', clause: 'TS 29.228 §6.1.1' },
} as const satisfies Readonly<Record<string, BehaviourRow>>;
export type HssBehaviour = keyof typeof HSS_BEHAVIOURS;

export interface HssSetup extends FunctionSetup<HssBehaviour> {
  readonly originHost: string;
  readonly originRealm: string;
  readonly listen: DiameterAddress;
  readonly subscribers?: readonly SubscriberInput[];
  /** Capabilities that a new S-CSCF must have; without them Server-Capabilities is left out and any will do. */
  readonly serverCapabilities?: { readonly mandatory?: readonly number[]; readonly serverNames?: readonly string[] };
  readonly chargingCollectionFunction?: string;
  readonly requestTimeoutMs?: number;
}

/** What an HSS tells about a subscriber, without his keys. */
export interface RegistrationView {
  readonly state: RegistrationState;
  readonly serverName: string | null;
  readonly authenticationPending: boolean;
}

/** Reasons of an RTR, TS 29.229 §6.3.17. */
export type DeregistrationReason = 'PERMANENT_TERMINATION' | 'NEW_SERVER_ASSIGNED' | 'SERVER_CHANGE' | 'REMOVE_S-CSCF';

const SUCCESS = 2001;
const AUTHORIZATION_REJECTED = 5003;
const TOO_BUSY = 3004;
const MISSING_AVP = 5005;
const OCCURS_TOO_MANY_TIMES = 5009;
const UNABLE_TO_COMPLY = 5012;

/** Experimental-Result-Code of Cx, TS 29.229 §6.2. */
const CX = {
  FIRST_REGISTRATION: 2001,
  SUBSEQUENT_REGISTRATION: 2002,
  UNREGISTERED_SERVICE: 2003,
  USER_UNKNOWN: 5001,
  IDENTITIES_DONT_MATCH: 5002,
  IDENTITY_NOT_REGISTERED: 5003,
  ROAMING_NOT_ALLOWED: 5004,
  IDENTITY_ALREADY_REGISTERED: 5005,
  AUTH_SCHEME_NOT_SUPPORTED: 5006,
} as const;

const COMMAND = { UAR: 300, SAR: 301, LIR: 302, MAR: 303 } as const;
const AKA_SCHEME = 'Digest-AKAv1-MD5';
const EMERGENCY_REGISTRATION = 1;
/** Vectors given out at once, however many are asked for. */
const MAX_VECTORS = 5;

/** A refusal: the result and what goes with it. */
interface Reply {
  readonly base?: number;
  readonly experimental?: number;
  readonly avps?: readonly AvpInput[];
}

/** A home subscriber server on Cx: TS 29.228 §6 (procedures), TS 29.229 (messages). Its store is in memory. */
export class Hss implements NetworkFunction {
  readonly node: NetworkNode;
  readonly #setup: HssSetup;
  readonly #environment: NetEnvironment;
  readonly #peer: DiameterPeer;
  readonly #byPrivate = new Map<string, Subscriber>();
  readonly #byPublic = new Map<string, Subscriber>();

  constructor(setup: HssSetup) {
    this.node = setup.node;
    this.#setup = setup;
    this.#environment = setup.environment;
    this.#peer = new DiameterPeer({
      node: setup.node.name,
      originHost: setup.originHost,
      originRealm: setup.originRealm,
      applications: [application3gpp(APPLICATION_ID.Cx)],
      environment: setup.environment,
      ...(setup.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: setup.requestTimeoutMs }),
    });
    this.#peer.serve(COMMAND.UAR, (request) => this.#answer(request, () => this.#userAuthorization(request)));
    this.#peer.serve(COMMAND.MAR, (request) => this.#answer(request, () => this.#multimediaAuth(request)));
    this.#peer.serve(COMMAND.SAR, (request) => this.#answer(request, () => this.#serverAssignment(request)));
    this.#peer.serve(COMMAND.LIR, (request) => this.#answer(request, () => this.#locationInfo(request)));
    for (const subscriber of setup.subscribers ?? []) this.provision(subscriber);
  }

  start(): Promise<void> {
    return this.#peer.listen(this.#setup.listen);
  }

  stop(): Promise<void> {
    return this.#peer.stop();
  }

  leftovers(): readonly string[] {
    return this.#peer.leftovers();
  }

  /** Adds a subscriber, or replaces the one with that private identity. */
  provision(input: SubscriberInput): void {
    const subscriber = new Subscriber(input);
    this.#byPrivate.set(subscriber.privateIdentity, subscriber);
    for (const { identity } of subscriber.publicIdentities) this.#byPublic.set(canonicalIdentity(identity), subscriber);
  }

  /** State of a public identity; null where nobody has it. */
  registration(publicIdentity: string): RegistrationView | null {
    const subscriber = this.#byPublic.get(canonicalIdentity(publicIdentity));
    if (subscriber === undefined) return null;
    const { state, serverName, authenticationPending } = subscriber;
    return { state, serverName, authenticationPending };
  }

  /** RTR: de-registers a subscriber at his S-CSCF; true where the S-CSCF agreed. TS 29.228 §6.1.3. */
  async deregister(privateIdentity: string, reason: DeregistrationReason, info?: string): Promise<boolean> {
    const subscriber = this.#byPrivate.get(privateIdentity);
    if (subscriber?.serverHost == null) return false;
    const answer = await this.#push('RTR', subscriber, [
      ...subscriber.publicIdentities.map(({ identity }): AvpInput => ['Public-Identity', identity]),
      [
        'Deregistration-Reason',
        [
          ['Reason-Code', reason],
          ['Reason-Info', info],
        ],
      ],
    ]);
    const done = answer !== null && resultOf(answer)?.code === SUCCESS;
    if (done) clearServer(subscriber, 'not-registered');
    return done;
  }

  /** PPR: sends the profile as it is now to the S-CSCF; true where it was taken. TS 29.228 §6.2.2. */
  async pushProfile(privateIdentity: string): Promise<boolean> {
    const subscriber = this.#byPrivate.get(privateIdentity);
    if (subscriber?.serverHost == null) return false;
    const answer = await this.#push('PPR', subscriber, [['User-Data', userData(subscriber)]]);
    return answer !== null && resultOf(answer)?.code === SUCCESS;
  }

  /** UAR, TS 29.228 §6.1.1.1: the checks in their order, then the state decides. */
  #userAuthorization(request: DiameterMessage): Reply {
    const identified = this.#identify(request);
    if (!(identified instanceof Subscriber)) return identified;
    const subscriber = identified;
    const type = enumeratedOf(request, 'User-Authorization-Type') ?? 'REGISTRATION';
    const emergency = ((numberOf(request, 'UAR-Flags') ?? 0) & EMERGENCY_REGISTRATION) !== 0;
    // A barred identity may be registered where another one of its set may be used.
    if (!emergency && subscriber.publicIdentities.every(({ barred }) => barred))
      return { base: AUTHORIZATION_REJECTED };
    if (type === 'DE_REGISTRATION') {
      if (subscriber.serverName === null) return { experimental: CX.IDENTITY_NOT_REGISTERED };
      return { base: SUCCESS, avps: this.#serverName(subscriber) };
    }
    const visited = textOf(request, 'Visited-Network-Identifier') ?? '';
    const { allowedVisitedNetworks: allowed } = subscriber;
    if (!emergency && allowed !== null && !allowed.includes(visited)) return { experimental: CX.ROAMING_NOT_ALLOWED };
    if (type === 'REGISTRATION_AND_CAPABILITIES') return { base: SUCCESS, avps: this.#capabilities() };
    if (subscriber.serverName === null) return { experimental: CX.FIRST_REGISTRATION, avps: this.#capabilities() };
    return { experimental: CX.SUBSEQUENT_REGISTRATION, avps: this.#serverName(subscriber) };
  }

  /** MAR, TS 29.228 §6.3.1: resynchronisation first, then vectors; the S-CSCF is remembered with the authentication pending flag. */
  #multimediaAuth(request: DiameterMessage): Reply {
    const identified = this.#identify(request);
    if (!(identified instanceof Subscriber)) return identified;
    const subscriber = identified;
    const scheme = textOf(request, 'SIP-Auth-Data-Item', 'SIP-Authentication-Scheme');
    if (scheme !== AKA_SCHEME && scheme !== 'Unknown') return { experimental: CX.AUTH_SCHEME_NOT_SUPPORTED };
    const resynchronisation = octetsOf(request, 'SIP-Auth-Data-Item', 'SIP-Authorization');
    if (resynchronisation !== undefined) {
      const [rand, auts] = [resynchronisation.subarray(0, 16), resynchronisation.subarray(16)];
      if (!subscriber.resynchronise(rand, auts)) return { base: UNABLE_TO_COMPLY };
    }
    const server = textOf(request, 'Server-Name') ?? null;
    if (subscriber.serverName !== server || subscriber.state === 'not-registered') {
      subscriber.serverName = server;
      subscriber.authenticationPending = true;
    }
    subscriber.serverHost = textOf(request, 'Origin-Host') ?? null;
    const count = Math.min(Math.max(numberOf(request, 'SIP-Number-Auth-Items') ?? 1, 1), MAX_VECTORS);
    const items = Array.from({ length: count }, (_, index) => this.#authDataItem(subscriber, index, count));
    return {
      base: SUCCESS,
      avps: [
        ['User-Name', subscriber.privateIdentity],
        ['Public-Identity', textOf(request, 'Public-Identity')],
        ['SIP-Number-Auth-Items', count],
        ...items,
      ],
    };
  }

  #authDataItem(subscriber: Subscriber, index: number, count: number): AvpInput {
    const rand = this.#environment.random.bytes(16);
    const vector = this.#has('gives-stale-vectors') ? subscriber.staleVector(rand) : subscriber.nextVector(rand);
    return [
      'SIP-Auth-Data-Item',
      [
        ['SIP-Item-Number', count > 1 ? index + 1 : undefined],
        ['SIP-Authentication-Scheme', AKA_SCHEME],
        ['SIP-Authenticate', Buffer.concat([vector.rand, vector.autn])],
        ['SIP-Authorization', vector.xres],
        ['Confidentiality-Key', vector.ck],
        ['Integrity-Key', this.#has('leaves-out-integrity-key') ? undefined : vector.ik],
      ],
    ];
  }

  /** SAR, TS 29.228 §6.1.2.1: the table above says what each type does. */
  #serverAssignment(request: DiameterMessage): Reply {
    const identified = this.#identify(request);
    if (!(identified instanceof Subscriber)) return identified;
    const subscriber = identified;
    const type = enumeratedOf(request, 'Server-Assignment-Type');
    const row = assignmentOf(type);
    if (row === undefined) return { base: UNABLE_TO_COMPLY };
    const identities = textsOf(request, 'Public-Identity');
    if (identities.length > 1 && !row.several) return { base: OCCURS_TOO_MANY_TIMES };
    const server = textOf(request, 'Server-Name') ?? '';
    const assigned = subscriber.serverName;
    const other = assigned !== null && assigned !== server;
    if (type === 'NO_ASSIGNMENT' && assigned !== server) return { base: UNABLE_TO_COMPLY };
    if (other && row.server === 'store' && !subscriber.authenticationPending) {
      return { experimental: CX.IDENTITY_ALREADY_REGISTERED, avps: [['Server-Name', assigned]] };
    }
    if (other && row.server !== 'store') return { base: UNABLE_TO_COMPLY };
    this.#assign(subscriber, row, server, textOf(request, 'Origin-Host') ?? null);
    const available = numberOf(request, 'User-Data-Already-Available') === 1;
    const sends = row.profile === 'send' || (row.profile === 'send-unless-available' && !available);
    return {
      base: SUCCESS,
      avps: [
        ['User-Name', subscriber.privateIdentity],
        ['User-Data', sends && !this.#has('leaves-out-user-data') ? userData(subscriber) : undefined],
        ...(sends ? this.#charging() : []),
      ],
    };
  }

  #assign(subscriber: Subscriber, row: AssignmentRow, server: string, host: string | null): void {
    subscriber.authenticationPending = false;
    if (row.server === 'clear') clearServer(subscriber, 'not-registered');
    else if (row.server === 'clear-unless-registered') {
      if (subscriber.state === 'not-registered') clearServer(subscriber, 'not-registered');
    } else if (row.server === 'store') {
      subscriber.serverName = server;
      subscriber.serverHost = host;
    }
    if (row.state !== 'keep') subscriber.state = row.state;
  }

  /** LIR, TS 29.228 §6.1.4.1. */
  #locationInfo(request: DiameterMessage): Reply {
    const identified = this.#identify(request);
    if (!(identified instanceof Subscriber)) return identified;
    const subscriber = identified;
    if (enumeratedOf(request, 'User-Authorization-Type') === 'REGISTRATION_AND_CAPABILITIES') {
      return { base: SUCCESS, avps: this.#capabilities() };
    }
    if (subscriber.state !== 'not-registered') return { base: SUCCESS, avps: this.#serverName(subscriber) };
    if (!subscriber.hasUnregisteredServices) return { experimental: CX.IDENTITY_NOT_REGISTERED };
    // An S-CSCF that is authenticating him right now is the one to take.
    if (subscriber.serverName !== null) return { base: SUCCESS, avps: this.#serverName(subscriber) };
    return { experimental: CX.UNREGISTERED_SERVICE, avps: this.#capabilities() };
  }

  /** The subscriber that the request is about; 5001 where an identity is unknown, 5002 where they do not belong together. */
  #identify(request: DiameterMessage): Subscriber | Reply {
    if (this.#has('knows-nobody')) return { experimental: CX.USER_UNKNOWN };
    const privateIdentity = textOf(request, 'User-Name');
    const byPrivate = privateIdentity === undefined ? undefined : this.#byPrivate.get(privateIdentity);
    if (privateIdentity !== undefined && byPrivate === undefined) return { experimental: CX.USER_UNKNOWN };
    const publicIdentities = textsOf(request, 'Public-Identity');
    const owners = publicIdentities.map((identity) => this.#byPublic.get(canonicalIdentity(identity)));
    if (owners.includes(undefined)) return { experimental: CX.USER_UNKNOWN };
    const subscriber = byPrivate ?? owners[0];
    if (subscriber === undefined) return { base: MISSING_AVP };
    if (owners.some((owner) => owner !== subscriber)) return { experimental: CX.IDENTITIES_DONT_MATCH };
    return subscriber;
  }

  #answer(request: DiameterMessage, reply: () => Reply): DiameterMessage | null {
    if (this.#has('answers-nothing')) return null;
    if (this.#has('too-busy')) {
      return buildAnswer(request, [['Result-Code', TOO_BUSY], ...this.#origin()], { error: true });
    }
    const { base, experimental, avps = [] } = reply();
    const answer = buildAnswer(request, [
      CX_APPLICATION,
      ['Result-Code', base],
      [
        'Experimental-Result',
        experimental === undefined
          ? undefined
          : [
              ['Vendor-Id', VENDOR_3GPP],
              ['Experimental-Result-Code', experimental],
            ],
      ],
      ['Auth-Session-State', 'NO_STATE_MAINTAINED'],
      ...this.#origin(),
      ...avps,
    ]);
    if (!this.#has('gives-both-results') || experimental === undefined) return answer;
    return editDiameter(answer).append(['Result-Code', SUCCESS]).done();
  }

  /** Null where the S-CSCF does not answer. */
  #push(command: 'RTR' | 'PPR', subscriber: Subscriber, avps: readonly AvpInput[]): Promise<DiameterMessage | null> {
    return this.#peer.ask(
      buildDiameter({
        command,
        endToEnd: this.#peer.newEndToEnd(),
        avps: [
          ['Session-Id', this.#peer.newSessionId()],
          CX_APPLICATION,
          ['Auth-Session-State', 'NO_STATE_MAINTAINED'],
          ...this.#origin(),
          ['Destination-Host', subscriber.serverHost ?? undefined],
          ['Destination-Realm', this.#setup.originRealm],
          ['User-Name', subscriber.privateIdentity],
          ...avps,
        ],
      }),
    );
  }

  #origin(): readonly AvpInput[] {
    return [
      ['Origin-Host', this.#setup.originHost],
      ['Origin-Realm', this.#setup.originRealm],
    ];
  }

  #serverName(subscriber: Subscriber): readonly AvpInput[] {
    return [['Server-Name', this.#has('forgets-server-name') ? undefined : (subscriber.serverName ?? undefined)]];
  }

  #capabilities(): readonly AvpInput[] {
    const { serverCapabilities } = this.#setup;
    if (serverCapabilities === undefined) return [];
    const members: readonly AvpInput[] = [
      ...(serverCapabilities.mandatory ?? []).map((capability): AvpInput => ['Mandatory-Capability', capability]),
      ...(serverCapabilities.serverNames ?? []).map((name): AvpInput => ['Server-Name', name]),
    ];
    return [['Server-Capabilities', members]];
  }

  #charging(): readonly AvpInput[] {
    const name = this.#setup.chargingCollectionFunction;
    return name === undefined ? [] : [['Charging-Information', [['Primary-Charging-Collection-Function-Name', name]]]];
  }

  #has(behaviour: HssBehaviour): boolean {
    return this.#setup.behaviours?.includes(behaviour) ?? false;
  }
}

function clearServer(subscriber: Subscriber, state: RegistrationState): void {
  subscriber.state = state;
  subscriber.serverName = null;
  subscriber.serverHost = null;
  subscriber.authenticationPending = false;
}

function userData(subscriber: Subscriber): Uint8Array {
  return Buffer.from(buildUserProfile(subscriber.userProfile()), 'utf8');
}
