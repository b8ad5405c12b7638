import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import type { NetEnvironment } from './environment.js';

export type SipTransport = 'udp' | 'tcp' | 'tls';

/** A resolved next hop. */
export interface Hop {
  readonly transport: SipTransport;
  readonly address: string;
  readonly port: number;
}

/** Where a request goes: a hop, or a SIP URI that RFC 3263 resolves (by the stack's resolver). */
export type Target = Hop | string;

export interface ListenPoint {
  readonly transport: SipTransport;
  readonly address: string;
  /** 0 is never used: ports come from the network's plan. */
  readonly port: number;
}

export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

export interface SipStackOptions {
  /** Name of the network function, for the tap's evidence and for messages of errors. */
  readonly node: string;
  /** sent-by host of its Via, as a name or an address literal. */
  readonly sentBy: string;
  readonly listen: readonly ListenPoint[];
  readonly environment: NetEnvironment;
  /** Addresses of the name servers, `address:port`; without any, only address literals resolve. */
  readonly nameServers?: readonly { readonly address: string; readonly port: number }[];
  readonly timers?: { readonly T1: number; readonly T2: number; readonly T4: number };
  readonly tls?: TlsIdentity;
  /** Ports (inclusive) that its own TCP and TLS connections come from, where several nodes share an address, as on `::1`. */
  readonly localPorts?: readonly [number, number];
  /**
   * What peers did that is no SIP, and sockets that failed (`peer`): for the log; the evidence is in the tap. And what a handler of
   * ours threw (`own`): without this method it is thrown on.
   */
  onTrouble?(text: string, whose: 'peer' | 'own'): void;
}

export interface SendOptions {
  /** The own point to send from (a protected port of a security association); without it the first that fits the hop. */
  readonly from?: ListenPoint;
}

/** A server transaction, RFC 3261 §17.2 with RFC 6026. */
export interface ServerTransaction {
  readonly request: SipRequest;
  /** Where the request came from, as seen by the socket. */
  readonly source: Hop;
  /** The point it arrived at: tells a protected port from an unprotected one. */
  readonly arrivedAt: ListenPoint;
  /** Sends a response; a final one ends it. Responses behind a final one (other than 2xx from the core) throw. */
  respond(response: SipResponse): void;
  /** The INVITE is being cancelled (the stack has answered the CANCEL with 200 already). */
  onCancel(handler: (cancel: SipRequest) => void): void;
  /** Timer H: no ACK for a non-2xx. */
  onNoAck(handler: () => void): void;
}

export interface ClientEvents {
  /** Every response that the transaction layer passes up: provisional ones, and final ones (2xx of forks and of retransmission too). */
  response(response: SipResponse): void;
  /** Timer B or F, or a transport failure on every resolved hop; the string says which. */
  failed(cause: 'timeout' | 'transport', detail: string): void;
}

/** A client transaction, RFC 3261 §17.1 with RFC 6026. */
export interface ClientTransaction {
  /** As sent, with the Via of this stack on top. */
  readonly request: SipRequest;
  /** Sends CANCEL as RFC 3261 §9.1 says: now if a provisional response was seen, else as soon as one is. `headers` are added (Reason). */
  cancel(headers?: readonly (readonly [string, string])[]): void;
}

/**
 * Transactions over sockets for one network function. The stack adds and removes its own Via (branch, rport), `received`,
 * switches to TCP beyond 1300 octets (RFC 3261 §18.1.1), retransmits, answers 100 after 200 ms where the function has not
 * answered, matches CANCEL, and absorbs retransmissions. Everything else is the function's own.
 */
export interface SipStack {
  readonly node: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  onRequest(handler: (transaction: ServerTransaction) => void): void;
  /** ACK for a 2xx, which belongs to no transaction. */
  onAck(handler: (ack: SipRequest, source: Hop) => void): void;
  /** A 2xx retransmission or another response that no transaction claims. */
  onStrayResponse(handler: (response: SipResponse) => void): void;
  send(request: SipRequest, target: Target, events: ClientEvents, options?: SendOptions): ClientTransaction;
  /** Sends an ACK for a 2xx (or forwards one): no transaction, own Via added. */
  sendAck(ack: SipRequest, target: Target, options?: SendOptions): void;
  /** Transactions that have not ended, for the check that a case left nothing behind. */
  readonly openTransactions: number;
}
