import { oneLine } from './build.js';
import { splitList } from './list-value.js';
import type { HeaderField, SipMessage } from './message.js';
import { canonicalName, isListValued } from './names.js';
import { parseSip } from './parse.js';
import { reasonPhrase } from './status.js';

/** A line that was written here; lines of the message itself are its header fields, which stay where they are. */
interface NewLine {
  readonly canonical: string;
  readonly name: string;
  readonly value: string;
  readonly octets: Uint8Array;
}
type Line = HeaderField | NewLine;

/** Changes to a message; what is not touched keeps its octets, so that one change shows as one change. */
export interface SipEdit<T extends SipMessage> {
  /** Replaces every field of the name by one, where the first was; appends without one. */
  set(name: string, value: string): SipEdit<T>;
  setAll(name: string, values: readonly string[]): SipEdit<T>;
  /** Behind the last field of the name, or at the end. */
  append(name: string, value: string): SipEdit<T>;
  /** In front of the first field of the name; without one, behind the start line for Via, else behind the last Via. */
  prepend(name: string, value: string): SipEdit<T>;
  remove(name: string): SipEdit<T>;
  /** Removes the first value: the line, or the first element of its list. */
  removeFirst(name: string): SipEdit<T>;
  /** Every value in turn (list aware); null removes it. */
  mapValues(name: string, change: (value: string, index: number) => string | null): SipEdit<T>;
  /** Requests only. */
  requestUri(uri: string): SipEdit<T>;
  /** Responses only. */
  statusLine(status: number, reason?: string): SipEdit<T>;
  /** Content-Length follows; null removes the body and the headers that describe it. */
  body(octets: Uint8Array | string | null, contentType?: string): SipEdit<T>;
  done(): T;
}

const CRLF = Buffer.from('\r\n');

function newLine(name: string, value: string): NewLine {
  const text = oneLine(value);
  return { canonical: canonicalName(name), name, value: text, octets: Buffer.from(`${name}: ${text}\r\n`, 'utf8') };
}

/** Names compare without regard to case, RFC 3261 §7.3.1; an unknown name keeps its case in `canonical`. */
function isNamed(name: string): (line: Line) => boolean {
  const wanted = canonicalName(name);
  const lower = wanted.toLowerCase();
  return ({ canonical }) =>
    canonical === wanted || (canonical.length === wanted.length && canonical.toLowerCase() === lower);
}

class Edit<T extends SipMessage> implements SipEdit<T> {
  readonly #message: T;
  #startLine: Uint8Array;
  #lines: Line[];
  /** The empty line and everything behind it. */
  #rest: Uint8Array;

  constructor(message: T) {
    this.#message = message;
    const { octets, headers } = message;
    const first = headers[0];
    const last = headers.at(-1);
    let startEnd = first?.start ?? 0;
    if (first === undefined) {
      const at = startLineEnd(octets);
      startEnd = at;
    }
    this.#startLine = octets.subarray(0, startEnd);
    this.#lines = [...headers];
    this.#rest = octets.subarray(last?.end ?? startEnd);
  }

  set(name: string, value: string): SipEdit<T> {
    return this.setAll(name, [value]);
  }

  setAll(name: string, values: readonly string[]): SipEdit<T> {
    const has = isNamed(name);
    const at = this.#lines.findIndex(has);
    const fresh = values.map((value) => newLine(name, value));
    if (at < 0) {
      this.#lines.push(...fresh);
    } else {
      const before = this.#lines.slice(0, at);
      const behind = this.#lines.slice(at).filter((line) => !has(line));
      this.#lines = [...before, ...fresh, ...behind];
    }
    return this;
  }

  append(name: string, value: string): SipEdit<T> {
    const at = this.#lines.findLastIndex(isNamed(name));
    this.#lines.splice(at < 0 ? this.#lines.length : at + 1, 0, newLine(name, value));
    return this;
  }

  prepend(name: string, value: string): SipEdit<T> {
    let at = this.#lines.findIndex(isNamed(name));
    if (at < 0) at = canonicalName(name) === 'Via' ? 0 : this.#lines.findLastIndex(isNamed('Via')) + 1;
    this.#lines.splice(at, 0, newLine(name, value));
    return this;
  }

  remove(name: string): SipEdit<T> {
    const has = isNamed(name);
    this.#lines = this.#lines.filter((line) => !has(line));
    return this;
  }

  removeFirst(name: string): SipEdit<T> {
    return this.mapValues(name, (value, index) => (index === 0 ? null : value));
  }

  mapValues(name: string, change: (value: string, index: number) => string | null): SipEdit<T> {
    const has = isNamed(name);
    const list = isListValued(name);
    let index = 0;
    this.#lines = this.#lines.flatMap((line) => {
      if (!has(line)) return [line];
      const before = list ? splitList(line.value) : [line.value];
      const after = before.map((value) => change(value, index++));
      if (after.every((value, i) => value === before[i])) return [line];
      const kept = after.filter((value) => value !== null);
      return kept.length === 0 ? [] : [newLine(line.name, kept.join(', '))];
    });
    return this;
  }

  requestUri(uri: string): SipEdit<T> {
    if (this.#message.kind !== 'request') throw new TypeError('only a request has a Request-URI');
    this.#startLine = Buffer.from(`${this.#message.method} ${oneLine(uri)} SIP/2.0\r\n`, 'utf8');
    return this;
  }

  statusLine(status: number, reason?: string): SipEdit<T> {
    if (this.#message.kind !== 'response') throw new TypeError('only a response has a status line');
    this.#startLine = Buffer.from(`SIP/2.0 ${status} ${oneLine(reason ?? reasonPhrase(status))}\r\n`, 'utf8');
    return this;
  }

  body(octets: Uint8Array | string | null, contentType?: string): SipEdit<T> {
    const body =
      octets === null ? new Uint8Array(0) : typeof octets === 'string' ? Buffer.from(octets, 'utf8') : octets;
    if (octets === null) {
      for (const name of [
        'Content-Type',
        'Content-Disposition',
        'Content-Encoding',
        'Content-Language',
        'Content-ID',
      ]) {
        this.remove(name);
      }
    } else if (contentType !== undefined) {
      this.set('Content-Type', contentType);
    }
    this.set('Content-Length', String(body.length));
    this.#rest = Buffer.concat([CRLF, body]);
    return this;
  }

  done(): T {
    const chunks: Uint8Array[] = [];
    const push = (octets: Uint8Array): void => {
      if (octets.length === 0) return;
      chunks.push(octets);
      if (octets.at(-1) !== 0x0a) chunks.push(CRLF);
    };
    push(this.#startLine);
    // Neighbours that were not touched go as one piece.
    let from = 0;
    let to = 0;
    for (const line of this.#lines) {
      if ('octets' in line || line.start !== to) {
        push(this.#message.octets.subarray(from, to));
        from = 'octets' in line ? 0 : line.start;
        to = from;
      }
      if ('octets' in line) push(line.octets);
      else to = line.end;
    }
    push(this.#message.octets.subarray(from, to));
    chunks.push(this.#rest.length === 0 ? CRLF : this.#rest);
    // The start line is of the same kind as before, so the view is too.
    return parseSip(Buffer.concat(chunks)) as T;
  }
}

/** Offset just behind the start line of a message that has no header field. */
function startLineEnd(octets: Uint8Array): number {
  let from = 0;
  while (octets[from] === 0x0d || octets[from] === 0x0a) from += 1;
  const at = octets.indexOf(0x0a, from);
  return at < 0 ? octets.length : at + 1;
}

/** Starts a chain of changes to a message; the message itself stays as it is. */
export function editSip<T extends SipMessage>(message: T): SipEdit<T> {
  return new Edit(message);
}
