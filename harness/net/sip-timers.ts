/** RFC 3261 Table 4, milliseconds; TS 24.229 Table 7.7.1 has longer ones for the access. */
export interface SipBaseTimers {
  readonly T1: number;
  readonly T2: number;
  readonly T4: number;
}

export const DEFAULT_TIMERS: SipBaseTimers = { T1: 500, T2: 4000, T4: 5000 };

/** Timers of the transactions over one transport, milliseconds; null where the transport makes a timer needless. */
export interface SipTimers {
  /** INVITE request retransmission, doubles each time. */
  readonly A: number | null;
  /** INVITE transaction timeout. */
  readonly B: number;
  /** Wait for retransmitted final responses to INVITE. */
  readonly D: number;
  /** Non-INVITE request retransmission, doubles up to T2. */
  readonly E: number | null;
  /** Non-INVITE transaction timeout. */
  readonly F: number;
  /** INVITE final response retransmission, doubles up to T2. */
  readonly G: number | null;
  /** Wait for the ACK. */
  readonly H: number;
  /** Wait for retransmitted ACKs. */
  readonly I: number;
  /** Wait for retransmitted non-INVITE requests. */
  readonly J: number;
  /** Wait for retransmitted final responses to other requests. */
  readonly K: number;
  /** Wait for retransmitted INVITEs behind a 2xx (RFC 6026). */
  readonly L: number;
  /** Wait for retransmitted 2xx (RFC 6026). */
  readonly M: number;
  readonly T2: number;
  /** Until the server transaction answers 100 itself (RFC 3261 §17.2.1). */
  readonly trying: number;
}

/** RFC 3261 Table 4 and RFC 6026 §8.3, by whether the transport is reliable. */
export function sipTimers({ T1, T2, T4 }: SipBaseTimers, reliable: boolean): SipTimers {
  const timeout = 64 * T1;
  return {
    A: reliable ? null : T1,
    B: timeout,
    D: reliable ? 0 : Math.max(32_000, timeout),
    E: reliable ? null : T1,
    F: timeout,
    G: reliable ? null : T1,
    H: timeout,
    I: reliable ? 0 : T4,
    J: reliable ? 0 : timeout,
    K: reliable ? 0 : T4,
    L: timeout,
    M: timeout,
    T2,
    trying: 200,
  };
}
