import { ipOctets } from '../ip-address.js';
import { BLOCK, BYTE_ORDER_MAGIC, padding } from './pcapng-reader.js';

export interface FrameToWrite {
  readonly interfaceIndex: number;
  /** Microseconds since the epoch. */
  readonly at: number;
  readonly octets: Uint8Array;
  readonly originalLength?: number;
  readonly comments?: readonly string[];
}

export interface SectionToWrite {
  readonly comments?: readonly string[];
  readonly application?: string;
  readonly interfaces: readonly { readonly linkType: number; readonly name?: string; readonly description?: string }[];
  /** Names by address literal, for the name resolution block. */
  readonly names?: ReadonlyMap<string, readonly string[]>;
}

const OPTION = { comment: 1, application: 4, interfaceName: 2, interfaceDescription: 3, resolution: 9 } as const;
/** An option's length field has 16 bits. */
export const MAX_OPTION = 65_535;
const MICROSECONDS = Uint8Array.of(6);

/** Writes one pcapng section, little-endian, microseconds. draft-ietf-opsawg-pcapng. */
export class PcapngWriter {
  private buffer = Buffer.allocUnsafe(64 * 1024);
  private size = 0;

  constructor(section: SectionToWrite) {
    this.block(BLOCK.section, () => {
      this.u32(BYTE_ORDER_MAGIC);
      this.u16(1);
      this.u16(0);
      // Section length: not specified.
      this.u32(0xffffffff);
      this.u32(0xffffffff);
      const application = section.application === undefined ? [] : [section.application];
      this.options([...texts(OPTION.comment, section.comments ?? []), ...texts(OPTION.application, application)]);
    });
    for (const described of section.interfaces) {
      this.block(BLOCK.interface, () => {
        this.u16(described.linkType);
        this.u16(0);
        this.u32(0);
        this.options([
          ...texts(OPTION.interfaceName, described.name === undefined ? [] : [described.name]),
          ...texts(OPTION.interfaceDescription, described.description === undefined ? [] : [described.description]),
          { code: OPTION.resolution, value: MICROSECONDS },
        ]);
      });
    }
    if (section.names && section.names.size > 0) this.nameBlock(section.names);
  }

  frame(frame: FrameToWrite): void {
    this.block(BLOCK.enhancedPacket, () => {
      const at = Math.max(0, Math.round(frame.at));
      this.u32(frame.interfaceIndex);
      this.u32(Math.floor(at / 4294967296));
      this.u32(at % 4294967296);
      this.u32(frame.octets.length);
      this.u32(frame.originalLength ?? frame.octets.length);
      this.padded(frame.octets);
      if (frame.comments && frame.comments.length > 0) this.options(texts(OPTION.comment, frame.comments));
    });
  }

  done(): Uint8Array {
    return new Uint8Array(this.buffer.subarray(0, this.size));
  }

  private nameBlock(names: ReadonlyMap<string, readonly string[]>): void {
    this.block(BLOCK.nameResolution, () => {
      for (const [address, list] of names) {
        const octets = ipOctets(address);
        if (!octets) continue;
        const value = Buffer.concat([octets, Buffer.from(list.map((name) => `${name}\0`).join(''), 'utf8')]);
        this.u16(octets.length === 4 ? 1 : 2);
        this.u16(value.length);
        this.padded(value);
      }
      this.u32(0);
    });
  }

  private block(type: number, body: () => void): void {
    const start = this.size;
    this.u32(type);
    this.u32(0);
    body();
    const length = this.size + 4 - start;
    this.u32(length);
    this.buffer.writeUInt32LE(length, start + 4);
  }

  private options(options: readonly { readonly code: number; readonly value: Uint8Array }[]): void {
    for (const { code, value } of options) {
      this.u16(code);
      this.u16(value.length);
      this.padded(value);
    }
    this.u32(0);
  }

  private padded(octets: Uint8Array): void {
    const fill = padding(octets.length);
    this.room(octets.length + fill);
    this.buffer.set(octets, this.size);
    for (let i = 0; i < fill; i += 1) this.buffer[this.size + octets.length + i] = 0;
    this.size += octets.length + fill;
  }

  private u16(value: number): void {
    this.room(2);
    this.size = this.buffer.writeUInt16LE(value, this.size);
  }

  private u32(value: number): void {
    this.room(4);
    this.size = this.buffer.writeUInt32LE(value, this.size);
  }

  private room(octets: number): void {
    if (this.size + octets <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.size + octets));
    this.buffer.copy(grown, 0, 0, this.size);
    this.buffer = grown;
  }
}

function texts(code: number, values: readonly string[]): { code: number; value: Uint8Array }[] {
  return values.map((text) => ({ code, value: Buffer.from(text, 'utf8').subarray(0, MAX_OPTION) }));
}
