/** Prefixes a message with its two-octet length for TCP. RFC 1035 §4.2.2. */
export function frameDns(message: Uint8Array): Uint8Array {
  if (message.length > 0xffff) throw new RangeError('a DNS message has at most 65535 octets');
  const framed = new Uint8Array(message.length + 2);
  framed[0] = message.length >> 8;
  framed[1] = message.length & 0xff;
  framed.set(message, 2);
  return framed;
}

/** Cuts a TCP stream into DNS messages, in any chunking. Bounded by the length field itself (65535 octets). RFC 1035 §4.2.2. */
export class DnsFramer {
  private chunks: Uint8Array[] = [];
  private size = 0;

  push(octets: Uint8Array): readonly Uint8Array[] {
    if (octets.length === 0) return [];
    this.chunks.push(octets);
    this.size += octets.length;
    if (this.size < this.needed()) return [];
    const messages: Uint8Array[] = [];
    const whole = this.chunks.length === 1 ? octets : Buffer.concat(this.chunks, this.size);
    let at = 0;
    while (at + 2 <= whole.length) {
      const length = ((whole[at] ?? 0) << 8) | (whole[at + 1] ?? 0);
      if (at + 2 + length > whole.length) break;
      messages.push(whole.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    const rest = whole.subarray(at);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.size = rest.length;
    return messages;
  }

  /** Octets that wait for the rest of their message. */
  get pending(): number {
    return this.size;
  }

  private needed(): number {
    const first = this.chunks[0];
    if (first === undefined || first.length < 2) return 2;
    return 2 + (((first[0] ?? 0) << 8) | (first[1] ?? 0));
  }
}
