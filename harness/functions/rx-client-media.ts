import {
  type Direction,
  directionOf,
  type MediaEndpoint,
  MIRRORED,
  rtcpEndpoint,
  rtpEndpoint,
} from '../wire/sdp/media-attributes.js';
import { bandwidthOf, connectionOf, type Sdp, type SdpMedia } from '../wire/sdp/sdp.js';
import type { FlowStatus, RxFlow, RxMediaComponent, RxMediaType } from './rx-client.js';

/** Both session descriptions as the P-CSCF has seen them. */
export interface RxSessionDescriptions {
  /** The description of the served UE. */
  readonly ue: Sdp;
  /** The other end's; null while the offer has no answer. */
  readonly peer: Sdp | null;
  readonly offerer: 'ue' | 'peer';
  /** Closed while media must not flow yet (early media not authorised): every flow DISABLED. */
  readonly gate: 'open' | 'closed';
}

const MEDIA_TYPES: Readonly<Record<string, RxMediaType>> = {
  audio: 'AUDIO',
  video: 'VIDEO',
  data: 'DATA',
  application: 'APPLICATION',
  control: 'CONTROL',
  text: 'TEXT',
  message: 'MESSAGE',
};

/** Gate by the direction as the UE sees it, TS 29.213 §6.2. */
const STATUS_OF_DIRECTION: Readonly<Record<Direction, FlowStatus>> = {
  sendrecv: 'ENABLED',
  sendonly: 'ENABLED-UPLINK',
  recvonly: 'ENABLED-DOWNLINK',
  inactive: 'DISABLED',
};

/** Session descriptions as the media components of an AAR, TS 29.213 §6.2: one for each m= line. */
export function mediaComponents(descriptions: RxSessionDescriptions): readonly RxMediaComponent[] {
  return descriptions.ue.media.map((media) => mediaComponent(descriptions, media));
}

function mediaComponent(descriptions: RxSessionDescriptions, media: SdpMedia): RxMediaComponent {
  const { ue, peer } = descriptions;
  const theirs = peer?.media[media.index] ?? null;
  const uplink = theirs === null ? null : bandwidthOf(theirs, 'AS');
  const downlink = bandwidthOf(media, 'AS');
  const rs = larger(bandwidthOf(media, 'RS'), theirs && bandwidthOf(theirs, 'RS'));
  const rr = larger(bandwidthOf(media, 'RR'), theirs && bandwidthOf(theirs, 'RR'));
  return {
    number: media.index + 1,
    mediaType: MEDIA_TYPES[media.kind] ?? 'OTHER',
    flowStatus: flowStatus(descriptions, media, theirs),
    // The receiver's b=AS counts, in kbit/s: that of the peer uplink, that of the UE downlink.
    ...(uplink === null ? {} : { maxRequestedBandwidthUplink: uplink * 1000 }),
    ...(downlink === null ? {} : { maxRequestedBandwidthDownlink: downlink * 1000 }),
    ...(rs === null ? {} : { rsBandwidth: rs }),
    ...(rr === null ? {} : { rrBandwidth: rr }),
    codecData: codecData(descriptions, media, theirs),
    flows: removed(media, theirs) ? [] : flows(ue, media, peer, theirs),
  };
}

function removed(own: SdpMedia, theirs: SdpMedia | null): boolean {
  return own.port === 0 || theirs?.port === 0;
}

function flowStatus(descriptions: RxSessionDescriptions, own: SdpMedia, theirs: SdpMedia | null): FlowStatus {
  if (removed(own, theirs)) return 'REMOVED';
  if (descriptions.gate === 'closed') return 'DISABLED';
  const mine = directionOf(descriptions.ue, own);
  const mirrored =
    theirs === null || descriptions.peer === null ? mine : MIRRORED[directionOf(descriptions.peer, theirs)];
  return STATUS_OF_DIRECTION[
    directionFrom(SENDS.has(mine) && SENDS.has(mirrored), RECEIVES.has(mine) && RECEIVES.has(mirrored))
  ];
}

const SENDS: ReadonlySet<Direction> = new Set(['sendrecv', 'sendonly']);
const RECEIVES: ReadonlySet<Direction> = new Set(['sendrecv', 'recvonly']);

function directionFrom(sends: boolean, receives: boolean): Direction {
  if (sends) return receives ? 'sendrecv' : 'sendonly';
  return receives ? 'recvonly' : 'inactive';
}

function flows(ue: Sdp, own: SdpMedia, peer: Sdp | null, theirs: SdpMedia | null): readonly RxFlow[] {
  const multiplexed = own.has('rtcp-mux') && theirs?.has('rtcp-mux') === true;
  const rtp = flow(1, 'NO_INFORMATION', rtpEndpoint(ue, own), peer && theirs && rtpEndpoint(peer, theirs));
  if (multiplexed || !own.proto.includes('RTP')) return rtp;
  return [...rtp, ...flow(2, 'RTCP', rtcpEndpoint(ue, own), peer && theirs && rtcpEndpoint(peer, theirs))];
}

/** Uplink `permit in` and downlink `permit out`, IPFilterRule of RFC 6733 §4.3.1 as TS 29.214 §5.3.8 restricts it. */
function flow(
  number: number,
  usage: RxFlow['usage'],
  ue: MediaEndpoint | null,
  peer: MediaEndpoint | null,
): readonly RxFlow[] {
  if (ue === null) return [];
  const here = `${ue.address} ${ue.port}`;
  const there = peer === null ? 'any' : `${peer.address} ${peer.port}`;
  return [
    {
      number,
      usage,
      descriptions: [`permit in 17 from ${here} to ${there}`, `permit out 17 from ${there} to ${here}`],
    },
  ];
}

/** Codec-Data, TS 29.214 §5.3.7: direction, offer or answer, then the lines of the media description. */
function codecData(descriptions: RxSessionDescriptions, own: SdpMedia, theirs: SdpMedia | null): readonly string[] {
  const { ue, peer, offerer } = descriptions;
  const text = (direction: string, isOffer: boolean, sdp: Sdp, media: SdpMedia): string => {
    const connection = media.connection === null ? connectionOf(sdp, media) : null;
    const lines = [
      media.line,
      ...(connection === null ? [] : [connection.line]),
      ...media.lines.filter((line) => line !== media.line),
    ];
    const sdpLines = lines.map(({ type, value }) => `${type}=${value}`);
    return [direction, isOffer ? 'offer' : 'answer', ...sdpLines, ''].join('\n');
  };
  const uplink = text('uplink', offerer === 'ue', ue, own);
  if (peer === null || theirs === null) return [uplink];
  return [uplink, text('downlink', offerer === 'peer', peer, theirs)];
}

function larger(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
