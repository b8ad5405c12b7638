import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { InviteServerTransaction } from './invite-server.js';
import type { NonInviteServerTransaction } from './non-invite-server.js';
import type { Hop, ListenPoint, ServerTransaction } from './sip-stack.js';

export type AnyServerTransaction = InviteServerTransaction | NonInviteServerTransaction;

/** A server transaction as the network function sees it. */
export class IncomingRequest implements ServerTransaction {
  #cancelHandler: ((cancel: SipRequest) => void) | null = null;
  #cancelled: SipRequest | null = null;
  #noAckHandler: () => void = () => undefined;
  #transaction: AnyServerTransaction | null = null;

  constructor(
    readonly request: SipRequest,
    readonly source: Hop,
    readonly arrivedAt: ListenPoint,
  ) {}

  /** Sets the state machine below, once. */
  attach(transaction: AnyServerTransaction): void {
    this.#transaction = transaction;
  }

  /** A final response has been sent. */
  get answered(): boolean {
    const state = this.#transaction?.state;
    return state !== 'trying' && state !== 'proceeding';
  }

  respond(response: SipResponse): void {
    this.#transaction?.respond(response);
  }

  onCancel(handler: (cancel: SipRequest) => void): void {
    this.#cancelHandler = handler;
    if (this.#cancelled !== null) handler(this.#cancelled);
  }

  onNoAck(handler: () => void): void {
    this.#noAckHandler = handler;
  }

  /** A CANCEL has matched; a handler that is set later still hears of it. */
  cancelled(cancel: SipRequest): void {
    if (this.#cancelled !== null) return;
    this.#cancelled = cancel;
    this.#cancelHandler?.(cancel);
  }

  noAck(): void {
    this.#noAckHandler();
  }
}
