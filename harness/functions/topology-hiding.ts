import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { editSip } from '../wire/sip/edit.js';
import type { SipMessage } from '../wire/sip/message.js';

/** Headers that tell the way through a network, TS 24.229 §5.10.4.1. */
const ROUTING_HEADERS: readonly string[] = ['Via', 'Record-Route', 'Route', 'Path', 'Service-Route'];

/** 128-bit AES in CBC mode, TS 33.203 §6.4. */
const CIPHER = 'aes-128-cbc';
const KEY_OCTETS = 16;
const IV_OCTETS = 16;
const MAX_TOKEN = 8192;

export interface TopologyHidingOptions {
  /** The domain that hides itself: host of the tokens, value of tokenized-by. */
  readonly domain: string;
  /** True for a header value that names a SIP node of the hidden network other than the border itself. */
  hides(header: string, value: string): boolean;
  /** Uses the same initialisation vector for every token; a deviation. */
  readonly fixedVector?: boolean;
}

/**
 * Encryption of routing entries by the border, TS 24.229 §5.10.4 and TS 33.203 §6.4: entries of the own network become tokens (neighbouring Via
 * entries one token) with a fresh random IV in front of the ciphertext; entries of other networks and of the border itself stay.
 * The key lives and dies with the object and is never shown.
 */
export class TopologyHiding {
  readonly #key = randomBytes(KEY_OCTETS);
  readonly #fixed = randomBytes(IV_OCTETS);

  constructor(private readonly options: TopologyHidingOptions) {}

  /** The message as it leaves the hidden network, TS 24.229 §5.10.4.2. */
  hide<T extends SipMessage>(message: T): T {
    return this.#replace(message, (header, values) => {
      // A response on its way out has Via entries of those who asked, and none of ours.
      if (header === 'Via' && message.kind === 'response') return values;
      const result: string[] = [];
      let hidden: string[] = [];
      const flush = (): void => {
        if (hidden.length > 0) result.push(this.#tokenised(header, hidden));
        hidden = [];
      };
      for (const value of values) {
        if (this.options.hides(header, value)) {
          hidden.push(value);
          // A route set may be used in either direction (RFC 3261 §12.1), so its entries are hidden one by one.
          if (header !== 'Via') flush();
          continue;
        }
        flush();
        result.push(value);
      }
      flush();
      return result;
    });
  }

  /** The message as it comes back into the hidden network: own tokens are opened, anybody else's stay. TS 24.229 §5.10.4.3. */
  reveal<T extends SipMessage>(message: T): T {
    return this.#replace(message, (_, values) => values.flatMap((value) => this.#opened(value) ?? [value]));
  }

  #replace<T extends SipMessage>(
    message: T,
    change: (header: string, values: readonly string[]) => readonly string[],
  ): T {
    let result = message;
    for (const header of ROUTING_HEADERS) {
      const values = result.all(header);
      if (values.length === 0) continue;
      const changed = change(header, values);
      if (changed.length === values.length && changed.every((value, index) => value === values[index])) continue;
      result = editSip(result).setAll(header, changed).done();
    }
    return result;
  }

  #tokenised(header: string, values: readonly string[]): string {
    const token = this.#encrypt(values.join(', '));
    const { domain } = this.options;
    if (header !== 'Via') return `<sip:${token}@${domain};lr;tokenized-by=${domain}>`;
    const transport = /^SIP\s*\/\s*2\.0\s*\/\s*(\S+)/i.exec(values[0] ?? '')?.[1] ?? 'UDP';
    return `SIP/2.0/${transport} ${token}@${domain};tokenized-by=${domain}`;
  }

  #opened(value: string): readonly string[] | null {
    if (value.length > MAX_TOKEN) return null;
    const tokenizedBy = /;\s*tokenized-by\s*=\s*([^;>\s]+)/i.exec(value)?.[1];
    if (tokenizedBy?.toLowerCase() !== this.options.domain.toLowerCase()) return null;
    const token = /(?:sips?:|\s)([A-Za-z0-9_-]+)@/.exec(value)?.[1];
    const clear = token === undefined ? null : this.#decrypt(token);
    return clear === null ? null : splitEntries(clear);
  }

  #encrypt(clear: string): string {
    const iv = this.options.fixedVector === true ? this.#fixed : randomBytes(IV_OCTETS);
    const cipher = createCipheriv(CIPHER, this.#key, iv);
    return Buffer.concat([iv, cipher.update(clear, 'utf8'), cipher.final()]).toString('base64url');
  }

  /** Null for a token that is not ours: it is the only way to tell, and it is an ordinary case. */
  #decrypt(token: string): string | null {
    const octets = Buffer.from(token, 'base64url');
    if (octets.length < 2 * IV_OCTETS || octets.length % IV_OCTETS !== 0) return null;
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, octets.subarray(0, IV_OCTETS));
      return Buffer.concat([decipher.update(octets.subarray(IV_OCTETS)), decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }
}

/** Entries joined by comma, quotes and angle brackets respected. */
function splitEntries(text: string): readonly string[] {
  const entries: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '<') depth += 1;
    else if (char === '>') depth -= 1;
    else if (char === ',' && depth === 0) {
      entries.push(text.slice(from, index).trim());
      from = index + 1;
    }
  }
  entries.push(text.slice(from).trim());
  return entries;
}
