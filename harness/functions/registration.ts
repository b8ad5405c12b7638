import type { Timer } from '../net/clock.js';
import { parseAuthentication, parseDecimal, parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { sameUri } from '../wire/sip/uri.js';
import type { UeAgent } from './ue-agent.js';
import { UeError } from './ue-progress.js';
import { agreementOf, securityClient } from './ue-security.js';
import { MMTEL_FEATURE, UE_METHODS } from './ue-setup.js';
import { authorization, type Credentials, firstAuthorization, Usim } from './ue-usim.js';

export type RegistrationState = 'not registered' | 'registering' | 'registered' | 'deregistering';

/** TS 24.229 §5.1.1.2.1. */
const WANTED_EXPIRES = 600_000;
/** TS 24.229 §5.1.1.4.1: the registration is refreshed this long before it expires, or at half time if it is short. */
const REFRESH_BEFORE = 600;
const SHORT_REGISTRATION = 1200;
/** TS 24.229 §5.1.1.5.3: after two challenges in a row that are not good the UE gives up. */
const MAX_CHALLENGES = 3;
const MAX_ROUNDS = 8;

/** Registration of the UE, TS 24.229 §5.1.1. */
export class Registration {
  #state: RegistrationState = 'not registered';
  readonly #usim: Usim;
  #callId: string;
  #fromTag: string;
  #cseq = 0;
  #credentials: Credentials | null = null;
  #nonceCount = 0;
  #securityClient: string | null = null;
  #granted = 0;
  #refreshAt = 0;
  #refreshes = 0;
  #refresh: Timer | null = null;
  #expiry: Timer | null = null;

  constructor(private readonly agent: UeAgent) {
    const { subscriber } = agent.setup;
    // Far enough ahead that the HSS cannot have caught up, near enough for the largest jump of TS 33.102 §C.2.2.
    const ahead = agent.behaviours.has('sqn-ahead') ? 32 * 4096 : 0;
    this.#usim = new Usim({ k: subscriber.k, opc: subscriber.opc, sqn: (subscriber.sqn ?? 0) + ahead });
    this.#callId = agent.newCallId();
    this.#fromTag = agent.newTag();
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** Seconds that the registrar granted last. */
  get granted(): number {
    return this.#granted;
  }

  /** How often the registration was refreshed. */
  get refreshes(): number {
    return this.#refreshes;
  }

  /** Milliseconds on the clock until the next refresh is due. */
  get untilRefresh(): number {
    return Math.max(0, this.#refreshAt - this.agent.clock.now());
  }

  /** Initial registration with its challenge. Rejects with a `UeError` that has the final status. */
  async register(expires = this.agent.setup.expires ?? WANTED_EXPIRES): Promise<void> {
    this.#state = 'registering';
    this.agent.security = null;
    this.agent.serviceRoute = [];
    this.#credentials = null;
    try {
      await this.#rounds(expires);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Re-registration, TS 24.229 §5.1.1.4. */
  async reregister(): Promise<void> {
    await this.#rounds(this.agent.setup.expires ?? WANTED_EXPIRES);
    this.#refreshes += 1;
    this.agent.progress.saw('re-registered');
  }

  /** TS 24.229 §5.1.1.6. */
  async deregister(): Promise<void> {
    this.#state = 'deregistering';
    this.stop();
    await this.#rounds(0);
  }

  /** The network has ended the registration, TS 24.229 §5.1.1.7. */
  lost(): void {
    this.#forget();
    this.agent.progress.saw('registration ended by the network');
  }

  /** The network has shortened it, TS 24.229 §5.1.1.5.1: refresh at half of what is left. */
  shortened(seconds: number): void {
    if (this.#state === 'registered') this.#schedule(seconds, seconds / 2);
  }

  stop(): void {
    this.#refresh?.cancel();
    this.#expiry?.cancel();
    this.#refresh = null;
    this.#expiry = null;
  }

  async #rounds(wanted: number): Promise<void> {
    let expires = wanted;
    let challenges = 0;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const response = await this.agent.exchange(this.#request(expires));
      if (response.status >= 200 && response.status < 300) return this.#accepted(response, expires);
      if (response.status === 401) {
        challenges += 1;
        if (challenges > MAX_CHALLENGES) break;
        this.#challenged(response);
        continue;
      }
      const minimum = parseDecimal(response.get('Min-Expires') ?? '', 2 ** 32 - 1);
      if (response.status === 423 && minimum !== null && minimum > expires && expires > 0) {
        expires = minimum;
        continue;
      }
      throw this.#refused(response);
    }
    throw new UeError(`${this.agent.name} gave up registering: it was challenged ${challenges} times`, 401);
  }

  #refused(response: SipResponse): UeError {
    const text = `${this.agent.name} awaited 200 to its REGISTER, seen ${response.status} ${response.reason}`;
    return new UeError(text, response.status);
  }

  #request(expires: number): SipRequest {
    const { agent } = this;
    const { setup } = agent;
    const uri = `sip:${setup.domain}`;
    this.#cseq += 1;
    const contact = [
      `<${agent.contactUri}>`,
      `+sip.instance="<${agent.instance}>"`,
      MMTEL_FEATURE,
      'audio',
      '+g.3gpp.smsip',
      `expires=${expires}`,
    ].join(';');
    return agent.build({
      method: 'REGISTER',
      requestUri: uri,
      headers: [
        ['Max-Forwards', '70'],
        ...(agent.security === null ? [] : [['Route', `<sip:${this.#hopText()};lr>`] as const]),
        ['From', `<${agent.identity}>;tag=${this.#fromTag}`],
        ['To', `<${agent.identity}>`],
        ['Call-ID', this.#callId],
        ['CSeq', `${this.#cseq} REGISTER`],
        ['Contact', contact],
        ['Expires', String(expires)],
        ['Authorization', this.#authorization(uri)],
        ['Supported', 'path, sec-agree'],
        ['Allow', UE_METHODS],
        agent.accessNetworkInfo,
        ...this.#security(),
      ],
    });
  }

  #hopText(): string {
    const { address, port } = this.agent.hop;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  }

  #authorization(uri: string): string {
    const { agent } = this;
    const user = { impi: agent.impi, uri };
    if (this.#credentials === null) return firstAuthorization(user, agent.setup.domain);
    this.#nonceCount += 1;
    return authorization(user, this.#credentials, this.#nonceCount, agent.environment.random.hex(8));
  }

  /** RFC 3329 §2.3.1; Security-Client goes with every REGISTER, unprotected or not. */
  #security(): readonly (readonly [string, string])[] {
    const { agent } = this;
    if (agent.setup.securityAgreement === false) return [];
    const { protectedClient, protectedServer } = agent.setup.gm;
    this.#securityClient ??= securityClient(
      { client: protectedClient, server: protectedServer },
      agent.environment.random,
    );
    const headers = agent.securityHeaders;
    const required = [['Require', 'sec-agree'] as const, ['Proxy-Require', 'sec-agree'] as const];
    return [...(headers.length > 0 ? headers : required), ['Security-Client', this.#securityClient]];
  }

  /** TS 24.229 §5.1.1.5.1 and §5.1.1.5.3. */
  #challenged(response: SipResponse): void {
    const { agent } = this;
    const challenge = response
      .all('WWW-Authenticate')
      .map(parseAuthentication)
      .find((each) => each?.scheme.toLowerCase() === 'digest');
    const nonce = challenge?.params.get('nonce');
    if (challenge === undefined || challenge === null || typeof nonce !== 'string') {
      throw new UeError(`${agent.name} awaited a Digest challenge in the 401, seen none`, 401);
    }
    const algorithm = challenge.params.get('algorithm') ?? 'MD5';
    if (algorithm.toLowerCase() !== 'akav1-md5') {
      throw new UeError(`${agent.name} awaited AKAv1-MD5 in the 401, seen ${algorithm}`, 401);
    }
    const qop = (challenge.params.get('qop') ?? '').split(',').some((each) => each.trim().toLowerCase() === 'auth');
    const result = this.#usim.challenge(nonce);
    agent.progress.saw(`challenge: ${result.kind}`);
    this.#nonceCount = 0;
    this.#credentials = {
      realm: challenge.params.get('realm') ?? agent.setup.domain,
      nonce,
      algorithm: 'AKAv1-MD5',
      opaque: challenge.params.get('opaque') ?? null,
      qop: qop ? 'auth' : null,
      result:
        result.kind === 'response' && agent.behaviours.has('wrong-res')
          ? { kind: 'response', res: result.res.map((octet) => octet ^ 0xff) }
          : result,
    };
    if (agent.setup.securityAgreement === false) return;
    if (result.kind !== 'response') {
      // TS 24.229 §5.1.1.5.3: no new security associations, and a new offer of them.
      this.#securityClient = null;
      return;
    }
    const agreement = agreementOf(response);
    if (agreement === null)
      throw new UeError(`${agent.name} awaited a usable Security-Server in the 401, seen none`, 401);
    agent.security = agreement;
  }

  #accepted(response: SipResponse, asked: number): void {
    const { agent } = this;
    if (asked === 0) {
      this.#forget();
      agent.progress.saw('deregistered');
      return;
    }
    this.#state = 'registered';
    agent.serviceRoute = response.all('Service-Route');
    agent.associated = response.all('P-Associated-URI').flatMap((value) => parseNameAddr(value)?.uri ?? []);
    this.#granted = this.#grantedBy(response) ?? asked;
    const lead = this.#granted > SHORT_REGISTRATION ? REFRESH_BEFORE : this.#granted / 2;
    this.#schedule(this.#granted, this.#granted - lead);
    agent.progress.saw('registered');
  }

  /** Seconds for our own Contact, RFC 3261 §10.3; null where the response does not say. */
  #grantedBy(response: SipResponse): number | null {
    const own = response
      .all('Contact')
      .map(parseNameAddr)
      .find((contact) => contact !== null && sameUri(contact.uri, this.agent.contactUri));
    return parseDecimal(own?.params.get('expires') ?? '') ?? parseDecimal(response.get('Expires') ?? '');
  }

  #schedule(expires: number, refresh: number): void {
    const { clock } = this.agent;
    this.stop();
    this.#refreshAt = clock.now() + refresh * 1000;
    const background = { background: true };
    this.#refresh = clock.after(refresh * 1000, () => this.agent.background(this.reregister()), background);
    this.#expiry = clock.after(expires * 1000, () => this.#forget(), background);
  }

  #forget(): void {
    this.stop();
    this.#state = 'not registered';
    this.#granted = 0;
    this.agent.serviceRoute = [];
    this.agent.associated = [];
  }
}
