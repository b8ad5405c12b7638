import type { ClientTransaction } from '../net/sip-stack.js';
import { parseCSeq, parseDecimal, parseTokens } from '../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { bodyOfType } from '../wire/sip/multipart.js';
import { Call } from './call.js';
import { MIN_SE, SDP } from './call-message.js';
import type { Negotiation } from './call-negotiation.js';
import type { MediaPorts } from './media-ports.js';
import type { MediaSession } from './media-session.js';
import type { UeAgent } from './ue-agent.js';
import { Dialog, tagOf } from './ue-dialog.js';
import { UeError } from './ue-progress.js';
import { MMTEL, MMTEL_FEATURE, UE_METHODS } from './ue-setup.js';

export interface CallOptions {
  /** Priv-values of RFC 3323 and RFC 3325: `id`, `header`, `user`, `none`. */
  readonly privacy?: readonly string[];
  /** Further headers of the INVITE. */
  readonly headers?: readonly (readonly [string, string])[];
  /** Seconds of Session-Expires; 1800 without (GSMA IR.92 §2.2.8). */
  readonly sessionExpires?: number;
}

/** RFC 3323 §4.1.1.3. */
const ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>';

/** One early dialog of a call that may have been forked, RFC 3261 §13.2.2.4 and RFC 3262 §4. */
interface EarlyDialog {
  readonly dialog: Dialog;
  readonly negotiation: Negotiation;
  lastRSeq: number | null;
  updated: boolean;
  /** PRACK and UPDATE of a dialog go one behind the other. */
  work: Promise<void>;
}

/** A call that this UE makes, TS 24.229 §5.1.3. */
export class CallOrigination extends Call {
  #invite: SipRequest;
  #transaction: ClientTransaction | null = null;
  readonly #early = new Map<string, EarlyDialog>();
  #answered: { readonly tag: string; readonly ack: SipRequest } | null = null;
  #cancelled = false;
  readonly #fromTag: string;
  readonly #callId: string;
  #cseq = 0;
  #statuses: number[] = [];

  private constructor(
    agent: UeAgent,
    session: MediaSession,
    private readonly target: string,
    private readonly options: CallOptions,
  ) {
    super(agent, session);
    this.#fromTag = agent.newTag();
    this.#callId = agent.newCallId();
    this.#invite = this.#buildInvite(options.sessionExpires ?? 1800, MIN_SE, this.negotiation.firstOffer());
  }

  /** Opens the media ports and sends the INVITE. */
  static async place(
    agent: UeAgent,
    ports: MediaPorts,
    target: string,
    options: CallOptions,
  ): Promise<CallOrigination> {
    const session = await Call.openMedia(agent, ports);
    const call = new CallOrigination(agent, session, target, options);
    call.#send();
    return call;
  }

  override get callId(): string {
    return this.#callId;
  }

  /** Every status of the INVITE so far, 100 included. */
  get statuses(): readonly number[] {
    return this.#statuses;
  }

  /** Resolves when the peer is alerted: a 180 has come. Rejects where the call ends before. */
  async alerts(): Promise<this> {
    await this.agent.progress.until('180', () => {
      if (this.end_ !== null)
        throw new UeError(`${this.agent.name} awaited 180, but the call ended by ${this.end_.by}`);
      return ['alerting', 'answered', 'confirmed'].includes(this.state_) ? true : undefined;
    });
    return this;
  }

  /** Gives the call up: CANCEL, and the final response to the INVITE. A 2xx that crosses it is ended with BYE. */
  async cancels(): Promise<void> {
    this.#cancelled = true;
    this.#transaction?.cancel();
    this.agent.progress.saw('CANCEL sent');
    await this.ended();
  }

  /** A response that no transaction claims any more: a 2xx that is repeated. */
  stray(response: SipResponse): boolean {
    const ours = response.get('Call-ID') === this.#callId && tagOf(response.get('From') ?? '') === this.#fromTag;
    if (!ours || parseCSeq(response.get('CSeq') ?? '')?.method !== 'INVITE') return false;
    if (response.status >= 200 && response.status < 300) this.#succeeded(response);
    return true;
  }

  override claims(request: SipRequest): boolean {
    if (super.claims(request)) return true;
    for (const { dialog } of this.#early.values()) {
      if (!dialog.claims(request)) continue;
      this.dialog ??= dialog;
      return this.dialog === dialog;
    }
    return false;
  }

  #buildInvite(sessionExpires: number, minSe: number, offer: Uint8Array): SipRequest {
    const { agent, options, target } = this;
    const { behaviours } = agent;
    const timer = behaviours.has('no-session-timer') ? [] : ['timer'];
    const precondition = (agent.setup.preconditions ?? true) && !behaviours.has('requires-precondition');
    this.#cseq += 1;
    return agent.build({
      method: 'INVITE',
      requestUri: target,
      headers: [
        ['Max-Forwards', '70'],
        ...agent.routes,
        ['From', `${this.#hidden ? ANONYMOUS : `<${agent.defaultIdentity}>`};tag=${this.#fromTag}`],
        ['To', `<${target}>`],
        ['Call-ID', this.#callId],
        ['CSeq', `${this.#cseq} INVITE`],
        ['Contact', agent.contact],
        ['P-Preferred-Identity', `<${agent.defaultIdentity}>`],
        ['P-Preferred-Service', MMTEL],
        agent.accessNetworkInfo,
        ['Accept-Contact', `*;${MMTEL_FEATURE}`],
        ['P-Early-Media', 'supported'],
        ['Supported', ['100rel', ...(precondition ? ['precondition'] : []), ...timer].join(', ')],
        ['Allow', UE_METHODS],
        ['Accept', 'application/sdp, application/3gpp-ims+xml'],
        ...(timer.length === 0
          ? []
          : ([
              ['Session-Expires', String(sessionExpires)],
              ['Min-SE', String(minSe)],
            ] as const)),
        ...(options.privacy === undefined ? [] : [['Privacy', options.privacy.join(';')] as const]),
        ...agent.securityHeaders,
        ...(behaviours.has('requires-precondition') ? [['Require', 'precondition'] as const] : []),
        ...(options.headers ?? []),
      ],
      body: offer,
      contentType: SDP,
    });
  }

  /** TS 24.607 §4.5.2.1: who hides its identity says nothing of it in From. */
  get #hidden(): boolean {
    return this.options.privacy?.some((value) => value !== 'none') === true;
  }

  #send(): void {
    this.agent.progress.saw('INVITE sent');
    this.#transaction = this.agent.send(this.#invite, {
      response: (response) => this.#received(response),
      failed: (cause) => this.finish({ by: cause, status: null, reason: null }),
    });
  }

  #received(response: SipResponse): void {
    this.#statuses.push(response.status);
    if (response.status >= 300) this.#refused(response);
    else if (response.status >= 200) this.#succeeded(response);
    else if (response.status > 100) this.#proceeds(response);
    this.agent.progress.saw(`${response.status} to INVITE`);
  }

  #proceeds(response: SipResponse): void {
    const tag = tagOf(response.get('To') ?? '');
    if (tag === '' || this.state_ === 'ended') return;
    const early = this.#earlyDialog(tag, response);
    const reliable = response.all('Require').some((option) => option.toLowerCase() === '100rel');
    const rseq = parseDecimal(response.get('RSeq') ?? '', 2 ** 32 - 1);
    if (reliable && rseq !== null) {
      // RFC 3262 §4: repetitions and what is out of order are not acknowledged again.
      if (early.lastRSeq !== null && rseq !== early.lastRSeq + 1) return;
      early.lastRSeq = rseq;
    }
    if (this.state_ === 'proceeding') this.state_ = 'early';
    if (response.status === 180) this.state_ = 'alerting';
    if (response.status === 199) {
      this.#early.delete(tag);
      return;
    }
    const body = bodyOfType(response, SDP);
    if (body !== null && early.negotiation.pending && !early.updated && early.negotiation.takeAnswer(body)) {
      this.negotiation = early.negotiation;
      this.applyMedia();
    }
    if (!reliable || rseq === null || this.agent.behaviours.has('no-prack')) return;
    early.work = early.work.then(() => this.#acknowledge(early, rseq));
    this.agent.background(early.work);
  }

  #earlyDialog(tag: string, response: SipResponse): EarlyDialog {
    let early = this.#early.get(tag);
    if (early === undefined) {
      early = {
        dialog: Dialog.ofResponse(this.#invite, response),
        negotiation: this.#early.size === 0 ? this.negotiation : this.negotiation.fork(),
        lastRSeq: null,
        updated: false,
        work: Promise.resolve(),
      };
      this.#early.set(tag, early);
      this.dialog ??= early.dialog;
    } else {
      early.dialog.refresh(response);
    }
    return early;
  }

  /** PRACK; and UPDATE once the answer is there, as the resources of this side are reserved with it (RFC 3312 §6, TS 24.229 §6.1.2). */
  async #acknowledge(early: EarlyDialog, rseq: number): Promise<void> {
    if (this.state_ === 'ended') return;
    const told = this.agent.behaviours.has('reuses-rack') ? Math.max(1, rseq - 1) : rseq;
    const rack = `${told} ${this.#cseq} INVITE`;
    const acknowledged = await this.agent.exchange(this.inDialog('PRACK', [['RAck', rack]], undefined, early.dialog));
    if (acknowledged.status >= 300 && this.isOpen()) {
      this.agent.problems.push(`${this.agent.name} awaited 200 to its PRACK, seen ${acknowledged.status}`);
      return;
    }
    const { negotiation } = early;
    const due = negotiation.complete && negotiation.usesPreconditions && !early.updated;
    if (!due || !this.isOpen() || this.agent.behaviours.has('no-update')) return;
    early.updated = true;
    const offer = negotiation.resourcesOffer();
    const update = this.inDialog('UPDATE', this.agent.targetHeaders, offer, early.dialog);
    const updated = await this.agent.exchange(update);
    const body = bodyOfType(updated, SDP);
    if (updated.status < 300 && body !== null && negotiation.takeAnswer(body)) {
      early.dialog.refresh(updated);
      if (this.isOpen()) this.applyMedia();
    } else {
      negotiation.withdraw();
      if (this.isOpen()) {
        this.agent.problems.push(`${this.agent.name} awaited an answer to its UPDATE, seen ${updated.status}`);
      }
    }
  }

  private isOpen(): boolean {
    return this.state_ !== 'ended' && !this.#cancelled;
  }

  /** RFC 3261 §13.2.2.4. */
  #succeeded(response: SipResponse): void {
    const tag = tagOf(response.get('To') ?? '');
    if (this.#answered !== null) {
      if (this.#answered.tag === tag) this.agent.sendAck(this.#answered.ack);
      else this.#refuseFork(response);
      return;
    }
    const early = this.#earlyDialog(tag, response);
    early.dialog.confirm(response);
    this.dialog = early.dialog;
    this.negotiation = early.negotiation;
    const body = bodyOfType(response, SDP);
    if (body !== null && early.negotiation.pending) early.negotiation.takeAnswer(body);
    const ack = this.#ackFor(early.dialog);
    this.#answered = { tag, ack };
    if (!this.agent.behaviours.has('no-ack')) this.agent.sendAck(ack);
    if (this.state_ === 'ended') {
      this.#hangUp(early.dialog);
      return;
    }
    this.state_ = 'confirmed';
    if (this.#cancelled) {
      // The 2xx crossed the CANCEL, RFC 3261 §9.1.
      this.agent.background(this.releases());
      return;
    }
    this.setSessionTimer(response, 'uac');
    this.startMedia();
  }

  #ackFor(dialog: Dialog): SipRequest {
    return this.agent.build({
      method: 'ACK',
      requestUri: dialog.remoteTarget,
      headers: [...dialog.headers('ACK', this.#cseq), this.agent.accessNetworkInfo],
    });
  }

  /** A second 2xx from another fork: acknowledged and released. */
  #refuseFork(response: SipResponse): void {
    const dialog = Dialog.ofResponse(this.#invite, response);
    this.agent.sendAck(this.#ackFor(dialog));
    this.#hangUp(dialog);
  }

  #hangUp(dialog: Dialog): void {
    this.agent.background(this.agent.exchange(this.inDialog('BYE', [], undefined, dialog)));
  }

  #refused(response: SipResponse): void {
    const minSe = parseDecimal(
      parseTokens(response.get('Min-SE') ?? '')[0]
        ?.split(';')[0]
        ?.trim() ?? '',
    );
    if (response.status === 422 && minSe !== null && minSe > MIN_SE && this.#cseq === 1) {
      // RFC 4028 §7.3: the same call again with the longer interval.
      this.#early.clear();
      const offer = this.#invite.body;
      this.#invite = this.#buildInvite(Math.max(minSe, this.options.sessionExpires ?? 1800), minSe, offer);
      this.#send();
      return;
    }
    const reason = response.get('Reason') ?? null;
    this.finish({ by: this.#cancelled ? 'cancel' : 'refusal', status: response.status, reason });
  }

  protected override glareDelay(): number {
    return 2100 + 10 * this.agent.environment.random.integer(191);
  }
}
