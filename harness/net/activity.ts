/**
 * Counts what is under way (datagrams and stream octets between our own sockets, connects, handshakes, look-ups), so that the
 * skipping clock knows when nothing is. A token that is never ended is given up after a real-time guard, and told.
 */
export interface Activity {
  /** Something is under way until `end` of the returned token is called; `what` names it in the guard's message. */
  begin(what: string): ActivityToken;
  readonly pending: number;
}

export interface ActivityToken {
  end(): void;
}

/**
 * Units (datagrams or octets) on their way to one place: cheaper than a token for each of them. It counts as one thing under way
 * for as long as anything has been sent and not received.
 */
export interface Flow {
  sent(units: number): void;
  received(units: number): void;
  /** Nothing that was sent will be received any more: the place is gone. */
  drop(): void;
}

/** Turns of the event loop without a move after which the guard believes that nothing comes: the poll phase has been through. */
const GUARD_TURNS = 3;

export interface CountingActivityOptions {
  /** Real milliseconds without any move after which what is pending is given up. Default 300. */
  readonly guardMs?: number;
  readonly onWarning?: (text: string) => void;
}

/** The activity of a run in one process. */
export class CountingActivity implements Activity {
  readonly #guardMs: number;
  readonly #onWarning: (text: string) => void;
  readonly #live = new Set<CountedFlow>();
  #moves = 0;
  #idle: (() => void)[] = [];
  #guarded = false;

  constructor(options: CountingActivityOptions = {}) {
    this.#guardMs = options.guardMs ?? 300;
    this.#onWarning = options.onWarning ?? (() => undefined);
  }

  get pending(): number {
    return this.#live.size;
  }

  /** Rises with everything that begins, moves or ends. */
  get moves(): number {
    return this.#moves;
  }

  begin(what: string): ActivityToken {
    const flow = new CountedFlow(this, what);
    flow.sent(1);
    return { end: () => flow.drop() };
  }

  flow(what: string): Flow {
    return new CountedFlow(this, what);
  }

  /** Calls `handler` each time that the last thing under way has ended. */
  onIdle(handler: () => void): void {
    this.#idle.push(handler);
  }

  /** For flows only. */
  started(flow: CountedFlow): void {
    this.#moves += 1;
    this.#live.add(flow);
    if (!this.#guarded) this.#guard();
  }

  /** For flows only. */
  moved(): void {
    this.#moves += 1;
  }

  /** For flows only. */
  ended(flow: CountedFlow): void {
    this.#moves += 1;
    this.#live.delete(flow);
    if (this.#live.size === 0) for (const handler of this.#idle) handler();
  }

  /**
   * One timer for all that is pending, and none where nothing is. A timer that is late because the process was busy says nothing
   * about the network: the event loop gets a few turns to bring what has arrived before anything is given up.
   */
  #guard(): void {
    this.#guarded = true;
    const seen = this.#moves;
    setTimeout(() => this.#look(seen, GUARD_TURNS), this.#guardMs).unref();
  }

  #look(seen: number, turns: number): void {
    if (this.#live.size === 0) {
      this.#guarded = false;
    } else if (this.#moves !== seen) {
      this.#guard();
    } else if (turns > 0) {
      setImmediate(() => this.#look(seen, turns - 1));
    } else {
      this.#guarded = false;
      for (const flow of [...this.#live]) {
        this.#onWarning(`gave up waiting for ${flow.what}: nothing moved for ${this.#guardMs} ms`);
        flow.drop();
      }
    }
  }
}

class CountedFlow implements Flow {
  #underWay = 0;

  constructor(
    readonly activity: CountingActivity,
    readonly what: string,
  ) {}

  sent(units: number): void {
    if (units <= 0) return;
    this.#underWay += units;
    if (this.#underWay === units) this.activity.started(this);
    else this.activity.moved();
  }

  received(units: number): void {
    if (this.#underWay === 0) return;
    this.#underWay = Math.max(0, this.#underWay - units);
    if (this.#underWay === 0) this.activity.ended(this);
    else this.activity.moved();
  }

  drop(): void {
    this.received(this.#underWay);
  }
}
