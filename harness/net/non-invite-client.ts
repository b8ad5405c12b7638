import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { ClientTransactionContext } from './client-context.js';
import { StateMachine } from './state-machine.js';
import { TimerSet } from './timer-set.js';

export type NonInviteClientState = 'trying' | 'proceeding' | 'completed' | 'terminated';

/** RFC 3261 Figure 6. */
const MOVES: Readonly<Record<NonInviteClientState, readonly NonInviteClientState[]>> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/** Non-INVITE client transaction, RFC 3261 §17.1.2. */
export class NonInviteClientTransaction {
  readonly request: SipRequest;
  readonly #context: ClientTransactionContext;
  readonly #machine = new StateMachine<NonInviteClientState>('non-INVITE client transaction', 'trying', MOVES);
  readonly #timers: TimerSet<'E' | 'F' | 'K'>;

  constructor(request: SipRequest, context: ClientTransactionContext) {
    this.request = request;
    this.#context = context;
    this.#timers = new TimerSet(context.clock);
  }

  get state(): NonInviteClientState {
    return this.#machine.state;
  }

  start(): void {
    const { timers } = this.#context;
    this.#timers.start('F', timers.F, () =>
      this.#fail('timeout', `Timer F: no final response to ${this.request.method}`),
    );
    if (timers.E !== null) this.#retransmitIn(Math.min(timers.E, timers.T2));
    this.#context.transmit(this.request);
  }

  receive(response: SipResponse): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return;
    if (response.status < 200) {
      if (this.state === 'trying') this.#machine.to('proceeding');
    } else {
      this.#timers.stopAll();
      this.#machine.to('completed');
      this.#timers.start('K', this.#context.timers.K, () => this.#terminate());
    }
    this.#context.response(response);
  }

  transportFailed(detail: string): void {
    if (this.state === 'trying' || this.state === 'proceeding') this.#fail('transport', detail);
  }

  /** Gives the transaction up without telling: the stack stops. */
  stop(): void {
    if (this.state !== 'terminated') this.#terminate();
  }

  /** Doubles up to T2; in the proceeding state it is T2 each time (RFC 3261 §17.1.2.2). */
  #retransmitIn(ms: number): void {
    this.#timers.start('E', ms, () => {
      const { T2 } = this.#context.timers;
      this.#retransmitIn(this.state === 'proceeding' ? T2 : Math.min(2 * ms, T2));
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
