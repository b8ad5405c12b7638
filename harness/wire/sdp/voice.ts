import { amrParameters, isAmr } from './codecs.js';
import { addressType, buildSdp } from './edit.js';
import type { Direction } from './media-attributes.js';
import { isEncoding, type Payload } from './payload.js';
import { FIRST_OFFER, type PreconditionState, preconditionLines } from './precondition.js';
import type { Sdp } from './sdp.js';

/** The speech codecs of VoLTE, TS 26.114 §5.2.1. */
export type VoiceCodec = 'EVS' | 'AMR-WB' | 'AMR';

/** The end that a description speaks for. */
export interface LocalEnd {
  readonly address: string;
  /** RTP port; RTCP is one above. */
  readonly port: number;
  /** Decimal number. */
  readonly sessionId: string;
  readonly sessionVersion: number;
  readonly userName?: string;
}

export interface VoiceOffer {
  readonly local: LocalEnd;
  /** In order of preference; AMR-WB and AMR without. */
  readonly codecs?: readonly VoiceCodec[];
  /** True without. */
  readonly telephoneEvent?: boolean;
  /** Null: the offer does not use preconditions. Without: the state of a first offer. */
  readonly precondition?: PreconditionState | null;
  /** sendrecv without. */
  readonly direction?: Direction;
}

interface OfferedFormat {
  readonly payloadType: number;
  readonly rtpmap: string;
  readonly fmtp: string;
}

const MTSI = 'mode-change-capability=2; max-red=220';

/** Offered formats by codec in the form of TS 26.114 §A.14: bandwidth-efficient before octet-aligned. */
const FORMATS: Readonly<Record<VoiceCodec, readonly OfferedFormat[]>> = {
  EVS: [{ payloadType: 96, rtpmap: 'EVS/16000/1', fmtp: 'br=5.9-24.4; bw=nb-swb; max-red=220' }],
  'AMR-WB': [
    { payloadType: 97, rtpmap: 'AMR-WB/16000/1', fmtp: MTSI },
    { payloadType: 98, rtpmap: 'AMR-WB/16000/1', fmtp: `octet-align=1; ${MTSI}` },
  ],
  AMR: [
    { payloadType: 99, rtpmap: 'AMR/8000/1', fmtp: MTSI },
    { payloadType: 100, rtpmap: 'AMR/8000/1', fmtp: `octet-align=1; ${MTSI}` },
  ],
};
const EVENTS: Readonly<Record<number, OfferedFormat>> = {
  16000: { payloadType: 101, rtpmap: 'telephone-event/16000', fmtp: '0-15' },
  8000: { payloadType: 102, rtpmap: 'telephone-event/8000', fmtp: '0-15' },
};

/** RTCP bandwidth of an MTSI audio stream in bit/s, TS 26.114 §A.14. */
export const RTCP_BANDWIDTH = { RS: 0, RR: 2000 } as const;

/** A VoLTE offer with one audio stream, TS 26.114 §A.14 with the preconditions of TS 24.229 §6.1.2. */
export function voiceOffer(offer: VoiceOffer): Sdp {
  const codecs = offer.codecs ?? ['AMR-WB', 'AMR'];
  const precondition = offer.precondition === undefined ? FIRST_OFFER : offer.precondition;
  const formats = codecs.flatMap((codec) => FORMATS[codec]);
  if (offer.telephoneEvent !== false) {
    const clocks = [...new Set(codecs.map((codec) => (codec === 'AMR' ? 8000 : 16000)))];
    // The narrowband event format goes with every offer: a gateway to the circuit-switched side knows no other.
    for (const clock of clocks.includes(8000) ? clocks : [...clocks, 8000]) {
      const format = EVENTS[clock];
      if (format !== undefined) formats.push(format);
    }
  }
  const version = addressType(offer.local.address);
  const highest = Math.max(
    ...codecs.map((codec) =>
      codec === 'EVS' ? kilobitsPerSecond(version, 62) : kilobitsPerSecond(version, LARGEST[codec]),
    ),
  );
  return buildSdp([
    ...sessionLines(offer.local),
    `m=audio ${offer.local.port} RTP/AVP ${formats.map((format) => format.payloadType).join(' ')}`,
    `b=AS:${highest}`,
    `b=RS:${RTCP_BANDWIDTH.RS}`,
    `b=RR:${RTCP_BANDWIDTH.RR}`,
    ...formats.flatMap((format) => [
      `a=rtpmap:${format.payloadType} ${format.rtpmap}`,
      `a=fmtp:${format.payloadType} ${format.fmtp}`,
    ]),
    'a=ptime:20',
    'a=maxptime:240',
    `a=${offer.direction ?? 'sendrecv'}`,
    ...(precondition === null ? [] : preconditionLines(precondition)),
  ]);
}

/** The lines of the session part, with `c=` and without bandwidth. */
export function sessionLines(local: LocalEnd): readonly string[] {
  const type = addressType(local.address);
  return [
    'v=0',
    `o=${local.userName ?? '-'} ${local.sessionId} ${local.sessionVersion} IN ${type} ${local.address}`,
    's=-',
    `c=IN ${type} ${local.address}`,
    't=0 0',
  ];
}

/** Octets of the largest octet-aligned payload with one frame: AMR 12.2 and AMR-WB 23.85. RFC 4867 §4.4. */
const LARGEST: Readonly<Record<'AMR' | 'AMR-WB', number>> = { AMR: 33, 'AMR-WB': 62 };
/** Octets of speech of one 20 ms frame by mode, RFC 4867 §3.6 (class A, B and C bits rounded up to octets later). */
const AMR_BITS = [95, 103, 118, 134, 148, 159, 204, 244];
const AMR_WB_BITS = [132, 177, 253, 285, 317, 365, 397, 461, 477];
const STATIC_OCTETS: Readonly<Record<string, number>> = { pcma: 160, pcmu: 160, g722: 160 };

/** kbit/s of a 20 ms stream with IP, UDP and RTP headers, rounded up as `b=AS` is. RFC 3550 §6.2, TS 26.114 Annex K. */
function kilobitsPerSecond(type: 'IP4' | 'IP6', payloadOctets: number): number {
  return Math.ceil((((type === 'IP4' ? 20 : 40) + 8 + 12 + payloadOctets) * 8 * 50) / 1000);
}

/**
 * The least `b=AS` in kbit/s that carries the highest rate of a format in 20 ms packets, TS 26.114 Annex K; null for formats
 * whose rate is not known here.
 */
export function requiredBandwidth(payload: Payload, type: 'IP4' | 'IP6'): number | null {
  if (isAmr(payload)) {
    const { wideband, octetAligned, modeSet } = amrParameters(payload);
    const bits = wideband ? AMR_WB_BITS : AMR_BITS;
    const speech = Math.max(0, ...(modeSet ?? bits.map((_, mode) => mode)).map((mode) => bits[mode] ?? 0));
    // CMR of four bits and one table entry of six; octet-aligned each fills an octet.
    const octets = octetAligned ? 2 + Math.ceil(speech / 8) : Math.ceil((10 + speech) / 8);
    return kilobitsPerSecond(type, octets);
  }
  if (isEncoding(payload, 'EVS')) {
    const rates = /^(?:[\d.]+ *- *)?([\d.]+)$/.exec(
      payload.parameters.get('br') ?? payload.parameters.get('br-recv') ?? '128',
    );
    const rate = Number(rates?.[1] ?? Number.NaN);
    // One octet of table of contents in the header-full format.
    return Number.isFinite(rate) ? kilobitsPerSecond(type, Math.ceil((rate * 20) / 8) + 1) : null;
  }
  const octets = STATIC_OCTETS[payload.encoding.toLowerCase()];
  return octets === undefined ? null : kilobitsPerSecond(type, octets);
}
