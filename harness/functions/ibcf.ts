import { createSipStack } from '../net/sip-endpoint.js';
import type { SipStack, SipTransport } from '../net/sip-stack.js';
import { editSip } from '../wire/sip/edit.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import { parseUri } from '../wire/sip/uri.js';
import {
  chargingParameter,
  chargingVectorOf,
  editChargingVector,
  setChargingVector,
  withoutAccessCharging,
} from './charging-vector.js';
import { type HeaderRow, type PolicyView, screened } from './header-policy.js';
import { BELIEVED_WITH_TRUST, NEVER_ACROSS, type ScreeningBehaviour, TRUST_ONLY } from './ibcf-screening.js';
import { ImsAlg, type MediaRelays } from './ims-alg.js';
import {
  type BehaviourRow,
  type FunctionSetup,
  firstPoint,
  hostPort,
  type NetworkFunction,
  type SipSide,
} from './network-function.js';
import { OwnAddresses, plainHost, sipUriOf } from './own-address.js';
import { type Branch, type Incoming, ProxyCore, troubles } from './proxy.js';
import { routeToken } from './route-token.js';
import { TopologyHiding } from './topology-hiding.js';
import type { TrgwSide } from './trgw.js';

/** Named deviations of the border. */
export const IBCF_BEHAVIOURS = {
  'forwards-access-headers': {
    does: 'lets P-Access-Network-Info cross without trust',
    clause: 'TS 29.165 table 6.1.3.1 item 36',
  },
  'forwards-untrusted-headers': { does: 'lets headers of the trust domain leave it', clause: 'TS 24.229 §4.4' },
  'no-record-route': { does: 'does not stay on the path', clause: 'TS 24.229 §5.10.2.2' },
  'no-topology-hiding': { does: 'shows the routing entries although hiding is agreed', clause: 'TS 33.203 §6.4' },
  'reuses-token-vector': { does: 'encrypts every entry with the same IV', clause: 'TS 33.203 §6.4' },
  'no-media-anchoring': { does: 'lets the media addresses of its network cross', clause: 'TS 23.228 §I.3.1' },
  'keeps-max-forwards': { does: 'does not count Max-Forwards down', clause: 'RFC 3261 §16.6 step 3' },
  'rejects-update': { does: 'answers 405 to UPDATE', clause: 'TS 29.165 table 6.1' },
  'drops-asserted-identity': {
    does: 'removes P-Asserted-Identity in spite of trust',
    clause: 'TS 29.165 table 6.1.3.1 item 27',
  },
} as const satisfies Record<string, BehaviourRow>;
export type IbcfBehaviour = keyof typeof IBCF_BEHAVIOURS;

export interface IbcfSetup extends FunctionSetup<IbcfBehaviour> {
  /** Towards the own core. */
  readonly mx: SipSide;
  /** Towards the other network. */
  readonly ici: SipSide;
  /** Name under which the other network reaches us at Ici; the address of the side where it is missing. */
  readonly iciHost?: string;
  readonly transport: SipTransport;
  readonly domain: string;
  readonly topologyHiding: boolean;
  /** Trust of RFC 3324 between the two networks. */
  readonly trust: boolean;
  /** Where requests for the own network go on: the I-CSCF (TS 24.229 §5.10.3.2). */
  readonly iCscf: string;
  /** SIP nodes of the own network other than the border: what topology hiding hides. */
  readonly inside: OwnAddresses;
  readonly media: MediaRelays;
}

interface BorderSession {
  readonly token: string;
  readonly callId: string;
  readonly media: ImsAlg;
  /** P-Charging-Vector parameters of the call inside, for responses that come back without the header. */
  readonly vector: Readonly<Record<string, string>> | null;
  established: boolean;
}

const METHODS = 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, MESSAGE, REFER, SUBSCRIBE, NOTIFY, PUBLISH';

/** Charging data of an operator that its last element takes out, TS 24.229 §4.5.8 (fe-identifier); the index list is for transit (§4.5.4A). */
const OPERATOR_ONLY = { 'fe-identifier': null } as const;

/**
 * Interconnection border control function, TS 24.229 §5.10: exit (§5.10.2) and entry (§5.10.3) of one home network, with topology hiding
 * (§5.10.4), IMS-ALG (§6.7.2) and screening (§5.10.6). It keeps Call-ID and tags, so that both sides see one dialog.
 */
export class Ibcf implements NetworkFunction {
  readonly node;
  readonly #mx: SipStack;
  readonly #ici: SipStack;
  readonly #core: ProxyCore;
  readonly #hiding: TopologyHiding | null;
  readonly #policy: PolicyView<ScreeningBehaviour>;
  readonly #behaviours: ReadonlySet<IbcfBehaviour>;
  readonly #sessions = new Map<string, BorderSession>();

  constructor(private readonly setup: IbcfSetup) {
    const { node, environment, mx, ici, domain } = setup;
    this.node = node;
    this.#behaviours = new Set(setup.behaviours);
    const told = troubles(environment, () => this.#core);
    this.#mx = createSipStack({ node: node.name, environment, ...mx, ...told });
    this.#ici = createSipStack({ node: node.name, environment, ...ici, ...told });
    const own = new OwnAddresses(
      [...node.hosts, ...(setup.iciHost === undefined ? [] : [setup.iciHost])],
      [...mx.listen, ...ici.listen],
    );
    this.#core = new ProxyCore(node.name, own, environment, {
      request: (incoming) => this.#request(incoming),
      ack: (ack, routes, stack) => this.#ack(ack, routes, stack),
    });
    this.#core.attach(this.#mx);
    this.#core.attach(this.#ici);
    this.#hiding =
      setup.topologyHiding && !this.#behaviours.has('no-topology-hiding')
        ? new TopologyHiding({
            domain,
            fixedVector: this.#behaviours.has('reuses-token-vector'),
            hides: (header, value) => this.#isInside(header, value),
          })
        : null;
    this.#policy = { trusts: () => setup.trust, behaviours: new Set(screeningOf(this.#behaviours)) };
  }

  async start(): Promise<void> {
    await Promise.all([this.#mx.start(), this.#ici.start()]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.#end(session)));
    await Promise.all([this.#mx.stop(), this.#ici.stop()]);
  }

  leftovers(): readonly string[] {
    const left = [...this.#core.problems];
    for (const session of this.#sessions.values()) left.push(`${this.node.name}: call ${session.callId} is still open`);
    if (this.#core.openContexts > 0) left.push(`${this.node.name}: ${this.#core.openContexts} requests are unanswered`);
    return left;
  }

  async #request(incoming: Incoming): Promise<void> {
    const { request, stack } = incoming;
    if (request.method === 'OPTIONS' && this.#isForUs(request)) {
      return incoming.reply(200, {
        headers: [
          ['Allow', METHODS],
          ['Accept', 'application/sdp'],
          ['Supported', '100rel, timer, precondition'],
        ],
      });
    }
    // TS 29.165 table 6.3: a border without a roaming interface discards REGISTER.
    if (request.method === 'REGISTER') return incoming.reply(403);
    if (request.method === 'UPDATE' && this.#behaviours.has('rejects-update')) {
      return incoming.reply(405, { headers: [['Allow', METHODS.replace('UPDATE, ', '')]] });
    }
    const token = routeToken(incoming.routes, 'b-');
    const session = token === null ? null : (this.#sessions.get(token) ?? null);
    if (stack === this.#ici) await this.#entry(incoming, session);
    else await this.#exit(incoming, session);
  }

  /** TS 24.229 §5.10.2: from the own network to the other one. */
  async #exit(incoming: Incoming, known: BorderSession | null): Promise<void> {
    let request = incoming.request;
    const target = this.#exitTarget(request);
    if (target === null) return incoming.reply(404);
    const initial = request.method === 'INVITE' && known === null;
    const session = initial ? this.#begin(request) : known;
    request = await this.#kept(initial, session, this.#outward(request, session));
    if (initial && session !== null) request = this.#recordRouted(request, session, 'outer');
    this.#forward(incoming, { request, stack: this.#ici, ...(target === '' ? {} : { target }) }, session, 'inner');
  }

  /** TS 24.229 §5.10.3: from the other network into the own one. */
  async #entry(incoming: Incoming, known: BorderSession | null): Promise<void> {
    let request = this.#hiding?.reveal(incoming.request) ?? incoming.request;
    request = this.#core.withoutOwnRoutes(request).request;
    const initial = request.method === 'INVITE' && known === null;
    request = this.#inward(request);
    if (initial && chargingVectorOf(request) === null) request = this.#withOwnVector(request);
    const session = initial ? this.#begin(request) : known;
    request = await this.#kept(initial, session, this.#anchored(request, session, 'outer'));
    if (initial && session !== null) request = this.#recordRouted(request, session, 'inner');
    const follows = request.has('Route') || request.get('To')?.includes('tag=') === true;
    // A dialog of ours has a route set; the name of the domain is the target of none (RFC 3261 §12.2.2).
    if (known === null && follows && !request.has('Route') && this.#isOurDomain(request)) return incoming.reply(481);
    const branch: Branch = { request, stack: this.#mx, ...(follows ? {} : { target: this.setup.iCscf }) };
    this.#forward(incoming, branch, session, 'outer');
  }

  #forward(incoming: Incoming, branch: Branch, session: BorderSession | null, from: TrgwSide): void {
    const isInvite = branch.request.method === 'INVITE';
    const request = this.#behaviours.has('keeps-max-forwards') ? notCounted(branch.request) : branch.request;
    this.#core.forward(incoming, [{ ...branch, request }], {
      // TS 24.229 §4.14.3: a network that cannot be reached is a time-out of another server.
      failureStatus: { timeout: isInvite ? 408 : 504, transport: 504 },
      response: (response) =>
        from === 'inner' ? this.#responseInward(response, session) : this.#outward(response, session),
      ended: (final) => {
        if (session === null) return;
        if (isInvite && final !== null && final.status < 300) session.established = true;
        if (branch.request.method === 'BYE' || (isInvite && !session.established)) return this.#end(session);
      },
    });
  }

  #ack(ack: SipRequest, routes: readonly Parameters<OwnAddresses['names']>[0][], stack: SipStack): Branch | null {
    if (routes.length === 0 && !ack.has('Route')) return null;
    if (stack === this.#ici) {
      const revealed = this.#hiding?.reveal(ack) ?? ack;
      return { request: this.#inward(this.#core.withoutOwnRoutes(revealed).request), stack: this.#mx };
    }
    const screenedAck = this.#screenedOut(ack);
    return { request: this.#hiding?.hide(screenedAck) ?? screenedAck, stack: this.#ici };
  }

  /** Everything that a message loses, or shows otherwise, on its way to the other network. */
  async #outward<T extends SipMessage>(message: T, session: BorderSession | null): Promise<T> {
    const anchored = await this.#anchored(this.#screenedOut(message), session, 'inner');
    return this.#hiding?.hide(anchored) ?? anchored;
  }

  #screenedOut<T extends SipMessage>(message: T): T {
    let result = screened(message, NEVER_ACROSS, this.#policy);
    result = screened(result, this.#trustRows(), this.#policy);
    result = withoutAccessCharging(result);
    const requestOnly = result.kind === 'request' ? { 'term-ioi': null } : {};
    result = editChargingVector(result, { ...OPERATOR_ONLY, ...requestOnly, ...this.#hiddenGenerator(result) });
    if (this.setup.trust) return result;
    return withoutNumberParameters(result);
  }

  /** Which node made the icid-value is topology too (TS 24.229 §5.10.4). */
  #hiddenGenerator(message: SipMessage): Readonly<Record<string, null>> {
    const host = chargingParameter(message, 'icid-generated-at');
    return this.setup.topologyHiding && host !== null && this.setup.inside.hasHost(host)
      ? { 'icid-generated-at': null }
      : {};
  }

  #trustRows(): readonly HeaderRow<ScreeningBehaviour>[] {
    if (!this.#behaviours.has('drops-asserted-identity')) return TRUST_ONLY;
    return [...TRUST_ONLY, { header: 'P-Asserted-Identity', clause: 'deviation' }];
  }

  #inward<T extends SipMessage>(message: T): T {
    const known = screened(screened(message, NEVER_ACROSS, this.#policy), TRUST_ONLY, this.#policy);
    const result = screened(known, BELIEVED_WITH_TRUST, this.#policy);
    return this.setup.trust ? result : withoutIotl(result);
  }

  async #responseInward(response: SipResponse, session: BorderSession | null): Promise<SipResponse> {
    const revealed = this.#hiding?.reveal(response) ?? response;
    let result = this.#inward(revealed);
    if (session?.vector && !result.has('P-Charging-Vector')) result = setChargingVector(result, session.vector);
    return this.#anchored(result, session, 'outer');
  }

  #anchored<T extends SipMessage>(message: T, session: BorderSession | null, from: TrgwSide): Promise<T> {
    if (session === null || this.#behaviours.has('no-media-anchoring')) return Promise.resolve(message);
    return session.media.rewrite(message, from);
  }

  /** TS 24.229 §5.10.3.2 and RFC 7315 §4.6.2.2: a request from outside without charging data gets its own icid-value. */
  #withOwnVector(request: SipRequest): SipRequest {
    const { address } = firstPoint(this.setup.mx);
    return setChargingVector(request, {
      'icid-value': `"${this.setup.environment.random.hex(16)}"`,
      'icid-generated-at': address.includes(':') ? `[${address}]` : address,
    });
  }

  /** Double Record-Route (RFC 5658): the far side's own entry on top, the near side's under it, one entry where both are the same. */
  #recordRouted(request: SipRequest, session: BorderSession, towards: TrgwSide): SipRequest {
    if (this.#behaviours.has('no-record-route')) return request;
    const { mx, ici, iciHost, transport } = this.setup;
    const iciPoint = firstPoint(ici);
    const outer = iciHost === undefined ? hostPort(iciPoint) : `${iciHost}:${iciPoint.port}`;
    const entries = {
      inner: `<sip:${session.token}@${hostPort(firstPoint(mx))};lr>`,
      outer: `<sip:${session.token}@${outer}${transport === 'udp' ? '' : `;transport=${transport}`};lr>`,
    };
    const [near, far] = towards === 'outer' ? [entries.inner, entries.outer] : [entries.outer, entries.inner];
    return editSip(request).prepend('Record-Route', near).prepend('Record-Route', far).done();
  }

  /** Empty: along the Route; a URI: where the other network's border is looked up; null: nowhere. */
  #exitTarget(request: SipRequest): string | null {
    if (request.has('Route')) return '';
    const uri = parseUri(request.requestUri);
    if (uri === null || (uri.scheme !== 'sip' && uri.scheme !== 'sips')) return null;
    if (uri.port !== null || /^[\d.]+$|:/.test(uri.host)) return '';
    // The DNS of the IPX says over which transport the other border is reached (GSMA IR.67, RFC 3263 §4.1).
    return `sip:${uri.host}`;
  }

  #isForUs(request: SipRequest): boolean {
    const uri = sipUriOf(request.requestUri);
    if (uri === null || uri.user !== null) return false;
    return plainHost(uri.host) === plainHost(this.setup.domain) || this.#ownHost(uri.host);
  }

  #isOurDomain(request: SipRequest): boolean {
    const uri = sipUriOf(request.requestUri);
    return uri !== null && plainHost(uri.host) === plainHost(this.setup.domain);
  }

  #ownHost(host: string): boolean {
    const { mx, ici, iciHost } = this.setup;
    const points = [...mx.listen, ...ici.listen].map((point) => plainHost(point.address));
    return points.includes(plainHost(host)) || host === iciHost || this.node.hosts.includes(host);
  }

  #isInside(header: string, value: string): boolean {
    // Below our own Via, which the stack puts on when the request is sent, a non-roaming exit has Via entries of its own network only.
    if (header === 'Via') return !value.includes('tokenized-by');
    const uri = sipUriOf(value);
    return uri !== null && !uri.params.has('tokenized-by') && this.setup.inside.names(uri);
  }

  #begin(request: SipRequest): BorderSession {
    const token = `b-${this.setup.environment.random.hex(6)}`;
    const icid = chargingParameter(request, 'icid-value');
    const session: BorderSession = {
      token,
      callId: request.get('Call-ID') ?? '',
      media: new ImsAlg(this.setup.media),
      vector: icid === null ? null : { 'icid-value': icid },
      established: false,
    };
    this.#sessions.set(token, session);
    return session;
  }

  /** A call that cannot be taken up (no media ports, say) leaves no session. */
  async #kept<T>(initial: boolean, session: BorderSession | null, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (initial && session !== null) await this.#end(session);
      throw error;
    }
  }

  #end(session: BorderSession): Promise<void> {
    this.#sessions.delete(session.token);
    return session.media.release();
  }
}

function screeningOf(behaviours: ReadonlySet<IbcfBehaviour>): readonly ScreeningBehaviour[] {
  return (['forwards-access-headers', 'forwards-untrusted-headers'] as const).filter((name) => behaviours.has(name));
}

/** Undoes the core's count beforehand. */
function notCounted(request: SipRequest): SipRequest {
  const value = Number.parseInt(request.get('Max-Forwards') ?? '70', 10);
  return editSip(request)
    .set('Max-Forwards', String(value + 1))
    .done();
}

/** `cpc` and `oli` of the calling line leave with trust only, TS 29.165 table 6.2 items 16 and 17. */
function withoutNumberParameters<T extends SipMessage>(message: T): T {
  if (!message.has('P-Asserted-Identity')) return message;
  return editSip(message)
    .mapValues('P-Asserted-Identity', (value) => value.replace(/;(?:cpc|oli)=[^;@>\s]*/gi, ''))
    .done();
}

/** An untrusted peer's `iotl` says nothing, RFC 7549 §7. */
function withoutIotl<T extends SipMessage>(message: T): T {
  const strip = (text: string): string => text.replace(/;iotl=[^;>?\s]*/gi, '');
  const edit = editSip(message).mapValues('Route', strip);
  if (message.kind === 'request' && strip(message.requestUri) !== message.requestUri)
    edit.requestUri(strip(message.requestUri));
  return edit.done();
}
