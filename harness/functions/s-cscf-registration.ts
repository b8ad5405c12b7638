import type { Timer } from '../net/clock.js';
import type { NetEnvironment } from '../net/environment.js';
import type { SipStack } from '../net/sip-stack.js';
import { parseAuthentication, parseCSeq, parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import type { Params } from '../wire/sip/params.js';
import {
  type InitialFilterCriteria,
  type RegistrationType,
  readUserProfile,
  type UserProfile,
} from '../wire/xml/service-profile.js';
import { akaNonce, checkAkaDigest, parseAkaNonce } from './aka.js';
import { chargingParameter, formatChargingVector, ioiText } from './charging-vector.js';
import type { CxAuthItem, CxClient, CxResult } from './cx-client.js';
import { criteriaOf, identitiesOf, triggers } from './filter-criteria.js';
import type { Incoming } from './proxy.js';
import { identityKey } from './public-identity.js';
import type { RegEventNotifier } from './reg-event-notifier.js';
import type { Binding, Registrar, Registration } from './registrar.js';
import { sendRequest } from './request-client.js';
import { requestedExpiry } from './requested-expiry.js';
import type { RegistrationPolicy, SCscfBehaviour } from './s-cscf-policy.js';
import { thirdPartyRegister } from './third-party-register.js';

export interface RegistrationSetup {
  readonly environment: NetEnvironment;
  readonly stack: SipStack;
  readonly cx: CxClient;
  readonly registrar: Registrar<UserProfile>;
  readonly notifier: RegEventNotifier;
  readonly policy: RegistrationPolicy;
  readonly behaviours: ReadonlySet<SCscfBehaviour>;
  readonly domain: string;
  readonly ioi: string;
  /** Our own SIP URI, the Server-Name of Cx. */
  readonly uri: string;
  /** Route URI for requests of our users, with the `orig` mark. */
  readonly serviceRoute: string;
  problem(text: string): void;
}

/** A challenge that waits for its answer, TS 24.229 §5.4.1.2.1: 4 minutes at most (reg-await-auth). */
interface Pending {
  readonly nonce: string;
  readonly item: CxAuthItem;
  readonly timer: Timer;
}

interface Claim {
  readonly impi: string;
  readonly impu: string;
  readonly params: Params;
}

const REG_AWAIT_AUTH = 4 * 60 * 1000;

/** Registration at the S-CSCF, TS 24.229 §5.4.1: authentication, the profile, Service-Route, application servers, expiry. */
export class SCscfRegistration {
  readonly #pending = new Map<string, Pending>();

  constructor(private readonly setup: RegistrationSetup) {}

  get pending(): number {
    return this.#pending.size;
  }

  clear(): void {
    for (const pending of this.#pending.values()) pending.timer.cancel();
    this.#pending.clear();
  }

  /** TS 24.229 §5.4.1.1: what kind of REGISTER it is decides what follows. */
  async register(incoming: Incoming): Promise<void> {
    const { request } = incoming;
    const claim = claimOf(request);
    if (claim === null) {
      incoming.reply(400);
      return;
    }
    const { policy, registrar } = this.setup;
    const asked = requestedExpiry(request) ?? policy.maxExpires;
    if (asked > 0 && asked < policy.minExpires) {
      incoming.reply(423, { headers: [['Min-Expires', String(policy.minExpires)]] });
      return;
    }
    const isProtected = claim.params.get('integrity-protected') === 'yes';
    const pending = this.#pending.get(claim.impi);
    const known = registrar.byPrivateIdentity(claim.impi);
    const answers = pending !== undefined && claim.params.get('nonce') === pending.nonce;
    // A UE that tells its sequence number has no security association yet to tell it over (TS 24.229 §5.1.1.5.3).
    if (answers && (isProtected || claim.params.has('auts'))) return this.#answered(incoming, claim, pending, asked);
    if (!isProtected) return this.#challenge(incoming, claim);
    // TS 24.229 §5.4.1.2.2: a protected REGISTER of a registered user needs no new challenge, unless the operator wants one.
    if (known !== null && (asked === 0 || !policy.challengeReRegistration))
      return this.#authenticated(incoming, claim, asked);
    return this.#challenge(incoming, claim);
  }

  /** TS 24.229 §5.4.1.2.1: fetches a vector and answers 401. */
  async #challenge(
    incoming: Incoming,
    claim: Claim,
    auts?: { readonly rand: Uint8Array; readonly auts: Uint8Array },
  ): Promise<void> {
    const { cx, uri, domain, environment } = this.setup;
    const answer = await cx.multimediaAuth({
      privateIdentity: claim.impi,
      publicIdentity: identityKey(claim.impu),
      serverName: uri,
      ...(auts === undefined ? {} : { resynchronisation: auts }),
    });
    const item = answer.items[0];
    if (!answer.ok || item === undefined) {
      incoming.reply(statusOf(answer.result));
      return;
    }
    const vector = { rand: item.authenticate.subarray(0, 16), autn: item.authenticate.subarray(16, 32) };
    const nonce = akaNonce(vector);
    this.#forget(claim.impi);
    const timer = environment.clock.after(REG_AWAIT_AUTH, () => this.#timedOut(claim), { background: true });
    this.#pending.set(claim.impi, { nonce, item, timer });
    const parameters = [
      `realm="${domain}"`,
      `nonce="${nonce}"`,
      'algorithm=AKAv1-MD5',
      'qop="auth"',
      `ck="${Buffer.from(item.confidentialityKey).toString('hex')}"`,
      `ik="${Buffer.from(item.integrityKey).toString('hex')}"`,
    ];
    incoming.reply(401, {
      headers: [['WWW-Authenticate', `Digest ${parameters.join(', ')}`], ...this.#charging(incoming.request)],
    });
  }

  /** The answer to a challenge, TS 24.229 §5.4.1.2.2 and §5.4.1.2.3. */
  async #answered(incoming: Incoming, claim: Claim, pending: Pending, asked: number): Promise<void> {
    const auts = claim.params.get('auts');
    if (auts !== undefined && auts !== null) {
      const rand = parseAkaNonce(pending.nonce)?.rand ?? new Uint8Array(16);
      const resynchronise = { rand, auts: new Uint8Array(Buffer.from(auts, 'base64')) };
      return this.#challenge(incoming, claim, this.setup.behaviours.has('ignores-auts') ? undefined : resynchronise);
    }
    this.#forget(claim.impi);
    if (
      this.#responseIsRight(incoming.request, claim, pending) ||
      this.setup.behaviours.has('accepts-wrong-response')
    ) {
      return this.#authenticated(incoming, claim, asked);
    }
    await this.#assign(claim, 'AUTHENTICATION_FAILURE');
    incoming.reply(403);
  }

  #responseIsRight(request: SipRequest, claim: Claim, pending: Pending): boolean {
    const { params } = claim;
    const response = params.get('response') ?? '';
    const qop = params.get('qop');
    if (response === '' || (params.get('realm') ?? this.setup.domain) !== this.setup.domain) return false;
    return checkAkaDigest(
      {
        username: params.get('username') ?? '',
        realm: this.setup.domain,
        password: pending.item.authorization,
        method: request.method,
        uri: params.get('uri') ?? '',
        nonce: pending.nonce,
        ...(qop === 'auth' || qop === 'auth-int' ? { qop } : {}),
        cnonce: params.get('cnonce') ?? '',
        nc: params.get('nc') ?? '',
        body: request.body,
      },
      response,
    );
  }

  async #authenticated(incoming: Incoming, claim: Claim, asked: number): Promise<void> {
    if (asked === 0) return this.#deregister(incoming, claim);
    const { request } = incoming;
    const { registrar, policy, environment, notifier } = this.setup;
    const contact = request.get('Contact');
    const contactUri = contact === undefined ? undefined : parseNameAddr(contact)?.uri;
    if (contact === undefined || contactUri === undefined) {
      incoming.reply(400);
      return;
    }
    const before = registrar.byPrivateIdentity(claim.impi);
    const profile = await this.#assign(
      claim,
      before === null ? 'REGISTRATION' : 'RE_REGISTRATION',
      before?.profile ?? null,
    );
    if (typeof profile === 'number') {
      incoming.reply(profile);
      return;
    }
    const expires = Math.min(asked, policy.maxExpires);
    const binding: Binding = {
      contactUri,
      contact: contact.replace(/;expires=\d+/i, ''),
      path: request.all('Path'),
      callId: request.get('Call-ID') ?? '',
      cseq: parseCSeq(request.get('CSeq') ?? '')?.number ?? 0,
      expiresAt: environment.clock.now() + expires * 1000,
    };
    const others = (before?.bindings ?? []).filter(
      (other) => other.contactUri !== contactUri && !sameInstance(other, binding),
    );
    const registration: Registration<UserProfile> = {
      impi: claim.impi,
      identities: identitiesOf(profile),
      profile,
      bindings: [binding, ...others],
    };
    registrar.store(registration);
    incoming.reply(200, { headers: this.#acceptance(request, registration, expires) });
    notifier.changed(registration, before === null ? 'registered' : 'refreshed');
    await this.#tellApplicationServers(
      request,
      registration,
      expires,
      before === null ? 'INITIAL_REGISTRATION' : 'RE_REGISTRATION',
    );
  }

  #acceptance(
    request: SipRequest,
    registration: Registration<UserProfile>,
    expires: number,
  ): readonly (readonly [string, string])[] {
    const { behaviours, serviceRoute, environment } = this.setup;
    const headers: (readonly [string, string])[] = [];
    for (const path of request.all('Path')) headers.push(['Path', path]);
    if (!behaviours.has('no-service-route')) headers.push(['Service-Route', `<${serviceRoute}>`]);
    if (!behaviours.has('no-associated-uri')) {
      for (const identity of registration.identities) headers.push(['P-Associated-URI', `<${identity}>`]);
    }
    const now = environment.clock.now();
    for (const [index, binding] of registration.bindings.entries()) {
      const left = index === 0 ? expires : Math.round((binding.expiresAt - now) / 1000);
      headers.push(['Contact', `${binding.contact};expires=${left}`]);
    }
    headers.push(['Date', new Date(now).toUTCString()]);
    return [...headers, ...this.#charging(request)];
  }

  /** TS 24.229 §5.4.1.4: de-registration by the user. */
  async #deregister(incoming: Incoming, claim: Claim): Promise<void> {
    const { registrar, notifier, behaviours } = this.setup;
    const registration = registrar.remove(claim.impi);
    if (registration !== null && !behaviours.has('no-deregistration-in-hss'))
      await this.#assign(claim, 'USER_DEREGISTRATION');
    incoming.reply(200, { headers: this.#charging(incoming.request) });
    if (registration === null) return;
    notifier.changed(registration, 'unregistered');
    await this.#tellApplicationServers(incoming.request, registration, 0, 'DE_REGISTRATION');
  }

  /** The last contact of a user has run out, TS 24.229 §5.4.1.5. */
  async expire(registration: Registration<UserProfile>): Promise<void> {
    const impu = registration.identities[0] ?? '';
    await this.#assign({ impi: registration.impi, impu, params: new Map() }, 'TIMEOUT_DEREGISTRATION');
    this.setup.notifier.changed(registration, 'expired');
    await this.#tellApplicationServers(null, registration, 0, 'DE_REGISTRATION');
  }

  /** De-registration by the network, TS 24.229 §5.4.1.5 on an RTR of the HSS. */
  async terminate(impi: string, event: 'deactivated' | 'rejected'): Promise<void> {
    const registration = this.setup.registrar.remove(impi);
    if (registration === null) return;
    this.setup.notifier.changed(registration, event);
    await this.#tellApplicationServers(null, registration, 0, 'DE_REGISTRATION');
  }

  /** SAR; the profile it brought (or the one at hand), or the SIP status that its failure means. */
  async #assign(
    claim: Claim,
    type:
      | 'REGISTRATION'
      | 'RE_REGISTRATION'
      | 'USER_DEREGISTRATION'
      | 'TIMEOUT_DEREGISTRATION'
      | 'AUTHENTICATION_FAILURE'
      | 'AUTHENTICATION_TIMEOUT',
    atHand: UserProfile | null = null,
  ): Promise<UserProfile | number> {
    const answer = await this.setup.cx.serverAssignment({
      privateIdentity: claim.impi,
      publicIdentities: [identityKey(claim.impu)],
      serverName: this.setup.uri,
      type,
      userDataAlreadyAvailable: atHand !== null || type.includes('DEREGISTRATION') || type.startsWith('AUTHENTICATION'),
    });
    if (!answer.ok) return statusOf(answer.result);
    if (answer.userData === null) return atHand ?? 480;
    return readUserProfile(answer.userData).profile ?? 500;
  }

  #timedOut(claim: Claim): void {
    this.#pending.delete(claim.impi);
    this.#assign(claim, 'AUTHENTICATION_TIMEOUT').catch((error: unknown) => this.setup.problem(String(error)));
  }

  #forget(impi: string): void {
    this.#pending.get(impi)?.timer.cancel();
    this.#pending.delete(impi);
  }

  /** P-Charging-Vector of a response to REGISTER: the identifier received, and ours of type 1 (TS 24.229 §5.4.1.2.2). */
  #charging(request: SipRequest): readonly (readonly [string, string])[] {
    const icid = chargingParameter(request, 'icid-value');
    if (icid === null) return [];
    const origIoi = chargingParameter(request, 'orig-ioi');
    const params = new Map<string, string | null>([['icid-value', icid]]);
    if (origIoi !== null) {
      params.set('orig-ioi', origIoi);
      if (!this.setup.behaviours.has('no-term-ioi')) params.set('term-ioi', ioiText('type-1', this.setup.ioi));
    }
    return [['P-Charging-Vector', formatChargingVector(params)]];
  }

  /** Third-party REGISTER to each application server whose criteria hold, in the order of their priority. TS 24.229 §5.4.1.7, TS 23.218 §6.3. */
  async #tellApplicationServers(
    request: SipRequest | null,
    registration: Registration<UserProfile>,
    expires: number,
    type: RegistrationType,
  ): Promise<void> {
    if (this.setup.behaviours.has('no-third-party-registration')) return;
    const probe = request ?? this.#thirdParty(null, registration, null, expires);
    for (const criterion of criteriaOf(registration.profile, registration.identities[0] ?? '')) {
      if (!triggers(criterion, probe, 'ORIGINATING_REGISTERED', type)) continue;
      await sendRequest(
        this.setup.stack,
        this.#thirdParty(request, registration, criterion, expires),
        criterion.applicationServer.serverName,
      );
    }
  }

  #thirdParty(
    request: SipRequest | null,
    registration: Registration<UserProfile>,
    criterion: InitialFilterCriteria | null,
    expires: number,
  ): SipRequest {
    const { uri, ioi, environment } = this.setup;
    const identity = registration.identities[0] ?? '';
    return thirdPartyRegister({ request, identity, criterion, expires, uri, ioi, random: environment.random });
  }
}

/** Answers of the HSS during registration, TS 24.229 §5.4.1.2. */
function statusOf(result: CxResult): number {
  return result === 'UNREACHABLE' || result === 'OTHER' ? 480 : 403;
}

function claimOf(request: SipRequest): Claim | null {
  const impu = parseNameAddr(request.get('To') ?? '')?.uri;
  if (impu === undefined) return null;
  const authorization = request.get('Authorization');
  const params: Params =
    (authorization === undefined ? null : parseAuthentication(authorization)?.params) ??
    new Map<string, string | null>();
  return { impi: params.get('username') ?? identityKey(impu).replace(/^\w+:/, ''), impu, params };
}

function sameInstance(a: Binding, b: Binding): boolean {
  const instance = (contact: string): string | undefined => /\+sip\.instance="([^"]*)"/i.exec(contact)?.[1];
  return instance(a.contact) !== undefined && instance(a.contact) === instance(b.contact);
}
