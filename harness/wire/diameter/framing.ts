import type { Defect } from '../defect.js';
import { HEADER_LENGTH } from './parse.js';

/** A whole message, or octets that cannot begin one; behind garbage a stream has lost its boundaries and gives nothing more. */
export type DiameterFrame =
  | { readonly kind: 'message'; readonly octets: Uint8Array }
  | { readonly kind: 'garbage'; readonly octets: Uint8Array; readonly defect: Defect };

const DEFAULT_MAX_LENGTH = 1 << 20;

/** Cuts a byte stream into Diameter messages, RFC 6733 §2.1 and §3. Linear in the octets however they are chunked; bounded. */
export class DiameterFramer {
  readonly #maxLength: number;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #broken = false;

  constructor(options: { readonly maxLength?: number } = {}) {
    this.#maxLength = options.maxLength ?? DEFAULT_MAX_LENGTH;
  }

  /** Messages that the octets complete. */
  push(octets: Uint8Array): readonly DiameterFrame[] {
    if (this.#broken || octets.length === 0) return [];
    this.#chunks.push(octets);
    this.#buffered += octets.length;
    const frames: DiameterFrame[] = [];
    while (this.#buffered >= 4) {
      const head = this.#peek(4);
      const length = ((head[1] ?? 0) << 16) | ((head[2] ?? 0) << 8) | (head[3] ?? 0);
      const problem = this.#problem(head[0] ?? 0, length);
      if (problem !== null) {
        frames.push(this.#garbage(problem));
        break;
      }
      if (this.#buffered < length) break;
      frames.push({ kind: 'message', octets: this.#take(length) });
    }
    return frames;
  }

  /** What is left when the stream ends: nothing, or a message that was cut. */
  end(): readonly DiameterFrame[] {
    if (this.#broken || this.#buffered === 0) return [];
    return [this.#garbage(`the stream ended within a message, ${this.#buffered} octets of it are here`)];
  }

  #problem(version: number, length: number): string | null {
    if (version !== 1) return `a message begins with version 1, here ${version}`;
    if (length < HEADER_LENGTH) return `a message has at least 20 octets, this one says ${length}`;
    if (length > this.#maxLength) return `a message of ${length} octets is beyond the limit of ${this.#maxLength}`;
    return null;
  }

  #garbage(text: string): DiameterFrame {
    this.#broken = true;
    return {
      kind: 'garbage',
      octets: this.#take(this.#buffered),
      defect: { code: 'diameter-stream', offset: 0, text, clause: 'RFC 6733 §3' },
    };
  }

  #peek(count: number): Uint8Array {
    const first = this.#chunks[0] ?? new Uint8Array(0);
    if (first.length >= count) return first;
    // Headers rarely straddle chunks; joining the first few keeps the loop linear, as each octet is joined once.
    const joined: Uint8Array[] = [];
    let length = 0;
    while (length < count) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      joined.push(chunk);
      length += chunk.length;
    }
    const head = new Uint8Array(Buffer.concat(joined));
    this.#chunks.unshift(head);
    return head;
  }

  #take(count: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let missing = count;
    let used = 0;
    while (missing > 0) {
      const chunk = this.#chunks[used];
      if (chunk === undefined) break;
      if (chunk.length <= missing) {
        parts.push(chunk);
        missing -= chunk.length;
        used += 1;
      } else {
        parts.push(chunk.subarray(0, missing));
        this.#chunks[used] = chunk.subarray(missing);
        missing = 0;
      }
    }
    this.#chunks.splice(0, used);
    this.#buffered -= count;
    return new Uint8Array(Buffer.concat(parts));
  }
}
