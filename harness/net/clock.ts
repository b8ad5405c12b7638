import { TimerQueue } from './timer-queue.js';

/** A running timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface TimerOptions {
  /**
   * A timer that may fire when time gets there, but for which nobody waits (expiry of a registration, refresh of a session):
   * the skipping clock never jumps for its sake alone. Default false.
   */
  readonly background?: boolean;
}

/**
 * Time as an argument. Real sockets run on a skipping clock: it follows real time while anything is in flight and jumps to the
 * next timer when nothing is, so that nothing ever waits 32 seconds (and no timer fires early because a machine is slow).
 */
export interface Clock {
  /** Milliseconds since the epoch, with fractions; never goes backwards. */
  now(): number;
  /** Calls `fire` once, `ms` from now on this clock. */
  after(ms: number, fire: () => void, options?: TimerOptions): Timer;
}

/** Resolves after `ms` on the clock. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** Milliseconds since the epoch, monotonic within the process, microsecond resolution. */
export function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}

/** The longest delay `setTimeout` takes; a longer one would fire at once. */
const LONGEST_TIMEOUT = 0x7fff_ffff;

/** Real time: for networks that are not in this process. */
export class RealClock implements Clock {
  now(): number {
    return monotonicNow();
  }

  after(ms: number, fire: () => void): Timer {
    let handle: NodeJS.Timeout;
    const arm = (rest: number) => {
      const step = Math.min(rest, LONGEST_TIMEOUT);
      handle = setTimeout(() => (rest > step ? arm(rest - step) : fire()), Math.max(0, step));
    };
    arm(ms);
    return { cancel: () => clearTimeout(handle) };
  }
}

/** Time that moves only when it is told to: for unit tests of timers. */
export class ManualClock implements Clock {
  #now: number;
  readonly #queue = new TimerQueue();

  constructor(start = 0) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fire: () => void, options?: TimerOptions): Timer {
    return this.#queue.push(this.#now + Math.max(0, ms), fire, options?.background ?? false);
  }

  /** Number of timers that have neither fired nor been cancelled. */
  get timers(): number {
    return this.#queue.size;
  }

  /** Moves time on by `ms` and fires every timer that falls due on the way, in order, each at its own time. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (let next = this.#queue.peek(); next !== null && next.due <= target; next = this.#queue.peek()) {
      this.#queue.pop();
      this.#now = Math.max(this.#now, next.due);
      next.fire();
    }
    this.#now = target;
  }
}
