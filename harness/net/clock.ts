/** A running timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as an argument. Real sockets run on a skipping clock: it follows real time while anything is in flight and jumps to the
 * next timer when nothing is, so that nothing ever waits 32 seconds (and no timer fires early because a machine is slow).
 */
export interface Clock {
  /** Milliseconds since the epoch, with fractions; never goes backwards. */
  now(): number;
  /** Calls `fire` once, `ms` from now on this clock. */
  after(ms: number, fire: () => void): Timer;
}

/** Resolves after `ms` on the clock. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
