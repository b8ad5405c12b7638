import { createSipStack } from '../net/sip-endpoint.js';
import type { SipStack } from '../net/sip-stack.js';
import { editSip } from '../wire/sip/edit.js';
import { parseNameAddr } from '../wire/sip/headers.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import type { SipUri } from '../wire/sip/uri.js';
import { setChargingVector } from './charging-vector.js';
import type { DiameterClientSetup } from './diameter-client.js';
import { type PolicyView, screened, withoutOptionTag } from './header-policy.js';
import { type FunctionSetup, firstPoint, hostPort, type NetworkFunction, type SipSide } from './network-function.js';
import { OwnAddresses } from './own-address.js';
import { type RegisteredUe, RegisteredUes } from './p-cscf-contact.js';
import { FROM_UE, type PCscfBehaviour, SEC_AGREE_HEADERS, TO_UE } from './p-cscf-policy.js';
import { PCscfRegistration } from './p-cscf-registration.js';
import { CallRelease } from './p-cscf-release.js';
import { correlationOf, PCscfSession, type Sender } from './p-cscf-session.js';
import { PCscfSubscriptions } from './p-cscf-subscription.js';
import { type Branch, type Incoming, ProxyCore, troubles } from './proxy.js';
import type { ProxyContext } from './proxy-context.js';
import { identityKey } from './public-identity.js';
import { routeToken } from './route-token.js';
import { RxClient } from './rx-client.js';

export interface PCscfSetup extends FunctionSetup<PCscfBehaviour> {
  /** Towards the core, and where a UE's first, unprotected REGISTER arrives. */
  readonly mw: SipSide;
  /** The protected server port (TS 33.203 §7.1). In the embedded tier it is a real socket without ESP under it. */
  readonly gm: SipSide;
  /** The protected client port that Security-Server names. */
  readonly protectedClientPort: number;
  readonly rx: DiameterClientSetup;
  readonly domain: string;
  readonly ioi: string;
  readonly iCscf: string;
  /** What this network knows of the access itself, added as network-provided P-Access-Network-Info (TS 24.229 §5.2.6.3). */
  readonly accessNetworkInfo?: string;
}

/** Until the NOTIFY that ends the subscription has come, TS 24.229 §5.2.5.1. */
const DEREGISTRATION_GUARD = 32_000;

/** Proxy CSCF, TS 24.229 §5.2: the UE's door to the network, which it keeps honest, and the PCRF's client. */
export class PCscf implements NetworkFunction {
  readonly node;
  readonly #mw: SipStack;
  readonly #gm: SipStack;
  readonly #core: ProxyCore;
  readonly #rx: RxClient;
  readonly #ues: RegisteredUes;
  readonly #registration: PCscfRegistration;
  readonly #subscriptions: PCscfSubscriptions;
  readonly #policy: PolicyView<PCscfBehaviour>;
  readonly #sessions = new Map<string, PCscfSession>();
  readonly #releases = new Map<string, CallRelease>();
  readonly #host: string;

  constructor(private readonly setup: PCscfSetup) {
    const { node, environment, mw, gm } = setup;
    this.node = node;
    const behaviours = new Set(setup.behaviours);
    this.#policy = { trusts: () => true, behaviours };
    const told = troubles(environment, () => this.#core);
    this.#mw = createSipStack({ node: node.name, environment, ...mw, ...told });
    this.#gm = createSipStack({ node: node.name, environment, ...gm, ...told });
    this.#rx = new RxClient(setup.rx);
    this.#ues = new RegisteredUes(environment.clock);
    const { address } = firstPoint(mw);
    this.#host = address.includes(':') ? `[${address}]` : address;
    this.#core = new ProxyCore(node.name, new OwnAddresses(node.hosts, [...mw.listen, ...gm.listen]), environment, {
      proxyOptions: ['sec-agree'],
      request: (incoming) => this.#request(incoming),
      ack: (ack, routes, stack) => this.#ack(ack, routes, stack),
    });
    this.#core.attach(this.#mw);
    this.#core.attach(this.#gm);
    const problem = (text: string): void => {
      this.#core.problems.push(`${node.name}: ${text}`);
    };
    this.#subscriptions = new PCscfSubscriptions({
      environment,
      stack: this.#mw,
      iCscf: setup.iCscf,
      host: this.#host,
      uri: `sip:${hostPort(firstPoint(mw))}`,
      terminated: (impi) => this.#forget(impi),
      problem,
    });
    this.#registration = new PCscfRegistration({
      environment,
      ues: this.#ues,
      behaviours,
      ioi: setup.ioi,
      visitedNetwork: setup.domain,
      iCscf: setup.iCscf,
      host: this.#host,
      mwUri: (user) => this.#uri(mw, user),
      ports: { client: setup.protectedClientPort, server: firstPoint(gm).port },
      core: () => this.#core,
      toCore: (request, target) => ({ request, target, stack: this.#mw }),
      registered: (ue) => {
        if (!behaviours.has('no-reg-event')) this.#subscriptions.subscribe(ue);
      },
      deregistered: (ue) => {
        if (behaviours.has('no-reg-event')) this.#forget(ue.impi);
        else environment.clock.after(DEREGISTRATION_GUARD, () => this.#forget(ue.impi), { background: true });
      },
    });
    this.#rx.onAbort((abort) => this.#released(abort.sessionId));
    this.#rx.onEvent((event) => {
      if (event.actions.some((action) => LOST_BEARER.has(action))) this.#released(event.sessionId);
    });
  }

  /** Public identities of the UEs that are registered through us. */
  get registeredIdentities(): readonly string[] {
    return this.#ues.all().flatMap((ue) => ue.identities);
  }

  async start(): Promise<void> {
    await Promise.all([this.#mw.start(), this.#gm.start()]);
    await this.#rx.start();
  }

  async stop(): Promise<void> {
    this.#ues.clear();
    this.#registration.clear();
    this.#subscriptions.clear();
    await this.#rx.stop();
    await Promise.all([this.#mw.stop(), this.#gm.stop()]);
  }

  leftovers(): readonly string[] {
    const left = [...this.#core.problems, ...this.#rx.leftovers()];
    for (const session of this.#sessions.values()) left.push(`${this.node.name}: call ${session.callId} is still open`);
    if (this.#core.openContexts > 0) left.push(`${this.node.name}: ${this.#core.openContexts} requests are unanswered`);
    return left;
  }

  async #request(incoming: Incoming): Promise<void> {
    const { request, stack, routes } = incoming;
    if (request.method === 'REGISTER') {
      this.#registration.register(incoming, stack === this.#gm);
      return;
    }
    const session = this.#sessions.get(routeToken(routes, 'call-') ?? '') ?? null;
    if (stack === this.#gm) return this.#fromUe(incoming, session);
    if (this.#subscriptions.notified(incoming)) return;
    const token = routeToken(routes, 'ue-');
    const ue = session?.ue ?? (token === null ? null : this.#ues.byToken(token));
    // TS 24.229 §5.2.1: nothing but REGISTER is taken without a security association, and nothing for a UE that is not registered.
    if (ue === null) {
      incoming.reply(routes.length > 0 ? 480 : 403);
      return;
    }
    await this.#toUe(incoming, session, ue);
  }

  /** TS 24.229 §5.2.6.3 and §5.2.7.2: requests of the UE. */
  async #fromUe(incoming: Incoming, known: PCscfSession | null): Promise<void> {
    const { request, transaction } = incoming;
    const ue = known?.ue ?? this.#ues.bySource(request, transaction.source);
    if (ue === null) {
      incoming.reply(403);
      return;
    }
    let result = this.#cleaned(request);
    const initial = parseNameAddr(request.get('To') ?? '')?.params.has('tag') !== true;
    if (!initial) {
      result = this.#charged(result, known);
      return this.#forward(incoming, { request: result, stack: this.#mw }, known, 'ue');
    }
    const edit = editSip(result).setAll('Route', ue.serviceRoute);
    if (!this.#has('no-asserted-identity')) edit.set('P-Asserted-Identity', `<${assertedIdentity(request, ue)}>`);
    const { accessNetworkInfo } = this.setup;
    if (accessNetworkInfo !== undefined) edit.append('P-Access-Network-Info', `${accessNetworkInfo};network-provided`);
    const icid = { 'icid-value': `"${this.setup.environment.random.hex(16)}"`, 'icid-generated-at': this.#host };
    const session =
      request.method === 'INVITE' ? this.#begin(request, ue, this.#has('no-charging-vector') ? null : icid) : null;
    result = this.#recordRouted(edit.done(), session?.token ?? ue.token, 'ue');
    if (!this.#has('no-charging-vector')) result = setChargingVector(result, icid);
    await this.#forward(incoming, { request: result, stack: this.#mw }, session, 'ue');
  }

  /** TS 24.229 §5.2.7.3: requests for the UE. */
  async #toUe(incoming: Incoming, known: PCscfSession | null, ue: RegisteredUe): Promise<void> {
    const { request } = incoming;
    const initial = parseNameAddr(request.get('To') ?? '')?.params.has('tag') !== true;
    const session =
      known ?? (request.method === 'INVITE' && initial ? this.#begin(request, ue, correlationOf(request)) : null);
    let result = screened(request, TO_UE, this.#policy);
    if (initial) result = this.#recordRouted(result, session?.token ?? ue.token, 'peer');
    await this.#forward(incoming, { request: result, stack: this.#gm }, session, 'peer');
  }

  async #forward(incoming: Incoming, branch: Branch, session: PCscfSession | null, sender: Sender): Promise<void> {
    const { request } = incoming;
    const other: Sender = sender === 'ue' ? 'peer' : 'ue';
    await session?.follow(request, sender, null);
    if (session !== null) this.#releases.get(session.token)?.seen(request, sender);
    this.#core.forward(incoming, [branch], {
      response: async (response, context) => {
        const accepted = (await session?.follow(response, other, request)) ?? true;
        if (session !== null) this.#releases.get(session.token)?.answered(request, response, sender);
        if (session !== null && !accepted) {
          // The PCRF refuses the media: the call does not go on (TS 24.229 §5.2.7.1, TS 29.214 §4.4.1).
          if (response.status >= 200) session.refused = true;
          else return this.#refused(context);
        }
        return sender === 'ue'
          ? this.#responseToUe(response, session)
          : this.#responseFromUe(response, request, session);
      },
      ended: async (final) => {
        if (session === null) return;
        session.failed(final);
        if (request.method === 'INVITE' && final.status < 300) session.established = true;
        if (request.method === 'BYE' || (request.method === 'INVITE' && !session.established)) await this.#end(session);
      },
    });
  }

  #ack(ack: SipRequest, routes: readonly SipUri[], stack: SipStack): Branch | null {
    const session = this.#sessions.get(routeToken(routes, 'call-') ?? '');
    if (session === undefined) return null;
    const sender: Sender = stack === this.#gm ? 'ue' : 'peer';
    session
      .follow(ack, sender, null)
      .catch((error: unknown) => this.#core.problems.push(`${this.node.name}: ${String(error)}`));
    // A call that was answered before the PCRF refused it is set up first, and then released.
    if (session.refused) this.setup.environment.clock.after(0, () => this.#releaseLater(session));
    if (sender === 'ue') return { request: this.#cleaned(ack), stack: this.#mw };
    return { request: screened(ack, TO_UE, this.#policy), stack: this.#gm };
  }

  #responseToUe(response: SipResponse, session: PCscfSession | null): SipResponse {
    const result = screened(response, TO_UE, this.#policy);
    // RFC 5009 §7: early media is not announced to a UE that has not said that it understands it.
    return session?.earlyMedia === true ? result : editSip(result).remove('P-Early-Media').done();
  }

  /** TS 24.229 §5.2.7.3: who answered, and the charging correlation of the call. */
  #responseFromUe(response: SipResponse, request: SipRequest, session: PCscfSession | null): SipResponse {
    let result = this.#cleaned(response);
    const initial = parseNameAddr(request.get('To') ?? '')?.params.has('tag') !== true;
    const ue = session?.ue;
    if (
      initial &&
      ue !== undefined &&
      response.status > 100 &&
      response.status < 300 &&
      !this.#has('no-asserted-identity')
    ) {
      result = editSip(result)
        .set('P-Asserted-Identity', `<${assertedIdentity(response, ue)}>`)
        .done();
    }
    return this.#charged(result, session, request);
  }

  /** What a UE may not say, and what is meant for us alone, is taken out. */
  #cleaned<T extends SipMessage>(message: T): T {
    const result = screened(message, FROM_UE, this.#policy);
    return this.#has('keeps-sec-agree') ? result : withoutOptionTag(result, 'sec-agree', SEC_AGREE_HEADERS);
  }

  #charged<T extends SipMessage>(message: T, session: PCscfSession | null, request?: SipRequest): T {
    const vector = session?.vector ?? (request === undefined ? null : correlationOf(request));
    if (vector === null || this.#has('no-charging-vector')) return message;
    if (!this.#has('new-icid-in-dialog')) return setChargingVector(message, vector);
    return setChargingVector(message, { ...vector, 'icid-value': `"${this.setup.environment.random.hex(16)}"` });
  }

  /** Double Record-Route (RFC 5658): the UE sees our protected port, the core our other one. TS 24.229 §5.2.6.3, §5.2.7.3. */
  #recordRouted(request: SipRequest, token: string, sender: Sender): SipRequest {
    if (this.#has('no-record-route') || !['INVITE', 'SUBSCRIBE', 'REFER'].includes(request.method)) return request;
    const gm = `<${this.#uri(this.setup.gm, token)}>`;
    const mw = `<${this.#uri(this.setup.mw, token)}>`;
    const [near, far] = sender === 'ue' ? [gm, mw] : [mw, gm];
    return editSip(request).prepend('Record-Route', near).prepend('Record-Route', far).done();
  }

  #begin(request: SipRequest, ue: RegisteredUe, vector: Readonly<Record<string, string>> | null): PCscfSession {
    const token = `call-${this.setup.environment.random.hex(6)}`;
    const earlyMedia = /^\s*supported/i.test(request.get('P-Early-Media') ?? '');
    const rx = this.#has('no-rx') ? null : this.#rx;
    const session = new PCscfSession(token, ue, request.get('Call-ID') ?? '', vector, earlyMedia, rx);
    this.#sessions.set(token, session);
    this.#releases.set(token, new CallRelease(this.#uri(this.setup.mw, token)));
    return session;
  }

  async #end(session: PCscfSession): Promise<void> {
    this.#sessions.delete(session.token);
    this.#releases.delete(session.token);
    await session.end(this.#has('no-rx-termination'));
  }

  #refused(context: ProxyContext): null {
    context.refuse(503);
    return null;
  }

  /** The bearer or the Rx session of a call is gone, TS 24.229 §5.2.8.1.2. */
  #released(rxId: string): void {
    for (const session of this.#sessions.values()) if (session.rxId === rxId) this.#releaseLater(session);
  }

  #releaseLater(session: PCscfSession): void {
    this.#release(session).catch((error: unknown) => this.#core.problems.push(`${this.node.name}: ${String(error)}`));
  }

  /** BYE to both ends with `Reason: SIP;cause=503`, TS 24.229 §5.2.8.1.2. */
  async #release(session: PCscfSession): Promise<void> {
    const release = this.#releases.get(session.token);
    await this.#end(session);
    await release?.run({ ue: this.#gm, peer: this.#mw }, session.vector);
  }

  #forget(impi: string): void {
    this.#ues.remove(impi);
    this.#registration.forget(impi);
  }

  #has(behaviour: PCscfBehaviour): boolean {
    return this.#policy.behaviours.has(behaviour);
  }

  #uri(side: SipSide, user: string): string {
    return `sip:${user}@${hostPort(firstPoint(side))};lr`;
  }
}

/** Specific-Actions after which the media of a call cannot go on, TS 29.214 §4.4.6.2. */
const LOST_BEARER: ReadonlySet<string> = new Set(['INDICATION_OF_LOSS_OF_BEARER', 'INDICATION_OF_RELEASE_OF_BEARER']);

/** The identity that the UE prefers, if it is one of its own; else its default one. TS 24.229 §5.2.6.3. */
function assertedIdentity(message: SipMessage, ue: RegisteredUe): string {
  const preferred = message.get('P-Preferred-Identity');
  const wanted = preferred === undefined ? null : identityKey(parseNameAddr(preferred)?.uri ?? preferred);
  return ue.identities.find((identity) => identityKey(identity) === wanted) ?? ue.identities[0] ?? ue.contactUri;
}
