import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { Clock } from './clock.js';
import type { SipTimers } from './sip-timers.js';

/** What a client transaction has around it: the transport below, the transaction user above. */
export interface ClientTransactionContext {
  readonly clock: Clock;
  readonly timers: SipTimers;
  transmit(request: SipRequest): void;
  response(response: SipResponse): void;
  failed(cause: 'timeout' | 'transport', detail: string): void;
  /** Called once, when the transaction has ended for whatever reason; before `failed`. */
  terminated(): void;
}
