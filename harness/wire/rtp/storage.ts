import type { Defect } from '../defect.js';
import { type AmrFrame, frameBits } from './amr.js';

/** A file of AMR or AMR-WB speech, one channel, a frame each 20 ms. RFC 4867 §5. */
export interface SpeechFile {
  readonly wideband: boolean;
  readonly frames: readonly AmrFrame[];
  readonly defects: readonly Defect[];
}

const MAGIC = { amr: '#!AMR\n', amrWb: '#!AMR-WB\n' } as const;

/** Reads `#!AMR` and `#!AMR-WB` files; a frame that is cut off or of no known type ends the reading with a defect. */
export function parseSpeechFile(octets: Uint8Array): SpeechFile {
  const head = Buffer.from(octets.subarray(0, MAGIC.amrWb.length)).toString('latin1');
  const wideband = head === MAGIC.amrWb;
  if (!wideband && !head.startsWith(MAGIC.amr)) {
    const text = 'A file of speech begins with #!AMR or #!AMR-WB and a line feed.';
    return { wideband, frames: [], defects: [{ code: 'amr-magic', offset: 0, text, clause: 'RFC 4867 §5.1' }] };
  }
  const frames: AmrFrame[] = [];
  const defects: Defect[] = [];
  let offset = wideband ? MAGIC.amrWb.length : MAGIC.amr.length;
  while (offset < octets.length) {
    const header = octets[offset] ?? 0;
    const type = (header >> 3) & 0x0f;
    const bits = frameBits(type, wideband);
    const end = offset + 1 + Math.ceil((bits ?? 0) / 8);
    if (bits === null || end > octets.length) {
      const text = bits === null ? `Frame type ${type} is not defined.` : `A frame of type ${type} is cut off.`;
      defects.push({ code: 'amr-frame', offset, text, clause: 'RFC 4867 §5.3' });
      break;
    }
    frames.push({ type, quality: (header & 0x04) !== 0, speech: octets.subarray(offset + 1, end) });
    offset = end;
  }
  return { wideband, frames, defects };
}

/** Writes a file, RFC 4867 §5. */
export function buildSpeechFile(frames: readonly AmrFrame[], wideband: boolean): Uint8Array {
  return Buffer.concat([
    Buffer.from(wideband ? MAGIC.amrWb : MAGIC.amr, 'latin1'),
    ...frames.map((frame) => Buffer.concat([Buffer.from([(frame.type << 3) | (frame.quality ? 4 : 0)]), frame.speech])),
  ]);
}
