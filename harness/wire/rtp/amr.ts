import type { Defect } from '../defect.js';

/** What was negotiated for an AMR or AMR-WB stream, RFC 4867 §8. Single channel. */
export interface AmrFormat {
  readonly wideband: boolean;
  readonly octetAligned: boolean;
  readonly crc?: boolean;
  readonly robustSorting?: boolean;
  /** An interleaving header is in the payload. */
  readonly interleaving?: boolean;
}

/** One speech frame. */
export interface AmrFrame {
  /** Frame type: a mode, SID, or 15 for NO_DATA. TS 26.101 table 1a, TS 26.201 table 1a. */
  readonly type: number;
  /** The Q bit: false marks a damaged frame. */
  readonly quality: boolean;
  /** The bits in the order of the storage format, the last octet filled with zeros. */
  readonly speech: Uint8Array;
}

/** One RTP payload, RFC 4867 §4. */
export interface AmrPayload {
  /** Codec mode request; 15 asks for nothing. */
  readonly cmr: number;
  readonly frames: readonly AmrFrame[];
  readonly defects: readonly Defect[];
}

/** Bits of a frame by type; -1 is a type for future use. RFC 4867 §3.6 with TS 26.101 and TS 26.201 (SID). */
export const AMR_FRAME_BITS = [95, 103, 118, 134, 148, 159, 204, 244, 39, 43, 38, 37, -1, -1, -1, 0] as const;
export const AMR_WB_FRAME_BITS = [132, 177, 253, 285, 317, 365, 397, 461, 477, 40, -1, -1, -1, -1, 0, 0] as const;

export const NO_DATA = 15;
/** The highest speech mode; the next type is SID. */
export const HIGHEST_MODE = { amr: 7, amrWb: 8 } as const;
/** Twelve packets of 240 ms hold 144 frames at most by any sane ptime; the bound is for hostile payloads. */
const MAX_FRAMES = 256;

/** Bits of a frame type, null for a type that is not defined. */
export function frameBits(type: number, wideband: boolean): number | null {
  const bits = (wideband ? AMR_WB_FRAME_BITS : AMR_FRAME_BITS)[type];
  return bits === undefined || bits < 0 ? null : bits;
}

/** The frame type that carries comfort noise: 8 for AMR, 9 for AMR-WB. */
export function isSid(type: number, wideband: boolean): boolean {
  return wideband ? type === 9 : type >= 8 && type <= 11;
}

/** Reads a payload, RFC 4867 §4.3 (bandwidth-efficient) and §4.4 (octet-aligned). What does not fit is a defect. */
export function parseAmr(payload: Uint8Array, format: AmrFormat): AmrPayload {
  const defects: Defect[] = [];
  const clause = format.octetAligned ? 'RFC 4867 §4.4' : 'RFC 4867 §4.3';
  const flaw = (code: string, bit: number, text: string, where = clause) =>
    defects.push({ code, offset: Math.min(payload.length, Math.floor(bit / 8)), text, clause: where });
  const bits = new BitReader(payload);
  const cmr = bits.read(4);
  if (cmr === null) {
    flaw('amr-empty', 0, 'A payload has at least a mode request and one table entry; this one is empty.');
    return { cmr: 15, frames: [], defects };
  }
  const highest = format.wideband ? HIGHEST_MODE.amrWb : HIGHEST_MODE.amr;
  if (cmr !== 15 && cmr > highest) {
    flaw('amr-cmr', 0, `A mode request is 0 to ${highest} or 15; here it is ${cmr}.`, 'RFC 4867 §4.3.1');
  }
  if (format.octetAligned) {
    if (bits.read(4) !== 0) flaw('amr-reserved-bits', 0, 'The four bits behind the mode request are zero.');
    if (format.interleaving === true) bits.read(8);
  }

  const table: { type: number; quality: boolean }[] = [];
  let follows = true;
  while (follows) {
    if (table.length === MAX_FRAMES) {
      flaw('amr-too-many-frames', bits.position, `At most ${MAX_FRAMES} table entries are read.`);
      break;
    }
    const start = bits.position;
    const entry = bits.read(6);
    if (entry === null) {
      flaw('amr-toc-truncated', start, 'The table of contents announces a further entry; the payload ends.');
      break;
    }
    if (format.octetAligned) bits.read(2);
    follows = (entry & 0x20) !== 0;
    const type = (entry >> 1) & 0x0f;
    if (frameBits(type, format.wideband) === null) {
      flaw('amr-frame-type', start, `Frame type ${type} is not defined.`, 'RFC 4867 §4.3.2');
      // RFC 4867 §4.3.2: a payload with such a frame cannot be split and is discarded.
      return { cmr, frames: [], defects };
    }
    table.push({ type, quality: (entry & 1) === 1 });
  }
  if (format.crc === true) {
    for (const entry of table) if ((frameBits(entry.type, format.wideband) ?? 0) > 0) bits.read(8);
  }

  const frames: AmrFrame[] = [];
  for (const { type, quality } of table) {
    const size = frameBits(type, format.wideband) ?? 0;
    const speech = bits.take(size);
    if (speech === null) {
      flaw('amr-speech-truncated', bits.position, `A frame of type ${type} has ${size} bits; ${bits.left} are left.`);
      break;
    }
    if (format.octetAligned) bits.align();
    // With robust sorting the octets of several frames alternate: the table tells all that can be told of them.
    frames.push({
      type,
      quality,
      speech: format.robustSorting === true && table.length > 1 ? new Uint8Array() : speech,
    });
  }
  bits.align();
  if (defects.length === 0 && bits.left > 0) {
    flaw('amr-trailing-octets', bits.position, `The payload ends with its last frame; ${bits.left / 8} octets follow.`);
  }
  return { cmr, frames, defects };
}

/** Writes a payload without CRC, interleaving or robust sorting. RFC 4867 §4.3, §4.4. */
export function buildAmr(frames: readonly AmrFrame[], format: AmrFormat, cmr = 15): Uint8Array {
  const bits = new BitWriter();
  bits.write(cmr, 4);
  if (format.octetAligned) bits.write(0, 4);
  frames.forEach((frame, index) => {
    const follows = index < frames.length - 1 ? 1 : 0;
    bits.write((follows << 5) | (frame.type << 1) | (frame.quality ? 1 : 0), 6);
    if (format.octetAligned) bits.write(0, 2);
  });
  for (const frame of frames) {
    bits.append(frame.speech, frameBits(frame.type, format.wideband) ?? 0);
    if (format.octetAligned) bits.align();
  }
  return bits.done();
}

class BitReader {
  position = 0;
  private readonly octets: Uint8Array;

  constructor(octets: Uint8Array) {
    this.octets = octets;
  }

  get left(): number {
    return 8 * this.octets.length - this.position;
  }

  /** Up to eight bits. */
  read(count: number): number | null {
    if (this.left < count) return null;
    const first = this.position >> 3;
    const pair = ((this.octets[first] ?? 0) << 8) | (this.octets[first + 1] ?? 0);
    const value = (pair >> (16 - (this.position & 7) - count)) & ((1 << count) - 1);
    this.position += count;
    return value;
  }

  take(count: number): Uint8Array | null {
    if (this.left < count) return null;
    const taken = new Uint8Array(Math.ceil(count / 8));
    const shift = this.position & 7;
    const first = this.position >> 3;
    for (let i = 0; i < taken.length; i++) {
      const pair = ((this.octets[first + i] ?? 0) << 8) | (this.octets[first + i + 1] ?? 0);
      taken[i] = (pair >> (8 - shift)) & 0xff;
    }
    if (count % 8 !== 0) taken[taken.length - 1] = (taken[taken.length - 1] ?? 0) & (0xff << (8 - (count % 8)));
    this.position += count;
    return taken;
  }

  align(): void {
    this.position = 8 * Math.ceil(this.position / 8);
  }
}

class BitWriter {
  private readonly octets: number[] = [];
  private length = 0;

  write(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) this.bit((value >> i) & 1);
  }

  append(octets: Uint8Array, count: number): void {
    for (let i = 0; i < count; i++) this.bit(((octets[i >> 3] ?? 0) >> (7 - (i & 7))) & 1);
  }

  align(): void {
    this.length = 8 * this.octets.length;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.octets);
  }

  private bit(value: number): void {
    const index = this.length >> 3;
    this.octets[index] = (this.octets[index] ?? 0) | (value << (7 - (this.length & 7)));
    this.length += 1;
  }
}
