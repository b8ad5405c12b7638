/** Codes of TS 29.165 table B.2.1 as the matrix writes them; NA: the header is not listed for the message. */
export type Code = 'M' | 'M*' | 'O' | 'C' | 'T' | 'B' | 'X' | 'NA';

/** What is known of a condition: some events (a service that was invoked) cannot be seen from one message. */
export type Truth = true | false | 'unknown';

/** A cell of the matrix made ready: gives every code that is possible under what is known. */
export type Cell = (atom: (name: string) => Truth) => readonly Code[];

type Condition = (atom: (name: string) => Truth) => Truth;

const CODES: readonly string[] = ['M', 'M*', 'O', 'C', 'T', 'B', 'X', 'NA'];
const TOKEN = /svc:[A-Za-z0-9/]+|[A-Za-z][A-Za-z0-9]*\*?|[?;|&()]/y;

/**
 * Compiles a cell: `cell = code | condition "?" code [";" cell]`, `&` binds tighter than `|`, without an else the code
 * is NA. Throws on a cell that breaks the grammar: the table is ours.
 */
export function compileCell(text: string): Cell {
  const tokens = tokensOf(text);
  const cell = new CellParser(tokens, text).cell();
  return cell;
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`header matrix: cannot read "${text}" at ${at}`);
    tokens.push(match[0]);
  }
  return tokens;
}

class CellParser {
  readonly #tokens: readonly string[];
  readonly #text: string;
  #at = 0;

  constructor(tokens: readonly string[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  cell(): Cell {
    const first = this.#tokens[this.#at];
    const next = this.#tokens[this.#at + 1];
    if (first !== undefined && CODES.includes(first) && (next === undefined || next === ';')) {
      this.#at += 1;
      return always(first as Code);
    }
    const condition = this.#or();
    this.#expect('?');
    const code = this.#tokens[this.#at] ?? '';
    if (!CODES.includes(code)) throw new Error(`header matrix: no code in "${this.#text}"`);
    this.#at += 1;
    if (this.#tokens[this.#at] !== ';') return choose(condition, always(code as Code), always('NA'));
    this.#at += 1;
    return choose(condition, always(code as Code), this.cell());
  }

  #or(): Condition {
    const terms = [this.#and()];
    while (this.#tokens[this.#at] === '|') {
      this.#at += 1;
      terms.push(this.#and());
    }
    return (atom) => some(terms.map((term) => term(atom)));
  }

  #and(): Condition {
    const terms = [this.#atom()];
    while (this.#tokens[this.#at] === '&') {
      this.#at += 1;
      terms.push(this.#atom());
    }
    return (atom) => every(terms.map((term) => term(atom)));
  }

  #atom(): Condition {
    const token = this.#tokens[this.#at] ?? '';
    this.#at += 1;
    if (token === '(') {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    if (!/^[A-Za-z]/.test(token)) throw new Error(`header matrix: no condition in "${this.#text}"`);
    return (atom) => atom(token);
  }

  #expect(token: string): void {
    if (this.#tokens[this.#at] !== token) throw new Error(`header matrix: no ${token} in "${this.#text}"`);
    this.#at += 1;
  }
}

function always(code: Code): Cell {
  const codes = [code];
  return () => codes;
}

function choose(condition: Condition, then: Cell, otherwise: Cell): Cell {
  return (atom) => {
    const truth = condition(atom);
    if (truth === true) return then(atom);
    if (truth === false) return otherwise(atom);
    return [...then(atom), ...otherwise(atom)];
  };
}

function some(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes('unknown') ? 'unknown' : false;
}

function every(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes('unknown') ? 'unknown' : true;
}
