import { delay } from '../net/clock.js';
import type { ServerTransaction } from '../net/sip-stack.js';
import { buildResponse } from '../wire/sip/build.js';
import { parseCSeq } from '../wire/sip/headers.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import { bodyOfType } from '../wire/sip/multipart.js';
import { type CallEnd, type CallState, grantedSession, MIN_SE, SDP, sessionExpiresOf } from './call-message.js';
import { Negotiation } from './call-negotiation.js';
import { Repetition, SessionTimer } from './call-timers.js';
import type { MediaPorts } from './media-ports.js';
import { MediaSession, type MediaStatistics } from './media-session.js';
import type { UeAgent } from './ue-agent.js';
import type { Dialog } from './ue-dialog.js';
import { UeError } from './ue-progress.js';
import { GM_TIMERS, UE_METHODS } from './ue-setup.js';

type Header = readonly [string, string];

/** How long 'talks-after-bye' talks on. */
const TALKS_ON = 3000;

/** One call of a UE: what both directions have in common once there is a dialog. TS 24.229 §5.1.3 to §5.1.5. */
export abstract class Call {
  protected state_: CallState = 'proceeding';
  protected end_: CallEnd | null = null;
  protected dialog: Dialog | null = null;
  protected negotiation: Negotiation;
  readonly sessionTimer: SessionTimer;
  #closing: Promise<void> = Promise.resolve();
  #isClosing = false;
  /** The 2xx of ours that waits for its ACK. */
  #final: { readonly repetition: Repetition; readonly cseq: number } | null = null;

  protected constructor(
    protected readonly agent: UeAgent,
    protected readonly session: MediaSession,
  ) {
    const { setup, environment } = agent;
    this.negotiation = new Negotiation({
      ...session.local,
      sessionId: String(1 + environment.random.integer(2 ** 31)),
      codecs: setup.codecs ?? ['AMR-WB', 'AMR'],
      preconditions: setup.preconditions ?? true,
    });
    this.sessionTimer = new SessionTimer(agent.clock, {
      refresh: () => agent.background(this.#refreshSession()),
      expired: () => agent.background(this.releases()),
    });
  }

  /** Opens the media ports of a call; the clock does not jump over the opening. */
  protected static openMedia(agent: UeAgent, ports: MediaPorts): Promise<MediaSession> {
    const { environment, setup, name } = agent;
    const token = environment.activity.begin(`media ports of ${name}`);
    const cname = `${environment.random.hex(6)}@${setup.domain}`;
    const onKey = (key: string): void => agent.progress.saw(`key ${key} heard`);
    return MediaSession.open({ environment, ports, speaker: setup.speaker, cname, onKey }).finally(() => token.end());
  }

  get state(): CallState {
    return this.state_;
  }

  /** Null while the call lives. */
  get end(): CallEnd | null {
    return this.end_;
  }

  get statistics(): MediaStatistics {
    return this.session.statistics;
  }

  get callId(): string {
    return this.dialog?.callId ?? '';
  }

  /** Resolves when the call is answered on this side (200 and ACK). Rejects where it ends before. */
  async answered(): Promise<this> {
    await this.#reached('the answer', () => this.state_ === 'confirmed');
    return this;
  }

  /** Both talk: waits that long on the clock, and rejects where nothing is heard though the direction allows it. */
  async talks({ seconds }: { readonly seconds: number }): Promise<void> {
    await this.answered();
    const { progress, clock } = this.agent;
    const before = this.statistics.receivedPackets;
    await delay(clock, seconds * 1000);
    if (!['sendrecv', 'recvonly'].includes(this.session.direction)) return;
    const heard = () => (this.statistics.receivedPackets > before ? true : undefined);
    if (heard() === undefined) {
      const more = this.session.heard(before + 1).then(() => progress.saw('speech'));
      await Promise.race([more, progress.until('speech of the peer', heard)]);
    }
  }

  /** Nobody does anything for so long, on the clock. */
  waits({ seconds }: { readonly seconds: number }): Promise<void> {
    return delay(this.agent.clock, seconds * 1000);
  }

  /** Sends digits as telephone-events with a pause behind each. False where none were negotiated. */
  presses(keys: string): Promise<boolean> {
    return this.session.sendKeys(keys);
  }

  /** Waits until these keys of the peer have been heard, in order and behind whatever was heard before. */
  async hears(keys: string): Promise<void> {
    const heard = () => (this.statistics.digits.endsWith(keys) ? true : undefined);
    await this.agent.progress.until(`the keys ${keys}`, heard);
  }

  /** Puts the peer on hold, GSMA IR.92 §2.3.10. */
  holds(): Promise<void> {
    return this.#renegotiate(this.session.direction === 'recvonly' ? 'inactive' : 'sendonly');
  }

  resumes(): Promise<void> {
    return this.#renegotiate('sendrecv');
  }

  /** Hangs up: BYE and its 200. */
  async releases(): Promise<void> {
    const { dialog } = this;
    if (dialog === null || this.state_ === 'ended') return;
    const bye = this.inDialog('BYE', [['Reason', 'Q.850;cause=16;text="Normal call clearing"']]);
    this.finish({ by: 'release', status: null, reason: null });
    await this.agent.exchange(bye);
    await this.#closing;
  }

  /** Resolves with how the call ended. */
  async ended(): Promise<CallEnd> {
    const end = await this.agent.progress.until('the end of the call', () => this.end_ ?? undefined);
    await this.#closing;
    return end;
  }

  /** The media ports have been given back. */
  get closed(): Promise<void> {
    return this.#closing;
  }

  /** The call has ended, and its media ports are on their way back. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** The UE stops: the call ends here without a word to the peer. */
  abandon(): void {
    this.finish({ by: 'transport', status: null, reason: null });
  }

  /** Is it a request of this call's dialog? */
  claims(request: SipRequest): boolean {
    return this.dialog?.claims(request) === true;
  }

  /** A request inside the dialog. */
  handle(transaction: ServerTransaction): void {
    this.#dispatch(transaction);
    this.agent.progress.saw(`${transaction.request.method} received`);
  }

  #dispatch(transaction: ServerTransaction): void {
    const { request } = transaction;
    const reply = (status: number, headers: readonly Header[] = [], body?: Uint8Array) =>
      transaction.respond(this.response(request, status, headers, body));
    if (this.dialog?.accepts(request) !== true) {
      reply(500, [['Retry-After', '1']]);
      return;
    }
    if (request.method === 'BYE') {
      reply(200);
      this.finish({ by: 'release of the peer', status: null, reason: request.get('Reason') ?? null });
    } else if (this.state_ === 'ended') {
      reply(481);
    } else if (request.method === 'PRACK') {
      this.acknowledged(transaction);
    } else if (request.method === 'UPDATE') {
      this.#updated(transaction);
    } else if (request.method === 'INVITE') {
      this.#reinvited(transaction);
    } else if (['INFO', 'MESSAGE', 'OPTIONS'].includes(request.method)) {
      reply(200, [['Allow', UE_METHODS]]);
    } else {
      reply(405, [['Allow', UE_METHODS]]);
    }
  }

  /** The ACK to a 2xx of ours. */
  acked(ack: SipRequest): void {
    if (this.#final === null || parseCSeq(ack.get('CSeq') ?? '')?.number !== this.#final.cseq) return;
    this.#final.repetition.stop();
    this.#final = null;
    const body = bodyOfType(ack, SDP);
    if (body !== null && this.negotiation.pending) this.negotiation.takeAnswer(body);
    this.applyMedia();
    if (this.state_ === 'answered') {
      this.state_ = 'confirmed';
      this.startMedia();
    }
    this.agent.progress.saw('ACK received');
  }

  /** PRACK: only the called side has anything to acknowledge. */
  protected acknowledged(transaction: ServerTransaction): void {
    transaction.respond(this.response(transaction.request, 481));
  }

  /** An offer of the peer was answered. */
  protected offerAnswered(): void {
    this.applyMedia();
  }

  /** A request inside the dialog, with what TS 24.229 §5.1.2A.1 adds. */
  protected inDialog(method: string, headers: readonly Header[] = [], body?: Uint8Array, on = this.dialog): SipRequest {
    if (on === null) throw new UeError(`${this.agent.name} has no dialog for a ${method}`);
    return this.agent.build({
      method,
      requestUri: on.remoteTarget,
      headers: [...on.headers(method), this.agent.accessNetworkInfo, ...this.agent.securityHeaders, ...headers],
      ...(body === undefined ? {} : { body, contentType: SDP }),
    });
  }

  protected response(
    request: SipRequest,
    status: number,
    headers: readonly Header[] = [],
    body?: Uint8Array,
  ): SipResponse {
    return buildResponse(request, status, {
      ...(this.dialog === null ? {} : { toTag: this.dialog.localTag }),
      headers: status > 100 ? [this.agent.accessNetworkInfo, ...headers] : headers,
      ...(body === undefined ? {} : { body, contentType: SDP }),
    });
  }

  /** Sends a 2xx to INVITE until its ACK comes, RFC 3261 §13.3.1.4. */
  protected succeed(transaction: ServerTransaction, response: SipResponse): void {
    const { T1, T2 } = this.agent.setup.timers ?? GM_TIMERS;
    const repetition = new Repetition(
      this.agent.clock,
      { T1, longest: T2 },
      () => transaction.respond(response),
      () => {
        this.agent.progress.saw('no ACK');
        this.agent.background(this.releases());
      },
    );
    this.#final = { repetition, cseq: parseCSeq(response.get('CSeq') ?? '')?.number ?? 0 };
  }

  protected applyMedia(): void {
    const { media } = this.negotiation;
    if (media === undefined) return;
    this.session.apply(media);
    if (this.agent.behaviours.has('talks-before-answer')) this.session.start(true);
  }

  protected startMedia(): void {
    this.applyMedia();
    if (!this.agent.behaviours.has('silent')) this.session.start();
  }

  /** The interval that a 2xx names, RFC 4028 §7.2 and §9; without one no timer runs. */
  protected setSessionTimer(message: SipMessage, role: 'uac' | 'uas'): void {
    const agreed = sessionExpiresOf(message);
    if (agreed === null || this.agent.behaviours.has('no-session-timer')) this.sessionTimer.stop();
    else this.sessionTimer.start(agreed.seconds, (agreed.refresher ?? 'uac') === role);
  }

  protected grantedSession(request: SipRequest): readonly Header[] {
    return this.agent.behaviours.has('no-session-timer') ? [] : grantedSession(request);
  }

  protected finish(end: CallEnd): void {
    if (this.state_ === 'ended') return;
    this.state_ = 'ended';
    this.end_ = end;
    this.sessionTimer.stop();
    this.#final?.repetition.stop();
    this.#final = null;
    const { clock, behaviours } = this.agent;
    const lingers = behaviours.has('talks-after-bye') && end.by.startsWith('release');
    this.#closing = (lingers ? delay(clock, TALKS_ON) : Promise.resolve()).then(() => this.session.close());
    this.#isClosing = true;
    const done = this.#closing.finally(() => {
      this.#isClosing = false;
    });
    this.agent.background(done);
    this.agent.progress.saw(`call ended by ${end.by}${end.status === null ? '' : ` ${end.status}`}`);
  }

  async #reached(what: string, test: () => boolean): Promise<void> {
    await this.agent.progress.until(what, () => {
      if (test()) return true;
      if (this.end_ === null) return undefined;
      const { by, status } = this.end_;
      throw new UeError(
        `${this.agent.name} awaited ${what}, but the call ended by ${by}${status === null ? '' : ` ${status}`}`,
        status,
      );
    });
  }

  /** RFC 3311 §5.2. */
  #updated(transaction: ServerTransaction): void {
    const { request } = transaction;
    const offer = bodyOfType(request, SDP);
    const asked = sessionExpiresOf(request);
    if (asked !== null && asked.seconds < MIN_SE) {
      transaction.respond(this.response(request, 422, [['Min-SE', String(MIN_SE)]]));
      return;
    }
    if (offer !== null && this.negotiation.pending) {
      transaction.respond(this.response(request, 491));
      return;
    }
    const body = offer === null ? undefined : this.negotiation.answer(offer);
    const response = this.#agreed(transaction, body);
    if (response === null) return;
    transaction.respond(response);
    if (response.has('Session-Expires')) this.setSessionTimer(response, 'uas');
    if (offer !== null) this.offerAnswered();
  }

  /** RFC 3261 §14.2. */
  #reinvited(transaction: ServerTransaction): void {
    const { request } = transaction;
    if (this.negotiation.pending || this.#final !== null) {
      transaction.respond(this.response(request, 491));
      return;
    }
    const offer = bodyOfType(request, SDP);
    const body = offer === null ? this.negotiation.directionOffer('sendrecv') : this.negotiation.answer(offer);
    const response = this.#agreed(transaction, body);
    if (response === null) return;
    this.succeed(transaction, response);
    this.setSessionTimer(response, 'uas');
    if (offer !== null) this.offerAnswered();
  }

  /** The 200 to an INVITE or UPDATE of the dialog; null where its offer (null: nothing in it can be used) was refused. */
  #agreed(transaction: ServerTransaction, body: Uint8Array | null | undefined): SipResponse | null {
    const { request } = transaction;
    if (body === null) {
      transaction.respond(this.response(request, 488));
      return null;
    }
    this.dialog?.refresh(request);
    return this.response(request, 200, [...this.agent.targetHeaders, ...this.grantedSession(request)], body);
  }

  /** RFC 4028 §7.4: an UPDATE without description, for the interval that was agreed. */
  async #refreshSession(): Promise<void> {
    const { seconds } = this.sessionTimer;
    if (this.state_ !== 'confirmed' || seconds === null) return;
    const response = await this.agent.exchange(
      this.inDialog('UPDATE', [
        ...this.agent.targetHeaders,
        ['Supported', 'timer'],
        ['Session-Expires', `${seconds};refresher=uac`],
        ['Min-SE', String(MIN_SE)],
      ]),
    );
    if (response.status < 300) this.setSessionTimer(response, 'uac');
    else if (response.status === 481 || response.status === 408) await this.releases();
  }

  /** An offer in an UPDATE behind the answer; a glare is tried again as RFC 3261 §14.1 says. */
  async #renegotiate(direction: 'sendonly' | 'inactive' | 'sendrecv'): Promise<void> {
    await this.answered();
    const offer = this.negotiation.directionOffer(direction);
    for (;;) {
      const response = await this.agent.exchange(this.inDialog('UPDATE', this.agent.targetHeaders, offer));
      const body = bodyOfType(response, SDP);
      if (response.status < 300 && body !== null && this.negotiation.takeAnswer(body)) {
        this.dialog?.refresh(response);
        this.applyMedia();
        return;
      }
      if (response.status !== 491) {
        this.negotiation.withdraw();
        throw new UeError(
          `${this.agent.name} awaited an answer to its offer, seen ${response.status}`,
          response.status,
        );
      }
      await delay(this.agent.clock, this.glareDelay());
    }
  }

  /** Milliseconds, RFC 3261 §14.1: the side that made the Call-ID waits longer. */
  protected glareDelay(): number {
    return 10 * this.agent.environment.random.integer(200);
  }
}
