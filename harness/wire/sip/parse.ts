import type { Defect } from '../defect.js';
import { inspect } from './inspect.js';
import { splitList } from './list-value.js';
import type { HeaderField, SipMessage, SipRequest, SipResponse } from './message.js';
import { canonicalName, type HeaderName, knownHeader } from './names.js';
import { readStartLine } from './start-line.js';

/** Header sections beyond this are not read on: RFC 3261 sets no bound, a peer without one needs one. */
export const MAX_HEADER_OCTETS = 65_536;

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HT = 0x09;
const COLON = 0x3a;

/** Numbers held for each field, one after the other. */
const FIELD_WIDTH = 5;

function isBlank(c: number): boolean {
  return c === SP || c === HT;
}

/** Where the lines of a message are: found once, in one pass over the octets; strings are made when they are asked for. */
class LineIndex {
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

  matches(field: number, name: string, header: HeaderName | undefined): boolean {
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

const NOT_ASCII = /[\x80-\xff]/;

/** RFC 3261 §7.3.1: a line end followed by white space counts as one space. */
function unfold(text: string): string {
  let unfolded = '';
  for (const line of text.split('\n')) {
    const part = line.trim();
    if (part !== '') unfolded += unfolded === '' ? part : ` ${part}`;
  }
  return unfolded;
}

class MessageView {
  readonly octets: Buffer;
  readonly #index: LineIndex;
  #headers: readonly HeaderField[] | undefined;
  #body: Uint8Array | undefined;
  #defects: readonly Defect[] | undefined;

  constructor(index: LineIndex) {
    this.octets = index.octets;
    this.#index = index;
  }

  get headers(): readonly HeaderField[] {
    if (this.#headers !== undefined) return this.#headers;
    const headers: HeaderField[] = [];
    for (let i = 0; i < this.#index.count; i++) headers.push(this.#field(i));
    this.#headers = headers;
    return headers;
  }

  get body(): Uint8Array {
    this.#body ??= cutBody(this.octets.subarray(this.#index.bodyStart), this.get('Content-Length'));
    return this.#body;
  }

  get defects(): readonly Defect[] {
    this.#defects ??= inspect(this as unknown as SipMessage, this.#index);
    return this.#defects;
  }

  get(name: string): string | undefined {
    const header = knownHeader(name);
    const long = header?.name ?? name;
    const index = this.#index;
    const count = index.count;
    for (let i = 0; i < count; i++) {
      if (!index.matches(i, long, header)) continue;
      const value = index.value(i);
      if (header === undefined || header.shape !== 'list' || value.indexOf(',') < 0) return value;
      const first = splitList(value)[0];
      if (first !== undefined) return first;
    }
    return undefined;
  }

  all(name: string): readonly string[] {
    const header = knownHeader(name);
    const long = header?.name ?? name;
    const index = this.#index;
    const count = index.count;
    const values: string[] = [];
    for (let i = 0; i < count; i++) {
      if (!index.matches(i, long, header)) continue;
      const value = index.value(i);
      if (header?.shape === 'list') for (const element of splitList(value)) values.push(element);
      else values.push(value);
    }
    return values;
  }

  has(name: string): boolean {
    const header = knownHeader(name);
    const long = header?.name ?? name;
    const count = this.#index.count;
    for (let i = 0; i < count; i++) if (this.#index.matches(i, long, header)) return true;
    return false;
  }

  fields(name: string): readonly HeaderField[] {
    const header = knownHeader(name);
    const long = header?.name ?? name;
    const found: HeaderField[] = [];
    for (let i = 0; i < this.#index.count; i++) {
      if (this.#index.matches(i, long, header)) found.push(this.#headers?.[i] ?? this.#field(i));
    }
    return found;
  }

  #field(i: number): HeaderField {
    const { numbers } = this.#index;
    const name = this.#index.name(i);
    return {
      name,
      canonical: canonicalName(name),
      value: this.#index.value(i),
      start: numbers[i * FIELD_WIDTH] ?? 0,
      end: numbers[i * FIELD_WIDTH + 3] ?? 0,
      line: numbers[i * FIELD_WIDTH + 4] ?? 0,
    };
  }
}

/** RFC 3261 §18.3: octets beyond Content-Length are no part of the body; without a readable one the body runs to the end. */
function cutBody(rest: Uint8Array, contentLength: string | undefined): Uint8Array {
  if (contentLength === undefined || !/^\d{1,10}$/.test(contentLength)) return rest;
  const length = Number(contentLength);
  return length < rest.length ? rest.subarray(0, length) : rest;
}

class RequestView extends MessageView implements SipRequest {
  readonly kind = 'request';
  constructor(
    index: LineIndex,
    readonly method: string,
    readonly requestUri: string,
  ) {
    super(index);
  }
}

class ResponseView extends MessageView implements SipResponse {
  readonly kind = 'response';
  constructor(
    index: LineIndex,
    readonly status: number,
    readonly reason: string,
  ) {
    super(index);
  }
}

/** The lines of a message as the inspection of its defects needs them. */
export type MessageLines = Pick<
  LineIndex,
  'octets' | 'text' | 'startLineFrom' | 'startLineTo' | 'numbers' | 'bodyStart' | 'complete'
>;

/**
 * Reads one SIP message, RFC 3261 §7. Never throws: octets that are no SIP message give a request with the method `''` and the
 * Request-URI `''` and say why in `defects`. The view is lazy; nothing of the octets is lost or changed.
 */
export function parseSip(octets: Uint8Array): SipMessage {
  const buffer = Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const index = new LineIndex(buffer);
  const start = readStartLine(index.text, index.startLineFrom, index.startLineTo);
  if (start.kind === 'response') return new ResponseView(index, start.status, decode(start.reason));
  if (start.kind === 'request') return new RequestView(index, start.method, decode(start.requestUri));
  return new RequestView(index, '', '');
}

function decode(latin1: string): string {
  return NOT_ASCII.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}

/** A cheap test for captures: does the first line look like a request or a status line of SIP? */
export function looksLikeSip(octets: Uint8Array): boolean {
  const head = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.byteLength, 2048)).toString('latin1');
  const line = head.replace(/^[\r\n]+/, '');
  if (/^SIP\/\d+\.\d+ /i.test(line)) return true;
  return /^[A-Za-z0-9.!%*_+`'~-]{1,64} [^\r\n]{0,1900}?SIP\/\d+\.\d+[ \t]*(\r|\n|$)/.test(line);
}
