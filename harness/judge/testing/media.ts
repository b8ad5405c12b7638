import type { Evidence, RecordedMessage } from '../../evidence/model.js';
import type { Profile } from '../../profile/profile.js';
import { AMR_WB_FRAME_BITS, buildAmr } from '../../wire/rtp/amr.js';
import { parseRtcp } from '../../wire/rtp/rtcp.js';
import { buildRtcp } from '../../wire/rtp/rtcp-writer.js';
import { buildRtp, parseRtp } from '../../wire/rtp/rtp.js';
import { goodCall } from './call.js';
import { evidenceOf, type TraceRecord, testProfile } from './trace.js';

/** A record of a call with its media: SIP as in the trace of the call, RTP and RTCP between the two TrGWs. */
export type CallRecord = Omit<TraceRecord, 'protocol'> & { readonly protocol: 'sip' | 'rtp' | 'rtcp' };

const A = { address: '192.0.2.16', port: 20_000, ssrc: 0x0a0a0a0a };
const B = { address: '192.0.2.26', port: 30_000, ssrc: 0x0b0b0b0b };
const PACKETS = 480;
const PACKET_US = 20_000;
const REPORTS_US = [2_500_000, 6_500_000];
/** Payload type and mode of the speech in the hand-made call: AMR-WB at 12.65 kbit/s, bandwidth-efficient. */
const SPEECH = { payloadType: 97, mode: 2 } as const;

/** The well-behaved call with ten seconds of speech in both directions. */
export function goodMediaCall(profile: Profile = testProfile()): readonly CallRecord[] {
  const { records } = goodCall({ profile });
  const answered = records.findLast((record) => Buffer.from(record.octets).includes('ACK sip:'))?.at ?? 0;
  const start = answered + 1000;
  const media = [...speech(A, B, start), ...speech(B, A, start + 7)];
  return [...records, ...media].sort((a, b) => a.at - b.at);
}

function speech(from: typeof A, to: typeof A, start: number): readonly CallRecord[] {
  const records: CallRecord[] = [];
  const bits = AMR_WB_FRAME_BITS[SPEECH.mode];
  const frame = { type: SPEECH.mode, quality: true, speech: new Uint8Array(Math.ceil(bits / 8)) };
  const payload = buildAmr([frame], { wideband: true, octetAligned: false });
  const ends = { transport: 'udp', source: place(from), destination: place(to) } as const;
  for (let i = 0; i < PACKETS; i++) {
    const { octets } = buildRtp({
      payloadType: SPEECH.payloadType,
      sequenceNumber: 65_500 + i,
      timestamp: 4_294_900_000 + 320 * i,
      ssrc: from.ssrc,
      payload,
      marker: i === 0,
    });
    records.push({ at: start + PACKET_US * i, ...ends, octets, protocol: 'rtp' });
  }
  const sender = { ntpSeconds: 1, ntpFraction: 0, rtpTimestamp: 0, packetCount: 1, octetCount: 33 };
  const octets = buildRtcp([
    { kind: 'SR', ssrc: from.ssrc, sender, reports: [] },
    { kind: 'SDES', chunks: [{ ssrc: from.ssrc, items: [{ type: 1, text: 'ue' }] }] },
  ]);
  const control = { transport: 'udp', source: place(from, 1), destination: place(to, 1) } as const;
  for (const after of REPORTS_US) records.push({ at: start + after, ...control, octets, protocol: 'rtcp' });
  return records;
}

function place(end: typeof A, offset = 0): { readonly address: string; readonly port: number } {
  return { address: end.address, port: end.port + offset };
}

/** Evidence of the records; octets that are no RTP become unknown messages, as they do in a capture. */
export function mediaEvidence(records: readonly CallRecord[], profile: Profile): Evidence {
  const base = evidenceOf(
    records.map((record) => ({ ...record, protocol: 'sip' as const })),
    profile,
  );
  const messages = base.messages.map((message, index): RecordedMessage => {
    const record = records[index];
    if (record === undefined || record.protocol === 'sip' || message.protocol !== 'sip') return message;
    const { sip: _sip, protocol: _protocol, ...recorded } = message;
    const common = { ...recorded, referencePoint: 'Izi' as const };
    if (record.protocol === 'rtcp') {
      const rtcp = parseRtcp(record.octets);
      return { ...common, protocol: 'rtcp', rtcp, defects: rtcp.flatMap((packet) => packet.defects) };
    }
    const rtp = parseRtp(record.octets);
    if (rtp === null) return { ...common, protocol: 'unknown', defects: [] };
    return { ...common, protocol: 'rtp', rtp, defects: rtp.defects };
  });
  return { ...base, messages };
}
