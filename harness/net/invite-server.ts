import { buildResponse } from '../wire/sip/build.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { ServerTransactionContext } from './server-context.js';
import { StateMachine } from './state-machine.js';
import { TimerSet } from './timer-set.js';

export type InviteServerState = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

/** RFC 3261 Figure 7 as RFC 6026 §7.1 changes it. */
const MOVES: Readonly<Record<InviteServerState, readonly InviteServerState[]>> = {
  proceeding: ['accepted', 'completed', 'terminated'],
  accepted: ['terminated'],
  completed: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  terminated: [],
};

/** INVITE server transaction, RFC 3261 §17.2.1 with RFC 6026 §7.1. */
export class InviteServerTransaction {
  readonly request: SipRequest;
  readonly #context: ServerTransactionContext;
  readonly #machine = new StateMachine<InviteServerState>('INVITE server transaction', 'proceeding', MOVES);
  readonly #timers: TimerSet<'trying' | 'G' | 'H' | 'I' | 'L'>;
  readonly #noAck: () => void;
  #last: SipResponse | null = null;

  constructor(request: SipRequest, context: ServerTransactionContext, noAck: () => void) {
    this.request = request;
    this.#context = context;
    this.#noAck = noAck;
    this.#timers = new TimerSet(context.clock);
    this.#timers.start('trying', context.timers.trying, () => this.respond(buildResponse(request, 100)));
  }

  get state(): InviteServerState {
    return this.#machine.state;
  }

  /** The last response that was sent. */
  get lastResponse(): SipResponse | null {
    return this.#last;
  }

  /** Throws on a response that has no place in the state: behind a final one, except a 2xx behind a 2xx. */
  respond(response: SipResponse): void {
    const success = response.status >= 200 && response.status < 300;
    if (this.state === 'accepted' && success) {
      this.#context.transmit(response);
      return;
    }
    if (this.state !== 'proceeding') {
      throw new Error(`a ${response.status} to INVITE in the state ${this.state}: its final response has been sent`);
    }
    this.#timers.stop('trying');
    this.#last = response;
    const { timers } = this.#context;
    if (success) {
      this.#machine.to('accepted');
      this.#timers.start('L', timers.L, () => this.#terminate());
    } else if (response.status >= 300) {
      this.#machine.to('completed');
      this.#timers.start('H', timers.H, () => {
        this.#terminate();
        this.#noAck();
      });
      if (timers.G !== null) this.#retransmitIn(Math.min(timers.G, timers.T2));
    }
    this.#context.transmit(response);
  }

  /** The same INVITE again: what was answered is answered again, except a 2xx, which its core repeats (RFC 6026 §7.1). */
  retransmitted(): void {
    if (this.#last !== null && (this.state === 'proceeding' || this.state === 'completed'))
      this.#context.transmit(this.#last);
  }

  /** An ACK of this transaction; true if it is for its core, because a 2xx was sent (RFC 6026 §7.1). */
  acknowledged(): boolean {
    if (this.state === 'accepted') return true;
    if (this.state === 'completed') {
      this.#timers.stop('G', 'H');
      this.#machine.to('confirmed');
      this.#timers.start('I', this.#context.timers.I, () => this.#terminate());
    }
    return false;
  }

  stop(): void {
    if (this.state !== 'terminated') this.#terminate();
  }

  #retransmitIn(ms: number): void {
    this.#timers.start('G', ms, () => {
      this.#retransmitIn(Math.min(2 * ms, this.#context.timers.T2));
      this.retransmitted();
    });
  }

  #terminate(): void {
    this.#timers.stopAll();
    this.#machine.to('terminated');
    this.#context.terminated();
  }
}
