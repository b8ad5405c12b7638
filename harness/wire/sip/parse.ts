import type { Defect } from '../defect.js';
import { inspect } from './inspect.js';
import { FIELD_WIDTH, LineIndex, NOT_ASCII } from './line-index.js';
import { splitList } from './list-value.js';
import type { HeaderField, SipMessage, SipRequest, SipResponse } from './message.js';
import { canonicalName, knownHeader } from './names.js';
import { readStartLine } from './start-line.js';

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
    const field = this.#index.first(header?.name ?? name, header);
    if (field < 0) return undefined;
    const value = this.#index.value(field);
    if (header === undefined || header.shape !== 'list' || value.indexOf(',') < 0) return value;
    // A first line of nothing but commas has no value; the next line may.
    return splitList(value)[0] ?? this.all(name)[0];
  }

  all(name: string): readonly string[] {
    const header = knownHeader(name);
    const values: string[] = [];
    for (const i of this.#index.find(header?.name ?? name, header)) {
      const value = this.#index.value(i);
      if (header?.shape === 'list') for (const element of splitList(value)) values.push(element);
      else values.push(value);
    }
    return values;
  }

  has(name: string): boolean {
    const header = knownHeader(name);
    return this.#index.first(header?.name ?? name, header) >= 0;
  }

  fields(name: string): readonly HeaderField[] {
    const header = knownHeader(name);
    return this.#index.find(header?.name ?? name, header).map((i) => this.#headers?.[i] ?? this.#field(i));
  }

  #field(i: number): HeaderField {
    const { numbers } = this.#index;
    const name = this.#index.name(i);
    return {
      name,
      canonical: canonicalName(name),
      value: this.#index.value(i),
      start: numbers[i * FIELD_WIDTH] ?? 0,
      end: numbers[i * FIELD_WIDTH + 1] ?? 0,
      line: numbers[i * FIELD_WIDTH + 2] ?? 0,
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
