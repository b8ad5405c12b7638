import { createSipStack } from '../net/sip-endpoint.js';
import type { SipStack } from '../net/sip-stack.js';
import { editSip } from '../wire/sip/edit.js';
import { parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import {
  type InitialFilterCriteria,
  readUserProfile,
  type SessionCase,
  type UserProfile,
} from '../wire/xml/service-profile.js';
import { CxClient } from './cx-client.js';
import type { DiameterClientSetup } from './diameter-client.js';
import { criteriaOf, identitiesOf, triggers } from './filter-criteria.js';
import { type FunctionSetup, firstPoint, hostPort, type NetworkFunction, type SipSide } from './network-function.js';
import { OwnAddresses, plainHost, sipUriOf } from './own-address.js';
import { type Branch, type Incoming, ProxyCore, troubles } from './proxy.js';
import type { ProxyContext } from './proxy-context.js';
import { identityKey } from './public-identity.js';
import { RegEventNotifier } from './reg-event-notifier.js';
import { Registrar, type Registration } from './registrar.js';
import { routeToken } from './route-token.js';
import { DEFAULT_REGISTRATION_POLICY, type RegistrationPolicy, type SCscfBehaviour } from './s-cscf-policy.js';
import { SCscfRegistration } from './s-cscf-registration.js';
import {
  chargedRequest,
  chargedResponse,
  type HopKind,
  identityOf,
  isRegEvent,
  isServerFailure,
  type Leg,
  routableUri,
  tagOf,
  withAssertedService,
  withTelIdentity,
} from './s-cscf-session.js';

export interface SCscfSetup extends FunctionSetup<SCscfBehaviour> {
  readonly mw: SipSide;
  readonly cx: DiameterClientSetup;
  readonly domain: string;
  readonly ioi: string;
  /** Where requests for users of the own network go (TS 24.229 §5.4.3.2). */
  readonly iCscf: string;
  /** The own border, for requests to other networks. */
  readonly exit: string;
  /** SIP URIs that ENUM has for an E.164 number, best first; empty: none. */
  enumLookup(number: string): Promise<readonly string[]>;
  readonly policy?: Partial<RegistrationPolicy>;
}

/** Where a request stands between the application servers of its user, TS 23.218 §5.2.3. */
interface Chain {
  readonly side: 'originating' | 'terminating';
  readonly sessionCase: SessionCase;
  readonly served: string;
  readonly identities: readonly string[];
  readonly criteria: readonly InitialFilterCriteria[];
  next: number;
  /** Original dialog identifiers with which an application server has sent the request on. */
  readonly returned: Set<string>;
}

/** Requests that make a dialog and so keep us on the path. */
const DIALOG_CREATING: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);
const MMTEL = 'urn:urn-7:3gpp-service.ims.icsi.mmtel';

/** Serving CSCF, TS 24.229 §5.4: registrar, notifier of reg events, and the place where a user's services are called. */
export class SCscf implements NetworkFunction {
  readonly node;
  /** Server-Name of Cx, and host of every route entry of ours. */
  readonly uri: string;
  readonly #stack: SipStack;
  readonly #core: ProxyCore;
  readonly #cx: CxClient;
  readonly #registrar: Registrar<UserProfile>;
  readonly #registration: SCscfRegistration;
  readonly #notifier: RegEventNotifier;
  readonly #behaviours: ReadonlySet<SCscfBehaviour>;
  readonly #legs = new Map<string, Leg>();
  readonly #chains = new Map<string, Chain>();

  constructor(private readonly setup: SCscfSetup) {
    const { node, environment, mw, domain, ioi } = setup;
    this.node = node;
    this.uri = `sip:${hostPort(firstPoint(mw))}`;
    const behaviours = new Set(setup.behaviours);
    this.#behaviours = behaviours;
    this.#cx = new CxClient(setup.cx);
    this.#stack = createSipStack({ node: node.name, environment, ...mw, ...troubles(environment, () => this.#core) });
    this.#core = new ProxyCore(node.name, new OwnAddresses(node.hosts, mw.listen), environment, {
      request: (incoming) => this.#request(incoming),
      ack: (ack, routes) => (routes.length === 0 ? null : { request: ack }),
    });
    this.#core.attach(this.#stack);
    const problem = (text: string): void => {
      this.#core.problems.push(`${node.name}: ${text}`);
    };
    this.#registrar = new Registrar<UserProfile>(environment.clock, (registration) => {
      this.#registration.expire(registration).catch((error: unknown) => problem(String(error)));
    });
    this.#notifier = new RegEventNotifier({
      environment,
      stack: this.#stack,
      uri: this.uri,
      silent: behaviours.has('no-notify'),
      mayWatch: (host) => this.#servesAsApplicationServer(host),
      problem,
    });
    this.#registration = new SCscfRegistration({
      environment,
      stack: this.#stack,
      cx: this.#cx,
      registrar: this.#registrar,
      notifier: this.#notifier,
      policy: { ...DEFAULT_REGISTRATION_POLICY, ...setup.policy },
      behaviours,
      domain,
      ioi,
      uri: this.uri,
      serviceRoute: this.#routeUri('orig'),
      problem,
    });
    this.#cx.onRegistrationTermination((termination) => {
      const event = termination.reason === 'PERMANENT_TERMINATION' ? 'rejected' : 'deactivated';
      return this.#registration.terminate(termination.privateIdentity, event);
    });
  }

  /** Private identities that are registered now. */
  isRegistered(identity: string): boolean {
    return this.#registrar.find(identity) !== null;
  }

  async start(): Promise<void> {
    await this.#stack.start();
    await this.#cx.start();
  }

  async stop(): Promise<void> {
    this.#registration.clear();
    this.#notifier.clear();
    this.#registrar.clear();
    await this.#cx.stop();
    await this.#stack.stop();
  }

  leftovers(): readonly string[] {
    const left = [...this.#core.problems, ...this.#cx.leftovers()];
    for (const leg of this.#legs.values()) left.push(`${this.node.name}: call ${leg.callId} is still open`);
    if (this.#core.openContexts > 0) left.push(`${this.node.name}: ${this.#core.openContexts} requests are unanswered`);
    return left;
  }

  async #request(incoming: Incoming): Promise<void> {
    const { request, routes } = incoming;
    if (request.method === 'REGISTER') return this.#registration.register(incoming);
    const legs = routes.flatMap((route) => (route.user?.startsWith('leg-') ? [route.user] : []));
    if (legs.length > 0) return this.#inDialog(incoming, legs);
    if (this.#notifier.knows(request)) {
      const asserted = parseNameAddr(request.get('P-Asserted-Identity') ?? request.get('To') ?? '')?.uri ?? '';
      this.#notifier.refresh(
        incoming,
        this.#registrar.find(asserted) ?? this.#registrar.find(identityOf(request.get('To'))),
      );
      return;
    }
    const odi = routeToken(routes, 'odi-');
    if (odi !== null) return this.#resumed(incoming, odi);
    if (request.get('To')?.includes('tag=') === true) {
      if (routes.length === 0) incoming.reply(481);
      else this.#core.forward(incoming, [{ request }]);
      return;
    }
    if (routes.some((route) => route.user === 'orig' || route.params.has('orig'))) return this.#originating(incoming);
    await this.#terminating(incoming);
  }

  /** TS 24.229 §5.4.3.2: a request of a served user. */
  async #originating(incoming: Incoming): Promise<void> {
    let { request } = incoming;
    const served = identityOf(request.get('P-Served-User') ?? request.get('P-Asserted-Identity'));
    const registration = this.#registrar.find(served);
    if (registration === null) {
      incoming.reply(403);
      return;
    }
    if (isRegEvent(request)) {
      const watched = this.#registrar.find(request.requestUri);
      if (watched === null) incoming.reply(404);
      else this.#notifier.accept(incoming, watched);
      return;
    }
    if (!this.#behaviours.has('keeps-preferred-service'))
      request = withAssertedService(request, (service) => service === MMTEL);
    if (!this.#behaviours.has('no-tel-identity')) request = withTelIdentity(request, registration.identities);
    await this.#serve(
      incoming,
      request,
      this.#chain('originating', 'ORIGINATING_REGISTERED', served, registration.profile),
      'p-cscf',
    );
  }

  /** TS 24.229 §5.4.3.3: a request for a served user. */
  async #terminating(incoming: Incoming): Promise<void> {
    const { request } = incoming;
    const registration = this.#registrar.find(request.requestUri);
    if (isRegEvent(request)) {
      if (registration === null) incoming.reply(480);
      else this.#notifier.accept(incoming, registration);
      return;
    }
    if (registration !== null) {
      const chain = this.#chain('terminating', 'TERMINATING_REGISTERED', request.requestUri, registration.profile);
      return this.#serve(incoming, request, chain, 'network');
    }
    const profile = await this.#unregisteredProfile(request.requestUri);
    if (typeof profile === 'number') {
      incoming.reply(profile);
      return;
    }
    const chain = this.#chain('terminating', 'TERMINATING_UNREGISTERED', request.requestUri, profile);
    await this.#serve(incoming, request, chain, 'network');
  }

  /** TS 29.228 §6.1.2: the profile of a user who is not registered; or the SIP status. */
  async #unregisteredProfile(identity: string): Promise<UserProfile | number> {
    const answer = await this.#cx.serverAssignment({
      publicIdentities: [identityKey(identity)],
      serverName: this.uri,
      type: 'UNREGISTERED_USER',
    });
    if (answer.result === 'USER_UNKNOWN') return 404;
    const profile = answer.ok && answer.userData !== null ? readUserProfile(answer.userData).profile : null;
    return profile ?? 480;
  }

  /** A request that comes back from an application server with the original dialog identifier, TS 24.229 §5.4.3.4. */
  async #resumed(incoming: Incoming, odi: string): Promise<void> {
    const chain = this.#chains.get(odi);
    if (chain === undefined) return incoming.reply(481);
    chain.returned.add(odi);
    await this.#serve(incoming, incoming.request, chain, 'application-server');
  }

  #chain(side: Chain['side'], sessionCase: SessionCase, served: string, profile: UserProfile): Chain {
    const criteria = this.#behaviours.has('ignores-filter-criteria') ? [] : criteriaOf(profile, served);
    return { side, sessionCase, served, identities: identitiesOf(profile), criteria, next: 0, returned: new Set() };
  }

  /** On to the next application server, else out of the S-CSCF. */
  async #serve(incoming: Incoming, request: SipRequest, chain: Chain, caller: HopKind): Promise<void> {
    const leg: Leg = {
      token: `leg-${this.setup.environment.random.hex(6)}`,
      callId: request.get('Call-ID') ?? '',
      fromTag: tagOf(request.get('From')),
      caller,
      callee: 'network',
      established: false,
    };
    const onPath = DIALOG_CREATING.has(request.method) && !this.#behaviours.has('no-record-route');
    const base = onPath
      ? editSip(request)
          .prepend('Record-Route', `<${this.#routeUri(leg.token)}>`)
          .done()
      : request;
    const odis: string[] = [];
    let current: InitialFilterCriteria | null = null;
    const step = async (): Promise<readonly Branch[] | number> => {
      current = this.#nextCriterion(base, chain);
      if (current === null) return this.#leave(base, chain, leg);
      const odi = `odi-${this.setup.environment.random.hex(6)}`;
      odis.push(odi);
      this.#chains.set(odi, chain);
      leg.callee = 'application-server';
      return [this.#toApplicationServer(base, chain, current, odi)];
    };
    const branches = await step();
    if (typeof branches === 'number') return incoming.reply(branches);
    if (onPath && request.method === 'INVITE') this.#legs.set(leg.token, leg);
    /** Default handling, TS 24.229 §5.4.3.2: the session goes on without a server that does not answer, if the criteria say so. */
    const goOn = async (context: ProxyContext): Promise<boolean> => {
      const handling = current?.applicationServer.defaultHandling;
      // What a server has sent on failed further along: it is no failure of the server, and to go on would call once more.
      const sentOn = odis.some((odi) => chain.returned.has(odi));
      if (handling !== 'SESSION_CONTINUED' || sentOn || context.provisionalSeen || context.cancelled) return false;
      const further = await step();
      if (typeof further === 'number') return false;
      for (const branch of further) context.add(branch);
      return true;
    };
    this.#core.forward(incoming, branches, {
      response: async (response, context) => {
        if (isServerFailure(response) && (await goOn(context))) return null;
        return this.#answered(response, incoming.request, leg, chain);
      },
      ended: (final) => {
        for (const odi of odis) this.#chains.delete(odi);
        if (final.status >= 300) this.#legs.delete(leg.token);
      },
    });
  }

  #nextCriterion(request: SipRequest, chain: Chain): InitialFilterCriteria | null {
    while (chain.next < chain.criteria.length) {
      const criterion = chain.criteria[chain.next];
      chain.next += 1;
      if (criterion !== undefined && triggers(criterion, request, chain.sessionCase)) return criterion;
    }
    return null;
  }

  /** ISC, TS 24.229 §5.4.3.2 and §5.4.3.3: the server first, then we again with the original dialog identifier. */
  #toApplicationServer(request: SipRequest, chain: Chain, criterion: InitialFilterCriteria, odi: string): Branch {
    const server = criterion.applicationServer.serverName;
    const registered = !chain.sessionCase.endsWith('UNREGISTERED');
    const parameters = `sescase=${chain.side === 'originating' ? 'orig' : 'term'};regstate=${registered ? 'reg' : 'unreg'}`;
    const edited = editSip(request)
      .prepend('Route', `<${this.#routeUri(odi)}>`)
      .prepend('Route', `<${/;lr\b/i.test(server) ? server : `${server};lr`}>`)
      .set('P-Served-User', `<${chain.served}>;${parameters}`)
      .done();
    return { request: chargedRequest(edited, 'application-server', this.setup.ioi, this.#behaviours) };
  }

  async #leave(request: SipRequest, chain: Chain, leg: Leg): Promise<readonly Branch[] | number> {
    const clean = this.#behaviours.has('keeps-served-user') ? request : editSip(request).remove('P-Served-User').done();
    if (chain.side === 'originating') return this.#leaveOriginating(clean, leg);
    return this.#leaveTerminating(clean, chain, leg);
  }

  /** TS 24.229 §5.4.3.2 item 10 on: the number becomes a routable SIP URI, then the own or another network is next. */
  async #leaveOriginating(request: SipRequest, leg: Leg): Promise<readonly Branch[] | number> {
    leg.callee = 'network';
    const requestUri = this.#behaviours.has('no-number-translation')
      ? request.requestUri
      : await routableUri(request.requestUri, this.setup.domain, this.setup.enumLookup);
    if (requestUri === null) return 404;
    const edit = editSip(request);
    if (requestUri !== request.requestUri) edit.requestUri(requestUri);
    const target = sipUriOf(requestUri);
    const isOwn = target !== null && plainHost(target.host) === plainHost(this.setup.domain);
    if (!isOwn) edit.prepend('Route', `<${this.setup.exit};lr>`);
    const charged = chargedRequest(edit.done(), 'network', this.setup.ioi, this.#behaviours);
    return [isOwn ? { request: charged, target: this.setup.iCscf } : { request: charged }];
  }

  /** TS 24.229 §5.4.3.3: to every contact of the user, along the path of its registration (RFC 3327 §5.3). */
  #leaveTerminating(request: SipRequest, chain: Chain, leg: Leg): readonly Branch[] | number {
    leg.callee = 'p-cscf';
    const registration = this.#registrar.find(chain.served);
    if (registration === null || registration.bindings.length === 0) return 480;
    const charged = chargedRequest(request, 'p-cscf', this.setup.ioi, this.#behaviours);
    return registration.bindings.map((binding) => {
      const edit = editSip(charged).requestUri(binding.contactUri).setAll('Route', binding.path);
      if (!this.#behaviours.has('no-called-party-id')) edit.set('P-Called-Party-ID', `<${chain.served}>`);
      return { request: edit.done() };
    });
  }

  #answered(response: SipResponse, received: SipRequest, leg: Leg, chain: Chain): SipResponse {
    let result = chargedResponse(response, received, this.setup.ioi, this.#behaviours);
    if (leg.callee === 'p-cscf' && !this.#behaviours.has('no-tel-identity'))
      result = withTelIdentity(result, chain.identities);
    return result;
  }

  /** TS 24.229 §5.4.3.2 and §5.4.3.3, subsequent requests. */
  #inDialog(incoming: Incoming, tokens: readonly string[]): void {
    const { request } = incoming;
    // Several passes follow each other where the application server between them has left the path: the last one knows what is next.
    const leg = this.#legs.get(tokens.at(-1) ?? '');
    const towards = leg === undefined ? null : tagOf(request.get('From')) === leg.fromTag ? leg.callee : leg.caller;
    const charged = towards === null ? request : chargedRequest(request, towards, this.setup.ioi, this.#behaviours);
    this.#core.forward(incoming, [{ request: charged }], {
      response: (response) => chargedResponse(response, request, this.setup.ioi, this.#behaviours),
      ended: () => {
        if (request.method === 'BYE') for (const token of tokens) this.#legs.delete(token);
      },
    });
  }

  #servesAsApplicationServer(host: string): boolean {
    return this.#registrar.all().some((registration: Registration<UserProfile>) =>
      registration.profile.serviceProfiles.some((service) =>
        service.initialFilterCriteria.some((criterion) => {
          const server = sipUriOf(criterion.applicationServer.serverName);
          return server !== null && plainHost(server.host) === host;
        }),
      ),
    );
  }

  #routeUri(user: string): string {
    return `sip:${user}@${hostPort(firstPoint(this.setup.mw))};lr`;
  }
}
