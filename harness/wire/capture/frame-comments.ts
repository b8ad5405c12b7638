import { BLOCK, padding } from './pcapng-reader.js';
import { MAX_OPTION } from './pcapng-writer.js';

const COMMENT_OPTION = 1;
/** Type, length, interface, time (two words), captured and original length: what stands in front of a frame's octets. */
const FRAME_HEADER = 28;

/**
 * The same capture with comments at frames, by their 1-based numbers: everything else keeps its octets, so nothing is written
 * twice that was written once. For captures of `PcapngWriter` (little-endian, enhanced packet blocks).
 */
export function withFrameComments(
  capture: Uint8Array,
  comments: ReadonlyMap<number, readonly string[]>,
): Uint8Array<ArrayBuffer> {
  const octets = Buffer.from(capture.buffer, capture.byteOffset, capture.byteLength);
  const parts: Uint8Array[] = [];
  let kept = 0;
  let frame = 0;
  for (let at = 0; at + 12 <= octets.length; ) {
    const length = octets.readUInt32LE(at + 4);
    if (length < 12 || at + length > octets.length) break;
    if (octets.readUInt32LE(at) === BLOCK.enhancedPacket) {
      frame += 1;
      const texts = comments.get(frame);
      if (texts !== undefined && texts.length > 0) {
        parts.push(octets.subarray(kept, at), ...commented(octets.subarray(at, at + length), texts));
        kept = at + length;
      }
    }
    at += length;
  }
  parts.push(octets.subarray(kept));
  return new Uint8Array(Buffer.concat(parts));
}

/** The block with its comments in front of the options that it has. */
function commented(block: Buffer, texts: readonly string[]): readonly Uint8Array[] {
  const captured = block.readUInt32LE(20);
  const optionsAt = FRAME_HEADER + captured + padding(captured);
  const options = block.subarray(optionsAt, block.length - 4);
  const added = Buffer.concat([...texts.map(commentOption), ...(options.length === 0 ? [Buffer.alloc(4)] : [options])]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(optionsAt + added.length + 4);
  return [block.subarray(0, 4), length, block.subarray(8, optionsAt), added, length];
}

function commentOption(text: string): Buffer {
  const value = Buffer.from(text, 'utf8').subarray(0, MAX_OPTION);
  const option = Buffer.alloc(4 + value.length + padding(value.length));
  option.writeUInt16LE(COMMENT_OPTION, 0);
  option.writeUInt16LE(value.length, 2);
  option.set(value, 4);
  return option;
}
