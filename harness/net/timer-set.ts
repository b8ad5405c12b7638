import type { Clock, Timer } from './clock.js';

/** The timers of one transaction by their letter: setting one again replaces it. */
export class TimerSet<Name extends string> {
  readonly #running = new Map<Name, Timer>();

  constructor(readonly clock: Clock) {}

  start(name: Name, ms: number, fire: () => void): void {
    this.stop(name);
    const timer = this.clock.after(ms, () => {
      this.#running.delete(name);
      fire();
    });
    this.#running.set(name, timer);
  }

  stop(...names: readonly Name[]): void {
    for (const name of names) {
      this.#running.get(name)?.cancel();
      this.#running.delete(name);
    }
  }

  stopAll(): void {
    for (const timer of this.#running.values()) timer.cancel();
    this.#running.clear();
  }
}
