import type { Defect } from '../defect.js';
import { ipv4Text, ipv6Text } from '../ip-address.js';
import type { DnsMessage, DnsQuestion } from './message.js';
import { readName } from './name.js';
import type { DnsRecord } from './record.js';
import { DNS_TYPES, dnsTypeName } from './record.js';

const HEADER = 12;
/** More records than this in one message are not read: a datagram cannot hold them, and a hostile count must not cost anything. */
const MAX_RECORDS = 5_000;

/** Decodes a DNS message. Never throws: what cannot be read is left out, and told as a defect. RFC 1035 §4. */
export function parseDns(octets: Uint8Array): DnsMessage {
  const reader = new DnsReader(octets);
  return reader.message();
}

class DnsReader {
  private readonly defects: Defect[] = [];
  private readonly view: Buffer;
  private at = HEADER;
  private broken = false;

  constructor(private readonly octets: Uint8Array) {
    this.view = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  message(): DnsMessage {
    const header = Buffer.alloc(HEADER);
    this.view.copy(header, 0, 0, Math.min(HEADER, this.view.length));
    if (this.view.length < HEADER) {
      this.defect(
        'dns-header-truncated',
        0,
        `A DNS header has 12 octets; here are ${this.view.length}.`,
        'RFC 1035 §4.1.1',
      );
      this.broken = true;
    }
    const bits = header.readUInt16BE(2);
    const questions: DnsQuestion[] = [];
    const counts = [4, 6, 8, 10].map((offset) => header.readUInt16BE(offset));
    for (let i = 0; i < (counts[0] ?? 0) && !this.broken && i < MAX_RECORDS; i += 1) this.question(questions);
    const answers = this.records(counts[1] ?? 0);
    const authorities = this.records(counts[2] ?? 0);
    const additionals = this.records(counts[3] ?? 0);
    if (!this.broken && this.at < this.view.length) {
      this.defect(
        'dns-trailing-octets',
        this.at,
        `${this.view.length - this.at} octets follow the last record.`,
        'RFC 1035 §4.1',
      );
    }
    const flag = (mask: number): boolean => (bits & mask) !== 0;
    return {
      octets: this.octets,
      id: header.readUInt16BE(0),
      response: flag(0x8000),
      opcode: (bits >> 11) & 0xf,
      flags: {
        authoritative: flag(0x0400),
        truncated: flag(0x0200),
        recursionDesired: flag(0x0100),
        recursionAvailable: flag(0x0080),
        authenticData: flag(0x0020),
        checkingDisabled: flag(0x0010),
      },
      rcode: bits & 0xf,
      questions,
      answers,
      authorities,
      additionals,
      defects: this.defects,
    };
  }

  private defect(code: string, offset: number, text: string, clause: string): void {
    this.defects.push({ code, offset, text, clause });
  }

  private name(): string {
    const read = readName(this.view, this.at);
    if (read.problem) {
      this.defect(read.problem.code, read.problem.offset, read.problem.text, 'RFC 1035 §4.1.4');
      this.broken = read.problem.code !== 'dns-name-loop' || read.end <= this.at;
    }
    this.at = read.end;
    return read.name;
  }

  private question(into: DnsQuestion[]): void {
    const name = this.name();
    if (this.broken || this.short(4, 'question')) return;
    const typeNumber = this.view.readUInt16BE(this.at);
    const cls = this.view.readUInt16BE(this.at + 2);
    this.at += 4;
    into.push({ name, type: dnsTypeName(typeNumber), typeNumber, class: cls });
  }

  private short(needed: number, what: string): boolean {
    if (this.at + needed <= this.view.length) return false;
    this.defect('dns-truncated', this.view.length, `The octets end inside a ${what}.`, 'RFC 1035 §4.1');
    this.broken = true;
    return true;
  }

  private records(count: number): DnsRecord[] {
    const list: DnsRecord[] = [];
    for (let i = 0; i < count && !this.broken && i < MAX_RECORDS; i += 1) {
      const record = this.record();
      if (record) list.push(record);
    }
    return list;
  }

  private record(): DnsRecord | null {
    const name = this.name();
    if (this.broken || this.short(10, 'resource record')) return null;
    const typeNumber = this.view.readUInt16BE(this.at);
    const cls = this.view.readUInt16BE(this.at + 2);
    const ttl = this.view.readUInt32BE(this.at + 4);
    const length = this.view.readUInt16BE(this.at + 8);
    this.at += 10;
    if (this.short(length, 'RDATA')) return null;
    const start = this.at;
    this.at += length;
    const base = { name, class: cls, ttl };
    const typed = this.rdata(typeNumber, start, start + length, base);
    if (typed) return typed;
    return { ...base, type: 'raw', typeNumber, data: this.octets.subarray(start, start + length) };
  }

  /** A typed record, or null where the type is unknown or its RDATA is broken (then told as a defect). */
  private rdata(
    type: number,
    start: number,
    end: number,
    base: { readonly name: string; readonly class: number; readonly ttl: number },
  ): DnsRecord | null {
    const cursor = new RdataCursor(this.view, start, end);
    const record = decodeRdata(type, cursor, base);
    if (record === undefined) return null;
    const problem = cursor.problem ?? (cursor.at === end ? null : 'the RDATA is longer than its fields');
    if (problem === null && record !== null) return record;
    this.defect(
      'dns-rdata',
      start,
      `The RDATA of a ${dnsTypeName(type)} record cannot be read: ${problem ?? 'bad length'}.`,
      'RFC 1035 §3.2.1',
    );
    return null;
  }
}

/** Reads fields inside one RDATA and remembers the first problem. */
class RdataCursor {
  problem: string | null = null;

  constructor(
    private readonly view: Buffer,
    public at: number,
    readonly end: number,
  ) {}

  private take(count: number): number {
    const from = this.at;
    if (from + count > this.end) {
      this.problem ??= 'the RDATA ends too early';
      this.at = this.end;
      return -1;
    }
    this.at += count;
    return from;
  }

  u16(): number {
    const from = this.take(2);
    return from < 0 ? 0 : this.view.readUInt16BE(from);
  }

  u32(): number {
    const from = this.take(4);
    return from < 0 ? 0 : this.view.readUInt32BE(from);
  }

  octets(count: number): Uint8Array {
    const from = this.take(count);
    return from < 0 ? new Uint8Array(count) : this.view.subarray(from, from + count);
  }

  name(): string {
    const read = readName(this.view, this.at, this.end);
    if (read.problem) this.problem ??= read.problem.text;
    this.at = Math.min(read.end, this.end);
    return read.name;
  }

  /** A character-string, RFC 1035 §3.3. */
  text(): string {
    const from = this.take(1);
    const length = from < 0 ? 0 : (this.view[from] ?? 0);
    return Buffer.from(this.octets(length)).toString('latin1');
  }
}

/** Undefined: no decoder for the type. */
function decodeRdata(
  type: number,
  cursor: RdataCursor,
  base: { readonly name: string; readonly class: number; readonly ttl: number },
): DnsRecord | undefined {
  switch (type) {
    case DNS_TYPES.A:
      return { ...base, type: 'A', address: ipv4Text(cursor.octets(4)) };
    case DNS_TYPES.AAAA:
      return { ...base, type: 'AAAA', address: ipv6Text(cursor.octets(16)) };
    case DNS_TYPES.NS:
      return { ...base, type: 'NS', target: cursor.name() };
    case DNS_TYPES.CNAME:
      return { ...base, type: 'CNAME', target: cursor.name() };
    case DNS_TYPES.PTR:
      return { ...base, type: 'PTR', target: cursor.name() };
    case DNS_TYPES.SOA:
      return {
        ...base,
        type: 'SOA',
        primary: cursor.name(),
        mailbox: cursor.name(),
        serial: cursor.u32(),
        refresh: cursor.u32(),
        retry: cursor.u32(),
        expire: cursor.u32(),
        minimum: cursor.u32(),
      };
    case DNS_TYPES.TXT: {
      const strings: string[] = [];
      while (cursor.at < cursor.end) strings.push(cursor.text());
      return { ...base, type: 'TXT', strings };
    }
    case DNS_TYPES.SRV:
      return {
        ...base,
        type: 'SRV',
        priority: cursor.u16(),
        weight: cursor.u16(),
        port: cursor.u16(),
        target: cursor.name(),
      };
    case DNS_TYPES.NAPTR:
      return {
        ...base,
        type: 'NAPTR',
        order: cursor.u16(),
        preference: cursor.u16(),
        flags: cursor.text(),
        service: cursor.text(),
        regexp: cursor.text(),
        replacement: cursor.name(),
      };
    case DNS_TYPES.OPT: {
      const options: { code: number; data: Uint8Array }[] = [];
      while (cursor.at < cursor.end) {
        const code = cursor.u16();
        options.push({ code, data: cursor.octets(cursor.u16()) });
      }
      return { ...base, type: 'OPT', options };
    }
    default:
      return undefined;
  }
}

/**
 * Whether octets off the DNS ports read as DNS anyway: a whole message with one question of class IN, a plain name, a known type,
 * no defect, and section counts that a real message has.
 */
export function looksLikeDns(octets: Uint8Array): boolean {
  if (octets.length < HEADER + 5 || octets.length > 65_535) return false;
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const bits = view.readUInt16BE(2);
  if (((bits >> 11) & 0xf) > 5 || (bits & 0x40) !== 0 || view.readUInt16BE(4) !== 1) return false;
  if ([6, 8, 10].some((offset) => view.readUInt16BE(offset) > 100)) return false;
  const message = parseDns(octets);
  const question = message.questions[0];
  return (
    message.defects.length === 0 &&
    question !== undefined &&
    (question.class === 1 || question.class === 255) &&
    !question.type.startsWith('TYPE')
  );
}
