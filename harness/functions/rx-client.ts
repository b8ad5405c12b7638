import type { DiameterPeerError } from '../net/diameter-peer-connection.js';
import { parseIPv4, parseIPv6 } from '../wire/diameter/avp-value.js';
import { type AvpInput, buildAnswer, buildDiameter } from '../wire/diameter/build.js';
import { APPLICATION_ID, avpByName, resultCode } from '../wire/diameter/dictionary.js';
import { enumeratedOf, findAll, octetsOf, resultOf, textOf } from '../wire/diameter/find.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import { DiameterClient, type DiameterClientSetup } from './diameter-client.js';

/** Gate of a flow, TS 29.214 §5.3.11. */
export type FlowStatus = 'ENABLED' | 'ENABLED-UPLINK' | 'ENABLED-DOWNLINK' | 'DISABLED' | 'REMOVED';
export type RxMediaType = 'AUDIO' | 'VIDEO' | 'DATA' | 'APPLICATION' | 'CONTROL' | 'TEXT' | 'MESSAGE' | 'OTHER';

/** One IP flow pair of a media component: RTP or RTCP. TS 29.214 §5.3.17. */
export interface RxFlow {
  readonly number: number;
  /** IPFilterRules, uplink (`permit in …`) and downlink (`permit out …`). */
  readonly descriptions: readonly string[];
  readonly usage: 'NO_INFORMATION' | 'RTCP' | 'AF_SIGNALLING';
  /** Only where it differs from that of the component. */
  readonly status?: FlowStatus;
}

/** One m= line as the PCRF is told of it. TS 29.214 §5.3.16, TS 29.213 §6.2. Bandwidths in bit/s. */
export interface RxMediaComponent {
  /** Position of the m= line, from 1. */
  readonly number: number;
  readonly mediaType: RxMediaType;
  readonly flowStatus: FlowStatus;
  readonly maxRequestedBandwidthUplink?: number;
  readonly maxRequestedBandwidthDownlink?: number;
  readonly rsBandwidth?: number;
  readonly rrBandwidth?: number;
  /** Codec-Data, TS 29.214 §5.3.7: `uplink\noffer\n<sdp lines>` … */
  readonly codecData: readonly string[];
  readonly flows: readonly RxFlow[];
}

/** Specific-Action that the P-CSCF asks to be told of. TS 29.214 §5.3.13. */
export type SpecificAction =
  | 'CHARGING_CORRELATION_EXCHANGE'
  | 'INDICATION_OF_LOSS_OF_BEARER'
  | 'INDICATION_OF_RECOVERY_OF_BEARER'
  | 'INDICATION_OF_RELEASE_OF_BEARER'
  | 'IP-CAN_CHANGE'
  | 'INDICATION_OF_OUT_OF_CREDIT'
  | 'INDICATION_OF_SUCCESSFUL_RESOURCES_ALLOCATION'
  | 'INDICATION_OF_FAILED_RESOURCES_ALLOCATION'
  | 'ACCESS_NETWORK_INFO_REPORT';

/** What a P-CSCF asks for a SIP session. */
export interface RxAuthorization {
  /** Address of the UE's bearer, IPv4 or IPv6. */
  readonly framedAddress: string;
  readonly components: readonly RxMediaComponent[];
  /** icid-value of the session. */
  readonly afChargingIdentifier?: string;
  /** Default: the ICSI of MMTel. */
  readonly afApplicationIdentifier?: string;
  /** A public identity of the user: a SIP URI, or the digits of a tel URI. */
  readonly subscription?: { readonly type: 'END_USER_SIP_URI' | 'END_USER_E164'; readonly data: string };
  /** PRELIMINARY while the offer has no answer. */
  readonly serviceInfoStatus?: 'FINAL_SERVICE_INFORMATION' | 'PRELIMINARY_SERVICE_INFORMATION';
  readonly specificActions?: readonly SpecificAction[];
  readonly forking?: 'SINGLE_DIALOGUE' | 'SEVERAL_DIALOGUES';
  readonly serviceUrn?: string;
}

/** Results of Rx by name, TS 29.214 §5.5; `UNREACHABLE` where no answer came. */
export type RxResult =
  | 'SUCCESS'
  | 'INVALID_SERVICE_INFORMATION'
  | 'FILTER_RESTRICTIONS'
  | 'REQUESTED_SERVICE_NOT_AUTHORIZED'
  | 'DUPLICATED_AF_SESSION'
  | 'IP-CAN_SESSION_NOT_AVAILABLE'
  | 'UNAUTHORIZED_NON_EMERGENCY_SESSION'
  | 'REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED'
  | 'UNKNOWN_SESSION'
  | 'UNREACHABLE'
  | 'OTHER';

export interface RxAnswer {
  readonly ok: boolean;
  readonly result: RxResult;
  readonly code: number | null;
}

/** An Rx session of one SIP session; give it back to `modify` and `terminate`. */
export interface RxSession {
  readonly id: string;
  readonly framedAddress: string;
}

export interface RxAuthorizationAnswer extends RxAnswer {
  /** Null where the PCRF refused or did not answer. */
  readonly session: RxSession | null;
  /** Access-Network-Charging-Identifier-Value in hexadecimal digits. */
  readonly accessNetworkChargingIdentifier: string | null;
}

/** What the PCRF reports on a session (RAR). TS 29.214 §4.4.6. */
export interface RxEvent {
  readonly sessionId: string;
  readonly actions: readonly string[];
  /** Media component numbers that it is about; empty: all. */
  readonly components: readonly number[];
}

/** The PCRF ends a session (ASR); the P-CSCF ends the call and then terminates the Rx session. */
export interface RxAbort {
  readonly sessionId: string;
  /** `BEARER_RELEASED`, `INSUFFICIENT_BEARER_RESOURCES`, … */
  readonly cause: string;
}

/** The MMTel communication service identifier, TS 24.173 §5.1. */
export const MMTEL_ICSI = 'urn:urn-7:3gpp-service.ims.icsi.mmtel';

const SUCCESS = 2001;
const UNKNOWN_SESSION_ID = 5002;

/** The P-CSCF's side of Rx. TS 29.214 §4.4. */
export class RxClient {
  readonly #client: DiameterClient;
  readonly #setup: DiameterClientSetup;
  readonly #open = new Set<string>();

  constructor(setup: DiameterClientSetup) {
    this.#setup = setup;
    this.#client = new DiameterClient(setup, APPLICATION_ID.Rx);
  }

  start(): Promise<void> {
    return this.#client.start();
  }

  stop(): Promise<void> {
    return this.#client.stop();
  }

  /** Sessions that were not terminated, and troubles of the connection. */
  leftovers(): readonly string[] {
    const sessions = [...this.#open].map((id) => `${this.#setup.node}: Rx session ${id} is still open`);
    return [...sessions, ...this.#client.peer.leftovers()];
  }

  /** The first AAR of a session. */
  async authorize(authorization: RxAuthorization): Promise<RxAuthorizationAnswer> {
    const session = { id: this.#client.peer.newSessionId(), framedAddress: authorization.framedAddress };
    const answer = await this.#authorize(session, authorization, 'INITIAL_REQUEST');
    if (answer.ok) this.#open.add(session.id);
    return { ...answer, session: answer.ok ? session : null };
  }

  /** A further AAR: a new answer, an opened gate, hold, added or removed media. */
  async modify(session: RxSession, change: Omit<RxAuthorization, 'framedAddress'>): Promise<RxAuthorizationAnswer> {
    const answer = await this.#authorize(
      session,
      { ...change, framedAddress: session.framedAddress },
      'UPDATE_REQUEST',
    );
    return { ...answer, session: answer.ok ? session : null };
  }

  /** STR: the SIP session has ended. */
  async terminate(session: RxSession, cause = 'DIAMETER_LOGOUT'): Promise<RxAnswer> {
    this.#open.delete(session.id);
    const answer = await this.#client.request(
      this.#build('STR', session.id, [
        ['Termination-Cause', cause],
        ['Destination-Host', this.#setup.destinationHost],
      ]),
    );
    return outcome(answer);
  }

  /** RAR: called for each, the answer says success. */
  onEvent(handler: (event: RxEvent) => void): void {
    this.#client.peer.serve(258, (request) => {
      const sessionId = textOf(request, 'Session-Id') ?? '';
      if (!this.#open.has(sessionId)) return this.#answer(request, UNKNOWN_SESSION_ID);
      handler({
        sessionId,
        actions: findAll(request, 'Specific-Action').flatMap(({ value }) =>
          typeof value === 'number' ? (SPECIFIC_ACTIONS()?.get(value) ?? String(value)) : [],
        ),
        components: findAll(request, 'Flows', 'Media-Component-Number').flatMap(({ value }) =>
          typeof value === 'number' ? value : [],
        ),
      });
      return this.#answer(request, SUCCESS);
    });
  }

  /** ASR: called for each, the answer says success. */
  onAbort(handler: (abort: RxAbort) => void): void {
    this.#client.peer.serve(274, (request) => {
      const sessionId = textOf(request, 'Session-Id') ?? '';
      if (!this.#open.has(sessionId)) return this.#answer(request, UNKNOWN_SESSION_ID);
      handler({ sessionId, cause: enumeratedOf(request, 'Abort-Cause') ?? 'BEARER_RELEASED' });
      return this.#answer(request, SUCCESS);
    });
  }

  async #authorize(
    session: RxSession,
    authorization: RxAuthorization,
    type: 'INITIAL_REQUEST' | 'UPDATE_REQUEST',
  ): Promise<Omit<RxAuthorizationAnswer, 'session'>> {
    const answer = await this.#client.request(
      this.#build('AAR', session.id, [
        ['Destination-Host', this.#setup.destinationHost],
        ['AF-Application-Identifier', Buffer.from(authorization.afApplicationIdentifier ?? MMTEL_ICSI)],
        ...authorization.components.map(mediaComponentDescription),
        ['Service-Info-Status', authorization.serviceInfoStatus],
        ['AF-Charging-Identifier', octetsOfText(authorization.afChargingIdentifier)],
        ['SIP-Forking-Indication', authorization.forking],
        ...(authorization.specificActions ?? []).map((action): AvpInput => ['Specific-Action', action]),
        [
          'Subscription-Id',
          authorization.subscription && [
            ['Subscription-Id-Type', authorization.subscription.type],
            ['Subscription-Id-Data', authorization.subscription.data],
          ],
        ],
        framedAddress(session.framedAddress),
        ['Service-URN', octetsOfText(authorization.serviceUrn)],
        ['Rx-Request-Type', type],
      ]),
    );
    const identifier = isAnswer(answer)
      ? octetsOf(answer, 'Access-Network-Charging-Identifier', 'Access-Network-Charging-Identifier-Value')
      : undefined;
    return {
      ...outcome(answer),
      accessNetworkChargingIdentifier: identifier === undefined ? null : Buffer.from(identifier).toString('hex'),
    };
  }

  #build(command: 'AAR' | 'STR', sessionId: string, avps: readonly AvpInput[]): DiameterMessage {
    const { peer } = this.#client;
    return buildDiameter({
      command,
      applicationId: APPLICATION_ID.Rx,
      endToEnd: peer.newEndToEnd(),
      avps: [
        ['Session-Id', sessionId],
        ['Auth-Application-Id', APPLICATION_ID.Rx],
        ['Origin-Host', peer.originHost],
        ['Origin-Realm', peer.originRealm],
        ['Destination-Realm', this.#setup.destinationRealm],
        ...avps,
      ],
    });
  }

  #answer(request: DiameterMessage, code: number): DiameterMessage {
    const { peer } = this.#client;
    return buildAnswer(request, [
      ['Result-Code', code],
      ['Origin-Host', peer.originHost],
      ['Origin-Realm', peer.originRealm],
    ]);
  }
}

/** Media-Component-Description of a component, TS 29.214 §5.3.16. */
export function mediaComponentDescription(component: RxMediaComponent): AvpInput {
  return [
    'Media-Component-Description',
    [
      ['Media-Component-Number', component.number],
      ...component.flows.map((flow): AvpInput => mediaSubComponent(flow)),
      ['Media-Type', component.mediaType],
      ['Max-Requested-Bandwidth-UL', component.maxRequestedBandwidthUplink],
      ['Max-Requested-Bandwidth-DL', component.maxRequestedBandwidthDownlink],
      ['Flow-Status', component.flowStatus],
      ['RS-Bandwidth', component.rsBandwidth],
      ['RR-Bandwidth', component.rrBandwidth],
      ...component.codecData.map((text): AvpInput => ['Codec-Data', Buffer.from(text)]),
    ],
  ];
}

function mediaSubComponent(flow: RxFlow): AvpInput {
  return [
    'Media-Sub-Component',
    [
      ['Flow-Number', flow.number],
      ...flow.descriptions.map((description): AvpInput => ['Flow-Description', description]),
      ['Flow-Status', flow.status],
      // NO_INFORMATION is the default and need not be sent.
      ['Flow-Usage', flow.usage === 'NO_INFORMATION' ? undefined : flow.usage],
    ],
  ];
}

/** Framed-IP-Address holds the four octets; Framed-IPv6-Prefix a reserved octet, the length and the prefix (RFC 3162 §2.3). */
function framedAddress(address: string): AvpInput {
  if (!address.includes(':')) return ['Framed-IP-Address', parseIPv4(address)];
  return ['Framed-IPv6-Prefix', Uint8Array.of(0, 128, ...parseIPv6(address))];
}

function octetsOfText(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'utf8');
}

const SPECIFIC_ACTIONS = (): ReadonlyMap<number, string> | undefined => avpByName('Specific-Action')?.values;

const RESULTS: readonly RxResult[] = [
  'INVALID_SERVICE_INFORMATION',
  'FILTER_RESTRICTIONS',
  'REQUESTED_SERVICE_NOT_AUTHORIZED',
  'DUPLICATED_AF_SESSION',
  'IP-CAN_SESSION_NOT_AVAILABLE',
  'UNAUTHORIZED_NON_EMERGENCY_SESSION',
  'REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED',
];

function isAnswer(answer: DiameterMessage | DiameterPeerError): answer is DiameterMessage {
  return !(answer instanceof Error);
}

function outcome(answer: DiameterMessage | DiameterPeerError): RxAnswer {
  if (!isAnswer(answer)) return { ok: false, result: 'UNREACHABLE', code: null };
  const result = resultOf(answer);
  if (result === undefined) return { ok: false, result: 'OTHER', code: null };
  const { code, experimental } = result;
  if (!experimental && code >= 2000 && code < 3000) return { ok: true, result: 'SUCCESS', code };
  if (!experimental && code === UNKNOWN_SESSION_ID) return { ok: false, result: 'UNKNOWN_SESSION', code };
  const name = experimental ? resultCode(code, true, 'Rx')?.name : undefined;
  return { ok: false, result: RESULTS.find((candidate) => candidate === name) ?? 'OTHER', code };
}
