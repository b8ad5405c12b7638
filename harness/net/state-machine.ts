/** A state that moves only along its table: anything else is a mistake of ours and throws. */
export class StateMachine<State extends string> {
  #state: State;

  constructor(
    readonly name: string,
    initial: State,
    readonly moves: Readonly<Record<State, readonly State[]>>,
  ) {
    this.#state = initial;
  }

  get state(): State {
    return this.#state;
  }

  to(next: State): void {
    if (!this.moves[this.#state].includes(next)) {
      throw new Error(`${this.name} cannot go from ${this.#state} to ${next}`);
    }
    this.#state = next;
  }
}
