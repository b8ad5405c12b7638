import type { SipResponse } from '../wire/sip/message.js';
import type { Clock } from './clock.js';
import type { SipTimers } from './sip-timers.js';

/** What a server transaction has around it. */
export interface ServerTransactionContext {
  readonly clock: Clock;
  readonly timers: SipTimers;
  transmit(response: SipResponse): void;
  /** Called once, when the transaction has ended for whatever reason. */
  terminated(): void;
}
