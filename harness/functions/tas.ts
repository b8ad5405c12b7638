import type { Timer } from '../net/clock.js';
import { createSipStack } from '../net/sip-endpoint.js';
import type { SipStack } from '../net/sip-stack.js';
import { editSip } from '../wire/sip/edit.js';
import { parseNameAddr, parseSessionExpires } from '../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { chargingParameter, editChargingVector, ioiText, ioiTypeOf } from './charging-vector.js';
import {
  type BehaviourRow,
  type FunctionSetup,
  firstPoint,
  hostPort,
  type NetworkFunction,
  type SipSide,
} from './network-function.js';
import { OwnAddresses } from './own-address.js';
import { type Branch, type Incoming, ProxyCore, troubles } from './proxy.js';
import { routeToken } from './route-token.js';

/** Named deviations of the telephony application server. */
export const TAS_BEHAVIOURS = {
  'no-record-route': { does: 'leaves the path after the initial request', clause: 'TS 24.229 §5.7.3' },
  'refuses-third-party-register': { does: 'answers 500 to the third-party REGISTER', clause: 'TS 24.229 §5.7.1.1' },
  'drops-odi': {
    does: 'removes the S-CSCF from Route, so that the original dialog identifier is lost',
    clause: 'TS 24.229 §5.7.1.3',
  },
} as const satisfies Record<string, BehaviourRow>;
export type TasBehaviour = keyof typeof TAS_BEHAVIOURS;

export interface TasSetup extends FunctionSetup<TasBehaviour> {
  readonly isc: SipSide;
  readonly ioi: string;
  /** How long a called user may ring, milliseconds; two minutes without. */
  readonly noReply?: number;
}

/** Shorter than timer C of any proxy on the path (RFC 3261 §16.6 step 11), so that the service ends the call and not a proxy. */
const NO_REPLY = 120_000;

/** A served user known by third-party registration, TS 24.229 §5.7.1.1. */
export interface ServedUser {
  readonly identity: string;
  readonly expires: number;
}

/**
 * Telephony application server on ISC, TS 24.229 §5.7 and TS 24.173: a SIP proxy (§5.7.3) that stays on the path of every call of its
 * users. The MMTel services hook in at `forward`.
 */
export class Tas implements NetworkFunction {
  readonly node;
  readonly #stack: SipStack;
  readonly #core: ProxyCore;
  readonly #behaviours: ReadonlySet<TasBehaviour>;
  readonly #users = new Map<string, ServedUser>();
  readonly #calls = new Map<string, string>();

  constructor(private readonly setup: TasSetup) {
    this.node = setup.node;
    this.#behaviours = new Set(setup.behaviours);
    const { isc, environment, node } = setup;
    this.#stack = createSipStack({ node: node.name, environment, ...isc, ...troubles(environment, () => this.#core) });
    this.#core = new ProxyCore(node.name, new OwnAddresses(node.hosts, isc.listen), environment, {
      request: (incoming) => this.#request(incoming),
      ack: (ack, routes) => (routes.length > 0 ? { request: ack } : null),
    });
    this.#core.attach(this.#stack);
  }

  /** Users that the S-CSCF has registered with us. */
  get servedUsers(): readonly ServedUser[] {
    return [...this.#users.values()];
  }

  start(): Promise<void> {
    return this.#stack.start();
  }

  stop(): Promise<void> {
    return this.#stack.stop();
  }

  leftovers(): readonly string[] {
    const left = [...this.#core.problems];
    for (const callId of this.#calls.values()) left.push(`${this.node.name}: call ${callId} is still open`);
    if (this.#core.openContexts > 0) left.push(`${this.node.name}: ${this.#core.openContexts} requests are unanswered`);
    return left;
  }

  #request(incoming: Incoming): void {
    const { request, routes } = incoming;
    const call = routeToken(routes, 'call-');
    if (request.method === 'REGISTER') this.#thirdPartyRegister(incoming);
    else if (call !== null) this.#inDialog(incoming, call);
    else if (routes.length === 0) incoming.reply(request.method === 'OPTIONS' ? 200 : 404);
    else this.#initial(incoming);
  }

  /** TS 24.229 §5.7.1.1: the S-CSCF tells that a user is, or is no longer, registered. */
  #thirdPartyRegister(incoming: Incoming): void {
    const { request } = incoming;
    const identity = parseNameAddr(request.get('To') ?? '')?.uri;
    if (identity === undefined || this.#behaviours.has('refuses-third-party-register')) {
      incoming.reply(identity === undefined ? 400 : 500);
      return;
    }
    const expires = parseSessionExpires(request.get('Expires') ?? '')?.seconds ?? 3600;
    if (expires === 0) this.#users.delete(identity);
    else this.#users.set(identity, { identity, expires });
    const headers: [string, string][] = request
      .fields('Contact')
      .map((field) => ['Contact', `${field.value};expires=${expires}`]);
    headers.push(['Expires', String(expires)]);
    const vector = this.#answeredVector(request);
    if (vector !== null) headers.push(['P-Charging-Vector', vector]);
    incoming.reply(200, { headers });
  }

  #initial(incoming: Incoming): void {
    const { request } = incoming;
    if (this.#behaviours.has('drops-odi')) {
      const edited = editSip(request).removeFirst('Route').done();
      this.#core.forward(incoming, [{ request: edited }]);
      return;
    }
    if (request.method !== 'INVITE' || this.#behaviours.has('no-record-route')) {
      this.#pass(incoming, request, null);
      return;
    }
    const call = `call-${this.setup.environment.random.hex(6)}`;
    this.#calls.set(call, request.get('Call-ID') ?? '');
    const uri = `<sip:${call}@${hostPort(firstPoint(this.setup.isc))};lr>`;
    this.#pass(incoming, editSip(request).prepend('Record-Route', uri).done(), call);
  }

  #inDialog(incoming: Incoming, call: string): void {
    this.#pass(incoming, incoming.request, incoming.request.method === 'BYE' ? call : null);
  }

  /** `call` is given where the outcome decides whether the call goes on: a failed INVITE and a BYE end it. */
  #pass(incoming: Incoming, request: SipRequest, call: string | null): void {
    const branch: Branch = { request: this.#withOwnIoi(request) };
    let ringing: Timer | null = null;
    const { clock } = this.setup.environment;
    this.#core.forward(incoming, [branch], {
      response: (response, context) => {
        if (response.status === 180 && isTerminating(incoming.request)) {
          ringing ??= clock.after(this.setup.noReply ?? NO_REPLY, () => context.refuse(480), { background: true });
        }
        return this.#withTermIoi(response, incoming.request);
      },
      ended: (final) => {
        ringing?.cancel();
        if (call !== null && (request.method === 'BYE' || final.status >= 300)) this.#calls.delete(call);
      },
    });
  }

  /** TS 24.229 §5.7.1.2: an application server that is a proxy puts its own type 3 orig-ioi. */
  #withOwnIoi(request: SipRequest): SipRequest {
    if (chargingParameter(request, 'orig-ioi') === null) return request;
    return editChargingVector(request, { 'orig-ioi': ioiText('type-3', this.setup.ioi), 'term-ioi': null });
  }

  #withTermIoi(response: SipResponse, request: SipRequest): SipResponse {
    const received = chargingParameter(request, 'orig-ioi');
    return editChargingVector(response, {
      'orig-ioi': received,
      'term-ioi': received === null ? null : ioiText(ioiTypeOf(received), this.setup.ioi),
    });
  }

  #answeredVector(request: SipRequest): string | null {
    const icid = chargingParameter(request, 'icid-value');
    const origIoi = chargingParameter(request, 'orig-ioi');
    if (icid === null || origIoi === null) return null;
    return `icid-value=${icid};orig-ioi=${origIoi};term-ioi=${ioiText(ioiTypeOf(origIoi), this.setup.ioi)}`;
  }
}

/** The S-CSCF tells whose side we serve, RFC 5502 §5.1. */
function isTerminating(request: SipRequest): boolean {
  return parseNameAddr(request.get('P-Served-User') ?? '')?.params.get('sescase') === 'term';
}
