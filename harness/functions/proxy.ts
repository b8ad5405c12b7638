import type { NetEnvironment } from '../net/environment.js';
import type { ServerTransaction, SipStack, SipStackOptions, Target } from '../net/sip-stack.js';
import { buildResponse } from '../wire/sip/build.js';
import { editSip } from '../wire/sip/edit.js';
import { parseNameAddr, parseVia } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import type { SipUri } from '../wire/sip/uri.js';
import { type OwnAddresses, sipUriOf } from './own-address.js';
import { type ForwardEvents, ProxyContext } from './proxy-context.js';

const DEFAULT_MAX_FORWARDS = 70;

export interface ReplyOptions {
  readonly toTag?: string;
  readonly reason?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
  readonly contentType?: string;
}

/** A request as a function sees it: our own Route values are taken off the top. */
export interface Incoming {
  readonly request: SipRequest;
  readonly transaction: ServerTransaction;
  /** The side it arrived at. */
  readonly stack: SipStack;
  /** The Route URIs of ours that were on top, topmost first: their user parts and parameters tell what we once meant. */
  readonly routes: readonly SipUri[];
  /** Answers it ourselves, with a To tag of ours where none is. */
  reply(status: number, options?: ReplyOptions): void;
}

/** One way on: a request whose Request-URI, Route and Record-Route are ready. Max-Forwards and Via are the core's and the stack's. */
export interface Branch {
  readonly request: SipRequest;
  /** The side it leaves by; the side it came in by where this is missing. */
  readonly stack?: SipStack;
  /** Where it goes; the topmost Route, else the Request-URI, where this is missing (RFC 3261 §16.6 step 7). */
  readonly target?: Target;
}

export interface ProxyHandlers {
  /** Option tags that Proxy-Require may have here, in lower case; any other is a 420 (RFC 3261 §16.3 step 5). */
  readonly proxyOptions?: readonly string[];
  request(incoming: Incoming): Promise<void> | void;
  /** An ACK to a 2xx; null drops it. */
  ack(ack: SipRequest, routes: readonly SipUri[], stack: SipStack): Branch | null;
}

/** RFC 3261 §16.6 step 7: the topmost Route, else the Request-URI. */
function nextHop(request: SipRequest): string {
  const route = request.get('Route');
  return route === undefined ? request.requestUri : (parseNameAddr(route)?.uri ?? route);
}

/**
 * The stateful proxy of RFC 3261 §16 that every CSCF, application server and border of ours is built on. It knows routes,
 * Max-Forwards, response contexts, CANCEL and ACK; what a function adds, removes and decides is in the function.
 */
export class ProxyCore {
  readonly #contexts = new Set<ProxyContext>();
  /** Errors that a handler threw: they are told as leftovers, since a proxy must not die of one request. */
  readonly problems: string[] = [];

  constructor(
    private readonly name: string,
    private readonly own: OwnAddresses,
    private readonly environment: NetEnvironment,
    private readonly handlers: ProxyHandlers,
  ) {}

  /** Takes requests and ACKs of this side. */
  attach(stack: SipStack): void {
    stack.onRequest((transaction) => this.#receive(stack, transaction));
    stack.onAck((ack) => this.#receiveAck(stack, ack));
    // RFC 3261 §16.7: a response without a context is forwarded statelessly by its Via, which the stack has no way to do; RFC 6026
    // keeps the context of an INVITE alive for all retransmissions of its 2xx, so what is left here is noise.
    stack.onStrayResponse(() => undefined);
  }

  get openContexts(): number {
    return this.#contexts.size;
  }

  /** Sends the request on; with several branches in parallel (RFC 3261 §16.6 and §16.7). Answers 483 or 482 itself. */
  forward(incoming: Incoming, branches: readonly Branch[], events: ForwardEvents = {}): void {
    const refusal = maxForwards(incoming.request) === 0 ? 483 : this.#loops(incoming.transaction.request) ? 482 : null;
    if (refusal !== null) {
      incoming.reply(refusal);
      // What the function has opened for this request it closes as after any other refusal.
      const final = buildResponse(incoming.transaction.request, refusal);
      Promise.resolve(events.ended?.(final)).catch((error: unknown) => this.#problem(error));
      return;
    }
    const context = new ProxyContext(incoming, this.environment.clock, this.environment.random.hex(8), events, {
      send: (branch, clientEvents) => {
        const stack = branch.stack ?? incoming.stack;
        return stack.send(decremented(branch.request), branch.target ?? nextHop(branch.request), clientEvents);
      },
      closed: (closing) => this.#contexts.delete(closing),
      problem: (error) => this.#problem(error),
    });
    this.#contexts.add(context);
    for (const branch of branches) context.add(branch);
  }

  #receive(stack: SipStack, transaction: ServerTransaction): void {
    const { request, routes } = this.withoutOwnRoutes(transaction.request);
    let answered = false;
    const incoming: Incoming = {
      request,
      transaction,
      stack,
      routes,
      reply: (status, options) => {
        if (status >= 200) answered = true;
        transaction.respond(
          buildResponse(transaction.request, status, {
            ...(status > 100 ? { toTag: this.environment.random.hex(8) } : {}),
            ...options,
          }),
        );
      },
    };
    const failed = (error: unknown): void => {
      this.#problem(error);
      if (!answered) incoming.reply(500);
    };
    const known = this.handlers.proxyOptions ?? [];
    const unsupported = request.all('Proxy-Require').filter((option) => !known.includes(option.toLowerCase()));
    if (unsupported.length > 0) {
      incoming.reply(420, { headers: [['Unsupported', unsupported.join(', ')]] });
      return;
    }
    try {
      const handled = this.handlers.request(incoming);
      if (handled instanceof Promise) handled.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #receiveAck(stack: SipStack, ack: SipRequest): void {
    const { request, routes } = this.withoutOwnRoutes(ack);
    if (maxForwards(request) === 0) return;
    try {
      const branch = this.handlers.ack(request, routes, stack);
      if (branch === null) return;
      (branch.stack ?? stack).sendAck(decremented(branch.request), branch.target ?? nextHop(branch.request));
    } catch (error) {
      this.#problem(error);
    }
  }

  /** RFC 3261 §16.4: takes every leading Route value that is ours; and a strict router's Request-URI that is ours with the last Route value. */
  withoutOwnRoutes(request: SipRequest): { request: SipRequest; routes: readonly SipUri[] } {
    const routes: SipUri[] = [];
    let edited = request;
    for (const value of request.all('Route')) {
      const uri = sipUriOf(value);
      if (uri === null || !this.own.names(uri)) break;
      routes.push(uri);
    }
    if (routes.length > 0) {
      const edit = editSip(edited);
      for (const _ of routes) edit.removeFirst('Route');
      edited = edit.done();
    }
    return { request: edited, routes };
  }

  /** RFC 3261 §16.3 step 4: our Via is in it and the same request (all that routing depends on) is still open here. A spiral differs. */
  #loops(request: SipRequest): boolean {
    const seenBefore = request.all('Via').some((value) => {
      const via = parseVia(value);
      return via !== null && this.own.sentBy(via.host, via.port);
    });
    if (!seenBefore) return false;
    const fingerprint = fingerprintOf(request);
    for (const context of this.#contexts)
      if (fingerprintOf(context.incoming.transaction.request) === fingerprint) return true;
    return false;
  }

  #problem(error: unknown): void {
    this.problems.push(`${this.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

function maxForwards(request: SipRequest): number {
  const text = request.get('Max-Forwards');
  if (text === undefined) return DEFAULT_MAX_FORWARDS;
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? DEFAULT_MAX_FORWARDS : value;
}

function decremented(request: SipRequest): SipRequest {
  const left = request.has('Max-Forwards') ? maxForwards(request) - 1 : DEFAULT_MAX_FORWARDS;
  return editSip(request).set('Max-Forwards', String(left)).done();
}

function fingerprintOf(request: SipRequest): string {
  return [
    request.method,
    request.requestUri,
    request.get('Call-ID'),
    request.get('CSeq'),
    request.get('From'),
    request.get('To'),
    ...request.all('Route'),
  ].join('\n');
}

/** Where the troubles of a function's stack go: its own exceptions among the core's problems, what peers did into the log. */
export function troubles(
  environment: NetEnvironment,
  core: () => ProxyCore,
): Required<Pick<SipStackOptions, 'onTrouble'>> {
  return {
    onTrouble: (text, whose) => (whose === 'own' ? core().problems.push(text) : environment.onWarning?.(text)),
  };
}
