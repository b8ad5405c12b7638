/** IND is the low five bits of SQN, so the USIM keeps 32 sequence numbers. TS 33.102 §C.3.2. */
const IND_VALUES = 32;
/** Δ: the largest jump forward that a USIM accepts. TS 33.102 §C.3.2. */
const DELTA = 2 ** 28;
const SQN_VALUES = 2 ** 48;

/** The sequence numbers of the authentication centre, not time based: SEQ and IND count up together. TS 33.102 §C.1.1.1, §C.1.2, §C.3.4. */
export class SqnGenerator {
  #sqn: number;

  /** `sqn` is the last one that was used, 0 for a new subscriber. */
  constructor(sqn = 0) {
    this.#sqn = sqn % SQN_VALUES;
  }

  /** The last SQN that was given out: SQN_HE. */
  get current(): number {
    return this.#sqn;
  }

  /** The SQN of the next vector. */
  next(): number {
    const seq = Math.floor(this.#sqn / IND_VALUES) + 1;
    const ind = (this.#sqn + 1) % IND_VALUES;
    this.#sqn = (seq * IND_VALUES + ind) % SQN_VALUES;
    return this.#sqn;
  }

  /** SQN_HE becomes SQN_MS, as the USIM reported it in a verified AUTS. TS 33.102 §6.3.5. */
  resynchronise(sqnMs: number): void {
    this.#sqn = sqnMs % SQN_VALUES;
  }
}

/** The freshness check of the USIM, TS 33.102 §C.2.2: one SEQ_MS for each IND. */
export class SqnWindow {
  readonly #seq: number[];

  /** `sqn` is the highest that was accepted before, 0 for a new card. */
  constructor(sqn = 0) {
    this.#seq = new Array<number>(IND_VALUES).fill(Math.floor(sqn / IND_VALUES));
    this.#highest = sqn;
  }

  #highest: number;

  /** SQN_MS: the highest SQN accepted so far, for AUTS. */
  get highest(): number {
    return this.#highest;
  }

  /** Accepts a fresh SQN and remembers it; false asks for a synchronisation failure. */
  accept(sqn: number): boolean {
    const ind = sqn % IND_VALUES;
    const seq = Math.floor(sqn / IND_VALUES);
    if (seq - Math.floor(this.#highest / IND_VALUES) > DELTA) return false;
    if (seq <= (this.#seq[ind] ?? 0)) return false;
    this.#seq[ind] = seq;
    if (sqn > this.#highest) this.#highest = sqn;
    return true;
  }
}
