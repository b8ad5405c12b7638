import type { Clock, Timer } from '../net/clock.js';
import type { ClientEvents, ClientTransaction } from '../net/sip-stack.js';
import { buildResponse } from '../wire/sip/build.js';
import { parseNameAddr } from '../wire/sip/headers.js';
import type { SipResponse } from '../wire/sip/message.js';
import type { Branch, Incoming } from './proxy.js';

/** RFC 3261 §16.6 step 11: Timer C is larger than three minutes. */
const TIMER_C = 181_000;

/** What a function does with what comes back. */
export interface ForwardEvents {
  /** Edits a response before it goes back; null swallows it. Retransmitted 2xx are not shown again. */
  response?(response: SipResponse, context: ProxyContext): SipResponse | null | Promise<SipResponse | null>;
  /**
   * A branch ended without a final response. True: the function has taken it over (it added another branch, say).
   */
  failed?(cause: 'timeout' | 'transport', context: ProxyContext): boolean;
  /** The status that a branch without a final response counts as. */
  readonly failureStatus?: { readonly timeout: number; readonly transport: number };
  /** The first final response went back. */
  ended?(final: SipResponse): void | Promise<void>;
  /** The request is being cancelled. */
  cancelled?(): void;
}

export interface ContextPorts {
  send(branch: Branch, events: ClientEvents): ClientTransaction;
  closed(context: ProxyContext): void;
  problem(error: unknown): void;
}

interface OpenBranch {
  client: ClientTransaction | null;
  final: SipResponse | null;
  timerC: Timer | null;
  provisional: boolean;
}

/** A response context, RFC 3261 §16.7: the branches of one request, and which response goes back. */
export class ProxyContext {
  readonly #branches: OpenBranch[] = [];
  /** Edited 2xx by To tag, for retransmissions. */
  readonly #accepted = new Map<string, SipResponse>();
  #order: Promise<void> = Promise.resolve();
  #answered = false;
  #refused = false;
  #cancelling: readonly (readonly [string, string])[] | null = null;

  constructor(
    readonly incoming: Incoming,
    private readonly clock: Clock,
    /** Tag of the responses that the proxy makes itself. */
    private readonly toTag: string,
    private readonly events: ForwardEvents,
    private readonly ports: ContextPorts,
  ) {
    incoming.transaction.onCancel((cancel) => {
      this.#cancelling = cancel.fields('Reason').map((field) => ['Reason', field.value] as const);
      events.cancelled?.();
      this.#cancelPending();
    });
  }

  /** True once any branch has answered with more than 100. */
  get provisionalSeen(): boolean {
    return this.#branches.some((branch) => branch.provisional);
  }

  /** True once the request is being cancelled. */
  get cancelled(): boolean {
    return this.#cancelling !== null;
  }

  /** Sends one more branch. */
  add(branch: Branch): void {
    const open: OpenBranch = { client: null, final: null, timerC: null, provisional: false };
    this.#branches.push(open);
    if (this.#cancelling !== null) {
      this.#enqueue(open, this.#made(487));
      return;
    }
    const isInvite = branch.request.method === 'INVITE';
    if (isInvite) this.#startTimerC(open);
    open.client = this.ports.send(branch, {
      response: (response) => {
        if (response.status === 100) return;
        if (response.status < 200) {
          open.provisional = true;
          if (isInvite) this.#startTimerC(open);
        } else {
          open.timerC?.cancel();
        }
        this.#enqueue(open, response);
      },
      failed: (cause) => {
        open.timerC?.cancel();
        if (open.final !== null) return;
        if (this.events.failed?.(cause, this) === true) {
          this.#branches.splice(this.#branches.indexOf(open), 1);
          return;
        }
        this.#enqueue(open, this.#made(this.#failureStatus(cause, isInvite)));
      },
    });
  }

  /** Ends the request with a response of our own; every branch that is still open is cancelled. */
  refuse(status: number): void {
    this.#refused = true;
    this.#answer(this.#made(status));
    this.#cancelPending();
  }

  #failureStatus(cause: 'timeout' | 'transport', isInvite: boolean): number {
    if (this.events.failureStatus) return this.events.failureStatus[cause];
    if (cause === 'transport') return 500;
    // RFC 4320 §4.2: never a 408 to a request other than INVITE.
    return isInvite ? 408 : 504;
  }

  #made(status: number): SipResponse {
    return buildResponse(this.incoming.transaction.request, status, { toTag: this.toTag });
  }

  #startTimerC(open: OpenBranch): void {
    open.timerC?.cancel();
    open.timerC = this.clock.after(
      TIMER_C,
      () => {
        if (open.provisional) open.client?.cancel();
        else this.#enqueue(open, this.#made(408));
      },
      { background: true },
    );
  }

  #enqueue(open: OpenBranch, response: SipResponse): void {
    this.#order = this.#order
      .then(() => this.#take(open, response))
      .catch((error: unknown) => {
        this.ports.problem(error);
        if (!this.#answered) this.#answer(this.#made(500));
      });
  }

  async #take(open: OpenBranch, response: SipResponse): Promise<void> {
    const isInvite = this.incoming.request.method === 'INVITE';
    if (response.status >= 200 && response.status < 300 && isInvite) {
      const tag = parseNameAddr(response.get('To') ?? '')?.params.get('tag') ?? '';
      const known = this.#accepted.get(tag);
      if (known !== undefined) {
        this.incoming.transaction.respond(known);
        return;
      }
    }
    if ((open.final !== null && open.final.status >= 300) || this.#refused) return;
    const edited = this.events.response ? await this.events.response(response, this) : response;
    if (edited === null) {
      if (response.status >= 200) this.#branches.splice(this.#branches.indexOf(open), 1);
      return;
    }
    if (edited.status < 200) {
      if (!this.#answered) this.incoming.transaction.respond(edited);
      return;
    }
    open.final = edited;
    if (edited.status < 300) {
      if (isInvite) this.#accepted.set(parseNameAddr(edited.get('To') ?? '')?.params.get('tag') ?? '', edited);
      this.#answer(edited);
      this.#cancelPending();
      return;
    }
    if (edited.status >= 600) this.#cancelPending();
    if (this.#branches.every((branch) => branch.final !== null)) this.#answer(this.#best());
  }

  /** RFC 3261 §16.7 step 6: a 6xx wins, else the lowest class; inside 4xx those that make the caller try again better come first. */
  #best(): SipResponse {
    const finals = this.#branches.flatMap((branch) => (branch.final === null ? [] : [branch.final]));
    const rank = (response: SipResponse): number => {
      if (response.status >= 600) return 0;
      const helpful = [401, 407, 415, 420, 484].includes(response.status) ? 0 : 1;
      return Math.floor(response.status / 100) * 10 + helpful;
    };
    return finals.reduce(
      (best, response) => (rank(response) < rank(best) ? response : best),
      finals[0] ?? this.#made(480),
    );
  }

  #answer(response: SipResponse): void {
    const isInviteSuccess = response.status < 300 && this.incoming.request.method === 'INVITE';
    if (this.#answered && !isInviteSuccess) return;
    const first = !this.#answered;
    this.#answered = true;
    this.incoming.transaction.respond(response);
    if (first) {
      this.ports.closed(this);
      this.#order = this.#order
        .then(() => this.events.ended?.(response))
        .catch((error: unknown) => this.ports.problem(error));
    }
  }

  #cancelPending(): void {
    for (const branch of this.#branches) {
      if (branch.final !== null) continue;
      branch.client?.cancel(this.#cancelling ?? undefined);
    }
  }
}
