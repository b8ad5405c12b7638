/** A timer in the queue. */
export interface QueuedTimer {
  readonly due: number;
  readonly fire: () => void;
  readonly background: boolean;
  cancel(): void;
}

class Entry implements QueuedTimer {
  cancelled = false;
  queued = true;

  constructor(
    readonly queue: TimerQueue,
    readonly due: number,
    readonly sequence: number,
    readonly fire: () => void,
    readonly background: boolean,
  ) {}

  cancel(): void {
    if (this.cancelled || !this.queued) return;
    this.cancelled = true;
    this.queue.forget(this);
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence);
}

/** Timers by due time, then by the order in which they were set: a binary heap in which cancelled entries stay until they surface. */
export class TimerQueue {
  #heap: Entry[] = [];
  #sequence = 0;
  #live = 0;
  #foreground = 0;

  /** Timers that have neither been popped nor cancelled. */
  get size(): number {
    return this.#live;
  }

  /** Of these, the ones that somebody waits for. */
  get foreground(): number {
    return this.#foreground;
  }

  push(due: number, fire: () => void, background: boolean): QueuedTimer {
    const entry = new Entry(this, due, this.#sequence++, fire, background);
    this.#live += 1;
    if (!background) this.#foreground += 1;
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!before(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
    return entry;
  }

  /** The next timer to fire, which stays in the queue; null if there is none. */
  peek(): QueuedTimer | null {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (!top.cancelled) return top;
      this.#removeTop();
    }
    return null;
  }

  /** Takes the next timer out; null if there is none. */
  pop(): QueuedTimer | null {
    const top = this.peek() as Entry | null;
    if (top === null) return null;
    this.#removeTop();
    top.queued = false;
    this.#count(top);
    return top;
  }

  /** Called by a cancelled entry. A heap that is mostly cancelled entries is rebuilt, so that it never grows without bound. */
  forget(entry: Entry): void {
    this.#count(entry);
    if (this.#heap.length > 64 && this.#live * 2 < this.#heap.length) {
      this.#heap = this.#heap.filter((each) => !each.cancelled).sort((a, b) => (before(a, b) ? -1 : 1));
    }
  }

  #count(entry: Entry): void {
    this.#live -= 1;
    if (!entry.background) this.#foreground -= 1;
  }

  #removeTop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      const below = heap[child] as Entry;
      if (!before(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
