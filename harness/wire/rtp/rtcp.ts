import type { Defect } from '../defect.js';

/** One report block of a sender or receiver report, RFC 3550 §6.4.1. */
export interface ReportBlock {
  /** The source that is reported on. */
  readonly ssrc: number;
  /** Loss since the last report, in 1/256. */
  readonly fractionLost: number;
  /** Packets lost since the beginning, signed 24 bits. */
  readonly cumulativeLost: number;
  /** Cycles in the upper 16 bits, highest sequence number in the lower. */
  readonly highestSequence: number;
  /** Interarrival jitter in timestamp units. */
  readonly jitter: number;
  /** The middle 32 bits of the NTP timestamp of the last sender report, 0 without one. */
  readonly lastSenderReport: number;
  /** Since that report, in 1/65536 s. */
  readonly delaySinceLastSenderReport: number;
}

/** What the sender says of its own stream, RFC 3550 §6.4.1. */
export interface SenderInfo {
  /** Seconds since 1900 (32 bits). */
  readonly ntpSeconds: number;
  /** Fraction of the second in 1/2^32. */
  readonly ntpFraction: number;
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
}

/** One item of a source description. `type` is the number of RFC 3550 §12.2; 1 is CNAME. */
export interface SdesItem {
  readonly type: number;
  readonly text: string;
}

/** A generic NACK entry, RFC 4585 §6.2.1. */
export interface NackEntry {
  readonly packetId: number;
  /** Bit i tells that packet `packetId + i + 1` is lost. */
  readonly bitmask: number;
}

/** A full intra request entry, RFC 5104 §4.3.1. */
export interface FirEntry {
  readonly ssrc: number;
  readonly sequenceNumber: number;
}

/** A temporary maximum media stream bit rate entry, RFC 5104 §4.2.1. */
export interface TmmbrEntry {
  readonly ssrc: number;
  /** Bits per second. */
  readonly bitRate: number;
  readonly overhead: number;
}

interface RtcpBase {
  /** This packet of the compound, its header included. */
  readonly octets: Uint8Array;
  readonly version: number;
  /** The five bits behind the padding bit: a count, a subtype or a feedback message type. */
  readonly count: number;
  readonly packetType: number;
  readonly defects: readonly Defect[];
}

export interface SenderReport extends RtcpBase {
  readonly kind: 'SR';
  readonly ssrc: number;
  readonly sender: SenderInfo;
  readonly reports: readonly ReportBlock[];
}
export interface ReceiverReport extends RtcpBase {
  readonly kind: 'RR';
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}
export interface SourceDescription extends RtcpBase {
  readonly kind: 'SDES';
  readonly chunks: readonly { readonly ssrc: number; readonly items: readonly SdesItem[] }[];
}
export interface Goodbye extends RtcpBase {
  readonly kind: 'BYE';
  readonly sources: readonly number[];
  readonly reason: string | null;
}
export interface ApplicationDefined extends RtcpBase {
  readonly kind: 'APP';
  readonly ssrc: number;
  /** Four ASCII characters. */
  readonly name: string;
  readonly data: Uint8Array;
}
/** Transport layer feedback, RFC 4585 §6.2, payload type 205. */
export interface TransportFeedback extends RtcpBase {
  readonly kind: 'RTPFB';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  readonly message: 'nack' | 'tmmbr' | 'tmmbn' | 'other';
  readonly nacks: readonly NackEntry[];
  readonly tmmbr: readonly TmmbrEntry[];
  /** The feedback control information as it was. */
  readonly information: Uint8Array;
}
/** Payload-specific feedback, RFC 4585 §6.3, payload type 206. */
export interface PayloadFeedback extends RtcpBase {
  readonly kind: 'PSFB';
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  readonly message: 'pli' | 'sli' | 'rpsi' | 'fir' | 'afb' | 'other';
  readonly firs: readonly FirEntry[];
  readonly information: Uint8Array;
}
/** Another packet type, for example XR (207, RFC 3611). */
export interface OtherRtcp extends RtcpBase {
  readonly kind: 'other';
  readonly data: Uint8Array;
}

/** One packet of a compound, RFC 3550 §6. */
export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | ApplicationDefined
  | TransportFeedback
  | PayloadFeedback
  | OtherRtcp;

/** RTCP packet types, RFC 3550 §12.1 and RFC 4585 §6.1. */
export const RTCP_TYPES = { SR: 200, RR: 201, SDES: 202, BYE: 203, APP: 204, RTPFB: 205, PSFB: 206, XR: 207 } as const;

const CLAUSE = 'RFC 3550 §6.4';

/** Tells whether octets can be RTCP: version 2 and a packet type of 192 to 223, RFC 5761 §4. */
export function looksLikeRtcp(octets: Uint8Array): boolean {
  const first = octets[0];
  const second = octets[1];
  if (octets.length < 4 || first === undefined || second === undefined) return false;
  return first >> 6 === 2 && second >= 192 && second <= 223;
}

/**
 * Reads a compound packet. What cannot be read ends the list; the packet that broke off carries the defect. An empty list means
 * that not even one header of four octets was there.
 */
export function parseRtcp(octets: Uint8Array): readonly RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  let offset = 0;
  while (offset + 4 <= octets.length) {
    const header = new DataView(octets.buffer, octets.byteOffset + offset, 4);
    const announced = 4 + 4 * header.getUint16(2);
    const end = Math.min(octets.length, offset + announced);
    packets.push(parseOne(octets.subarray(offset, end), offset, announced));
    offset = end;
  }
  const last = packets.at(-1);
  if (last !== undefined && offset < octets.length) {
    const defect = {
      code: 'rtcp-trailing-octets',
      offset,
      text: `A compound is a whole number of packets; ${octets.length - offset} octets follow the last one.`,
      clause: 'RFC 3550 §6.1',
    };
    packets[packets.length - 1] = { ...last, defects: [...last.defects, defect] };
  }
  return packets;
}

function parseOne(octets: Uint8Array, base: number, announced: number): RtcpPacket {
  const defects: Defect[] = [];
  const flaw = (code: string, offset: number, text: string, clause = CLAUSE) =>
    defects.push({ code, offset: base + offset, text, clause });
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const first = view.getUint8(0);
  const count = first & 0x1f;
  const packetType = view.getUint8(1);
  const version = first >> 6;
  if (version !== 2) flaw('rtcp-version', 0, `The RTCP version is 2; here it is ${version}.`);
  if (announced > octets.length) {
    flaw('rtcp-truncated', 2, `The length field announces ${announced} octets; ${octets.length} are there.`);
  }
  let end = octets.length;
  if ((first & 0x20) !== 0) {
    const padding = octets[octets.length - 1] ?? 0;
    if (padding === 0 || padding > octets.length - 4) {
      flaw('rtcp-padding', octets.length - 1, `The padding count ${padding} does not fit the packet.`);
    } else {
      end -= padding;
    }
  }
  const common = { octets, version, count, packetType, defects };
  const word = (offset: number): number => (offset + 4 <= end ? view.getUint32(offset) : 0);
  const needs = (length: number): void => {
    if (end < length) flaw('rtcp-truncated', 0, `This packet type needs ${length} octets; ${end} are there.`);
  };

  switch (packetType) {
    case RTCP_TYPES.SR: {
      needs(28 + 24 * count);
      const sender: SenderInfo = {
        ntpSeconds: word(8),
        ntpFraction: word(12),
        rtpTimestamp: word(16),
        packetCount: word(20),
        octetCount: word(24),
      };
      return { kind: 'SR', ...common, ssrc: word(4), sender, reports: reportBlocks(view, 28, count, end) };
    }
    case RTCP_TYPES.RR:
      needs(8 + 24 * count);
      return { kind: 'RR', ...common, ssrc: word(4), reports: reportBlocks(view, 8, count, end) };
    case RTCP_TYPES.SDES:
      return { kind: 'SDES', ...common, chunks: sdesChunks(octets.subarray(0, end), view, count, flaw) };
    case RTCP_TYPES.BYE: {
      needs(4 + 4 * count);
      const sources: number[] = [];
      for (let i = 0; i < count && 8 + 4 * i <= end; i++) sources.push(view.getUint32(4 + 4 * i));
      const at = 4 + 4 * count;
      const reason = at < end ? latin(octets.subarray(at + 1, Math.min(end, at + 1 + (octets[at] ?? 0)))) : null;
      return { kind: 'BYE', ...common, sources, reason };
    }
    case RTCP_TYPES.APP:
      needs(12);
      return {
        kind: 'APP',
        ...common,
        ssrc: word(4),
        name: latin(octets.subarray(8, Math.min(12, end))),
        data: octets.subarray(Math.min(12, end), end),
      };
    case RTCP_TYPES.RTPFB: {
      needs(12);
      const message = count === 1 ? 'nack' : count === 3 ? 'tmmbr' : count === 4 ? 'tmmbn' : 'other';
      const nacks: NackEntry[] = [];
      const tmmbr: TmmbrEntry[] = [];
      if (message === 'nack') {
        for (let at = 12; at + 4 <= end; at += 4) {
          nacks.push({ packetId: view.getUint16(at), bitmask: view.getUint16(at + 2) });
        }
      } else if (message !== 'other') {
        for (let at = 12; at + 8 <= end; at += 8) {
          const packed = view.getUint32(at + 4);
          const bitRate = ((packed >>> 9) & 0x1ffff) * 2 ** (packed >>> 26);
          tmmbr.push({ ssrc: view.getUint32(at), bitRate, overhead: packed & 0x1ff });
        }
      }
      const information = octets.subarray(Math.min(12, end), end);
      return { kind: 'RTPFB', ...common, senderSsrc: word(4), mediaSsrc: word(8), message, nacks, tmmbr, information };
    }
    case RTCP_TYPES.PSFB: {
      needs(12);
      const names = { 1: 'pli', 2: 'sli', 3: 'rpsi', 4: 'fir', 15: 'afb' } as const;
      const message = names[count as keyof typeof names] ?? 'other';
      const firs: FirEntry[] = [];
      if (message === 'fir') {
        for (let at = 12; at + 8 <= end; at += 8) {
          firs.push({ ssrc: view.getUint32(at), sequenceNumber: view.getUint8(at + 4) });
        }
      }
      const information = octets.subarray(Math.min(12, end), end);
      return { kind: 'PSFB', ...common, senderSsrc: word(4), mediaSsrc: word(8), message, firs, information };
    }
    default:
      return { kind: 'other', ...common, data: octets.subarray(4, end) };
  }
}

function reportBlocks(view: DataView, start: number, count: number, end: number): readonly ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let i = 0, at = start; i < count && at + 24 <= end; i++, at += 24) {
    const lost = view.getUint32(at + 4) & 0xffffff;
    blocks.push({
      ssrc: view.getUint32(at),
      fractionLost: view.getUint8(at + 4),
      cumulativeLost: lost >= 0x800000 ? lost - 0x1000000 : lost,
      highestSequence: view.getUint32(at + 8),
      jitter: view.getUint32(at + 12),
      lastSenderReport: view.getUint32(at + 16),
      delaySinceLastSenderReport: view.getUint32(at + 20),
    });
  }
  return blocks;
}

function sdesChunks(
  octets: Uint8Array,
  view: DataView,
  count: number,
  flaw: (code: string, offset: number, text: string) => void,
): SourceDescription['chunks'] {
  const chunks: { ssrc: number; items: SdesItem[] }[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + 4 > octets.length) {
      flaw('rtcp-truncated', at, `The header announces ${count} chunks; ${i} are there.`);
      break;
    }
    const chunk = { ssrc: view.getUint32(at), items: [] as SdesItem[] };
    chunks.push(chunk);
    at += 4;
    while (at < octets.length && octets[at] !== 0) {
      const type = octets[at] ?? 0;
      const length = octets[at + 1] ?? 0;
      if (at + 2 + length > octets.length) {
        flaw('rtcp-truncated', at, `An item announces ${length} octets beyond the packet.`);
        return chunks;
      }
      chunk.items.push({ type, text: Buffer.from(octets.subarray(at + 2, at + 2 + length)).toString('utf8') });
      at += 2 + length;
    }
    // The list ends with at least one null octet, and fills the word. RFC 3550 §6.5.
    at = 4 * (Math.floor(at / 4) + 1);
  }
  return chunks;
}

function latin(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}
