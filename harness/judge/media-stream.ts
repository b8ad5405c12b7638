import type { RecordedRtcp, RecordedRtp } from '../evidence/model.js';
import { amrParameters, isAmr } from '../wire/sdp/codecs.js';
import { rtpEndpoint } from '../wire/sdp/media-attributes.js';
import { isEncoding, type Payload, payloadsOf } from '../wire/sdp/payload.js';
import type { SdpMedia } from '../wire/sdp/sdp.js';
import type { RuleContext } from './context.js';
import { type Described, descriptionsAtIci } from './media-description.js';

/** One direction of media between two sockets at Izi with one synchronisation source. */
export interface MediaStream {
  readonly source: string;
  readonly destination: string;
  readonly ssrc: number;
  /** In the order of the capture. */
  readonly packets: readonly RecordedRtp[];
  /** Formats that the receiving end agreed to at this socket, by its payload types; empty where its description was not seen. */
  readonly formats: ReadonlyMap<number, Payload>;
  /** The Call-ID of the description that named the destination, null where none was seen. */
  readonly callId: string | null;
}

/** A stream of a description at the Ici, by the socket that it names. */
interface Announced {
  readonly described: Described;
  readonly media: SdpMedia;
}

export function socketOf(end: { readonly address: string; readonly port: number }): string {
  return end.address.includes(':') ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`;
}

/** Sockets that descriptions at the Ici announce for RTP, with each announcement in order. */
export function announcedSockets(context: RuleContext): ReadonlyMap<string, readonly Announced[]> {
  return context.memo('announced media sockets', () => {
    const sockets = new Map<string, Announced[]>();
    for (const described of descriptionsAtIci(context)) {
      for (const media of described.sdp.media) {
        const endpoint = rtpEndpoint(described.sdp, media);
        if (endpoint === null) continue;
        const key = socketOf(endpoint);
        const list = sockets.get(key);
        if (list === undefined) sockets.set(key, [{ described, media }]);
        else list.push({ described, media });
      }
    }
    return sockets;
  });
}

/** Every stream at Izi: between two TrGWs, or to a socket that a description at the Ici announces. */
export function mediaStreams(context: RuleContext): readonly MediaStream[] {
  return context.memo('media streams', () => {
    const sockets = announcedSockets(context);
    const streams = new Map<string, { packets: RecordedRtp[]; key: string }>();
    for (const message of context.evidence.messages) {
      if (message.protocol !== 'rtp') continue;
      const destination = socketOf(message.to);
      if (message.referencePoint !== 'Izi' && !sockets.has(destination)) continue;
      const key = `${socketOf(message.from)} ${destination} ${message.rtp.ssrc}`;
      const stream = streams.get(key);
      if (stream === undefined) streams.set(key, { packets: [message], key });
      else stream.packets.push(message);
    }
    return [...streams.values()].flatMap(({ packets }) => {
      const [first] = packets;
      const last = packets.at(-1);
      if (first === undefined || last === undefined) return [];
      const destination = socketOf(first.to);
      const call = announcementsOf(sockets.get(destination) ?? [], last.index);
      return [
        {
          source: socketOf(first.from),
          destination,
          ssrc: first.rtp.ssrc,
          packets,
          // The latest description that knows a payload type speaks for it.
          formats: new Map(
            call
              .flatMap(({ described, media }) => accepted(described, media))
              .map((format) => [format.payloadType, format]),
          ),
          callId: call[0]?.described.view.callId ?? null,
        },
      ];
    });
  });
}

/** RTCP at Izi, under the same rule of what is at Izi as for RTP: sockets next to those that are announced. */
export function rtcpAtIzi(context: RuleContext): readonly RecordedRtcp[] {
  return context.memo('RTCP at Izi', () => {
    const sockets = announcedSockets(context);
    return context.evidence.messages.filter(
      (message): message is RecordedRtcp =>
        message.protocol === 'rtcp' &&
        (message.referencePoint === 'Izi' ||
          sockets.has(socketOf(message.to)) ||
          sockets.has(socketOf({ ...message.to, port: message.to.port - 1 }))),
    );
  });
}

/** The announcements of the call to which the last one in front of a packet belongs: sockets are used again by later calls. */
function announcementsOf(announced: readonly Announced[], index: number): readonly Announced[] {
  const before = announced.filter(({ described }) => described.view.record.index < index);
  const last = before.at(-1);
  if (last === undefined) return [];
  return before.filter(({ described }) => described.view.callId === last.described.view.callId);
}

/** What may arrive at the socket of a description: all formats of an answer, and of an offer those that an answer kept. */
function accepted(described: Described, media: SdpMedia): readonly Payload[] {
  const own = payloadsOf(media);
  if (described.part !== 'offer' || described.counterparts.length === 0) return own;
  const kept = described.counterparts.flatMap(({ sdp }) => sdp.media[media.index] ?? []).flatMap(payloadsOf);
  return own.filter((payload) => kept.some((other) => sameFormat(payload, other)));
}

function sameFormat(a: Payload, b: Payload): boolean {
  if (!isEncoding(a, b.encoding) || a.clockRate !== b.clockRate) return false;
  return !isAmr(a) || amrParameters(a).octetAligned === amrParameters(b).octetAligned;
}

/** The format of a packet, null where its payload type was not agreed or the stream's description was not seen. */
export function formatOf(stream: MediaStream, packet: RecordedRtp): Payload | null {
  return stream.formats.get(packet.rtp.payloadType) ?? null;
}

/** How far a sequence number is ahead of another, -32768 to 32767. RFC 3550 §A.1. */
export function sequenceStep(from: number, to: number): number {
  return ((to - from + 0x18000) & 0xffff) - 0x8000;
}

/** How far a timestamp is ahead of another, signed 32 bits. */
export function timestampStep(from: number, to: number): number {
  return (to - from) | 0;
}
