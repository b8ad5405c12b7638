import { type DiameterAddress, DiameterPeer } from '../net/diameter-peer.js';
import { application3gpp } from '../net/diameter-peer-connection.js';
import type { NetworkNode } from '../profile/profile.js';
import { printIPv6 } from '../wire/diameter/avp-value.js';
import { type AvpInput, buildAnswer, buildDiameter } from '../wire/diameter/build.js';
import { APPLICATION_ID, VENDOR_3GPP } from '../wire/diameter/dictionary.js';
import { enumeratedOf, find, findAll, numberOf, octetsOf, resultOf, textOf, textsOf } from '../wire/diameter/find.js';
import type { Avp, DiameterMessage } from '../wire/diameter/message.js';
import type { BehaviourRow, FunctionSetup, NetworkFunction } from './network-function.js';
import type { FlowStatus, RxMediaType, SpecificAction } from './rx-client.js';

/** Ways in which this PCRF can misbehave. */
export const PCRF_BEHAVIOURS = {
  'answers-nothing': { does: 'leaves every Rx request without an answer', clause: 'RFC 6733 §6.2' },
  'refuses-service': { does: 'answers REQUESTED_SERVICE_NOT_AUTHORIZED to every AAR', clause: 'TS 29.214 §4.4.1' },
  'loses-sessions': { does: 'knows no session when the STR comes', clause: 'TS 29.214 §4.4.4' },
  'gives-both-results': { does: 'puts Experimental-Result beside Result-Code', clause: 'RFC 6733 §7.6' },
} as const satisfies Readonly<Record<string, BehaviourRow>>;
export type PcrfBehaviour = keyof typeof PCRF_BEHAVIOURS;

/** A bearer of one media component as the access network would be told (Gx is not simulated). Bandwidths in bit/s. */
export interface Bearer {
  readonly component: number;
  readonly mediaType: RxMediaType;
  readonly flowStatus: FlowStatus;
  /** Standardised QoS class, TS 23.203 §6.1.7.2: 1 for conversational voice, 2 for conversational video. */
  readonly qci: number;
  readonly uplink: number;
  readonly downlink: number;
  readonly flowDescriptions: readonly string[];
}

/** What happens at the bearer plane. */
export interface BearerEvent {
  readonly kind: 'set-up' | 'modified' | 'released';
  readonly sessionId: string;
  readonly framedAddress: string;
  readonly bearers: readonly Bearer[];
}

export interface PcrfSetup extends FunctionSetup<PcrfBehaviour> {
  readonly originHost: string;
  readonly originRealm: string;
  readonly listen: DiameterAddress;
  /** Told whenever bearers would change. */
  readonly onBearer?: (event: BearerEvent) => void;
  /** Whether there is an IP-CAN session with this address; default: there is. */
  readonly hasIpCanSession?: (framedAddress: string) => boolean;
  /** What subscribers may use; default audio, video and text. */
  readonly allowedMedia?: readonly RxMediaType[];
  readonly requestTimeoutMs?: number;
}

/** An AF session at the PCRF. */
export interface AfSession {
  readonly id: string;
  readonly framedAddress: string;
  readonly afChargingIdentifier: string | null;
  readonly bearers: readonly Bearer[];
}

interface StoredSession extends AfSession {
  readonly host: string;
  readonly realm: string;
  readonly actions: readonly string[];
}

type Reply = { readonly base: number } | { readonly experimental: number };

const SUCCESS = 2001;
const UNKNOWN_SESSION_ID = 5002;
/** Experimental-Result-Code of Rx, TS 29.214 §5.5. */
const RX = {
  INVALID_SERVICE_INFORMATION: 5061,
  FILTER_RESTRICTIONS: 5062,
  REQUESTED_SERVICE_NOT_AUTHORIZED: 5063,
  'IP-CAN_SESSION_NOT_AVAILABLE': 5065,
} as const;

const COMMAND = { AAR: 265, STR: 275 } as const;
const QCI: Partial<Record<RxMediaType, number>> = { AUDIO: 1, VIDEO: 2 };
/** QCI of everything that is neither: non-conversational. */
const OTHER_QCI = 9;
const DEFAULT_MEDIA: readonly RxMediaType[] = ['AUDIO', 'VIDEO', 'TEXT'];
const MEDIA_TYPES: readonly RxMediaType[] = [
  'AUDIO',
  'VIDEO',
  'DATA',
  'APPLICATION',
  'CONTROL',
  'TEXT',
  'MESSAGE',
  'OTHER',
];
const FLOW_STATUSES: readonly FlowStatus[] = ['ENABLED', 'ENABLED-UPLINK', 'ENABLED-DOWNLINK', 'DISABLED', 'REMOVED'];

/** Filters that TS 29.214 §5.3.8 allows: action permit, a direction, no inverter and no options. */
const ALLOWED_FILTER =
  /^permit (in|out) (ip|\d{1,3}) from [0-9a-fA-F:./any]+( [0-9,-]+)? to [0-9a-fA-F:./any]+( [0-9,-]+)?$/;

/** A policy and charging rules function on Rx: TS 29.214. Sessions are in memory, bearers are told to the embedder. */
export class Pcrf implements NetworkFunction {
  readonly node: NetworkNode;
  readonly #setup: PcrfSetup;
  readonly #peer: DiameterPeer;
  readonly #sessions = new Map<string, StoredSession>();
  #chargingIdentifiers = 0;

  constructor(setup: PcrfSetup) {
    this.node = setup.node;
    this.#setup = setup;
    this.#peer = new DiameterPeer({
      node: setup.node.name,
      originHost: setup.originHost,
      originRealm: setup.originRealm,
      applications: [application3gpp(APPLICATION_ID.Rx)],
      environment: setup.environment,
      ...(setup.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: setup.requestTimeoutMs }),
    });
    this.#peer.serve(COMMAND.AAR, (request) => this.#authorize(request));
    this.#peer.serve(COMMAND.STR, (request) => this.#terminate(request));
  }

  start(): Promise<void> {
    return this.#peer.listen(this.#setup.listen);
  }

  stop(): Promise<void> {
    return this.#peer.stop();
  }

  leftovers(): readonly string[] {
    const open = [...this.#sessions.keys()].map((id) => `${this.node.name}: AF session ${id} was not terminated`);
    return [...open, ...this.#peer.leftovers()];
  }

  /** AF sessions that are open. */
  get sessions(): readonly AfSession[] {
    return [...this.#sessions.values()];
  }

  /** RAR: reports something that the AF has asked for. True where the AF took it. TS 29.214 §4.4.6. */
  async report(
    sessionId: string,
    actions: readonly SpecificAction[],
    components: readonly number[] = [],
  ): Promise<boolean> {
    const answer = await this.#send('RAR', sessionId, [
      ...actions.map((action): AvpInput => ['Specific-Action', action]),
      ...components.map((component): AvpInput => ['Flows', [['Media-Component-Number', component]]]),
    ]);
    return answer !== null && resultOf(answer)?.code === SUCCESS;
  }

  /** ASR: the bearers are gone, the AF has to end the session. TS 29.214 §4.4.6.1. */
  async abort(
    sessionId: string,
    cause: 'BEARER_RELEASED' | 'INSUFFICIENT_SERVER_RESOURCES' | 'INSUFFICIENT_BEARER_RESOURCES' | 'PS_TO_CS_HANDOVER',
  ): Promise<boolean> {
    const answer = await this.#send('ASR', sessionId, [['Abort-Cause', cause]]);
    return answer !== null && resultOf(answer)?.code === SUCCESS;
  }

  /** AAR, TS 29.214 §4.4.1 (first) and §4.4.2 (further ones). */
  #authorize(request: DiameterMessage): DiameterMessage | null {
    if (this.#has('answers-nothing')) return null;
    const id = textOf(request, 'Session-Id') ?? '';
    const known = this.#sessions.get(id);
    if (known === undefined && enumeratedOf(request, 'Rx-Request-Type') === 'UPDATE_REQUEST') {
      return this.#answer(request, { base: UNKNOWN_SESSION_ID });
    }
    const framedAddress = framedAddressOf(request) ?? known?.framedAddress;
    const refusal = this.#refusal(request, framedAddress);
    if (refusal !== null || framedAddress === undefined) {
      return this.#answer(request, refusal ?? { experimental: RX['IP-CAN_SESSION_NOT_AVAILABLE'] });
    }
    const session = this.#store(request, id, framedAddress, known);
    // The answer leaves before the bearer is set up, as the network would do it.
    this.#setup.environment.clock.after(0, () => this.#bearersChanged(session, known));
    return this.#answer(request, { base: SUCCESS }, this.#chargingIdentifier(known));
  }

  #refusal(request: DiameterMessage, framedAddress: string | undefined): Reply | null {
    if (framedAddress === undefined || this.#setup.hasIpCanSession?.(framedAddress) === false) {
      return { experimental: RX['IP-CAN_SESSION_NOT_AVAILABLE'] };
    }
    const components = findAll(request, 'Media-Component-Description');
    if (components.some((component) => numberOf(component, 'Media-Component-Number') === undefined)) {
      return { experimental: RX.INVALID_SERVICE_INFORMATION };
    }
    const filters = textsOf(request, 'Media-Component-Description', 'Media-Sub-Component', 'Flow-Description');
    if (filters.some((filter) => !ALLOWED_FILTER.test(filter))) return { experimental: RX.FILTER_RESTRICTIONS };
    const allowed = this.#setup.allowedMedia ?? DEFAULT_MEDIA;
    const refused = components.some((component) => {
      const mediaType = mediaTypeOf(component);
      return flowStatusOf(component) !== 'REMOVED' && mediaType !== null && !allowed.includes(mediaType);
    });
    return refused || this.#has('refuses-service') ? { experimental: RX.REQUESTED_SERVICE_NOT_AUTHORIZED } : null;
  }

  #store(request: DiameterMessage, id: string, framedAddress: string, known: StoredSession | undefined): StoredSession {
    const bearers = new Map((known?.bearers ?? []).map((bearer) => [bearer.component, bearer]));
    for (const component of findAll(request, 'Media-Component-Description')) {
      const number = numberOf(component, 'Media-Component-Number') ?? 0;
      if (flowStatusOf(component) === 'REMOVED') bearers.delete(number);
      else bearers.set(number, bearerOf(component, number, bearers.get(number)));
    }
    const actions = findAll(request, 'Specific-Action').map((avp) => String(avp.value));
    const session: StoredSession = {
      id,
      framedAddress,
      afChargingIdentifier: textOf(request, 'AF-Charging-Identifier') ?? known?.afChargingIdentifier ?? null,
      bearers: [...bearers.values()],
      host: textOf(request, 'Origin-Host') ?? '',
      realm: textOf(request, 'Origin-Realm') ?? '',
      actions: actions.length > 0 ? actions : (known?.actions ?? []),
    };
    this.#sessions.set(id, session);
    return session;
  }

  #bearersChanged(session: StoredSession, known: StoredSession | undefined): void {
    const { id: sessionId, framedAddress, bearers } = session;
    if (bearers.length === 0 && (known?.bearers.length ?? 0) === 0) return;
    const kind =
      known === undefined || known.bearers.length === 0 ? 'set-up' : bearers.length === 0 ? 'released' : 'modified';
    this.#setup.onBearer?.({ kind, sessionId, framedAddress, bearers });
  }

  /** STR, TS 29.214 §4.4.4. */
  #terminate(request: DiameterMessage): DiameterMessage | null {
    if (this.#has('answers-nothing')) return null;
    const id = textOf(request, 'Session-Id') ?? '';
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    if (session === undefined || this.#has('loses-sessions'))
      return this.#answer(request, { base: UNKNOWN_SESSION_ID });
    const { framedAddress, bearers } = session;
    if (bearers.length > 0) {
      this.#setup.environment.clock.after(0, () =>
        this.#setup.onBearer?.({ kind: 'released', sessionId: id, framedAddress, bearers }),
      );
    }
    return this.#answer(request, { base: SUCCESS });
  }

  #answer(request: DiameterMessage, reply: Reply, avps: readonly AvpInput[] = []): DiameterMessage {
    const experimental = (code: number): AvpInput => [
      'Experimental-Result',
      [
        ['Vendor-Id', VENDOR_3GPP],
        ['Experimental-Result-Code', code],
      ],
    ];
    const result: readonly AvpInput[] =
      'base' in reply ? [['Result-Code', reply.base]] : [experimental(reply.experimental)];
    const second = 'base' in reply && this.#has('gives-both-results') ? [experimental(RX.FILTER_RESTRICTIONS)] : [];
    const application: readonly AvpInput[] =
      request.commandCode === COMMAND.AAR ? [['Auth-Application-Id', APPLICATION_ID.Rx]] : [];
    return buildAnswer(request, [...application, ...result, ...second, ...this.#origin(), ...avps]);
  }

  /** Given once, with the first answer: the identifier of the charging record of the access. TS 29.214 §5.3.3. */
  #chargingIdentifier(known: StoredSession | undefined): readonly AvpInput[] {
    if (known !== undefined) return [];
    this.#chargingIdentifiers += 1;
    const value = Buffer.alloc(4);
    value.writeUInt32BE(this.#chargingIdentifiers);
    return [
      ['Access-Network-Charging-Identifier', [['Access-Network-Charging-Identifier-Value', value]]],
      ['IP-CAN-Type', '3GPP-EPS'],
      ['RAT-Type', 'EUTRAN'],
    ];
  }

  async #send(command: 'RAR' | 'ASR', sessionId: string, avps: readonly AvpInput[]): Promise<DiameterMessage | null> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return null;
    return this.#peer.ask(
      buildDiameter({
        command,
        applicationId: APPLICATION_ID.Rx,
        endToEnd: this.#peer.newEndToEnd(),
        avps: [
          ['Session-Id', sessionId],
          ...this.#origin(),
          ['Destination-Realm', session.realm],
          ['Destination-Host', session.host],
          ['Auth-Application-Id', APPLICATION_ID.Rx],
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

  #has(behaviour: PcrfBehaviour): boolean {
    return this.#setup.behaviours?.includes(behaviour) ?? false;
  }
}

function framedAddressOf(request: DiameterMessage): string | undefined {
  const four = octetsOf(request, 'Framed-IP-Address');
  if (four?.length === 4) return four.join('.');
  const six = octetsOf(request, 'Framed-IPv6-Prefix');
  if (six === undefined || six.length < 2) return undefined;
  const prefix = Buffer.alloc(16);
  prefix.set(six.subarray(2, 18));
  return printIPv6(prefix);
}

/** A component that an update does not repeat in full keeps what was said before. */
function bearerOf(component: Avp, number: number, before: Bearer | undefined): Bearer {
  const mediaType = mediaTypeOf(component) ?? before?.mediaType ?? 'OTHER';
  const filters = textsOf(component, 'Media-Sub-Component', 'Flow-Description');
  return {
    component: number,
    mediaType,
    flowStatus: flowStatusOf(component) ?? before?.flowStatus ?? 'ENABLED',
    qci: QCI[mediaType] ?? OTHER_QCI,
    uplink: numberOf(component, 'Max-Requested-Bandwidth-UL') ?? before?.uplink ?? 0,
    downlink: numberOf(component, 'Max-Requested-Bandwidth-DL') ?? before?.downlink ?? 0,
    flowDescriptions: filters.length > 0 ? filters : (before?.flowDescriptions ?? []),
  };
}

function mediaTypeOf(component: Avp): RxMediaType | null {
  if (find(component, 'Media-Type') === undefined) return null;
  const name = enumeratedOf(component, 'Media-Type');
  return MEDIA_TYPES.find((type) => type === name) ?? 'OTHER';
}

function flowStatusOf(component: Avp): FlowStatus | null {
  const name = enumeratedOf(component, 'Flow-Status');
  return FLOW_STATUSES.find((status) => status === name) ?? null;
}
