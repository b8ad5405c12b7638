import { editSip } from '../wire/sip/edit.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { ClientTransactionContext } from './client-context.js';
import type { Clock } from './clock.js';
import { cancelFor } from './derived-request.js';
import { InviteClientTransaction } from './invite-client.js';
import type { NetError } from './net-error.js';
import { NonInviteClientTransaction } from './non-invite-client.js';
import type { Random } from './random.js';
import type { ClientEvents, ClientTransaction, Hop, ListenPoint, SendOptions, SipTransport } from './sip-stack.js';
import type { SipTimers } from './sip-timers.js';
import type { SipDestination } from './sip-transport.js';
import { BRANCH_COOKIE, clientKey, hopText, ownVia, withoutOwnVia } from './via.js';

/** RFC 3261 §18.1.1: a larger request goes over a transport with congestion control. */
export const LARGEST_DATAGRAM_REQUEST = 1300;

export type AnyClientTransaction = InviteClientTransaction | NonInviteClientTransaction;

/** What an outgoing request needs of its stack. */
export interface ClientHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly sentBy: string;
  readonly node: string;
  timers(reliable: boolean): SipTimers;
  pointFor(transport: SipTransport, address: string, wanted?: ListenPoint): ListenPoint | null;
  transmit(octets: Uint8Array, to: SipDestination, from: ListenPoint, failed: (error: NetError) => void): void;
  opened(key: string, transaction: AnyClientTransaction): void;
  closed(key: string): void;
}

/** One try: a client transaction to one hop over one transport. */
interface Attempt {
  readonly to: SipDestination;
  readonly from: ListenPoint;
  readonly transaction: AnyClientTransaction;
}

/** Errors with which a peer says that it does not speak TCP, RFC 3261 §18.1.1. */
const NO_TCP: readonly string[] = ['ECONNREFUSED', 'EPROTONOSUPPORT', 'ENOPROTOOPT'];

/** The branch, and with it the Via, for a message over a hop. */
export function stamped(
  host: ClientHost,
  request: SipRequest,
  from: ListenPoint,
  transport: SipTransport,
  branch: string,
) {
  return editSip(request)
    .prepend('Via', ownVia(host.sentBy, from, transport, branch))
    .done();
}

export function newBranch(random: Random): string {
  return `${BRANCH_COOKIE}${random.hex(8)}`;
}

/**
 * A request on its way to the first of its hops that answers: each hop is a client transaction of its own with a branch of its
 * own, RFC 3263 §4.3.
 */
export class OutgoingRequest implements ClientTransaction {
  readonly #host: ClientHost;
  readonly #bare: SipRequest;
  readonly #events: ClientEvents;
  readonly #options: SendOptions;
  #hops: SipDestination[] = [];
  #sent: SipRequest;
  #attempt: Attempt | null = null;
  #cancelHeaders: readonly (readonly [string, string])[] | null = null;
  #cancelSent = false;
  #heard = false;
  #over = false;

  constructor(host: ClientHost, request: SipRequest, events: ClientEvents, options: SendOptions) {
    this.#host = host;
    this.#bare = request;
    this.#sent = request;
    this.#events = events;
    this.#options = options;
  }

  get request(): SipRequest {
    return this.#sent;
  }

  /** Tries the hops in order. `failed` comes later, never from within. */
  begin(hops: readonly SipDestination[]): void {
    if (this.#cancelHeaders !== null) {
      this.fail('timeout', 'cancelled before it was sent');
      return;
    }
    this.#hops = [...hops];
    if (!this.#next()) this.fail('transport', 'no hop to send it to');
  }

  /** Tells the owner that nothing more comes. */
  fail(cause: 'timeout' | 'transport', detail: string): void {
    if (this.#over) return;
    this.#over = true;
    queueMicrotask(() => this.#events.failed(cause, detail));
  }

  cancel(headers: readonly (readonly [string, string])[] = []): void {
    if (this.#bare.method !== 'INVITE' || this.#cancelHeaders !== null) return;
    this.#cancelHeaders = headers;
    this.#sendCancel();
  }

  /** The stack stops: nothing is told any more. */
  abandon(): void {
    this.#over = true;
  }

  #next(): boolean {
    const hop = this.#hops.shift();
    if (hop === undefined) return false;
    this.#try(hop, false);
    return true;
  }

  #try(hop: SipDestination, insistOnUdp: boolean): void {
    const host = this.#host;
    const from = host.pointFor(hop.transport, hop.address, this.#options.from);
    if (from === null) {
      this.#moveOn('transport', `${host.node} has no ${hop.transport} socket for ${hopText(hop)}`);
      return;
    }
    const branch = newBranch(host.random);
    const request = stamped(host, this.#bare, from, hop.transport, branch);
    if (hop.transport === 'udp' && request.octets.length > LARGEST_DATAGRAM_REQUEST && !insistOnUdp) {
      const tcp = { ...hop, transport: 'tcp' } as const;
      const point = this.#options.from ?? host.pointFor('tcp', hop.address) ?? from;
      this.#start(tcp, point, stamped(host, this.#bare, point, 'tcp', branch), branch, hop);
    } else {
      this.#start(hop, from, request, branch, null);
    }
  }

  /** `fallback` is the UDP hop that the size of the request moved to TCP. */
  #start(to: SipDestination, from: ListenPoint, request: SipRequest, branch: string, fallback: Hop | null): void {
    const host = this.#host;
    const key = clientKey(branch, request.method);
    let refused = false;
    const context: ClientTransactionContext = {
      clock: host.clock,
      timers: host.timers(to.transport !== 'udp'),
      transmit: (message) =>
        host.transmit(message.octets, to, from, (error) => {
          refused = NO_TCP.includes(error.code);
          transaction.transportFailed(error.message);
        }),
      response: (response) => this.#received(response),
      failed: (cause, detail) => {
        if (this.#over) return;
        if (cause === 'transport' && refused && fallback !== null) this.#try(fallback, true);
        else this.#moveOn(cause, `${hopText(to)}: ${detail}`);
      },
      terminated: () => host.closed(key),
    };
    const transaction =
      request.method === 'INVITE'
        ? new InviteClientTransaction(request, context)
        : new NonInviteClientTransaction(request, context);
    this.#sent = request;
    this.#heard = false;
    this.#attempt = { to, from, transaction };
    host.opened(key, transaction);
    transaction.start();
  }

  #received(response: SipResponse): void {
    if (this.#over) return;
    this.#heard = true;
    if (response.status === 503 && this.#cancelHeaders === null && this.#next()) return;
    this.#events.response(withoutOwnVia(response));
    if (response.status < 200) this.#sendCancel();
  }

  /** The next hop, or the end: RFC 3263 §4.3. Who has answered at all is not passed over. */
  #moveOn(cause: 'timeout' | 'transport', detail: string): void {
    if (this.#heard || this.#cancelHeaders !== null || !this.#next()) this.fail(cause, detail);
  }

  /** RFC 3261 §9.1: not before a provisional response, not behind a final one. */
  #sendCancel(): void {
    const attempt = this.#attempt;
    if (this.#cancelHeaders === null || this.#cancelSent || attempt?.transaction.state !== 'proceeding') return;
    this.#cancelSent = true;
    const host = this.#host;
    const { to, from, transaction } = attempt;
    const request = cancelFor(transaction.request, this.#cancelHeaders);
    const key = clientKey(transaction.request.get('Via')?.match(/;\s*branch=([^;\s]+)/i)?.[1] ?? '', 'CANCEL');
    const timers = host.timers(to.transport !== 'udp');
    const cancelling: NonInviteClientTransaction = new NonInviteClientTransaction(request, {
      clock: host.clock,
      timers,
      transmit: (message) =>
        host.transmit(message.octets, to, from, (error) => cancelling.transportFailed(error.message)),
      // Whatever the answer, what counts is the final response to the INVITE, or its absence.
      response: () => undefined,
      failed: () => undefined,
      terminated: () => host.closed(key),
    });
    host.opened(key, cancelling);
    cancelling.start();
    host.clock.after(timers.B, () => {
      if (transaction.state !== 'proceeding') return;
      transaction.stop();
      this.fail('timeout', 'no final response to a cancelled INVITE within 64*T1');
    });
  }
}
