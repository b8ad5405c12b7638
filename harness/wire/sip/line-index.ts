import { isAscii } from 'node:buffer';
import { canonicalName, type HeaderName } from './names.js';

/** Header sections beyond this are not read on: RFC 3261 sets no bound, a peer without one needs one. */
export const MAX_HEADER_OCTETS = 65_536;

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HT = 0x09;
const COLON = 0x3a;

/** Numbers held for each field, one after the other. */
export const FIELD_WIDTH = 3;

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
  /** For each field: its start, its end behind the line end, its line number. Colons are looked for when they are needed. */
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
        numbers.push(at, end, line);
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
    const colon = this.#colon(field);
    if (colon < 0) return this.string(start, this.numbers[field * FIELD_WIDTH + 1] ?? 0);
    let end = colon;
    while (end > start && isBlank(this.text.charCodeAt(end - 1))) end -= 1;
    return this.text.slice(start, end);
  }

  value(field: number): string {
    const colon = this.#colon(field);
    return colon < 0 ? '' : this.string(colon + 1, this.numbers[field * FIELD_WIDTH + 1] ?? 0);
  }

  /** Offset of the colon of a field; -1 without one. */
  #colon(field: number): number {
    const start = this.numbers[field * FIELD_WIDTH] ?? 0;
    const end = this.numbers[field * FIELD_WIDTH + 1] ?? 0;
    for (let i = start; i < end; i++) if (this.text.charCodeAt(i) === COLON) return i;
    return -1;
  }

  /** The fields of a name in order. */
  find(name: string, header: HeaderName | undefined): readonly number[] {
    if (this.count > MANY_FIELDS) return this.named().get(name.toLowerCase()) ?? [];
    const found: number[] = [];
    for (let i = this.next(name, header, 0); i >= 0; i = this.next(name, header, i + 1)) found.push(i);
    return found;
  }

  /** The first field of a name; -1 without one. */
  first(name: string, header: HeaderName | undefined): number {
    if (this.count > MANY_FIELDS) return this.named().get(name.toLowerCase())?.[0] ?? -1;
    return this.next(name, header, 0);
  }

  #ascii: boolean | undefined;
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

  private next(name: string, header: HeaderName | undefined, from: number): number {
    const { numbers, text } = this;
    const initial = name.charCodeAt(0) | 0x20;
    const compact = header === undefined || header.compact === null ? initial : header.compact.charCodeAt(0);
    for (let base = from * FIELD_WIDTH; base < numbers.length; base += FIELD_WIDTH) {
      const start = numbers[base] ?? 0;
      const first = text.charCodeAt(start) | 0x20;
      if (first === initial && endsName(text, start + name.length) && sameName(text, start, name))
        return base / FIELD_WIDTH;
      if (first === compact && endsName(text, start + 1) && header?.compact !== undefined && header.compact !== null)
        return base / FIELD_WIDTH;
    }
    return -1;
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
    this.#ascii ??= isAscii(this.octets.subarray(0, this.bodyStart));
    if (!this.#ascii && NOT_ASCII.test(string)) string = this.octets.toString('utf8', start, end);
    return string.indexOf('\n') < 0 ? string : unfold(string);
  }
}

/** From this many fields on, looking a name up goes through a map, so that hostile messages stay linear. */
const MANY_FIELDS = 96;

export const NOT_ASCII = /[\x80-\xff]/;

/** Does a header name end here: a colon, with or without white space in front of it? */
function endsName(text: string, at: number): boolean {
  let i = at;
  while (isBlank(text.charCodeAt(i))) i += 1;
  return text.charCodeAt(i) === COLON;
}

/** Header names compare without regard to the case of their letters; the length is the same already. */
function sameName(text: string, start: number, name: string): boolean {
  for (let i = 1; i < name.length; i++) {
    const a = text.charCodeAt(start + i);
    const b = name.charCodeAt(i);
    if (a === b) continue;
    const lower = a | 0x20;
    if (lower !== (b | 0x20) || lower < 0x61 || lower > 0x7a) return false;
  }
  return true;
}

/** RFC 3261 §7.3.1: a line end followed by white space counts as one space. */
function unfold(text: string): string {
  let unfolded = '';
  for (const line of text.split('\n')) {
    const part = line.trim();
    if (part !== '') unfolded += unfolded === '' ? part : ` ${part}`;
  }
  return unfolded;
}
