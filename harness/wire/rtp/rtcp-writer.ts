import {
  type ApplicationDefined,
  type Goodbye,
  type PayloadFeedback,
  type ReceiverReport,
  type ReportBlock,
  RTCP_TYPES,
  type SenderReport,
  type SourceDescription,
  type TransportFeedback,
} from './rtcp.js';

/** What `buildRtcp` writes, one entry a packet of the compound. */
export type RtcpParts =
  | Pick<SenderReport, 'kind' | 'ssrc' | 'sender' | 'reports'>
  | Pick<ReceiverReport, 'kind' | 'ssrc' | 'reports'>
  | Pick<SourceDescription, 'kind' | 'chunks'>
  | Pick<Goodbye, 'kind' | 'sources' | 'reason'>
  | (Pick<ApplicationDefined, 'kind' | 'ssrc' | 'name' | 'data'> & { readonly subtype: number })
  | (Pick<TransportFeedback, 'kind' | 'senderSsrc' | 'mediaSsrc' | 'information'> & { readonly format: number })
  | (Pick<PayloadFeedback, 'kind' | 'senderSsrc' | 'mediaSsrc' | 'information'> & { readonly format: number });

/** Writes a compound packet. It is on the caller to put a report first and a CNAME in, RFC 3550 §6.1. */
export function buildRtcp(packets: readonly RtcpParts[]): Uint8Array {
  return Buffer.concat(packets.map(buildOne));
}

function buildOne(parts: RtcpParts): Uint8Array {
  switch (parts.kind) {
    case 'SR': {
      const { sender } = parts;
      const info = [sender.ntpSeconds, sender.ntpFraction, sender.rtpTimestamp, sender.packetCount, sender.octetCount];
      return packet(RTCP_TYPES.SR, parts.reports.length, [words([parts.ssrc, ...info]), ...parts.reports.map(block)]);
    }
    case 'RR':
      return packet(RTCP_TYPES.RR, parts.reports.length, [words([parts.ssrc]), ...parts.reports.map(block)]);
    case 'SDES':
      return packet(
        RTCP_TYPES.SDES,
        parts.chunks.length,
        parts.chunks.map((chunk) => {
          const items = chunk.items.map((item) => {
            const text = Buffer.from(item.text, 'utf8').subarray(0, 255);
            return Buffer.concat([Buffer.from([item.type, text.length]), text]);
          });
          const listed = Buffer.concat([words([chunk.ssrc]), ...items]);
          return Buffer.concat([listed, Buffer.alloc(4 - (listed.length % 4))]);
        }),
      );
    case 'BYE': {
      const reason = parts.reason === null ? null : Buffer.from(parts.reason, 'utf8').subarray(0, 255);
      const tail = reason === null ? [] : [Buffer.concat([Buffer.from([reason.length]), reason])];
      return packet(RTCP_TYPES.BYE, parts.sources.length, [words(parts.sources), ...tail]);
    }
    case 'APP': {
      const name = Buffer.from(parts.name.padEnd(4).slice(0, 4), 'latin1');
      return packet(RTCP_TYPES.APP, parts.subtype, [words([parts.ssrc]), name, parts.data]);
    }
    case 'RTPFB':
    case 'PSFB':
      return packet(RTCP_TYPES[parts.kind], parts.format, [
        words([parts.senderSsrc, parts.mediaSsrc]),
        parts.information,
      ]);
  }
}

function packet(type: number, count: number, contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const length = 4 * Math.ceil(content.length / 4);
  const octets = Buffer.alloc(4 + length);
  octets.writeUInt8(0x80 | (count & 0x1f), 0);
  octets.writeUInt8(type, 1);
  octets.writeUInt16BE(length / 4, 2);
  octets.set(content, 4);
  return octets;
}

function words(values: readonly number[]): Uint8Array {
  const octets = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    octets.writeUInt32BE(value >>> 0, 4 * index);
  });
  return octets;
}

function block(report: ReportBlock): Uint8Array {
  const lost = Math.max(-0x800000, Math.min(0x7fffff, report.cumulativeLost)) & 0xffffff;
  return words([
    report.ssrc,
    ((report.fractionLost & 0xff) << 24) | lost,
    report.highestSequence,
    report.jitter,
    report.lastSenderReport,
    report.delaySinceLastSenderReport,
  ]);
}
