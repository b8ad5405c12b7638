import type { Clock, Timer } from '../net/clock.js';

/**
 * A response that its sender repeats until the peer confirms it: a 2xx until its ACK (RFC 3261 §13.3.1.4), a reliable
 * provisional response until its PRACK (RFC 3262 §3).
 */
export class Repetition {
  #timer: Timer | null = null;
  #over = false;

  /** Sends at once, then behind T1, 2·T1 … (at most `longest` apart); `givenUp` is called behind 64·T1. */
  constructor(
    private readonly clock: Clock,
    private readonly times: { readonly T1: number; readonly longest: number },
    private readonly send: () => void,
    private readonly givenUp: () => void,
  ) {
    const until = clock.now() + 64 * times.T1;
    this.send();
    this.#again(times.T1, until);
  }

  stop(): void {
    this.#over = true;
    this.#timer?.cancel();
  }

  #again(interval: number, until: number): void {
    const rest = until - this.clock.now();
    this.#timer = this.clock.after(Math.min(interval, rest), () => {
      if (this.#over) return;
      if (interval >= rest) {
        this.#over = true;
        this.givenUp();
        return;
      }
      this.send();
      this.#again(Math.min(2 * interval, this.times.longest), until);
    });
  }
}

/** RFC 4028 §10: who does not refresh ends the session this long before it expires. */
const LAST_MOMENT = 32;

/** The session timer of one end of a call, RFC 4028: nobody waits for it, so it runs in the background. */
export class SessionTimer {
  #timer: Timer | null = null;
  #seconds: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly events: { refresh(): void; expired(): void },
  ) {}

  /** The interval that was agreed, in seconds; null where no timer runs. */
  get seconds(): number | null {
    return this.#seconds;
  }

  /** Starts anew, behind the 2xx that set or refreshed the interval (seconds). */
  start(seconds: number, weRefresh: boolean): void {
    this.stop();
    this.#seconds = seconds;
    const wait = weRefresh ? seconds / 2 : seconds - Math.min(LAST_MOMENT, seconds / 3);
    const fire = () => (weRefresh ? this.events.refresh() : this.events.expired());
    this.#timer = this.clock.after(wait * 1000, fire, { background: true });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#seconds = null;
  }
}
