import type { CapturedFrame, CaptureFile, CaptureProblem } from './capture-file.js';

/** Magic numbers as read big-endian: octet order of the file, and units of the fraction of a second in one microsecond. */
const MAGICS: ReadonlyMap<number, { readonly little: boolean; readonly unitsPerMicrosecond: number }> = new Map([
  [0xa1b2c3d4, { little: false, unitsPerMicrosecond: 1 }],
  [0xd4c3b2a1, { little: true, unitsPerMicrosecond: 1 }],
  [0xa1b23c4d, { little: false, unitsPerMicrosecond: 1000 }],
  [0x4d3cb2a1, { little: true, unitsPerMicrosecond: 1000 }],
]);

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Wireshark's own limit for a frame; a longer length is damage, not data. */
export const MAX_FRAME = 262_144;

function bufferOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}

/** Whether the octets begin as a classic pcap file of either octet order. */
export function isPcap(octets: Uint8Array): boolean {
  return octets.length >= 4 && MAGICS.has(bufferOf(octets).readUInt32BE(0));
}

/** Reads a classic pcap file (draft-ietf-opsawg-pcap), microseconds or nanoseconds, either octet order; keeps everything before a truncation. */
export function readPcap(octets: Uint8Array): CaptureFile {
  const view = bufferOf(octets);
  const magic = octets.length >= 4 ? MAGICS.get(view.readUInt32BE(0)) : undefined;
  const problems: CaptureProblem[] = [];
  const frames: CapturedFrame[] = [];
  const truncated = (text: string): void => {
    problems.push({ code: 'truncated-file', severity: 'error', text, frame: frames.length || null });
  };
  if (!magic || view.length < FILE_HEADER) {
    truncated(`A pcap file begins with a header of ${FILE_HEADER} octets; here are ${view.length}.`);
    return { format: 'pcap', frames, interfaces: [], comments: [], names: new Map(), problems };
  }
  const u32 = (offset: number): number => (magic.little ? view.readUInt32LE(offset) : view.readUInt32BE(offset));
  // The upper bits of the field carry FCS information.
  const linkType = u32(20) & 0xffff;
  let at = FILE_HEADER;
  while (at < view.length) {
    if (at + RECORD_HEADER > view.length) {
      truncated(`The file ends inside the header of frame ${frames.length + 1}.`);
      break;
    }
    const captured = u32(at + 8);
    const original = u32(at + 12);
    if (captured > MAX_FRAME) {
      truncated(`Frame ${frames.length + 1} claims ${captured} octets; the file is damaged from here on.`);
      break;
    }
    const start = at + RECORD_HEADER;
    if (start + captured > view.length) {
      truncated(`The file ends inside frame ${frames.length + 1}.`);
      break;
    }
    frames.push({
      number: frames.length + 1,
      at: u32(at) * 1e6 + u32(at + 4) / magic.unitsPerMicrosecond,
      linkType,
      interfaceIndex: 0,
      octets: octets.subarray(start, start + captured),
      originalLength: Math.max(original, captured),
      comments: [],
    });
    at = start + captured;
  }
  return {
    format: 'pcap',
    frames,
    interfaces: [{ linkType, name: null, snapLength: u32(16) }],
    comments: [],
    names: new Map(),
    problems,
  };
}
