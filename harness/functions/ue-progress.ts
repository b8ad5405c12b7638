import type { Clock } from '../net/clock.js';

/** Something that a party waited for and that did not come, or came otherwise. */
export class UeError extends Error {
  override readonly name = 'UeError';
  /** The final status that decided it, where one did. */
  readonly status: number | null;

  constructor(text: string, status: number | null = null) {
    super(text);
    this.status = status;
  }
}

const MAX_KEPT = 1000;
/** Longest list of events in a message. */
const MAX_SEEN = 24;

/** What has happened to one party, and who waits for more of it: every wait is for an event, with a guard on the clock. */
export class Progress {
  readonly #seen: string[] = [];
  #dropped = 0;
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly who: string,
    private readonly clock: Clock,
    private readonly guard: number,
  ) {}

  /** Notes an event and lets everybody who waits look again. */
  saw(event: string): void {
    this.#seen.push(event);
    if (this.#seen.length > MAX_KEPT) this.#dropped += this.#seen.splice(0, MAX_KEPT / 2).length;
    for (const look of [...this.#waiting]) look();
  }

  get seen(): readonly string[] {
    return this.#seen;
  }

  /** Resolves when that event is seen from now on. */
  async next(event: string): Promise<void> {
    const from = this.#dropped + this.#seen.length;
    const since = () => this.#seen.slice(Math.max(0, from - this.#dropped));
    await this.until(event, () => (since().includes(event) ? true : undefined));
  }

  /**
   * Resolves with the first value that `probe` gives, now or behind a later event; what it throws rejects. Rejects with a
   * `UeError` behind the guard (milliseconds).
   */
  until<T>(what: string, probe: () => T | undefined, guard = this.guard): Promise<T> {
    const from = this.#dropped + this.#seen.length;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        timer.cancel();
        this.#waiting.delete(look);
        act();
      };
      const look = () => {
        try {
          const value = probe();
          if (value !== undefined) settle(() => resolve(value));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const timer = this.clock.after(guard, () =>
        settle(() => reject(new UeError(`${this.who} awaited ${what} for ${guard} ms; ${this.#summary(from)}`))),
      );
      this.#waiting.add(look);
      look();
    });
  }

  #summary(from: number): string {
    const since = this.#seen.slice(Math.max(0, from - this.#dropped));
    const events = since.length > 0 ? since : this.#seen;
    if (events.length === 0) return 'seen: nothing';
    const told = events.slice(-MAX_SEEN);
    return `seen${since.length > 0 ? '' : ' before'}: ${told.length < events.length ? '…, ' : ''}${told.join(', ')}`;
  }
}
