import { canonicalName, type HeaderName } from './names.js';

/** Header sections beyond this are not read on: RFC 3261 sets no bound, a peer without one needs one. */
export const MAX_HEADER_OCTETS = 65_536;

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HT = 0x09;
const COLON = 0x3a;

/** Numbers held for each field, one after the other. */
export const FIELD_WIDTH = 5;

function isBlank(c: number): boolean {
  return c === SP || c === HT;
}

/** Where the lines of a message are: found once, in one pass over the octets; strings are made when they are asked for. */
export class LineIndex {
  readonly octets: Buffer;
  /** One UTF-16 unit an octet, so that offsets in it are offsets in the octets. */
  readonly text: string;
  readonly startLineFrom: number;
  readonly startLineTo: number;
  /** For each field: start, end of the name (-1 without a colon), start of the value, end behind the line end, line number. */
  readonly numbers: number[] = [];
  readonly bodyStart: number;
  /** False when the empty line that ends the header section is missing. */
  readonly complete: boolean;

  constructor(octets: Buffer) {
    this.octets = octets;
    const limit = Math.min(octets.length, MAX_HEADER_OCTETS);
    const text = octets.toString('latin1', 0, limit);
    this.text = text;
    let at = 0;
    let line = 1;
    for (let c = text.charCodeAt(at); c === LF || c === CR; c = text.charCodeAt(at)) {
      if (c === LF) line += 1;
      at += 1;
    }
    this.startLineFrom = at;
    let newline = text.indexOf('\n', at);
    if (newline < 0) newline = limit;
    this.startLineTo = text.charCodeAt(newline - 1) === CR && newline > at ? newline - 1 : newline;
    at = newline + 1;
    const numbers = this.numbers;
    let complete = false;
    while (at < limit) {
      line += 1;
      const first = text.charCodeAt(at);
      if (first === LF || (first === CR && text.charCodeAt(at + 1) === LF)) {
        at += first === LF ? 1 : 2;
        complete = true;
        break;
      }
      newline = text.indexOf('\n', at);
      const end = newline < 0 ? limit : newline + 1;
      if (isBlank(first) && numbers.length > 0) {
        numbers[numbers.length - 2] = end;
      } else {
        let colon = at;
        while (colon < end && text.charCodeAt(colon) !== COLON) colon += 1;
        let nameEnd = colon;
        if (colon === end) nameEnd = -1;
        else while (nameEnd > at && isBlank(text.charCodeAt(nameEnd - 1))) nameEnd -= 1;
        numbers.push(at, nameEnd, colon + 1, end, line);
      }
      at = end;
    }
    this.bodyStart = Math.min(at, octets.length);
    this.complete = complete;
  }

  get count(): number {
    return this.numbers.length / FIELD_WIDTH;
  }

  name(field: number): string {
    const start = this.numbers[field * FIELD_WIDTH] ?? 0;
    const nameEnd = this.numbers[field * FIELD_WIDTH + 1] ?? 0;
    if (nameEnd < 0) return this.string(start, this.numbers[field * FIELD_WIDTH + 3] ?? 0);
    return this.text.slice(start, nameEnd);
  }

  value(field: number): string {
    const base = field * FIELD_WIDTH;
    if ((this.numbers[base + 1] ?? -1) < 0) return '';
    return this.string(this.numbers[base + 2] ?? 0, this.numbers[base + 3] ?? 0);
  }

  /** The fields of a name in order. */
  find(name: string, header: HeaderName | undefined): readonly number[] {
    if (this.count > MANY_FIELDS) return this.named().get(name.toLowerCase()) ?? [];
    const found: number[] = [];
    for (let i = 0; i < this.count; i++) if (this.matches(i, name, header)) found.push(i);
    return found;
  }

  #named: Map<string, number[]> | undefined;

  private named(): Map<string, number[]> {
    if (this.#named !== undefined) return this.#named;
    const named = new Map<string, number[]>();
    for (let i = 0; i < this.count; i++) {
      const key = canonicalName(this.name(i)).toLowerCase();
      const fields = named.get(key);
      if (fields === undefined) named.set(key, [i]);
      else fields.push(i);
    }
    this.#named = named;
    return named;
  }

  private matches(field: number, name: string, header: HeaderName | undefined): boolean {
    const base = field * FIELD_WIDTH;
    const start = this.numbers[base] ?? 0;
    const length = (this.numbers[base + 1] ?? 0) - start;
    if (length !== name.length) {
      if (length !== 1 || header === undefined || header.compact === null) return false;
      return (this.text.charCodeAt(start) | 0x20) === header.compact.charCodeAt(0);
    }
    if ((this.text.charCodeAt(start) | 0x20) !== (name.charCodeAt(0) | 0x20)) return false;
    const written = this.text.slice(start, start + length);
    return written === name || written.toLowerCase() === name.toLowerCase();
  }

  /** Text between two offsets, unfolded, trimmed, decoded as UTF-8 where it is not plain ASCII. */
  private string(from: number, to: number): string {
    const { text } = this;
    let end = to;
    let start = from;
    for (let c = text.charCodeAt(end - 1); end > start && (c === LF || c === CR || isBlank(c)); ) {
      end -= 1;
      c = text.charCodeAt(end - 1);
    }
    while (start < end && isBlank(text.charCodeAt(start))) start += 1;
    let string = text.slice(start, end);
    if (NOT_ASCII.test(string)) string = this.octets.toString('utf8', start, end);
    return string.indexOf('\n') < 0 ? string : unfold(string);
  }
}

/** From this many fields on, looking a name up goes through a map, so that hostile messages stay linear. */
const MANY_FIELDS = 96;

export const NOT_ASCII = /[\x80-\xff]/;

/** RFC 3261 §7.3.1: a line end followed by white space counts as one space. */
function unfold(text: string): string {
  let unfolded = '';
  for (const line of text.split('\n')) {
    const part = line.trim();
    if (part !== '') unfolded += unfolded === '' ? part : ` ${part}`;
  }
  return unfolded;
}
