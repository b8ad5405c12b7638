import { ipOctets } from '../ip-address.js';
import type { DnsContent } from './message.js';
import { nameFits, nameLabels } from './name.js';
import type { DnsRecord } from './record.js';
import { dnsTypeNumber } from './record.js';

/**
 * Encodes a DNS message with name compression of owner names and of the names in types that RFC 3597 §4 allows (never in SRV and NAPTR).
 * @throws RangeError for a name, address or string that no DNS message can carry: what we build is ours, never a peer's.
 */
export function buildDns(content: DnsContent): Uint8Array {
  const writer = new DnsWriter();
  const { flags } = content;
  const bit = (on: boolean, mask: number): number => (on ? mask : 0);
  writer.u16(content.id);
  writer.u16(
    bit(content.response, 0x8000) |
      ((content.opcode & 0xf) << 11) |
      bit(flags.authoritative, 0x0400) |
      bit(flags.truncated, 0x0200) |
      bit(flags.recursionDesired, 0x0100) |
      bit(flags.recursionAvailable, 0x0080) |
      bit(flags.authenticData, 0x0020) |
      bit(flags.checkingDisabled, 0x0010) |
      (content.rcode & 0xf),
  );
  const sections = [content.answers, content.authorities, content.additionals];
  writer.u16(content.questions.length);
  for (const section of sections) writer.u16(section.length);
  for (const question of content.questions) {
    writer.name(question.name, true);
    writer.u16(question.typeNumber);
    writer.u16(question.class);
  }
  for (const section of sections) for (const record of section) writeRecord(writer, record);
  return writer.done();
}

function writeRecord(writer: DnsWriter, record: DnsRecord): void {
  writer.name(record.name, true);
  writer.u16(dnsTypeNumber(record));
  writer.u16(record.class);
  writer.u32(record.ttl);
  const lengthAt = writer.reserve16();
  writeRdata(writer, record);
  writer.fill16(lengthAt);
}

function writeRdata(writer: DnsWriter, record: DnsRecord): void {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      writer.address(record.address, record.type === 'A' ? 4 : 16);
      return;
    case 'NS':
    case 'CNAME':
    case 'PTR':
      writer.name(record.target, true);
      return;
    case 'SOA':
      writer.name(record.primary, true);
      writer.name(record.mailbox, true);
      for (const value of [record.serial, record.refresh, record.retry, record.expire, record.minimum]) {
        writer.u32(value);
      }
      return;
    case 'TXT':
      for (const text of record.strings) writer.text(text);
      return;
    case 'SRV':
      writer.u16(record.priority);
      writer.u16(record.weight);
      writer.u16(record.port);
      writer.name(record.target, false);
      return;
    case 'NAPTR':
      writer.u16(record.order);
      writer.u16(record.preference);
      for (const text of [record.flags, record.service, record.regexp]) writer.text(text);
      writer.name(record.replacement, false);
      return;
    case 'OPT':
      for (const option of record.options) {
        writer.u16(option.code);
        writer.u16(option.data.length);
        writer.octets(option.data);
      }
      return;
    case 'raw':
      writer.octets(record.data);
  }
}

class DnsWriter {
  private readonly out: number[] = [];
  private readonly offsets = new Map<string, number>();

  u16(value: number): void {
    this.out.push((value >> 8) & 0xff, value & 0xff);
  }

  u32(value: number): void {
    this.u16((value >>> 16) & 0xffff);
    this.u16(value & 0xffff);
  }

  octets(octets: Uint8Array): void {
    for (const octet of octets) this.out.push(octet);
  }

  text(text: string): void {
    const octets = Buffer.from(text, 'latin1');
    if (octets.length > 255) throw new RangeError('a DNS character-string has at most 255 octets');
    this.out.push(octets.length);
    this.octets(octets);
  }

  address(text: string, size: number): void {
    const octets = ipOctets(text);
    if (octets?.length !== size) throw new RangeError(`not an address of ${size} octets: ${text}`);
    this.octets(octets);
  }

  name(name: string, compress: boolean): void {
    if (!nameFits(name)) throw new RangeError(`not a domain name: ${name}`);
    const labels = nameLabels(name);
    for (const [i, label] of labels.entries()) {
      const rest = labels
        .slice(i)
        .map((part) => Buffer.from(part).toString('hex'))
        .join('.');
      const known = this.offsets.get(rest);
      if (known !== undefined && compress) {
        this.u16(0xc000 | known);
        return;
      }
      if (known === undefined && this.out.length < 0x4000) this.offsets.set(rest, this.out.length);
      this.out.push(label.length);
      this.octets(label);
    }
    this.out.push(0);
  }

  reserve16(): number {
    this.u16(0);
    return this.out.length;
  }

  fill16(at: number): void {
    const length = this.out.length - at;
    if (length > 0xffff) throw new RangeError('RDATA has at most 65535 octets');
    this.out[at - 2] = length >> 8;
    this.out[at - 1] = length & 0xff;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.out);
  }
}
