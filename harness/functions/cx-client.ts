import type { DiameterPeerError } from '../net/diameter-peer-connection.js';
import { type AvpInput, buildAnswer, buildDiameter } from '../wire/diameter/build.js';
import { APPLICATION_ID, resultCode, VENDOR_3GPP } from '../wire/diameter/dictionary.js';
import { enumeratedOf, findAll, octetsOf, resultOf, textOf, textsOf } from '../wire/diameter/find.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import { DiameterClient, type DiameterClientSetup } from './diameter-client.js';

/** Results of Cx by name, TS 29.229 §6.2; `UNREACHABLE` where no answer came, `OTHER` for any code not named here. */
export type CxResult =
  | 'SUCCESS'
  | 'FIRST_REGISTRATION'
  | 'SUBSEQUENT_REGISTRATION'
  | 'UNREGISTERED_SERVICE'
  | 'SERVER_NAME_NOT_STORED'
  | 'USER_UNKNOWN'
  | 'IDENTITIES_DONT_MATCH'
  | 'IDENTITY_NOT_REGISTERED'
  | 'ROAMING_NOT_ALLOWED'
  | 'IDENTITY_ALREADY_REGISTERED'
  | 'AUTH_SCHEME_NOT_SUPPORTED'
  | 'IN_ASSIGNMENT_TYPE'
  | 'AUTHORIZATION_REJECTED'
  | 'UNREACHABLE'
  | 'OTHER';

/** What every answer tells. `ok` for every result of success, the experimental ones included. */
export interface CxAnswer {
  readonly ok: boolean;
  readonly result: CxResult;
  /** Result-Code or Experimental-Result-Code; null where no answer came. */
  readonly code: number | null;
  readonly experimental: boolean;
}

/** Capabilities that the S-CSCF shall or should have, and S-CSCFs by name. TS 29.229 §6.3.4. */
export interface ServerCapabilities {
  readonly mandatory: readonly number[];
  readonly optional: readonly number[];
  readonly serverNames: readonly string[];
}

/** Where a request goes: the S-CSCF assigned, or what is needed to choose one. */
export interface ServerAnswer extends CxAnswer {
  readonly serverName: string | null;
  readonly serverCapabilities: ServerCapabilities | null;
}

/** One authentication vector as the HSS gives it, TS 29.229 §6.3.13. Octets, never logged. */
export interface CxAuthItem {
  readonly scheme: string;
  /** RAND || AUTN. */
  readonly authenticate: Uint8Array;
  /** XRES. */
  readonly authorization: Uint8Array;
  readonly confidentialityKey: Uint8Array;
  readonly integrityKey: Uint8Array;
}

export interface MultimediaAuthAnswer extends CxAnswer {
  readonly items: readonly CxAuthItem[];
}

export interface ServerAssignmentAnswer extends CxAnswer {
  /** The Cx user profile (XML), for `readUserProfile` of harness/wire/xml/service-profile.ts. */
  readonly userData: string | null;
  readonly chargingCollectionFunctions: readonly string[];
  /** Private identities of the subscription. */
  readonly associatedIdentities: readonly string[];
}

export type UserAuthorizationType = 'REGISTRATION' | 'DE_REGISTRATION' | 'REGISTRATION_AND_CAPABILITIES';

/** TS 29.229 §6.3.15. */
export type ServerAssignmentType =
  | 'NO_ASSIGNMENT'
  | 'REGISTRATION'
  | 'RE_REGISTRATION'
  | 'UNREGISTERED_USER'
  | 'TIMEOUT_DEREGISTRATION'
  | 'USER_DEREGISTRATION'
  | 'TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME'
  | 'USER_DEREGISTRATION_STORE_SERVER_NAME'
  | 'ADMINISTRATIVE_DEREGISTRATION'
  | 'AUTHENTICATION_FAILURE'
  | 'AUTHENTICATION_TIMEOUT'
  | 'DEREGISTRATION_TOO_MUCH_DATA';

export interface UserAuthorizationQuery {
  readonly privateIdentity: string;
  readonly publicIdentity: string;
  /** P-Visited-Network-ID as text. */
  readonly visitedNetwork: string;
  readonly type?: UserAuthorizationType;
  readonly emergency?: boolean;
}

export interface MultimediaAuthQuery {
  readonly privateIdentity: string;
  readonly publicIdentity: string;
  readonly serverName: string;
  /** Number of vectors asked for, default 1. */
  readonly items?: number;
  readonly scheme?: string;
  /** RAND and AUTS of a synchronisation failure. */
  readonly resynchronisation?: { readonly rand: Uint8Array; readonly auts: Uint8Array };
}

export interface ServerAssignmentQuery {
  /** May be absent for UNREGISTERED_USER. */
  readonly privateIdentity?: string;
  readonly publicIdentities: readonly string[];
  readonly serverName: string;
  readonly type: ServerAssignmentType;
  readonly userDataAlreadyAvailable?: boolean;
}

export interface LocationInfoQuery {
  readonly publicIdentity: string;
  /** For a request of the served user itself. */
  readonly originating?: boolean;
  readonly type?: 'REGISTRATION_AND_CAPABILITIES';
}

/** A de-registration by the HSS (RTR), TS 29.228 §6.1.3. */
export interface RegistrationTermination {
  readonly privateIdentity: string;
  /** Empty: every identity of that private identity. */
  readonly publicIdentities: readonly string[];
  /** `PERMANENT_TERMINATION`, `NEW_SERVER_ASSIGNED`, `SERVER_CHANGE` or `REMOVE_S-CSCF`. */
  readonly reason: string;
  readonly reasonInfo: string | null;
}

/** A changed profile (PPR), TS 29.228 §6.2.2. */
export interface PushedProfile {
  readonly privateIdentity: string;
  readonly userData: string | null;
}

/** The side of an I-CSCF or S-CSCF on Cx. TS 29.228 §6. */
export class CxClient {
  readonly #client: DiameterClient;
  readonly #setup: DiameterClientSetup;

  constructor(setup: DiameterClientSetup) {
    this.#setup = setup;
    this.#client = new DiameterClient(setup, APPLICATION_ID.Cx);
  }

  start(): Promise<void> {
    return this.#client.start();
  }

  stop(): Promise<void> {
    return this.#client.stop();
  }

  leftovers(): readonly string[] {
    return this.#client.peer.leftovers();
  }

  /** UAR: may the user register here, and which S-CSCF serves him. TS 29.228 §6.1.1. */
  async userAuthorization(query: UserAuthorizationQuery): Promise<ServerAnswer> {
    const answer = await this.#request('UAR', [
      ['User-Name', query.privateIdentity],
      ['Public-Identity', query.publicIdentity],
      ['Visited-Network-Identifier', Buffer.from(query.visitedNetwork, 'utf8')],
      ['User-Authorization-Type', query.type],
      ['UAR-Flags', query.emergency === true ? 1 : undefined],
    ]);
    return serverAnswer(answer);
  }

  /** MAR: authentication vectors. TS 29.228 §6.3.1. */
  async multimediaAuth(query: MultimediaAuthQuery): Promise<MultimediaAuthAnswer> {
    const { resynchronisation } = query;
    const answer = await this.#request('MAR', [
      ['User-Name', query.privateIdentity],
      ['Public-Identity', query.publicIdentity],
      [
        'SIP-Auth-Data-Item',
        [
          ['SIP-Authentication-Scheme', query.scheme ?? 'Digest-AKAv1-MD5'],
          ['SIP-Authorization', resynchronisation && Buffer.concat([resynchronisation.rand, resynchronisation.auts])],
        ],
      ],
      ['SIP-Number-Auth-Items', query.items ?? 1],
      ['Server-Name', query.serverName],
    ]);
    return { ...outcome(answer), items: isAnswer(answer) ? authItems(answer) : [] };
  }

  /** SAR: stores or clears the S-CSCF of a user and fetches the profile. TS 29.228 §6.1.2. */
  async serverAssignment(query: ServerAssignmentQuery): Promise<ServerAssignmentAnswer> {
    const available = query.userDataAlreadyAvailable === true;
    const answer = await this.#request('SAR', [
      ['User-Name', query.privateIdentity],
      ...query.publicIdentities.map((identity): AvpInput => ['Public-Identity', identity]),
      ['Server-Name', query.serverName],
      ['Server-Assignment-Type', query.type],
      ['User-Data-Already-Available', available ? 'USER_DATA_ALREADY_AVAILABLE' : 'USER_DATA_NOT_AVAILABLE'],
    ]);
    if (!isAnswer(answer)) {
      return { ...outcome(answer), userData: null, chargingCollectionFunctions: [], associatedIdentities: [] };
    }
    return {
      ...outcome(answer),
      userData: textOf(answer, 'User-Data') ?? null,
      chargingCollectionFunctions: [
        ...textsOf(answer, 'Charging-Information', 'Primary-Charging-Collection-Function-Name'),
        ...textsOf(answer, 'Charging-Information', 'Secondary-Charging-Collection-Function-Name'),
      ],
      associatedIdentities: textsOf(answer, 'Associated-Identities', 'User-Name'),
    };
  }

  /** LIR: which S-CSCF serves the user. TS 29.228 §6.1.4. */
  async locationInfo(query: LocationInfoQuery): Promise<ServerAnswer> {
    const answer = await this.#request('LIR', [
      ['Originating-Request', query.originating === true ? 'ORIGINATING' : undefined],
      ['Public-Identity', query.publicIdentity],
      ['User-Authorization-Type', query.type],
    ]);
    return serverAnswer(answer);
  }

  /** RTR: called for each; the returned result answers it (success without one). */
  onRegistrationTermination(handler: (termination: RegistrationTermination) => void | Promise<void>): void {
    this.#client.peer.serve(304, async (request) => {
      await handler({
        privateIdentity: textOf(request, 'User-Name') ?? '',
        publicIdentities: textsOf(request, 'Public-Identity'),
        reason: reasonOf(request),
        reasonInfo: textOf(request, 'Deregistration-Reason', 'Reason-Info') ?? null,
      });
      return this.#succeed(request);
    });
  }

  /** PPR: called for each. */
  onPushedProfile(handler: (pushed: PushedProfile) => void | Promise<void>): void {
    this.#client.peer.serve(305, async (request) => {
      await handler({
        privateIdentity: textOf(request, 'User-Name') ?? '',
        userData: textOf(request, 'User-Data') ?? null,
      });
      return this.#succeed(request);
    });
  }

  #request(command: string, avps: readonly AvpInput[]): Promise<DiameterMessage | DiameterPeerError> {
    const { peer } = this.#client;
    return this.#client.request(
      buildDiameter({
        command,
        endToEnd: peer.newEndToEnd(),
        avps: [
          ['Session-Id', peer.newSessionId()],
          CX_APPLICATION,
          ['Auth-Session-State', 'NO_STATE_MAINTAINED'],
          ['Origin-Host', peer.originHost],
          ['Origin-Realm', peer.originRealm],
          ['Destination-Host', this.#setup.destinationHost],
          ['Destination-Realm', this.#setup.destinationRealm],
          ...avps,
        ],
      }),
    );
  }

  #succeed(request: DiameterMessage): DiameterMessage {
    const { peer } = this.#client;
    return buildAnswer(request, [
      CX_APPLICATION,
      ['Result-Code', 2001],
      ['Auth-Session-State', 'NO_STATE_MAINTAINED'],
      ['Origin-Host', peer.originHost],
      ['Origin-Realm', peer.originRealm],
    ]);
  }
}

/** Vendor-Specific-Application-Id of Cx, TS 29.229 §6.1. */
export const CX_APPLICATION: AvpInput = [
  'Vendor-Specific-Application-Id',
  [
    ['Vendor-Id', VENDOR_3GPP],
    ['Auth-Application-Id', APPLICATION_ID.Cx],
  ],
];

/** Our names for the results; the rest of the dictionary's names are `OTHER`. */
const RESULT_NAMES: Readonly<Record<string, CxResult>> = {
  DIAMETER_SUCCESS: 'SUCCESS',
  DIAMETER_FIRST_REGISTRATION: 'FIRST_REGISTRATION',
  DIAMETER_SUBSEQUENT_REGISTRATION: 'SUBSEQUENT_REGISTRATION',
  DIAMETER_UNREGISTERED_SERVICE: 'UNREGISTERED_SERVICE',
  DIAMETER_SUCCESS_SERVER_NAME_NOT_STORED: 'SERVER_NAME_NOT_STORED',
  DIAMETER_ERROR_USER_UNKNOWN: 'USER_UNKNOWN',
  DIAMETER_ERROR_IDENTITIES_DONT_MATCH: 'IDENTITIES_DONT_MATCH',
  DIAMETER_ERROR_IDENTITY_NOT_REGISTERED: 'IDENTITY_NOT_REGISTERED',
  DIAMETER_ERROR_ROAMING_NOT_ALLOWED: 'ROAMING_NOT_ALLOWED',
  DIAMETER_ERROR_IDENTITY_ALREADY_REGISTERED: 'IDENTITY_ALREADY_REGISTERED',
  DIAMETER_ERROR_AUTH_SCHEME_NOT_SUPPORTED: 'AUTH_SCHEME_NOT_SUPPORTED',
  DIAMETER_ERROR_IN_ASSIGNMENT_TYPE: 'IN_ASSIGNMENT_TYPE',
  DIAMETER_AUTHORIZATION_REJECTED: 'AUTHORIZATION_REJECTED',
};

function isAnswer(answer: DiameterMessage | DiameterPeerError): answer is DiameterMessage {
  return !(answer instanceof Error);
}

function outcome(answer: DiameterMessage | DiameterPeerError): CxAnswer {
  if (!isAnswer(answer)) return { ok: false, result: 'UNREACHABLE', code: null, experimental: false };
  const result = resultOf(answer);
  if (result === undefined) return { ok: false, result: 'OTHER', code: null, experimental: false };
  const name = resultCode(result.code, result.experimental, 'Cx')?.name ?? '';
  return {
    ok: result.code >= 2000 && result.code < 3000,
    result: RESULT_NAMES[name] ?? 'OTHER',
    code: result.code,
    experimental: result.experimental,
  };
}

function serverAnswer(answer: DiameterMessage | DiameterPeerError): ServerAnswer {
  if (!isAnswer(answer)) return { ...outcome(answer), serverName: null, serverCapabilities: null };
  const capabilities = findAll(answer, 'Server-Capabilities')[0];
  const numbers = (name: string): readonly number[] =>
    capabilities === undefined
      ? []
      : findAll(capabilities, name).flatMap(({ value }) => (typeof value === 'number' ? value : []));
  return {
    ...outcome(answer),
    serverName: textOf(answer, 'Server-Name') ?? null,
    serverCapabilities:
      capabilities === undefined
        ? null
        : {
            mandatory: numbers('Mandatory-Capability'),
            optional: numbers('Optional-Capability'),
            serverNames: textsOf(capabilities, 'Server-Name'),
          },
  };
}

function authItems(answer: DiameterMessage): readonly CxAuthItem[] {
  const nothing = new Uint8Array(0);
  return findAll(answer, 'SIP-Auth-Data-Item').map((item) => ({
    scheme: textOf(item, 'SIP-Authentication-Scheme') ?? '',
    authenticate: octetsOf(item, 'SIP-Authenticate') ?? nothing,
    authorization: octetsOf(item, 'SIP-Authorization') ?? nothing,
    confidentialityKey: octetsOf(item, 'Confidentiality-Key') ?? nothing,
    integrityKey: octetsOf(item, 'Integrity-Key') ?? nothing,
  }));
}

function reasonOf(request: DiameterMessage): string {
  const reason = findAll(request, 'Deregistration-Reason')[0];
  return (reason && enumeratedOf(reason, 'Reason-Code')) ?? 'PERMANENT_TERMINATION';
}
