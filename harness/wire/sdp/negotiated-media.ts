import { isSpeech } from './check-answer.js';
import { amrParameters, isAmr } from './codecs.js';
import {
  type Direction,
  directionOf,
  type MediaEndpoint,
  MIRRORED,
  packetTime,
  rtcpEndpoint,
  rtpEndpoint,
} from './media-attributes.js';
import { isEncoding, type Payload, payloadsOf } from './payload.js';
import { bandwidthOf, type Sdp } from './sdp.js';

/** One stream as both descriptions together say it, seen from the local end. */
export interface NegotiatedMedia {
  readonly index: number;
  readonly kind: string;
  readonly direction: Direction;
  readonly local: { readonly rtp: MediaEndpoint; readonly rtcp: MediaEndpoint };
  readonly remote: { readonly rtp: MediaEndpoint; readonly rtcp: MediaEndpoint };
  /** What is sent: the format with the payload type that the remote end wants to receive. */
  readonly send: Payload;
  /** Formats that may arrive, with this end's payload types. */
  readonly receive: readonly Payload[];
  /** The event format to send digits with, null where none was agreed. */
  readonly events: Payload | null;
  /** Milliseconds of speech in a packet. */
  readonly ptime: number;
  readonly rtcpMux: boolean;
  /** RS + RR of the remote end in bit/s, null where it does not say; 0: no RTCP. */
  readonly rtcpBandwidth: number | null;
}

/** The streams that both ends want, RFC 3264; refused ones and those without a common format are left out. */
export function negotiatedMedia(local: Sdp, remote: Sdp): readonly NegotiatedMedia[] {
  return local.media.flatMap((own) => {
    const theirs = remote.media[own.index];
    if (theirs === undefined || own.port <= 0 || theirs.port <= 0) return [];
    const receive = payloadsOf(own);
    const wanted = payloadsOf(theirs);
    const common = wanted.filter((payload) => receive.some((other) => sameConfiguration(other, payload)));
    const send = common.find(isSpeech);
    const rtcpMux = own.has('rtcp-mux') && theirs.has('rtcp-mux');
    const localRtp = rtpEndpoint(local, own);
    const localRtcp = rtcpEndpoint(local, own, rtcpMux);
    const remoteRtp = rtpEndpoint(remote, theirs);
    const remoteRtcp = rtcpEndpoint(remote, theirs, rtcpMux);
    if (send === undefined || localRtp === null || localRtcp === null || remoteRtp === null || remoteRtcp === null) {
      return [];
    }
    const events = common.find(
      (payload) => isEncoding(payload, 'telephone-event') && payload.clockRate === send.clockRate,
    );
    const rs = bandwidthOf(theirs, 'RS');
    const rr = bandwidthOf(theirs, 'RR');
    return [
      {
        index: own.index,
        kind: own.kind,
        direction: both(directionOf(local, own), MIRRORED[directionOf(remote, theirs)]),
        local: { rtp: localRtp, rtcp: localRtcp },
        remote: { rtp: remoteRtp, rtcp: remoteRtcp },
        send,
        receive,
        events: events ?? null,
        ptime: packetTime(theirs, 'ptime') ?? 20,
        rtcpMux,
        rtcpBandwidth: rs === null && rr === null ? null : (rs ?? 0) + (rr ?? 0),
      },
    ];
  });
}

/** The same format in the same framing: an octet-aligned AMR stream is another one than a bandwidth-efficient one. */
function sameConfiguration(a: Payload, b: Payload): boolean {
  if (!isEncoding(a, b.encoding) || a.clockRate !== b.clockRate || a.channels !== b.channels) return false;
  return !isAmr(a) || amrParameters(a).octetAligned === amrParameters(b).octetAligned;
}

function both(a: Direction, b: Direction): Direction {
  const sends = a.startsWith('send') && b.startsWith('send');
  const receives = a.includes('recv') && b.includes('recv');
  return sends && receives ? 'sendrecv' : sends ? 'sendonly' : receives ? 'recvonly' : 'inactive';
}
