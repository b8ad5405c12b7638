import type { Defect } from '../defect.js';
import { sipDefect } from './defect-codes.js';

export type SipFrame =
  | { readonly kind: 'message'; readonly octets: Uint8Array }
  /** CRLFs between messages: a ping is CRLF CRLF, a pong one CRLF, RFC 5626 §3.5.1. */
  | { readonly kind: 'keep-alive'; readonly octets: Uint8Array }
  | { readonly kind: 'garbage'; readonly octets: Uint8Array; readonly defect: Defect };

export interface FramerLimits {
  readonly message: number;
  readonly headers: number;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts a stream into SIP messages by Content-Length, RFC 3261 §18.3, whatever the segments are. Every octet is looked at once
 * and comes out in exactly one frame. Behind a header section whose Content-Length cannot be believed nothing can be found
 * any more: from there on everything is garbage, and the connection is to be closed.
 */
export class SipFramer {
  readonly #limits: FramerLimits;
  /** Grows by doubling; the octets not yet taken stand from `#start` to `#end`. */
  #buffer = Buffer.alloc(2048);
  #start = 0;
  #end = 0;
  /** Octets behind `#start` that were searched for the end of the headers. */
  #searched = 0;
  /** Octets of the message under way, once its Content-Length is known. */
  #expected: number | undefined;
  #lost = false;

  constructor(limits: Partial<FramerLimits> = {}) {
    this.#limits = { message: limits.message ?? 1_048_576, headers: limits.headers ?? 65_536 };
  }

  /** True once the stream cannot be cut any more. */
  get lost(): boolean {
    return this.#lost;
  }

  push(octets: Uint8Array): readonly SipFrame[] {
    if (octets.length === 0) return [];
    if (this.#lost)
      return [this.#garbage(Buffer.from(octets), 'sip-stream-lost', 'octets behind a lost message boundary')];
    this.#append(octets);
    const frames: SipFrame[] = [];
    while (this.#size > 0 && this.#next(frames));
    return frames;
  }

  /** The stream has ended: what is left is half a message (or the keep-alive that it is). */
  end(): readonly SipFrame[] {
    if (this.#size === 0) return [];
    const rest = this.#take(this.#size);
    if (rest.every((octet) => octet === CR || octet === LF)) return [{ kind: 'keep-alive', octets: rest }];
    return [this.#garbage(rest, 'sip-stream-truncated', 'the stream ended inside a message')];
  }

  /** Takes one frame off the front; false where more octets are needed. */
  #next(frames: SipFrame[]): boolean {
    if (this.#expected !== undefined) {
      if (this.#size < this.#expected) return false;
      frames.push({ kind: 'message', octets: this.#take(this.#expected) });
      return true;
    }
    const buffer = this.#buffer.subarray(this.#start, this.#end);
    let blank = 0;
    while (blank < buffer.length && (buffer[blank] === CR || buffer[blank] === LF)) blank += 1;
    if (blank > 0) {
      if (blank === buffer.length && buffer[blank - 1] === CR) blank -= 1;
      if (blank === 0) return false;
      frames.push({ kind: 'keep-alive', octets: this.#take(blank) });
      return true;
    }
    const bodyStart = this.#headerEnd(buffer);
    if (bodyStart < 0 ? buffer.length > this.#limits.headers : bodyStart > this.#limits.headers) {
      frames.push(
        this.#lose('sip-headers-too-long', `no end of the header section within ${this.#limits.headers} octets`),
      );
      return false;
    }
    if (bodyStart < 0) return false;
    const head = buffer.toString('latin1', 0, bodyStart);
    if (!/^(?:SIP\/\d|[^\r\n]{1,8192} SIP\/\d)/i.test(head)) {
      frames.push(this.#lose('sip-start-line', 'no SIP start line where a message starts in the stream'));
      return false;
    }
    const length = contentLength(head);
    if (length === undefined) {
      frames.push(this.#lose('sip-content-length-missing', 'no single readable Content-Length on a stream'));
      return false;
    }
    if (bodyStart + length > this.#limits.message) {
      frames.push(this.#lose('sip-message-too-long', `a message of ${bodyStart + length} octets`));
      return false;
    }
    this.#expected = bodyStart + length;
    return true;
  }

  /** Offset behind the empty line; remembers how far it looked. */
  #headerEnd(buffer: Buffer): number {
    let at = Math.max(0, this.#searched - 3);
    while ((at = buffer.indexOf(LF, at)) >= 0) {
      if (buffer[at + 1] === LF) return at + 2;
      if (buffer[at + 1] === CR && buffer[at + 2] === LF) return at + 3;
      at += 1;
    }
    this.#searched = buffer.length;
    return -1;
  }

  get #size(): number {
    return this.#end - this.#start;
  }

  #append(octets: Uint8Array): void {
    if (this.#end + octets.length > this.#buffer.length) {
      const size = this.#size;
      const roomy = Buffer.alloc(Math.max(2 * size, size + octets.length, 2048));
      this.#buffer.copy(roomy, 0, this.#start, this.#end);
      this.#buffer = roomy;
      this.#start = 0;
      this.#end = size;
    }
    this.#buffer.set(octets, this.#end);
    this.#end += octets.length;
  }

  #take(count: number): Uint8Array {
    const taken = Buffer.from(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count;
    this.#searched = 0;
    this.#expected = undefined;
    return taken;
  }

  #lose(code: string, text: string): SipFrame {
    this.#lost = true;
    return this.#garbage(this.#take(this.#size), code, text);
  }

  #garbage(octets: Uint8Array, code: string, text: string): SipFrame {
    return { kind: 'garbage', octets, defect: sipDefect(code, 0, text) };
  }
}

/** The one Content-Length; undefined where it is missing, unreadable or contradicts itself. */
function contentLength(head: string): number | undefined {
  let found: number | undefined;
  for (const match of head.matchAll(/\n(?:content-length|l)[ \t]{0,64}:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/gi)) {
    const text = (match[1] ?? '').trim();
    if (!/^\d{1,10}$/.test(text)) return undefined;
    const length = Number(text);
    if (found !== undefined && found !== length) return undefined;
    found = length;
  }
  return found;
}
