import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { ClientTransactionContext } from './client-context.js';
import { ackForFailure } from './derived-request.js';
import { StateMachine } from './state-machine.js';
import { TimerSet } from './timer-set.js';

export type InviteClientState = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

/** RFC 3261 Figure 5 as RFC 6026 §7.2 changes it. */
const MOVES: Readonly<Record<InviteClientState, readonly InviteClientState[]>> = {
  calling: ['proceeding', 'accepted', 'completed', 'terminated'],
  proceeding: ['accepted', 'completed', 'terminated'],
  accepted: ['terminated'],
  completed: ['terminated'],
  terminated: [],
};

/** INVITE client transaction, RFC 3261 §17.1.1 with RFC 6026 §7.2. */
export class InviteClientTransaction {
  readonly request: SipRequest;
  readonly #context: ClientTransactionContext;
  readonly #machine = new StateMachine<InviteClientState>('INVITE client transaction', 'calling', MOVES);
  readonly #timers: TimerSet<'A' | 'B' | 'D' | 'M'>;
  #ack: SipRequest | null = null;

  constructor(request: SipRequest, context: ClientTransactionContext) {
    this.request = request;
    this.#context = context;
    this.#timers = new TimerSet(context.clock);
  }

  get state(): InviteClientState {
    return this.#machine.state;
  }

  start(): void {
    const { timers } = this.#context;
    this.#timers.start('B', timers.B, () => this.#fail('timeout', 'Timer B: no response to INVITE'));
    if (timers.A !== null) this.#retransmitIn(timers.A);
    this.#context.transmit(this.request);
  }

  receive(response: SipResponse): void {
    if (this.state === 'calling' || this.state === 'proceeding') this.#firstOf(response);
    else if (this.state === 'accepted' && isSuccess(response)) this.#context.response(response);
    else if (this.state === 'completed' && response.status >= 300 && this.#ack !== null)
      this.#context.transmit(this.#ack);
  }

  transportFailed(detail: string): void {
    if (this.state === 'calling') this.#fail('transport', detail);
    // RFC 3261 §17.1.1.2: an ACK that cannot be sent ends the transaction; RFC 6026 leaves the accepted state alone.
    else if (this.state === 'completed') this.#terminate();
  }

  /** Gives the transaction up without telling: the stack stops, or its owner has waited long enough. */
  stop(): void {
    if (this.state !== 'terminated') this.#terminate();
  }

  #firstOf(response: SipResponse): void {
    if (response.status < 200) {
      this.#timers.stop('A', 'B');
      if (this.state === 'calling') this.#machine.to('proceeding');
    } else if (isSuccess(response)) {
      this.#timers.stopAll();
      this.#machine.to('accepted');
      this.#timers.start('M', this.#context.timers.M, () => this.#terminate());
    } else {
      this.#timers.stopAll();
      this.#machine.to('completed');
      this.#ack = ackForFailure(this.request, response);
      this.#timers.start('D', this.#context.timers.D, () => this.#terminate());
      this.#context.transmit(this.#ack);
    }
    this.#context.response(response);
  }

  #retransmitIn(ms: number): void {
    this.#timers.start('A', ms, () => {
      this.#retransmitIn(2 * ms);
      this.#context.transmit(this.request);
    });
  }

  #fail(cause: 'timeout' | 'transport', detail: string): void {
    this.#terminate();
    this.#context.failed(cause, detail);
  }

  #terminate(): void {
    this.#timers.stopAll();
    this.#machine.to('terminated');
    this.#context.terminated();
  }
}

function isSuccess(response: SipResponse): boolean {
  return response.status >= 200 && response.status < 300;
}
