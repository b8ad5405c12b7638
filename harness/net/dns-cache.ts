import type { Clock } from './clock.js';

/** No network of ours has more names; beyond it the oldest entries go. */
const MOST_ENTRIES = 10_000;

/** RFC 2181 §8: a TTL with the top bit set is 0; more than a week is of no use here. */
const LONGEST_TTL = 604_800;

/** Answers by question, each for its own time to live on the clock of the run. */
export class DnsCache<Answer> {
  readonly #entries = new Map<string, { readonly answer: Answer; readonly until: number }>();

  constructor(readonly clock: Clock) {}

  get(key: string): Answer | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.until > this.clock.now()) return entry.answer;
    this.#entries.delete(key);
    return null;
  }

  put(key: string, answer: Answer, ttlSeconds: number): void {
    const ttl = ttlSeconds >= 2 ** 31 ? 0 : Math.min(ttlSeconds, LONGEST_TTL);
    if (ttl <= 0) return;
    if (this.#entries.size >= MOST_ENTRIES) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, { answer, until: this.clock.now() + 1000 * ttl });
  }
}
