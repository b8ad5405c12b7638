import type { CountingActivity } from './activity.js';
import { type Clock, monotonicNow, type Timer, type TimerOptions } from './clock.js';
import { TimerQueue } from './timer-queue.js';

/** Turns of the event loop without any move after which nothing is going on: the second one has been through a poll phase. */
const SETTLE_TURNS = 2;

/**
 * Real time plus what has been skipped. A timer fires only when nothing is under way and the event loop has settled; then time
 * jumps to its due time. So nothing waits, and nothing is retransmitted because the machine is slow: a timer whose time has come
 * while something was under way still waits for that.
 */
export class SkippingClock implements Clock {
  readonly #activity: CountingActivity;
  readonly #queue = new TimerQueue();
  #skipped = 0;
  #scheduled = false;
  #held = 0;
  #seen = 0;
  #turns = 0;
  readonly #turn = () => this.#settle();

  constructor(activity: CountingActivity) {
    this.#activity = activity;
    activity.onIdle(() => this.#schedule());
  }

  now(): number {
    return monotonicNow() + this.#skipped;
  }

  after(ms: number, fire: () => void, options?: TimerOptions): Timer {
    const timer = this.#queue.push(this.now() + Math.max(0, ms), fire, options?.background ?? false);
    this.#schedule();
    return timer;
  }

  /** Milliseconds that have been skipped so far. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Timers that have neither fired nor been cancelled. */
  get timers(): number {
    return this.#queue.size;
  }

  /** No timer fires until the returned function is called: for real work (files, children) that no timer may overtake. */
  hold(): () => void {
    this.#held += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#held -= 1;
      this.#schedule();
    };
  }

  get #mayFire(): boolean {
    return this.#held === 0 && this.#activity.pending === 0 && this.#queue.foreground > 0;
  }

  #schedule(): void {
    if (this.#scheduled || !this.#mayFire) return;
    this.#scheduled = true;
    this.#seen = this.#activity.moves;
    this.#turns = 0;
    setImmediate(this.#turn);
  }

  #settle(): void {
    if (!this.#mayFire) {
      this.#scheduled = false;
      return;
    }
    if (this.#activity.moves !== this.#seen) {
      this.#seen = this.#activity.moves;
      this.#turns = 0;
    }
    this.#turns += 1;
    if (this.#turns < SETTLE_TURNS) {
      setImmediate(this.#turn);
      return;
    }
    this.#scheduled = false;
    const timer = this.#queue.pop();
    if (timer === null) return;
    this.#skipped += Math.max(0, timer.due - this.now());
    try {
      timer.fire();
    } finally {
      this.#schedule();
    }
  }
}
