import type { Endpoint } from './ip-packet.js';
import type { SctpPacket } from './transport.js';

/** A whole user message of an SCTP association. */
export interface SctpMessage {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly octets: Uint8Array;
  readonly frames: readonly number[];
  readonly frame: number;
  readonly at: number;
}

interface Piece {
  readonly begins: boolean;
  readonly ends: boolean;
  readonly octets: Uint8Array;
  readonly frames: readonly number[];
}

interface Direction {
  /** Pieces of messages that are not whole yet, by TSN. */
  readonly pieces: Map<number, Piece>;
  octets: number;
  /** TSNs of late, to tell retransmitted chunks. */
  readonly seen: Set<number>;
}

const DATA = 0;
const MAX_WAITING_OCTETS = 1024 * 1024;
const MAX_WAITING_PIECES = 1024;
const REMEMBERED_TSNS = 4096;

/** Cuts SCTP packets into user messages: DATA chunks, bundled or fragmented, each TSN once. RFC 9260 §3.3.1. */
export class SctpAssociations {
  private readonly directions = new Map<string, Direction>();

  constructor(private readonly deliver: (message: SctpMessage) => void) {}

  packet(packet: SctpPacket): void {
    const view = Buffer.from(packet.payload.buffer, packet.payload.byteOffset, packet.payload.byteLength);
    let at = 0;
    while (at + 4 <= view.length) {
      const length = view.readUInt16BE(at + 2);
      if (length < 4 || at + length > view.length) return;
      if (view[at] === DATA && length > 16) this.data(packet, view, at, length);
      at += length + ((4 - (length % 4)) % 4);
    }
  }

  private data(packet: SctpPacket, view: Buffer, at: number, length: number): void {
    const { source, destination } = packet;
    const key = `${source.address}|${source.port}|${destination.address}|${destination.port}`;
    let direction = this.directions.get(key);
    if (!direction) {
      direction = { pieces: new Map(), octets: 0, seen: new Set() };
      this.directions.set(key, direction);
    }
    const flags = view[at + 1] ?? 0;
    const tsn = view.readUInt32BE(at + 4);
    if (direction.seen.has(tsn)) return;
    remember(direction.seen, tsn);
    const octets = view.subarray(at + 16, at + length);
    const piece: Piece = { begins: (flags & 2) !== 0, ends: (flags & 1) !== 0, octets, frames: packet.frames };
    if (piece.begins && piece.ends) {
      this.whole(packet, [piece]);
      return;
    }
    direction.pieces.set(tsn, piece);
    direction.octets += octets.length;
    this.join(direction, packet, tsn);
    if (direction.octets > MAX_WAITING_OCTETS || direction.pieces.size > MAX_WAITING_PIECES) {
      direction.pieces.clear();
      direction.octets = 0;
    }
  }

  /** Fragments of a message have TSNs in a row. */
  private join(direction: Direction, packet: SctpPacket, tsn: number): void {
    const { pieces } = direction;
    let first = tsn;
    while (pieces.get(first)?.begins === false) first = (first - 1) >>> 0;
    const found: Piece[] = [];
    for (let next = first; ; next = (next + 1) >>> 0) {
      const piece = pieces.get(next);
      if (!piece || (found.length === 0 && !piece.begins)) return;
      found.push(piece);
      if (piece.ends) break;
    }
    for (const [i, piece] of found.entries()) {
      pieces.delete((first + i) >>> 0);
      direction.octets -= piece.octets.length;
    }
    this.whole(packet, found);
  }

  private whole(packet: SctpPacket, pieces: readonly Piece[]): void {
    const only = pieces.length === 1 ? pieces[0] : undefined;
    this.deliver({
      source: packet.source,
      destination: packet.destination,
      octets: only ? only.octets : Buffer.concat(pieces.map((piece) => piece.octets)),
      frames: [...new Set(pieces.flatMap((piece) => piece.frames))],
      frame: packet.frame,
      at: packet.at,
    });
  }
}

function remember(seen: Set<number>, tsn: number): void {
  seen.add(tsn);
  if (seen.size <= REMEMBERED_TSNS) return;
  const oldest = seen.values().next();
  if (!oldest.done) seen.delete(oldest.value);
}

/** One SCTP packet with one whole user message. The checksum (CRC-32c) is right; verification tag and stream are constant. */
export function sctpDataPacket(
  sourcePort: number,
  destinationPort: number,
  tsn: number,
  message: Uint8Array,
): Uint8Array {
  const length = 16 + message.length;
  const packet = Buffer.alloc(12 + length + ((4 - (length % 4)) % 4));
  packet.writeUInt16BE(sourcePort, 0);
  packet.writeUInt16BE(destinationPort, 2);
  packet.writeUInt32BE(1, 4);
  packet[12] = DATA;
  packet[13] = 3;
  packet.writeUInt16BE(length, 14);
  packet.writeUInt32BE(tsn >>> 0, 16);
  packet.writeUInt16BE(tsn & 0xffff, 22);
  packet.set(message, 28);
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet;
}

/** RFC 9260 Appendix A, reflected polynomial. */
function crc32c(octets: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
