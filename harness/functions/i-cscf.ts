import { createSipStack } from '../net/sip-endpoint.js';
import type { SipStack } from '../net/sip-stack.js';
import { editSip } from '../wire/sip/edit.js';
import { parseAuthentication, parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import { CxClient, type CxResult, type ServerAnswer } from './cx-client.js';
import type { DiameterClientSetup } from './diameter-client.js';
import type { BehaviourRow, FunctionSetup, NetworkFunction, SipSide } from './network-function.js';
import { OwnAddresses } from './own-address.js';
import { type Incoming, ProxyCore, troubles } from './proxy.js';
import { globalNumber, identityKey } from './public-identity.js';
import { requestedExpiry } from './requested-expiry.js';

/** Named deviations of the I-CSCF. */
export const I_CSCF_BEHAVIOURS = {
  'record-routes': { does: 'stays on the path of calls', clause: 'TS 24.229 §5.3.2.1' },
  'answers-unknown-user-200': { does: 'lets an unknown user register', clause: 'TS 24.229 §5.3.1.3' },
  'skips-location-query': {
    does: 'sends calls to the first S-CSCF without asking the HSS',
    clause: 'TS 29.228 §6.1.4',
  },
  'wrong-authorization-type': {
    does: 'asks for a registration where the user de-registers',
    clause: 'TS 29.228 §6.1.1',
  },
} as const satisfies Record<string, BehaviourRow>;
export type ICscfBehaviour = keyof typeof I_CSCF_BEHAVIOURS;

export interface ICscfSetup extends FunctionSetup<ICscfBehaviour> {
  readonly mw: SipSide;
  readonly cx: DiameterClientSetup;
  readonly domain: string;
  /** S-CSCFs to choose from, in order of preference (TS 24.229 §5.3.1.2, by capabilities of TS 29.228 Annex D). */
  readonly servers: readonly ServingNode[];
}

export interface ServingNode {
  readonly uri: string;
  readonly capabilities: readonly number[];
}

/** Answers of the HSS that end a registration, TS 24.229 §5.3.1.3. */
const REGISTRATION_STATUS: Partial<Readonly<Record<CxResult, number>>> = {
  USER_UNKNOWN: 403,
  IDENTITIES_DONT_MATCH: 403,
  AUTHORIZATION_REJECTED: 403,
  ROAMING_NOT_ALLOWED: 403,
  IDENTITY_NOT_REGISTERED: 403,
  IDENTITY_ALREADY_REGISTERED: 403,
};

/** Answers of the HSS that end a session set-up, TS 24.229 §5.3.2.1. */
const SESSION_STATUS: Partial<Readonly<Record<CxResult, number>>> = {
  USER_UNKNOWN: 404,
  IDENTITY_NOT_REGISTERED: 480,
};

/** Anything else, and an HSS that does not answer. */
const UNAVAILABLE = 480;

/** Interrogating CSCF, TS 24.229 §5.3: finds the S-CSCF of a user with the HSS's help, and is gone after the initial request. */
export class ICscf implements NetworkFunction {
  readonly node;
  readonly #stack: SipStack;
  readonly #core: ProxyCore;
  readonly #cx: CxClient;
  readonly #behaviours: ReadonlySet<ICscfBehaviour>;

  constructor(private readonly setup: ICscfSetup) {
    const { node, environment, mw } = setup;
    this.node = node;
    this.#behaviours = new Set(setup.behaviours);
    this.#cx = new CxClient(setup.cx);
    this.#stack = createSipStack({ node: node.name, environment, ...mw, ...troubles(environment, () => this.#core) });
    this.#core = new ProxyCore(node.name, new OwnAddresses(node.hosts, mw.listen), environment, {
      request: (incoming) => this.#request(incoming),
      ack: (ack, routes) => (routes.length > 0 ? { request: ack } : null),
    });
    this.#core.attach(this.#stack);
  }

  async start(): Promise<void> {
    await this.#stack.start();
    await this.#cx.start();
  }

  async stop(): Promise<void> {
    await this.#cx.stop();
    await this.#stack.stop();
  }

  leftovers(): readonly string[] {
    const left = [...this.#core.problems, ...this.#cx.leftovers()];
    if (this.#core.openContexts > 0) left.push(`${this.node.name}: ${this.#core.openContexts} requests are unanswered`);
    return left;
  }

  async #request(incoming: Incoming): Promise<void> {
    const { request } = incoming;
    if (request.method === 'REGISTER') return this.#register(incoming);
    if (request.has('Route') || request.get('To')?.includes('tag=') === true) {
      return this.#core.forward(incoming, [{ request }]);
    }
    await this.#session(incoming);
  }

  /** TS 24.229 §5.3.1.2. */
  async #register(incoming: Incoming): Promise<void> {
    const { request } = incoming;
    const publicIdentity = parseNameAddr(request.get('To') ?? '')?.uri;
    if (publicIdentity === undefined) return incoming.reply(400);
    const deregisters = requestedExpiry(request) === 0 && !this.#behaviours.has('wrong-authorization-type');
    const answer = await this.#cx.userAuthorization({
      privateIdentity: privateIdentityOf(request, publicIdentity),
      publicIdentity: identityKey(publicIdentity),
      visitedNetwork: unquoted(request.get('P-Visited-Network-ID') ?? this.setup.domain),
      type: deregisters ? 'DE_REGISTRATION' : 'REGISTRATION',
    });
    if (!answer.ok && this.#behaviours.has('answers-unknown-user-200')) return incoming.reply(200);
    if (!answer.ok) return incoming.reply(REGISTRATION_STATUS[answer.result] ?? UNAVAILABLE);
    const server = this.#serverOf(answer);
    if (server === null) return incoming.reply(UNAVAILABLE);
    this.#core.forward(incoming, [{ request: editSip(request).requestUri(server).done(), target: server }]);
  }

  /** TS 24.229 §5.3.2.1. */
  async #session(incoming: Incoming): Promise<void> {
    let { request } = incoming;
    // A number in a SIP URI of the own domain stands for the tel URI that the HSS knows (TS 24.229 §5.3.2.1).
    const number = globalNumber(request.requestUri);
    const publicIdentity = number === null ? identityKey(request.requestUri) : `tel:${number}`;
    let server: string | null = null;
    if (this.#behaviours.has('skips-location-query')) {
      server = this.setup.servers[0]?.uri ?? null;
    } else {
      const answer = await this.#cx.locationInfo({ publicIdentity });
      if (!answer.ok) return incoming.reply(SESSION_STATUS[answer.result] ?? UNAVAILABLE);
      server = this.#serverOf(answer);
    }
    if (server === null) return incoming.reply(UNAVAILABLE);
    const edit = editSip(request).prepend('Route', `<${looseRoute(server)}>`);
    if (number !== null) edit.requestUri(publicIdentity);
    if (this.#behaviours.has('record-routes')) {
      const point = this.setup.mw.listen[0];
      edit.prepend('Record-Route', `<sip:${this.setup.mw.sentBy}:${point?.port ?? 5060};lr>`);
    }
    request = edit.done();
    this.#core.forward(incoming, [{ request }]);
  }

  /** The S-CSCF that is named, else the first that has every mandatory capability (TS 24.229 §5.3.1.2, TS 23.228 §5.1.2.2). */
  #serverOf(answer: ServerAnswer): string | null {
    if (answer.serverName !== null) return answer.serverName;
    const named = answer.serverCapabilities?.serverNames[0];
    if (named !== undefined) return named;
    const mandatory = answer.serverCapabilities?.mandatory ?? [];
    const fit = this.setup.servers.find((server) =>
      mandatory.every((capability) => server.capabilities.includes(capability)),
    );
    return fit?.uri ?? null;
  }
}

/** The private identity of Authorization, else what TS 24.229 §5.3.1.2 derives from the public one: without scheme and parameters. */
function privateIdentityOf(request: SipRequest, publicIdentity: string): string {
  const authorization = request.get('Authorization');
  const username = authorization === undefined ? undefined : parseAuthentication(authorization)?.params.get('username');
  return username ?? identityKey(publicIdentity).replace(/^\w+:/, '');
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, '$1');
}

function looseRoute(uri: string): string {
  return /;lr\b/i.test(uri) ? uri : `${uri};lr`;
}
