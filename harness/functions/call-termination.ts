import type { ServerTransaction } from '../net/sip-stack.js';
import { buildResponse } from '../wire/sip/build.js';
import { parseCSeq, parseRAck } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import { bodyOfType, bodyParts } from '../wire/sip/multipart.js';
import { Call } from './call.js';
import { MIN_SE, offersOption, SDP, sessionExpiresOf, unknownOptions } from './call-message.js';
import { Repetition } from './call-timers.js';
import type { MediaPorts } from './media-ports.js';
import type { MediaSession } from './media-session.js';
import type { UeAgent } from './ue-agent.js';
import { Dialog, tagOf } from './ue-dialog.js';
import { UeError } from './ue-progress.js';
import { GM_TIMERS } from './ue-setup.js';

type Header = readonly [string, string];

/** A call that comes in, TS 24.229 §5.1.4. */
export class CallTermination extends Call {
  readonly #request: SipRequest;
  #rseq: number;
  /** The reliable response that waits for its PRACK. */
  #outstanding: { readonly rseq: number; readonly repetition: Repetition } | null = null;
  /** Our description has gone out in a reliable response. */
  #described = false;

  private constructor(
    agent: UeAgent,
    session: MediaSession,
    private readonly transaction: ServerTransaction,
  ) {
    super(agent, session);
    this.#request = transaction.request;
    this.#rseq = agent.environment.random.integer(2 ** 16);
    this.dialog = Dialog.ofRequest(this.#request, agent.newTag());
    transaction.onCancel((cancel) => this.#cancelled(cancel));
  }

  /** Takes an INVITE: refuses what the UE cannot do, else opens the media ports and goes on to alerting. Null where it was refused. */
  static async take(
    agent: UeAgent,
    ports: MediaPorts,
    transaction: ServerTransaction,
  ): Promise<CallTermination | null> {
    const { request } = transaction;
    const refusal = refusalOf(request);
    if (refusal !== null) {
      transaction.respond(
        buildResponse(request, refusal.status, {
          toTag: agent.newTag(),
          headers: [agent.accessNetworkInfo, ...refusal.headers],
        }),
      );
      return null;
    }
    let cancel: SipRequest | null = null;
    transaction.onCancel((early) => {
      cancel = early;
    });
    const session = await Call.openMedia(agent, ports);
    const call = new CallTermination(agent, session, transaction);
    if (cancel !== null) call.#cancelled(cancel);
    return call;
  }

  get request(): SipRequest {
    return this.#request;
  }

  /** Is it the call of this Call-ID and From tag? RFC 3261 §8.2.2.2. */
  isOf(merged: string): boolean {
    return merged === `${this.#request.get('Call-ID')} ${tagOf(this.#request.get('From') ?? '')}`;
  }

  /** The first response: an answer that asks for preconditions, or alerting at once. */
  proceed(): void {
    if (this.state_ === 'ended') return;
    const offer = bodyOfType(this.#request, SDP);
    const reliable = offersOption(this.#request, '100rel');
    const preconditions =
      reliable && (this.agent.setup.preconditions ?? true) && offersOption(this.#request, 'precondition');
    const body =
      offer === null ? (reliable ? this.negotiation.firstOffer() : undefined) : this.negotiation.answer(offer);
    if (body === null) {
      this.#refuse(488, [['Warning', '304 ue "Media type not available"']]);
      return;
    }
    this.applyMedia();
    if (preconditions && (offer === null || this.negotiation.usesPreconditions)) {
      this.state_ = 'early';
      this.#provisional(183, ['100rel', 'precondition'], body);
      if (this.agent.behaviours.has('alerts-before-preconditions')) this.#alert();
    } else if (offer === null && reliable) {
      this.state_ = 'early';
      this.#provisional(183, ['100rel'], body);
    } else {
      this.#alert(reliable ? body : undefined);
    }
  }

  /** Resolves when the user is alerted. Rejects where the call ends before. */
  async rings(): Promise<this> {
    await this.#until('alerting', () => this.state_ === 'alerting');
    return this;
  }

  /** The user answers: 200, and waits for the ACK. */
  async answers(): Promise<this> {
    await this.#until('alerting', () => this.state_ === 'alerting');
    // RFC 3262 §3: a 2xx must not overtake a description that is not acknowledged yet.
    await this.#until('PRACK', () => this.#outstanding === null);
    // RFC 3261 table 3: Supported belongs into the 2xx, not into a provisional response.
    const headers: readonly Header[] = [
      ...this.agent.targetHeaders,
      ['Supported', '100rel, precondition, timer'],
      ...this.grantedSession(this.#request),
      ['Accept', SDP],
    ];
    const response = this.response(this.#request, 200, headers, this.#finalDescription());
    this.state_ = 'answered';
    this.succeed(this.transaction, response);
    this.setSessionTimer(response, 'uas');
    await this.answered();
    return this;
  }

  /** The user refuses: 486 (busy), 603 (decline), 480 … */
  rejects(status = 486): void {
    this.#refuse(status, []);
  }

  /** PRACK of the peer, RFC 3262 §3. */
  protected override acknowledged(transaction: ServerTransaction): void {
    const { request } = transaction;
    const rack = parseRAck(request.get('RAck') ?? '');
    const invite = parseCSeq(this.#request.get('CSeq') ?? '');
    const waiting = this.#outstanding;
    if (waiting === null || rack?.rseq !== waiting.rseq || rack.cseq !== invite?.number || rack.method !== 'INVITE') {
      transaction.respond(this.response(request, 481));
      return;
    }
    waiting.repetition.stop();
    this.#outstanding = null;
    const body = bodyOfType(request, SDP);
    let answer: Uint8Array | null | undefined;
    if (body !== null && this.negotiation.pending) this.negotiation.takeAnswer(body);
    else if (body !== null) answer = this.negotiation.answer(body);
    if (answer === null) {
      transaction.respond(this.response(request, 488));
      return;
    }
    transaction.respond(this.response(request, 200, [], answer));
    // With the answer at the P-CSCF the network sets the bearer up: the resources of this side are reserved.
    this.negotiation.ready = true;
    this.offerAnswered();
  }

  protected override offerAnswered(): void {
    super.offerAnswered();
    const described = this.negotiation.complete && this.#outstanding === null;
    if (this.state_ === 'early' && described && this.negotiation.met) this.#alert();
  }

  #alert(description?: Uint8Array): void {
    if (this.state_ === 'ended') return;
    if (description === undefined) {
      this.transaction.respond(this.response(this.#request, 180, this.agent.targetHeaders));
    } else {
      this.#provisional(180, ['100rel'], description);
    }
    this.state_ = 'alerting';
    this.agent.progress.saw('alerting');
  }

  /** A reliable provisional response, sent until its PRACK comes. */
  #provisional(status: number, required: readonly string[], body?: Uint8Array): void {
    const { T1 } = this.agent.setup.timers ?? GM_TIMERS;
    this.#rseq += 1;
    const headers: readonly Header[] = [
      ...this.agent.targetHeaders,
      ['Require', required.join(', ')],
      ['RSeq', String(this.#rseq)],
    ];
    const response = this.response(this.#request, status, headers, body);
    this.#described = body !== undefined;
    const repetition = new Repetition(
      this.agent.clock,
      { T1, longest: Number.POSITIVE_INFINITY },
      () => this.transaction.respond(response),
      // RFC 3262 §3: without PRACK the INVITE is refused with a 5xx.
      () => this.#refuse(504, []),
    );
    this.#outstanding = { rseq: this.#rseq, repetition };
    this.agent.progress.saw(`${status} sent`);
  }

  /** The description of the 2xx: the answer, or the offer, that no reliable response has carried. */
  #finalDescription(): Uint8Array | undefined {
    if (this.#described) return undefined;
    const offer = bodyOfType(this.#request, SDP);
    return offer === null ? this.negotiation.firstOffer() : (this.negotiation.answer(offer) ?? undefined);
  }

  #refuse(status: number, headers: readonly Header[]): void {
    if (this.state_ === 'ended') return;
    this.#outstanding?.repetition.stop();
    this.transaction.respond(this.response(this.#request, status, headers));
    this.finish({ by: 'refusal', status, reason: null });
  }

  /** RFC 3261 §9.2. */
  #cancelled(cancel: SipRequest): void {
    if (!['proceeding', 'early', 'alerting'].includes(this.state_)) return;
    this.#outstanding?.repetition.stop();
    this.transaction.respond(this.response(this.#request, 487));
    this.finish({ by: 'cancel', status: 487, reason: cancel.get('Reason') ?? null });
  }

  protected override finish(...end: Parameters<Call['finish']>): void {
    this.#outstanding?.repetition.stop();
    this.#outstanding = null;
    super.finish(...end);
  }

  async #until(what: string, test: () => boolean): Promise<void> {
    await this.agent.progress.until(what, () => {
      if (test()) return true;
      if (this.end_ === null) return undefined;
      throw new UeError(`${this.agent.name} awaited ${what}, but the call ended by ${this.end_.by}`, this.end_.status);
    });
  }
}

interface Refusal {
  readonly status: number;
  readonly headers: readonly Header[];
}

/** What the UE cannot take, RFC 3261 §8.2.2 and §8.2.3, RFC 4028 §9. */
function refusalOf(request: SipRequest): Refusal | null {
  const unknown = unknownOptions(request);
  if (unknown.length > 0) return { status: 420, headers: [['Unsupported', unknown.join(', ')]] };
  const bodies = bodyParts(request);
  if (bodies.length > 0 && !bodies.some(({ type }) => type === SDP)) return { status: 415, headers: [['Accept', SDP]] };
  const interval = sessionExpiresOf(request);
  if (interval !== null && interval.seconds < MIN_SE && offersOption(request, 'timer')) {
    return { status: 422, headers: [['Min-SE', String(MIN_SE)]] };
  }
  return null;
}
