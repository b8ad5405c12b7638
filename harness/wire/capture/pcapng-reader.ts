import { ipv4Text, ipv6Text } from '../ip-address.js';
import type { CapturedFrame, CaptureFile, CaptureInterface, CaptureProblem } from './capture-file.js';
import { MAX_FRAME } from './pcap-reader.js';

/** Block types of draft-ietf-opsawg-pcapng §4. */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  packet: 2,
  simplePacket: 3,
  nameResolution: 4,
  enhancedPacket: 6,
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION = { end: 0, comment: 1, interfaceName: 2, interfaceResolution: 9, interfaceOffset: 14 } as const;
/** A block cannot be longer than a frame with its options; a longer one is damage. */
const MAX_BLOCK = 16 * 1024 * 1024;

/** Whether the octets begin with a section header block. */
export function isPcapng(octets: Uint8Array): boolean {
  return octets.length >= 4 && octets[0] === 0x0a && octets[1] === 0x0d && octets[2] === 0x0d && octets[3] === 0x0a;
}

/** Reads a pcapng file: several sections and interfaces, either octet order, any time resolution; keeps everything before a truncation. */
export function readPcapng(octets: Uint8Array): CaptureFile {
  return new PcapngReader(octets).read();
}

interface Interface extends CaptureInterface {
  readonly index: number;
  /** Microseconds for a count of ticks, given as two 32-bit halves. */
  readonly microseconds: (high: number, low: number) => number;
}

class PcapngReader {
  private readonly view: Buffer;
  private little = true;
  /** Interfaces of the running section. */
  private section: Interface[] = [];
  private readonly interfaces: CaptureInterface[] = [];
  private readonly frames: CapturedFrame[] = [];
  private readonly comments: string[] = [];
  private readonly names = new Map<string, string[]>();
  private readonly problems: CaptureProblem[] = [];
  private frameCount = 0;

  constructor(private readonly octets: Uint8Array) {
    this.view = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  read(): CaptureFile {
    let at = 0;
    while (at < this.view.length) {
      if (at + 12 > this.view.length) {
        this.truncated('The file ends inside the header of a block.');
        break;
      }
      const sectionStart = this.view.readUInt32BE(at) === BLOCK.section;
      if (sectionStart && !this.octetOrder(at)) {
        this.truncated(`The section header at octet ${at} has no byte-order magic; the file is damaged from here on.`);
        break;
      }
      const length = this.u32(at + 4);
      if (length < 12 || length % 4 !== 0 || length > MAX_BLOCK) {
        this.truncated(`The block at octet ${at} claims a length of ${length}; the file is damaged from here on.`);
        break;
      }
      if (at + length > this.view.length) {
        this.truncated('The file ends inside a block.');
        break;
      }
      this.block(sectionStart ? BLOCK.section : this.u32(at), at + 8, at + length - 4);
      at += length;
    }
    return {
      format: 'pcapng',
      frames: this.frames,
      interfaces: this.interfaces,
      comments: this.comments,
      names: this.names,
      problems: this.problems,
    };
  }

  private octetOrder(at: number): boolean {
    if (this.view.readUInt32LE(at + 8) === BYTE_ORDER_MAGIC) this.little = true;
    else if (this.view.readUInt32BE(at + 8) === BYTE_ORDER_MAGIC) this.little = false;
    else return false;
    return true;
  }

  private truncated(text: string): void {
    const after = this.frameCount > 0 ? ` (after frame ${this.frameCount})` : '';
    this.problems.push({
      code: 'truncated-file',
      severity: 'error',
      text: `${text.slice(0, -1)}${after}.`,
      frame: this.frameCount || null,
    });
  }

  private u16(at: number): number {
    return this.little ? this.view.readUInt16LE(at) : this.view.readUInt16BE(at);
  }

  private u32(at: number): number {
    return this.little ? this.view.readUInt32LE(at) : this.view.readUInt32BE(at);
  }

  private block(type: number, start: number, end: number): void {
    switch (type) {
      case BLOCK.section:
        this.section = [];
        if (end - start >= 16) this.comments.push(...this.commentsAt(start + 16, end));
        return;
      case BLOCK.interface:
        if (end - start >= 8) this.interfaceBlock(start, end);
        return;
      case BLOCK.enhancedPacket:
      case BLOCK.packet:
        this.packet(type, start, end);
        return;
      case BLOCK.simplePacket:
        this.simplePacket(start, end);
        return;
      case BLOCK.nameResolution:
        this.nameBlock(start, end);
    }
  }

  /** Calls `visit` for each option; a broken list ends quietly, for options are never the message. */
  private options(start: number, end: number, visit: (code: number, at: number, length: number) => void): void {
    let at = start;
    while (at + 4 <= end) {
      const code = this.u16(at);
      const length = this.u16(at + 2);
      if (code === OPTION.end || at + 4 + length > end) return;
      visit(code, at + 4, length);
      at += 4 + length + padding(length);
    }
  }

  private commentsAt(start: number, end: number): string[] {
    if (start + 4 > end) return NO_COMMENTS;
    const comments: string[] = [];
    this.options(start, end, (code, at, length) => {
      if (code === OPTION.comment) comments.push(this.view.toString('utf8', at, at + length));
    });
    return comments;
  }

  private interfaceBlock(start: number, end: number): void {
    let name: string | null = null;
    let resolution = 6;
    let offsetSeconds = 0;
    this.options(start + 8, end, (code, at, length) => {
      if (code === OPTION.interfaceName) name = this.view.toString('utf8', at, at + length);
      if (code === OPTION.interfaceResolution && length >= 1) resolution = this.view[at] ?? 6;
      if (code === OPTION.interfaceOffset && length === 8) {
        const high = this.u32(this.little ? at + 4 : at);
        offsetSeconds = (high | 0) * 4294967296 + this.u32(this.little ? at : at + 4);
      }
    });
    const described = { linkType: this.u16(start), name, snapLength: this.u32(start + 4) };
    this.section.push({
      ...described,
      index: this.interfaces.length,
      microseconds: tickReader(resolution, offsetSeconds),
    });
    this.interfaces.push(described);
  }

  private packet(type: number, start: number, end: number): void {
    this.frameCount += 1;
    if (end - start < 20) {
      this.undecodable('has a header that is too short');
      return;
    }
    const interfaceId = type === BLOCK.packet ? this.u16(start) : this.u32(start);
    const via = this.section[interfaceId];
    const captured = this.u32(start + 12);
    if (!via) {
      this.undecodable(`names interface ${interfaceId}, which the section does not describe`);
      return;
    }
    if (captured > end - start - 20 || captured > MAX_FRAME) {
      this.undecodable('claims more octets than its block has');
      return;
    }
    const data = start + 20;
    this.frames.push({
      number: this.frameCount,
      at: via.microseconds(this.u32(start + 4), this.u32(start + 8)),
      linkType: via.linkType,
      interfaceIndex: via.index,
      octets: this.octets.subarray(data, data + captured),
      originalLength: Math.max(this.u32(start + 16), captured),
      comments: this.commentsAt(data + captured + padding(captured), end),
    });
  }

  /** A simple packet block has no time: it gets the time of the frame before it. */
  private simplePacket(start: number, end: number): void {
    this.frameCount += 1;
    const via = this.section[0];
    if (end - start < 4 || !via) {
      this.undecodable('has no interface or no length');
      return;
    }
    const original = this.u32(start);
    const limit = via.snapLength > 0 ? Math.min(original, via.snapLength) : original;
    const captured = Math.min(limit, end - start - 4);
    this.frames.push({
      number: this.frameCount,
      at: this.frames.at(-1)?.at ?? 0,
      linkType: via.linkType,
      interfaceIndex: via.index,
      octets: this.octets.subarray(start + 4, start + 4 + captured),
      originalLength: Math.max(original, captured),
      comments: NO_COMMENTS,
    });
  }

  private undecodable(what: string): void {
    this.problems.push({
      code: 'undecodable-frame',
      severity: 'error',
      text: `Frame ${this.frameCount} ${what}.`,
      frame: this.frameCount,
    });
  }

  private nameBlock(start: number, end: number): void {
    let at = start;
    while (at + 4 <= end) {
      const type = this.u16(at);
      const length = this.u16(at + 2);
      if (type === 0 || at + 4 + length > end) return;
      const size = type === 1 ? 4 : type === 2 ? 16 : 0;
      if (size > 0 && length > size) {
        const address = size === 4 ? ipv4Text(this.view, at + 4) : ipv6Text(this.view, at + 4);
        const names = this.view.toString('utf8', at + 4 + size, at + 4 + length).split('\0');
        this.names.set(address, [...(this.names.get(address) ?? []), ...names.filter((name) => name !== '')]);
      }
      at += 4 + length + padding(length);
    }
  }
}

const NO_COMMENTS: string[] = [];

/** Octets that fill a length up to the next multiple of four. */
export function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}

/** if_tsresol: a power of ten, or of two where the top bit is set (draft-ietf-opsawg-pcapng §4.2). */
function tickReader(resolution: number, offsetSeconds: number): (high: number, low: number) => number {
  const offset = offsetSeconds * 1e6;
  if (resolution === 6) return (high, low) => high * 4294967296 + low + offset;
  const exponent = BigInt(resolution & 0x7f);
  const ticksPerSecond = (resolution & 0x80) !== 0 ? 2n ** exponent : 10n ** exponent;
  return (high, low) => {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const seconds = ticks / ticksPerSecond;
    const rest = Number(((ticks % ticksPerSecond) * 1_000_000_000n) / ticksPerSecond);
    return Number(seconds) * 1e6 + rest / 1000 + offset;
  };
}
