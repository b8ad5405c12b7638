/**
 * POSIX extended regular expressions, as RFC 3402 §3.2 asks for: not JavaScript's. What ERE leaves undefined (`\d`, `(?:`, a
 * leading `+`, an empty alternative) is refused. Matching takes time in proportion to expression and text, whatever a record
 * of a stranger holds: no backtracking.
 */
export interface Ere {
  /** Number of groups. */
  readonly groups: number;
  /** The leftmost match, longest where several start there: the whole at 0, then the groups; a group that took no part is ''. */
  match(text: string): readonly string[] | null;
}

type Test = (char: string) => boolean;

type Instruction =
  | { readonly op: 'char'; readonly test: Test }
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'begin' }
  | { readonly op: 'end' }
  | { readonly op: 'match' };

type Node =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'group'; readonly index: number; readonly of: Node }
  | { readonly kind: 'sequence'; readonly of: readonly Node[] }
  | { readonly kind: 'choice'; readonly of: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly min: number; readonly max: number | null };

/** RE_DUP_MAX of POSIX. */
const MOST_REPEATS = 255;
const MOST_INSTRUCTIONS = 10_000;
const DEEPEST = 50;

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

class Refused extends Error {}

/** Compiles an expression; null where it is no ERE, or one that is beyond all reason. */
export function compileEre(source: string, ignoreCase = false): Ere | null {
  try {
    const parser = new Parser(ignoreCase ? source.toLowerCase() : source);
    const node = parser.parse();
    const program: Instruction[] = [];
    emit({ kind: 'group', index: 0, of: node }, program);
    program.push({ op: 'match' });
    const { groups } = parser;
    return { groups, match: (text) => run(program, groups, ignoreCase ? text.toLowerCase() : text, text) };
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

class Parser {
  groups = 0;
  #at = 0;
  #depth = 0;

  constructor(readonly source: string) {}

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.source.length) throw new Refused('unbalanced bracket');
    return node;
  }

  #choice(): Node {
    const of = [this.#sequence()];
    while (this.source[this.#at] === '|') {
      this.#at += 1;
      of.push(this.#sequence());
    }
    return of.length === 1 ? (of[0] as Node) : { kind: 'choice', of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    for (let c = this.source[this.#at]; c !== undefined && c !== '|' && c !== ')'; c = this.source[this.#at]) {
      of.push(this.#repeated(this.#atom(c)));
    }
    if (of.length === 0) throw new Refused('empty alternative');
    return { kind: 'sequence', of };
  }

  #atom(c: string): Node {
    this.#at += 1;
    switch (c) {
      case '(': {
        if ((this.#depth += 1) > DEEPEST) throw new Refused('too deep');
        this.groups += 1;
        const index = this.groups;
        const of = this.#choice();
        if (this.source[this.#at] !== ')') throw new Refused('unbalanced bracket');
        this.#at += 1;
        this.#depth -= 1;
        return { kind: 'group', index, of };
      }
      case '[':
        return { kind: 'test', test: this.#bracket() };
      case '.':
        return { kind: 'test', test: () => true };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '*':
      case '+':
      case '?':
      case '{':
        throw new Refused('nothing to repeat');
      case '\\': {
        const escaped = this.source[this.#at];
        if (escaped === undefined || !'^.[]$()|*+?{}\\/!'.includes(escaped)) throw new Refused('undefined escape');
        this.#at += 1;
        return { kind: 'test', test: (char) => char === escaped };
      }
      default:
        return { kind: 'test', test: (char) => char === c };
    }
  }

  #repeated(node: Node): Node {
    let result = node;
    for (;;) {
      const range = this.#range();
      if (range === null) return result;
      if (node.kind === 'begin' || node.kind === 'end') throw new Refused('nothing to repeat');
      if (result !== node) throw new Refused('repeated repeat');
      result = { kind: 'repeat', of: node, ...range };
    }
  }

  #range(): { readonly min: number; readonly max: number | null } | null {
    const c = this.source[this.#at];
    const simple = { '*': { min: 0, max: null }, '+': { min: 1, max: null }, '?': { min: 0, max: 1 } };
    if (c === '*' || c === '+' || c === '?') {
      this.#at += 1;
      return simple[c];
    }
    if (c !== '{') return null;
    const found = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(this.source.slice(this.#at, this.#at + 12));
    if (found === null) throw new Refused('bad interval');
    this.#at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === '' ? null : Number(found[3]);
    if (min > MOST_REPEATS || (max !== null && (max > MOST_REPEATS || max < min))) throw new Refused('bad interval');
    return { min, max };
  }

  #bracket(): Test {
    const negated = this.source[this.#at] === '^';
    if (negated) this.#at += 1;
    const tests: Test[] = [];
    for (let first = true; ; first = false) {
      const c = this.source[this.#at];
      if (c === undefined) throw new Refused('unbalanced bracket');
      if (c === ']' && !first) break;
      if (c === '[' && ':.='.includes(this.source[this.#at + 1] ?? ' ')) {
        const found = /^\[:([a-z]+):\]/.exec(this.source.slice(this.#at, this.#at + 12));
        const known = found === null ? undefined : CLASSES[found[1] ?? ''];
        if (found === null || known === undefined) throw new Refused('unknown class');
        this.#at += found[0].length;
        tests.push((char) => known.test(char));
        continue;
      }
      this.#at += 1;
      const upper = this.source[this.#at + 1];
      if (this.source[this.#at] === '-' && upper !== undefined && upper !== ']') {
        this.#at += 2;
        if (upper < c) throw new Refused('bad range');
        tests.push((char) => char >= c && char <= upper);
      } else {
        tests.push((char) => char === c);
      }
    }
    this.#at += 1;
    return (char) => tests.some((test) => test(char)) !== negated;
  }
}

function emit(node: Node, program: Instruction[]): void {
  if (program.length > MOST_INSTRUCTIONS) throw new Refused('too long');
  switch (node.kind) {
    case 'test':
      program.push({ op: 'char', test: node.test });
      return;
    case 'begin':
    case 'end':
      program.push({ op: node.kind });
      return;
    case 'group':
      program.push({ op: 'save', slot: 2 * node.index });
      emit(node.of, program);
      program.push({ op: 'save', slot: 2 * node.index + 1 });
      return;
    case 'sequence':
      for (const each of node.of) emit(each, program);
      return;
    case 'choice':
      emitChoice(node.of, program);
      return;
    case 'repeat':
      emitRepeat(node, program);
  }
}

function emitChoice(of: readonly Node[], program: Instruction[]): void {
  const jumps: { op: 'jump'; to: number }[] = [];
  for (const [i, each] of of.entries()) {
    const split = { op: 'split' as const, first: program.length + 1, second: 0 };
    const last = i === of.length - 1;
    if (!last) program.push(split);
    emit(each, program);
    if (last) break;
    const jump = { op: 'jump' as const, to: 0 };
    jumps.push(jump);
    program.push(jump);
    split.second = program.length;
  }
  for (const jump of jumps) jump.to = program.length;
}

function emitRepeat(node: Extract<Node, { kind: 'repeat' }>, program: Instruction[]): void {
  for (let i = 0; i < node.min; i += 1) emit(node.of, program);
  if (node.max === null) {
    const split = { op: 'split' as const, first: program.length + 1, second: 0 };
    program.push(split);
    emit(node.of, program);
    program.push({ op: 'jump', to: program.indexOf(split) });
    split.second = program.length;
    return;
  }
  const splits: { second: number }[] = [];
  for (let i = node.min; i < node.max; i += 1) {
    const split = { op: 'split' as const, first: program.length + 1, second: 0 };
    splits.push(split);
    program.push(split);
    emit(node.of, program);
  }
  for (const split of splits) split.second = program.length;
}

interface Thread {
  readonly at: number;
  readonly slots: readonly number[];
}

/** All threads step through the text together, so that no instruction runs twice at one place. */
function run(
  program: readonly Instruction[],
  groups: number,
  text: string,
  original: string,
): readonly string[] | null {
  for (let start = 0; start <= text.length; start += 1) {
    const slots = runFrom(program, groups, text, start);
    if (slots === null) continue;
    return Array.from({ length: groups + 1 }, (_, i) => {
      const from = slots[2 * i] ?? -1;
      const to = slots[2 * i + 1] ?? -1;
      return from < 0 || to < from ? '' : original.slice(from, to);
    });
  }
  return null;
}

function runFrom(
  program: readonly Instruction[],
  groups: number,
  text: string,
  start: number,
): readonly number[] | null {
  let best: readonly number[] | null = null;
  let threads: Thread[] = [];
  const empty = new Array<number>(2 * (groups + 1)).fill(-1);
  add(program, threads, new Set(), { at: 0, slots: empty }, start, text.length);
  for (let at = start; threads.length > 0; at += 1) {
    const next: Thread[] = [];
    const seen = new Set<number>();
    let matched = false;
    for (const thread of threads) {
      const instruction = program[thread.at];
      if (instruction?.op === 'match' && !matched) {
        matched = true;
        best = thread.slots;
      } else if (instruction?.op === 'char' && at < text.length && instruction.test(text[at] ?? '')) {
        add(program, next, seen, { at: thread.at + 1, slots: thread.slots }, at + 1, text.length);
      }
    }
    threads = next;
  }
  return best;
}

/** Follows a thread to the next instruction that takes a character; earlier threads have precedence. */
function add(
  program: readonly Instruction[],
  threads: Thread[],
  seen: Set<number>,
  thread: Thread,
  at: number,
  length: number,
): void {
  const waiting = [thread];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.at)) continue;
    seen.add(next.at);
    const instruction = program[next.at];
    const { slots } = next;
    if (instruction?.op === 'jump') waiting.push({ at: instruction.to, slots });
    else if (instruction?.op === 'split') {
      waiting.push({ at: instruction.second, slots }, { at: instruction.first, slots });
    } else if (instruction?.op === 'save') {
      waiting.push({ at: next.at + 1, slots: slots.with(instruction.slot, at) });
    } else if (instruction?.op === 'begin' || instruction?.op === 'end') {
      if (instruction.op === 'begin' ? at === 0 : at === length) waiting.push({ at: next.at + 1, slots });
    } else threads.push(next);
  }
}
