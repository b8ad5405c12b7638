import { amrParameters, isAmr } from './codecs.js';
import { addressType, buildSdp } from './edit.js';
import { type Direction, directionOf, MIRRORED } from './media-attributes.js';
import { isEncoding, type Payload, payloadsOf } from './payload.js';
import {
  covers,
  MIRRORED_TAG,
  type PreconditionState,
  preconditionLines,
  preconditionState,
  type QosDirection,
} from './precondition.js';
import type { Sdp, SdpMedia } from './sdp.js';
import { type LocalEnd, RTCP_BANDWIDTH, requiredBandwidth, sessionLines, type VoiceCodec } from './voice.js';

/** What the answering end can do. */
export interface MediaCapabilities {
  readonly codecs: readonly VoiceCodec[];
  readonly telephoneEvent: boolean;
}

/** What the answering end is at. */
export interface AnswerState {
  readonly local: LocalEnd;
  /** Null: this end does not use preconditions. `ready`: the resources of its side are reserved. */
  readonly precondition: { readonly ready: boolean } | null;
  /** What this end wants at most; the offer narrows it. sendrecv without. */
  readonly direction?: Direction;
}

/**
 * Answers an offer, RFC 3264 §6: the first audio stream gets the first format that both ends know, and the event format of the
 * same clock; every other stream is refused with port 0. Null where no format of the audio stream is known (488).
 */
export function answer(offer: Sdp, capabilities: MediaCapabilities, state: AnswerState): Sdp | null {
  const audio = offer.media.find(
    (media) => media.kind === 'audio' && media.port > 0 && chooseSpeech(media, capabilities) !== null,
  );
  if (audio === undefined) return null;
  const timing = offer.timing[0];
  const head = sessionLines(state.local).map((line) =>
    line.startsWith('t=') && timing !== undefined ? `t=${timing.line.value}` : line,
  );
  const streams = offer.media.flatMap((media) =>
    media === audio ? answeredAudio(offer, media, capabilities, state) : [refused(media)],
  );
  return buildSdp([...head, ...streams]);
}

/** The first offered format that this end can both send and receive. */
export function chooseSpeech(media: SdpMedia, capabilities: MediaCapabilities): Payload | null {
  const chosen = payloadsOf(media).find((payload) => {
    if (payload.channels !== 1) return false;
    if (!capabilities.codecs.some((codec) => isEncoding(payload, codec))) return false;
    if (!isAmr(payload)) return true;
    // crc, robust sorting and interleaving are of no use on an interconnect, and not offered by a VoLTE terminal.
    const { crc, robustSorting, interleaving } = amrParameters(payload);
    return !crc && !robustSorting && interleaving === null;
  });
  return chosen ?? null;
}

function refused(media: SdpMedia): string {
  return `m=${media.kind} 0 ${media.proto} ${media.formats.join(' ')}`;
}

function answeredAudio(
  offer: Sdp,
  media: SdpMedia,
  capabilities: MediaCapabilities,
  state: AnswerState,
): readonly string[] {
  const speech = chooseSpeech(media, capabilities);
  if (speech === null) return [refused(media)];
  const event = capabilities.telephoneEvent
    ? payloadsOf(media).find(
        (payload) => isEncoding(payload, 'telephone-event') && payload.clockRate === speech.clockRate,
      )
    : undefined;
  const formats = event === undefined ? [speech] : [speech, event];
  const type = addressType(state.local.address);
  const bandwidth = requiredBandwidth(speech, type);
  const preconditions = answeredPreconditions(media, state);
  return [
    `m=audio ${state.local.port} ${media.proto} ${formats.map((format) => format.payloadType).join(' ')}`,
    ...(bandwidth === null ? [] : [`b=AS:${bandwidth}`]),
    `b=RS:${RTCP_BANDWIDTH.RS}`,
    `b=RR:${RTCP_BANDWIDTH.RR}`,
    ...formats.flatMap((format) => {
      const channels = format === speech ? '/1' : '';
      const parameters = answeredParameters(format);
      return [
        `a=rtpmap:${format.payloadType} ${format.encoding}/${format.clockRate}${channels}`,
        ...(parameters === '' ? [] : [`a=fmtp:${format.payloadType} ${parameters}`]),
      ];
    }),
    'a=ptime:20',
    'a=maxptime:240',
    `a=${answeredDirection(directionOf(offer, media), state.direction ?? 'sendrecv')}`,
    ...(preconditions === null ? [] : preconditionLines(preconditions)),
  ];
}

/** Configuration parameters go back unmodified (RFC 4867 §8.3.1); those that declare an end's own ability are its own. */
function answeredParameters(payload: Payload): string {
  if (isAmr(payload)) {
    const { octetAligned } = amrParameters(payload);
    const modeSet = payload.parameters.get('mode-set');
    return [
      ...(octetAligned ? ['octet-align=1'] : []),
      ...(modeSet === undefined || modeSet === null ? [] : [`mode-set=${modeSet}`]),
      'mode-change-capability=2',
      'max-red=0',
    ].join('; ');
  }
  return payload.fmtp ?? '';
}

function answeredDirection(offered: Direction, own: Direction): Direction {
  const possible = MIRRORED[offered];
  const sends = possible.startsWith('send') && own.startsWith('send');
  const receives = possible.includes('recv') && own.includes('recv');
  return sends && receives ? 'sendrecv' : sends ? 'sendonly' : receives ? 'recvonly' : 'inactive';
}

/** RFC 3312 §5.2 and §6: own status, the offerer's mirrored, both segments mandatory, and a wish to be told when its side is ready. */
function answeredPreconditions(media: SdpMedia, state: AnswerState): PreconditionState | null {
  const offered = preconditionState(media);
  if (offered === null || state.precondition === null) return null;
  const remote: QosDirection = MIRRORED_TAG[offered.local];
  return {
    local: state.precondition.ready ? 'sendrecv' : 'none',
    remote,
    desiredLocal: 'mandatory',
    desiredRemote: 'mandatory',
    confirm: !covers(remote, 'sendrecv'),
  };
}
