/** Writes a classic pcap file: little-endian, microseconds, one link type. */
export function writePcap(
  linkType: number,
  frames: readonly { readonly at: number; readonly octets: Uint8Array; readonly originalLength?: number }[],
): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(linkType, 20);
  const parts: Uint8Array[] = [header];
  for (const frame of frames) {
    const at = Math.max(0, Math.round(frame.at));
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Math.floor(at / 1e6) % 4294967296, 0);
    record.writeUInt32LE(at % 1e6, 4);
    record.writeUInt32LE(frame.octets.length, 8);
    record.writeUInt32LE(frame.originalLength ?? frame.octets.length, 12);
    parts.push(record, frame.octets);
  }
  return new Uint8Array(Buffer.concat(parts));
}
