import { isIPv6 } from 'node:net';
import { canonicalAddress } from '../wire/ip-address.js';
import { buildResponse } from '../wire/sip/build.js';
import { parseCSeq } from '../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { readTarget } from './hop-resolver.js';
import { type AnyServerTransaction, IncomingRequest } from './incoming-request.js';
import { InviteServerTransaction } from './invite-server.js';
import { NonInviteServerTransaction } from './non-invite-server.js';
import {
  type AnyClientTransaction,
  type ClientHost,
  LARGEST_DATAGRAM_REQUEST,
  newBranch,
  OutgoingRequest,
  stamped,
} from './outgoing-request.js';
import { refusal } from './request-check.js';
import { createResolver, type Resolver } from './resolver.js';
import type {
  ClientEvents,
  ClientTransaction,
  Hop,
  SendOptions,
  ServerTransaction,
  SipStack,
  SipStackOptions,
  SipTransport,
  Target,
} from './sip-stack.js';
import { DEFAULT_TIMERS, type SipTimers, sipTimers } from './sip-timers.js';
import { type Arrival, type SipDestination, SipTransports } from './sip-transport.js';
import { clientKey, responseTarget, serverKey, tagOf, topVia, withoutOwnVia, withReceived } from './via.js';

/** The SIP stack of one network function. */
export function createSipStack(options: SipStackOptions): SipStack {
  return new SipEndpoint(options, resolverFor(options));
}

/** Asks from the first own address; without name servers only address literals lead anywhere. */
function resolverFor(options: SipStackOptions): Resolver | null {
  const { environment, node, nameServers, localPorts, listen } = options;
  const address = listen[0]?.address;
  if (nameServers === undefined || nameServers.length === 0 || address === undefined) return null;
  const transports: readonly SipTransport[] = options.tls === undefined ? ['udp', 'tcp'] : ['udp', 'tcp', 'tls'];
  const families = [...new Set(listen.map((point) => (isIPv6(point.address) ? 6 : 4)))];
  const ports = localPorts === undefined ? {} : { localPorts };
  return createResolver({ environment, node, address, nameServers, transports, families, ...ports });
}

interface Served {
  readonly incoming: IncomingRequest;
  readonly transaction: AnyServerTransaction;
}

class SipEndpoint implements SipStack, ClientHost {
  readonly node: string;
  readonly sentBy: string;
  readonly clock;
  readonly random;
  readonly #options: SipStackOptions;
  readonly #resolver: Resolver | null;
  readonly #transports: SipTransports;
  readonly #timers: { readonly reliable: SipTimers; readonly unreliable: SipTimers };
  readonly #clients = new Map<string, AnyClientTransaction>();
  readonly #servers = new Map<string, Served>();
  readonly #resolving = new Set<OutgoingRequest>();
  #onRequest: ((transaction: ServerTransaction) => void) | null = null;
  #onAck: (ack: SipRequest, source: Hop) => void = () => undefined;
  #onStrayResponse: (response: SipResponse) => void = () => undefined;
  #running = false;

  constructor(options: SipStackOptions, resolver: Resolver | null) {
    this.node = options.node;
    this.sentBy = options.sentBy;
    this.clock = options.environment.clock;
    this.random = options.environment.random;
    this.#options = options;
    this.#resolver = resolver;
    const base = options.timers ?? DEFAULT_TIMERS;
    this.#timers = { reliable: sipTimers(base, true), unreliable: sipTimers(base, false) };
    this.#transports = new SipTransports(options, {
      arrived: (arrival) => this.#arrived(arrival),
      trouble: (text) => this.#trouble(text),
    });
  }

  async start(): Promise<void> {
    await this.#transports.start();
    this.#running = true;
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const outgoing of this.#resolving) outgoing.abandon();
    this.#resolving.clear();
    for (const transaction of [...this.#clients.values()]) transaction.stop();
    for (const { transaction } of [...this.#servers.values()]) transaction.stop();
    await Promise.all([this.#transports.stop(), this.#resolver?.close()]);
  }

  get openTransactions(): number {
    return this.#clients.size + this.#servers.size + this.#resolving.size;
  }

  onRequest(handler: (transaction: ServerTransaction) => void): void {
    this.#onRequest = handler;
  }

  onAck(handler: (ack: SipRequest, source: Hop) => void): void {
    this.#onAck = handler;
  }

  onStrayResponse(handler: (response: SipResponse) => void): void {
    this.#onStrayResponse = handler;
  }

  send(request: SipRequest, target: Target, events: ClientEvents, options: SendOptions = {}): ClientTransaction {
    const outgoing = new OutgoingRequest(this, request, events, options);
    if (!this.#running) {
      outgoing.fail('transport', `${this.node} is not running`);
      return outgoing;
    }
    this.#resolving.add(outgoing);
    this.#reach(
      target,
      (hops) => this.#resolving.delete(outgoing) && outgoing.begin(hops),
      (why) => this.#resolving.delete(outgoing) && outgoing.fail('transport', why),
    );
    return outgoing;
  }

  sendAck(ack: SipRequest, target: Target, options: SendOptions = {}): void {
    const trouble = (why: string) => this.#trouble(`${this.node} cannot send an ACK: ${why}`);
    this.#reach(
      target,
      (hops) => {
        const to = hops[0];
        const from = to === undefined ? null : this.pointFor(to.transport, to.address, options.from);
        if (to === undefined || from === null) return trouble('no hop or no socket for it');
        const branch = newBranch(this.random);
        const request = stamped(this, ack, from, to.transport, branch);
        const asFound = () => this.transmit(request.octets, to, from, (error) => trouble(error.message));
        const stream = to.transport === 'udp' ? this.pointFor('tcp', to.address, options.from) : null;
        if (stream === null || request.octets.length <= LARGEST_DATAGRAM_REQUEST) return asFound();
        // RFC 3261 §18.1.1 goes for an ACK too: over TCP, and over UDP after all where there is none.
        const large = stamped(this, ack, stream, 'tcp', branch);
        this.transmit(large.octets, { ...to, transport: 'tcp' }, stream, asFound);
      },
      trouble,
    );
  }

  timers(reliable: boolean): SipTimers {
    return reliable ? this.#timers.reliable : this.#timers.unreliable;
  }

  pointFor(...args: Parameters<SipTransports['pointFor']>): ReturnType<SipTransports['pointFor']> {
    return this.#transports.pointFor(...args);
  }

  transmit(...args: Parameters<SipTransports['send']>): void {
    if (this.#running) this.#transports.send(...args);
  }

  opened(key: string, transaction: AnyClientTransaction): void {
    this.#clients.set(key, transaction);
  }

  closed(key: string): void {
    this.#clients.delete(key);
  }

  /** Hops at once where the target says them, else from the resolver. */
  #reach(target: Target, reached: (hops: readonly SipDestination[]) => void, failed: (why: string) => void): void {
    const reading = readTarget(target);
    if (reading.kind === 'hops') reached(reading.hops);
    else if (reading.kind === 'unusable') failed(reading.why);
    else if (this.#resolver === null) failed(`${reading.uri.host} is a name, and ${this.node} has no name server`);
    else {
      this.#resolver.resolve(reading.uri).then(reached, (error: unknown) => {
        failed(error instanceof Error ? error.message : String(error));
      });
    }
  }

  #arrived(arrival: Arrival): void {
    if (!this.#running) return;
    const { message } = arrival;
    try {
      if (message.kind === 'response') this.#responseArrived(message, arrival);
      else this.#requestArrived(message, arrival);
    } catch (error) {
      // What a peer sends must not end the process, even where the function above stumbles over it; but it must be told.
      if (this.#options.onTrouble === undefined) throw error;
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.onTrouble(`${this.node} failed: ${why}`, 'own');
    }
  }

  /** RFC 3261 §18.1.2: only what carries our Via is ours. */
  #responseArrived(response: SipResponse, { source }: Arrival): void {
    const via = topVia(response);
    if (via === null || canonicalAddress(via.host) !== canonicalAddress(this.sentBy)) {
      this.#trouble(`${this.node} drops a ${response.status} from ${source.address}:${source.port} without its Via`);
      return;
    }
    const method = parseCSeq(response.get('CSeq') ?? '')?.method ?? '';
    const transaction = this.#clients.get(clientKey(via.branch ?? '', method));
    if (transaction === undefined) this.#onStrayResponse(withoutOwnVia(response));
    else transaction.receive(response);
  }

  #requestArrived(message: SipRequest, arrival: Arrival): void {
    const { source } = arrival;
    const via = topVia(message);
    if (message.method === '' || via === null) {
      this.#trouble(
        `${this.node} drops octets from ${source.address}:${source.port} that are no SIP request with a Via`,
      );
      return;
    }
    const request = withReceived(message, via, source);
    if (request.method === 'ACK') {
      this.#ackArrived(request, serverKey(message, via, 'INVITE'), source);
      return;
    }
    const key = serverKey(message, via, request.method);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      known.transaction.retransmitted();
      return;
    }
    const refused = refusal(request);
    if (refused !== null) {
      const toTag = this.random.hex(4);
      this.#reply(buildResponse(request, refused.status, { reason: refused.reason, toTag }), arrival);
      return;
    }
    const served = this.#serve(request, key, arrival);
    if (request.method === 'CANCEL') this.#cancelArrived(request, serverKey(message, via, 'INVITE'), served);
    else this.#passUp(served.incoming);
  }

  #serve(request: SipRequest, key: string, arrival: Arrival): Served {
    const incoming = new IncomingRequest(request, arrival.source, arrival.arrivedAt);
    const context = {
      clock: this.clock,
      timers: this.timers(arrival.source.transport !== 'udp'),
      transmit: (response: SipResponse) => this.#reply(response, arrival),
      terminated: () => {
        this.#servers.delete(key);
      },
    };
    const transaction =
      request.method === 'INVITE'
        ? new InviteServerTransaction(request, context, () => incoming.noAck())
        : new NonInviteServerTransaction(request, context);
    incoming.attach(transaction);
    const served = { incoming, transaction };
    this.#servers.set(key, served);
    return served;
  }

  #passUp(incoming: IncomingRequest): void {
    if (this.#onRequest === null) {
      incoming.respond(buildResponse(incoming.request, 503, { toTag: this.random.hex(4) }));
      return;
    }
    try {
      this.#onRequest(incoming);
    } catch (error) {
      // RFC 3261 §21.5.1.
      if (!incoming.answered) incoming.respond(buildResponse(incoming.request, 500, { toTag: this.random.hex(4) }));
      throw error;
    }
  }

  #ackArrived(ack: SipRequest, key: string, source: Hop): void {
    const served = this.#servers.get(key);
    const transaction = served?.transaction;
    if (transaction instanceof InviteServerTransaction && this.#acknowledges(ack, key, transaction)) {
      if (!transaction.acknowledged()) return;
    }
    this.#onAck(ack, source);
  }

  /** Without the cookie, an ACK belongs to the INVITE only if its To tag is that of the response: RFC 3261 §17.2.3. */
  #acknowledges(ack: SipRequest, key: string, transaction: InviteServerTransaction): boolean {
    if (!key.startsWith('RFC 2543')) return true;
    const response = transaction.lastResponse;
    return response !== null && tagOf(response, 'To') === tagOf(ack, 'To');
  }

  /** RFC 3261 §9.2: 200 where there is a transaction to cancel, 481 where there is none. */
  #cancelArrived(cancel: SipRequest, key: string, { transaction }: Served): void {
    const target = this.#servers.get(key);
    const invite = target?.transaction;
    if (target === undefined || !(invite instanceof InviteServerTransaction)) {
      transaction.respond(buildResponse(cancel, 481, { toTag: this.random.hex(4) }));
      return;
    }
    const sameTag = invite.lastResponse === null ? null : tagOf(invite.lastResponse, 'To');
    transaction.respond(buildResponse(cancel, 200, { toTag: sameTag ?? this.random.hex(4) }));
    if (invite.state === 'proceeding') target.incoming.cancelled(cancel);
  }

  /** RFC 3261 §18.2.2: over the connection of the request while there is one, else to where its Via says. */
  #reply(response: SipResponse, { connection, arrivedAt, source }: Arrival): void {
    if (connection !== null && !connection.closed) {
      connection.write(response.octets);
      return;
    }
    const via = topVia(response);
    if (via === null) {
      this.#trouble(`${this.node} has a ${response.status} without a Via to send it to`);
      return;
    }
    const target = responseTarget(via);
    const to = { ...target, transport: source.transport };
    this.transmit(response.octets, to, arrivedAt, (error) => this.#trouble(error.message));
  }

  #trouble(text: string): void {
    this.#options.onTrouble?.(text, 'peer');
  }
}
