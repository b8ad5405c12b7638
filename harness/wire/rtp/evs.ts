import type { Defect } from '../defect.js';

/** One frame named in an EVS payload. `rate` in kbit/s; 0 for NO_DATA and SPEECH_LOST. */
export interface EvsFrame {
  readonly mode: 'primary' | 'amr-wb-io';
  readonly rate: number;
  readonly kind: 'speech' | 'sid' | 'lost' | 'no-data';
  readonly data: Uint8Array;
}

/** An EVS payload, TS 26.445 §A.2. */
export interface EvsPayload {
  readonly format: 'compact' | 'header-full';
  /** The CMR octet of a header-full payload: type (T) and definition (D) of table A.3; null without. */
  readonly cmr: { readonly type: number; readonly definition: number } | null;
  readonly frames: readonly EvsFrame[];
  readonly defects: readonly Defect[];
}

/** Frame types of EVS Primary by the four-bit index, kbit/s and bits a frame. TS 26.445 table A.4. */
const PRIMARY: readonly (readonly [number, number])[] = [
  [2.8, 56],
  [7.2, 144],
  [8, 160],
  [9.6, 192],
  [13.2, 264],
  [16.4, 328],
  [24.4, 488],
  [32, 640],
  [48, 960],
  [64, 1280],
  [96, 1920],
  [128, 2560],
  [2.4, 48],
];
const PRIMARY_SID = 12;
/** AMR-WB IO by index, kbit/s and bits a frame. TS 26.445 table A.5. */
const INTEROPERABLE: readonly (readonly [number, number])[] = [
  [6.6, 132],
  [8.85, 177],
  [12.65, 253],
  [14.25, 285],
  [15.85, 317],
  [18.25, 365],
  [19.85, 397],
  [23.05, 461],
  [23.85, 477],
  [1.75, 40],
];
const INTEROPERABLE_SID = 9;
/** Compact AMR-WB IO has a three-bit mode request in front of the speech; 56 bits is its SID frame. TS 26.445 §A.2.1. */
const COMPACT_CMR_BITS = 3;
const MAX_FRAMES = 64;
const LOST = 14;
const NO_DATA = 15;

/** Reads a payload; `headerFullOnly` is the negotiated `hf-only=1`. A size that is protected is compact, any other header-full. */
export function parseEvs(payload: Uint8Array, headerFullOnly = false): EvsPayload {
  const compact = headerFullOnly ? null : compactFrame(payload);
  if (compact !== null) return { format: 'compact', cmr: null, frames: [compact], defects: [] };
  return parseHeaderFull(payload);
}

function compactFrame(payload: Uint8Array): EvsFrame | null {
  const bits = 8 * payload.length;
  if (bits === 56) {
    // Table A.1: the first bit tells an AMR-WB IO SID from a Primary frame of 2.8 kbit/s.
    const interoperable = ((payload[0] ?? 0) & 0x80) !== 0;
    return interoperable
      ? { mode: 'amr-wb-io', rate: 1.75, kind: 'sid', data: payload }
      : { mode: 'primary', rate: 2.8, kind: 'speech', data: payload };
  }
  const primary = PRIMARY.findIndex(([, size]) => size === bits);
  if (primary >= 0) {
    const rate = PRIMARY[primary]?.[0] ?? 0;
    return { mode: 'primary', rate, kind: primary === PRIMARY_SID ? 'sid' : 'speech', data: payload };
  }
  const io = INTEROPERABLE.findIndex(
    ([, size], index) => index !== INTEROPERABLE_SID && 8 * Math.ceil((size + COMPACT_CMR_BITS) / 8) === bits,
  );
  if (io < 0) return null;
  return { mode: 'amr-wb-io', rate: INTEROPERABLE[io]?.[0] ?? 0, kind: 'speech', data: payload };
}

function parseHeaderFull(payload: Uint8Array): EvsPayload {
  const defects: Defect[] = [];
  const flaw = (code: string, offset: number, text: string) =>
    defects.push({ code, offset, text, clause: 'TS 26.445 §A.2.2' });
  let offset = 0;
  let cmr: EvsPayload['cmr'] = null;
  const first = payload[0] ?? 0;
  if ((first & 0x80) !== 0) {
    cmr = { type: (first >> 4) & 0x07, definition: first & 0x0f };
    offset = 1;
  }
  const table: Omit<EvsFrame & { readonly size: number }, 'data'>[] = [];
  let follows = true;
  while (follows) {
    const entry = payload[offset];
    if (entry === undefined || table.length === MAX_FRAMES) {
      flaw('evs-toc-truncated', offset, 'The table of contents announces a further entry; the payload ends.');
      break;
    }
    if ((entry & 0x80) !== 0) {
      flaw('evs-toc-header-bit', offset, 'The first bit of a table entry is 0.');
      return { format: 'header-full', cmr, frames: [], defects };
    }
    follows = (entry & 0x40) !== 0;
    const interoperable = (entry & 0x20) !== 0;
    const index = entry & 0x0f;
    const [rate, bits] = (interoperable ? INTEROPERABLE : PRIMARY)[index] ?? [0, 0];
    if (rate === 0 && index !== LOST && index !== NO_DATA) {
      flaw('evs-frame-type', offset, `Frame type ${index} is not defined.`);
      return { format: 'header-full', cmr, frames: [], defects };
    }
    const sid = index === (interoperable ? INTEROPERABLE_SID : PRIMARY_SID);
    const kind = index === LOST ? 'lost' : index === NO_DATA ? 'no-data' : sid ? 'sid' : 'speech';
    table.push({ mode: interoperable ? 'amr-wb-io' : 'primary', rate, kind, size: Math.ceil(bits / 8) });
    offset += 1;
  }
  const frames: EvsFrame[] = [];
  for (const { size, ...entry } of table) {
    if (offset + size > payload.length) {
      flaw('evs-speech-truncated', offset, `A frame of ${entry.rate} kbit/s has ${size} octets; fewer are left.`);
      break;
    }
    frames.push({ ...entry, data: payload.subarray(offset, offset + size) });
    offset += size;
  }
  // Octets behind the last frame are padding against protected sizes: allowed, but only zeros.
  if (payload.subarray(offset).some((octet) => octet !== 0) && defects.length === 0) {
    flaw('evs-trailing-octets', offset, 'Behind the last frame there are only zero octets.');
  }
  return { format: 'header-full', cmr, frames, defects };
}
