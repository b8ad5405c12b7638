/** The user-plane port of GTPv1, TS 29.281 §4.4.2. */
export const GTP_U_PORT = 2152;

const G_PDU = 255;
const MAX_EXTENSIONS = 16;

/** Offset of the user's IP packet in a GTP-U datagram (TS 29.281 §5.1, §5.2), or null where it carries none. */
export function gtpUserPacket(datagram: Uint8Array): number | null {
  const flags = datagram[0] ?? 0;
  // Version 1, protocol type GTP (not GTP').
  if (flags >> 5 !== 1 || (flags & 0x10) === 0 || datagram[1] !== G_PDU) return null;
  let at = 8;
  if ((flags & 0x07) !== 0) {
    at = 12;
    let next = (flags & 0x04) !== 0 ? (datagram[11] ?? 0) : 0;
    for (let i = 0; next !== 0; i += 1) {
      const length = (datagram[at] ?? 0) * 4;
      if (length === 0 || i >= MAX_EXTENSIONS || at + length > datagram.length) return null;
      at += length;
      next = datagram[at - 1] ?? 0;
    }
  }
  const version = (datagram[at] ?? 0) >> 4;
  return version === 4 || version === 6 ? at : null;
}
