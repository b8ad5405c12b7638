import type { Defect } from '../defect.js';

/** What one RTP payload holds, RFC 6184 §5.2. */
export interface H264Payload {
  readonly structure: 'single' | 'STAP-A' | 'STAP-B' | 'MTAP16' | 'MTAP24' | 'FU-A' | 'FU-B' | 'reserved';
  /** Whole NAL units (single, STAP-A), or the piece of one (FU-A: without the FU headers). */
  readonly units: readonly NalUnit[];
  /** Of a fragmentation unit. */
  readonly start: boolean;
  readonly end: boolean;
  readonly defects: readonly Defect[];
}

export interface NalUnit {
  /** nal_unit_type of H.264 table 7-1: 1 slice, 5 IDR slice, 7 SPS, 8 PPS, … */
  readonly type: number;
  readonly importance: number;
  readonly data: Uint8Array;
}

const STRUCTURES: Readonly<Record<number, H264Payload['structure']>> = {
  24: 'STAP-A',
  25: 'STAP-B',
  26: 'MTAP16',
  27: 'MTAP24',
  28: 'FU-A',
  29: 'FU-B',
};

/** Reads single NAL units, STAP-A and FU-A; the interleaved structures are named, not split. */
export function parseH264(payload: Uint8Array): H264Payload {
  const defects: Defect[] = [];
  const flaw = (code: string, offset: number, text: string, clause: string) =>
    defects.push({ code, offset, text, clause });
  const header = payload[0];
  const empty = { units: [], start: false, end: false, defects } as const;
  if (header === undefined) {
    flaw('h264-empty', 0, 'A payload has at least a NAL unit header; this one is empty.', 'RFC 6184 §5.3');
    return { structure: 'reserved', ...empty };
  }
  if ((header & 0x80) !== 0) flaw('h264-forbidden-bit', 0, 'The forbidden_zero_bit is 0.', 'RFC 6184 §1.3');
  const type = header & 0x1f;
  const importance = (header >> 5) & 0x03;
  if (type >= 1 && type <= 23) {
    return { ...empty, structure: 'single', units: [{ type, importance, data: payload }] };
  }
  const structure = STRUCTURES[type] ?? 'reserved';
  if (structure === 'STAP-A') return { ...empty, structure, units: aggregated(payload, flaw) };
  if (structure !== 'FU-A') return { structure, ...empty };
  const fragment = payload[1];
  if (fragment === undefined) {
    flaw('h264-fragment-truncated', 1, 'A fragmentation unit has a second header octet.', 'RFC 6184 §5.8');
    return { structure, ...empty };
  }
  const start = (fragment & 0x80) !== 0;
  const end = (fragment & 0x40) !== 0;
  if (start && end) {
    flaw(
      'h264-fragment-whole',
      1,
      'Start and end are not both set: a NAL unit in one piece is no fragment.',
      'RFC 6184 §5.8',
    );
  }
  return { structure, units: [{ type: fragment & 0x1f, importance, data: payload.subarray(2) }], start, end, defects };
}

function aggregated(
  payload: Uint8Array,
  flaw: (code: string, offset: number, text: string, clause: string) => void,
): readonly NalUnit[] {
  const units: NalUnit[] = [];
  let offset = 1;
  while (offset < payload.length) {
    const size = ((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0);
    const start = offset + 2;
    if (size === 0 || start + size > payload.length) {
      const left = Math.max(0, payload.length - start);
      flaw(
        'h264-aggregate-truncated',
        offset,
        `A unit of ${size} octets is announced; ${left} are left.`,
        'RFC 6184 §5.7.1',
      );
      break;
    }
    const header = payload[start] ?? 0;
    units.push({ type: header & 0x1f, importance: (header >> 5) & 3, data: payload.subarray(start, start + size) });
    offset = start + size;
  }
  return units;
}
