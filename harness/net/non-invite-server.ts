import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { ServerTransactionContext } from './server-context.js';
import { StateMachine } from './state-machine.js';
import { TimerSet } from './timer-set.js';

export type NonInviteServerState = 'trying' | 'proceeding' | 'completed' | 'terminated';

/** RFC 3261 Figure 8. */
const MOVES: Readonly<Record<NonInviteServerState, readonly NonInviteServerState[]>> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/** Non-INVITE server transaction, RFC 3261 §17.2.2. */
export class NonInviteServerTransaction {
  readonly request: SipRequest;
  readonly #context: ServerTransactionContext;
  readonly #machine = new StateMachine<NonInviteServerState>('non-INVITE server transaction', 'trying', MOVES);
  readonly #timers: TimerSet<'J'>;
  #last: SipResponse | null = null;

  constructor(request: SipRequest, context: ServerTransactionContext) {
    this.request = request;
    this.#context = context;
    this.#timers = new TimerSet(context.clock);
  }

  get state(): NonInviteServerState {
    return this.#machine.state;
  }

  /** Throws on a response behind the final one. */
  respond(response: SipResponse): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') {
      throw new Error(
        `a ${response.status} to ${this.request.method} in the state ${this.state}: its final response has been sent`,
      );
    }
    this.#last = response;
    if (response.status >= 200) {
      this.#machine.to('completed');
      this.#timers.start('J', this.#context.timers.J, () => this.#terminate());
    } else if (this.state === 'trying') {
      this.#machine.to('proceeding');
    }
    this.#context.transmit(response);
  }

  /** The same request again. */
  retransmitted(): void {
    if (this.#last !== null && this.state !== 'terminated') this.#context.transmit(this.#last);
  }

  stop(): void {
    if (this.state !== 'terminated') this.#terminate();
  }

  #terminate(): void {
    this.#timers.stopAll();
    this.#machine.to('terminated');
    this.#context.terminated();
  }
}
