import type { RecordedRtp } from '../../evidence/model.js';
import { type AmrFormat, type AmrPayload, HIGHEST_MODE, isSid, NO_DATA, parseAmr } from '../../wire/rtp/amr.js';
import { parseTelephoneEvent } from '../../wire/rtp/telephone-event.js';
import { amrParameters, isAmr } from '../../wire/sdp/codecs.js';
import { isEncoding, type Payload } from '../../wire/sdp/payload.js';
import type { RuleContext } from '../context.js';
import { formatOf, type MediaStream, mediaStreams, sequenceStep, timestampStep } from '../media-stream.js';
import type { Rule, Violation } from '../rule.js';
import { each, rule } from '../sip-rule.js';
import { VOC_SDP } from './voc-sdp.js';

/** Findings of one stream: the same fault in every packet is one finding with a count. */
const TOLD_PER_STREAM = 3;
/** Speech frames are 20 ms long. */
const FRAMES_PER_SECOND = 50;
/** A comfort noise update is due with every eighth frame, TS 26.093 §5.1.2, TS 26.193 §5.1.2. */
const SID_INTERVAL = 8;

/** Tells the first few of many and counts the rest. */
function summed(all: readonly { readonly packet: RecordedRtp; readonly seen: string }[]): readonly Violation[] {
  return all.slice(0, TOLD_PER_STREAM).map(({ packet, seen }, index) => {
    const rest = all.length - TOLD_PER_STREAM;
    const more = index === TOLD_PER_STREAM - 1 && rest > 0 ? `, and ${rest} more in this stream` : '';
    return { message: packet, seen: `${seen}${more}` };
  });
}

/** Neighbours in a stream: the packet and the one right behind it by sequence number. */
function neighbours(stream: MediaStream): readonly (readonly [RecordedRtp, RecordedRtp])[] {
  const pairs: (readonly [RecordedRtp, RecordedRtp])[] = [];
  let previous: RecordedRtp | null = null;
  for (const packet of stream.packets) {
    if (previous !== null && sequenceStep(previous.rtp.sequenceNumber, packet.rtp.sequenceNumber) === 1) {
      pairs.push([previous, packet]);
    }
    previous = packet;
  }
  return pairs;
}

function amrFormat(format: Payload): AmrFormat {
  const { wideband, octetAligned, crc, robustSorting, interleaving } = amrParameters(format);
  return { wideband, octetAligned, crc, robustSorting, interleaving: interleaving !== null };
}

/** Payload types of events in a stream. */
function eventTypes(stream: MediaStream): ReadonlySet<number> {
  const events = [...stream.formats.values()].filter((format) => isEncoding(format, 'telephone-event'));
  return new Set(events.map(({ payloadType }) => payloadType));
}

/** One packet of AMR or AMR-WB with what is in it. */
interface AmrPacket {
  readonly packet: RecordedRtp;
  readonly format: Payload;
  readonly amr: AmrFormat;
  readonly payload: AmrPayload;
}

/** Packets of AMR and AMR-WB, read once for all rules. */
function amrPackets(stream: MediaStream, context: RuleContext): readonly AmrPacket[] {
  return context.memo(`AMR ${stream.source} ${stream.destination} ${stream.ssrc}`, () => {
    const formats = new Map([...stream.formats].filter(([, format]) => isAmr(format) && format.channels === 1));
    const readable = new Map([...formats].map(([type, format]) => [type, amrFormat(format)]));
    return stream.packets.flatMap((packet) => {
      const format = formats.get(packet.rtp.payloadType);
      const amr = readable.get(packet.rtp.payloadType);
      if (format === undefined || amr === undefined) return [];
      return [{ packet, format, amr, payload: parseAmr(packet.rtp.payload, amr) }];
    });
  });
}

interface KeyPress {
  readonly packets: readonly RecordedRtp[];
  readonly event: number;
}

/** Packets of one event share timestamp and event code, RFC 4733 §2.2.1. */
function keyPresses(stream: MediaStream): readonly KeyPress[] {
  const presses: { packets: RecordedRtp[]; event: number; timestamp: number }[] = [];
  const types = eventTypes(stream);
  for (const packet of stream.packets) {
    if (!types.has(packet.rtp.payloadType)) continue;
    const event = parseTelephoneEvent(packet.rtp.payload)?.event;
    if (event === undefined) continue;
    const last = presses.at(-1);
    if (last !== undefined && last.timestamp === packet.rtp.timestamp && last.event === event)
      last.packets.push(packet);
    else presses.push({ packets: [packet], event, timestamp: packet.rtp.timestamp });
  }
  return presses;
}

function judgeKeyPress(stream: MediaStream, { packets }: KeyPress): readonly { packet: RecordedRtp; seen: string }[] {
  const [first] = packets;
  const last = packets.at(-1);
  if (first === undefined || last === undefined) return [];
  const span = sequenceStep(first.rtp.sequenceNumber, last.rtp.sequenceNumber) + 1;
  // A gap on the way to the tap may have swallowed the marker or an end; nobody is blamed for that.
  if (span !== packets.length) return [];
  const behind = stream.packets.indexOf(last) + 1;
  const before = stream.packets.indexOf(first) - 1;
  const problems: { packet: RecordedRtp; seen: string }[] = [];
  const previous = stream.packets[before];
  const startSeen = previous !== undefined && sequenceStep(previous.rtp.sequenceNumber, first.rtp.sequenceNumber) === 1;
  if (startSeen && !first.rtp.marker)
    problems.push({ packet: first, seen: 'the first packet of an event has no marker' });
  const next = stream.packets[behind];
  const endSeen = next !== undefined && sequenceStep(last.rtp.sequenceNumber, next.rtp.sequenceNumber) === 1;
  const ends = packets.filter((packet) => parseTelephoneEvent(packet.rtp.payload)?.end === true).length;
  if (endSeen && ends !== 3) problems.push({ packet: last, seen: `the end of an event is sent ${ends} times` });
  return problems;
}

function judgeSteps(stream: MediaStream): readonly Violation[] | undefined {
  if (stream.formats.size === 0) return undefined;
  const problems: { packet: RecordedRtp; seen: string }[] = [];
  const events = eventTypes(stream);
  for (const packet of stream.packets) {
    if (formatOf(stream, packet) !== null) continue;
    problems.push({ packet, seen: `payload type ${packet.rtp.payloadType} was not agreed` });
  }
  for (const [a, b] of neighbours(stream)) {
    const format = formatOf(stream, b);
    if (format === null || !(isAmr(format) || isEncoding(format, 'EVS'))) continue;
    // Behind an event, and at the begin of a talkspurt, a sender may resume its clock where it stands.
    if (b.rtp.marker || events.has(a.rtp.payloadType)) continue;
    const step = timestampStep(a.rtp.timestamp, b.rtp.timestamp);
    const frame = format.clockRate / FRAMES_PER_SECOND;
    // Longer steps are silence (DTX) or packets with several frames; what is never right is a part of a frame.
    if (step > 0 && step % frame === 0) continue;
    const seen = `the timestamp goes on by ${step} between two packets; frames of ${format.encoding} last ${frame}`;
    problems.push({ packet: b, seen });
  }
  return summed(problems);
}

function judgeAmr({ amr, payload }: AmrPacket, modeSet: readonly number[] | null): readonly string[] {
  const { cmr, frames, defects } = payload;
  const problems = defects.map((defect) => defect.text.replace(/\.$/, ''));
  if (modeSet === null) return problems;
  const highest = amr.wideband ? HIGHEST_MODE.amrWb : HIGHEST_MODE.amr;
  const outside = frames.find(({ type }) => type <= highest && !modeSet.includes(type));
  if (outside !== undefined) problems.push(`mode ${outside.type} is not in mode-set=${modeSet.join(',')}`);
  if (cmr <= highest && !modeSet.includes(cmr)) {
    problems.push(`mode request ${cmr} is not in mode-set=${modeSet.join(',')}`);
  }
  return problems;
}

function judgeTables(packets: readonly AmrPacket[]): readonly Violation[] {
  const modeSets = new Map(packets.map(({ format }) => [format, amrParameters(format).modeSet]));
  return summed(
    packets.flatMap((one) =>
      judgeAmr(one, modeSets.get(one.format) ?? null).map((seen) => ({ packet: one.packet, seen })),
    ),
  );
}

function judgeSilence(packets: readonly AmrPacket[]): readonly Violation[] | undefined {
  let looked = false;
  const problems: { packet: RecordedRtp; seen: string }[] = [];
  for (const [index, after] of packets.entries()) {
    const before = packets[index - 1];
    if (before === undefined || before.format !== after.format) continue;
    const noise = (one: AmrPacket) => isSid(one.payload.frames.at(-1)?.type ?? NO_DATA, one.amr.wideband);
    if (!noise(before)) continue;
    const [a, b] = [before.packet.rtp, after.packet.rtp];
    if (sequenceStep(a.sequenceNumber, b.sequenceNumber) !== 1) continue;
    looked = true;
    const frames = (timestampStep(a.timestamp, b.timestamp) * FRAMES_PER_SECOND) / after.format.clockRate;
    if (noise(after) && frames > SID_INTERVAL) {
      problems.push({ packet: after.packet, seen: `a comfort noise update ${frames} frames behind the one before it` });
    }
  }
  return looked ? summed(problems) : undefined;
}

const MEDIA: readonly Rule[] = [
  rule({
    id: 'VOC-14',
    says: 'An event of a key is sent with the agreed payload type; its first packet has the marker, and the packet with the end bit is sent three times.',
    clause: 'RFC 4733 §2.2.2, §2.5.1.4',
    strength: 'should',
    provenance: 'S',
    usualCause: 'a gateway generates events on its own and drops the repetitions',
    check: (context) =>
      each(mediaStreams(context), (stream) => {
        const presses = keyPresses(stream);
        return presses.length === 0 ? undefined : summed(presses.flatMap((press) => judgeKeyPress(stream, press)));
      }),
  }),
  rule({
    id: 'VOC-16',
    says: 'Speech comes with an agreed payload type, and its timestamp goes on in whole frames: 160 for AMR, 320 for AMR-WB and EVS.',
    clause: 'RFC 4867 §4.1; TS 26.445 §A.2',
    strength: 'should',
    provenance: 'S',
    usualCause: 'a transcoder counts in the clock of its other side, or a payload type of the other direction is used',
    check: (context) => each(mediaStreams(context), judgeSteps),
  }),
  rule({
    id: 'VOC-17',
    says: 'A payload of AMR or AMR-WB has a whole table of contents, frame types inside the agreed mode-set (or SID or NO_DATA), and a mode request of that set or 15.',
    clause: 'RFC 4867 §4.3.1, §4.3.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'one end packs octet-aligned and the other bandwidth-efficient, or ignores the mode-set',
    check: (context) =>
      each(mediaStreams(context), (stream) => {
        const packets = amrPackets(stream, context);
        return packets.length === 0 ? undefined : judgeTables(packets);
      }),
  }),
  rule({
    id: 'VOC-18',
    says: 'In silence a comfort noise update comes with every eighth frame.',
    clause: 'TS 26.093 §5.1.2; TS 26.193 §5.1.2',
    strength: 'should',
    provenance: 'E',
    usualCause: 'a gateway suppresses silence on its own and sends updates more rarely',
    check: (context) => each(mediaStreams(context), (stream) => judgeSilence(amrPackets(stream, context))),
  }),
];

/** Voice codecs and their media, TS 26.114, RFC 4867, RFC 4733. */
export const VOC: readonly Rule[] = [...VOC_SDP, ...MEDIA];
