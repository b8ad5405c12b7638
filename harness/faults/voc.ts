import { buildAmr } from '../wire/rtp/amr.js';
import { buildRtp, parseRtp, type RtpParts } from '../wire/rtp/rtp.js';
import { buildTelephoneEvent } from '../wire/rtp/telephone-event.js';
import { isSpeech } from '../wire/sdp/check-answer.js';
import { isEncoding, type Payload, payloadsOf } from '../wire/sdp/payload.js';
import type { Sdp } from '../wire/sdp/sdp.js';
import type { Fault } from './fault.js';
import { ANSWER_OF_B, mediaOfA, OFFER_OF_A, sdpFault } from './sdp-change.js';
import { INVITE_OF_A, octetFault } from './sip-change.js';

/** Payload type of telephone-event/16000 in the simulated terminals' offers. */
const EVENT_PAYLOAD_TYPE = 101;
const EVS_PAYLOAD_TYPE = '120';
/** Any packet amid the talk. */
const AMID = 100;

function payloads(sdp: Sdp): readonly Payload[] {
  return sdp.media.flatMap(payloadsOf);
}

function formats(list: readonly Payload[]): readonly string[] {
  return list.map(({ payloadType }) => String(payloadType));
}

/** Puts an EVS format in front of what is offered, once. */
function withEvs(clockRate: number, fmtp: string): Parameters<typeof sdpFault>[1] {
  return (edit, sdp) => {
    const others = (sdp.media[0]?.formats ?? []).filter((format) => format !== EVS_PAYLOAD_TYPE);
    return edit
      .formats(0, [EVS_PAYLOAD_TYPE, ...others])
      .removeAttribute(0, 'rtpmap', (value) => value.startsWith(EVS_PAYLOAD_TYPE))
      .removeAttribute(0, 'fmtp', (value) => value.startsWith(EVS_PAYLOAD_TYPE))
      .addAttribute(0, 'rtpmap', `${EVS_PAYLOAD_TYPE} EVS/${clockRate}/1`)
      .addAttribute(0, 'fmtp', `${EVS_PAYLOAD_TYPE} ${fmtp}`);
  };
}

/** Changes every fmtp line of AMR and AMR-WB. */
function amrFmtp(change: (fmtp: string) => string): Parameters<typeof sdpFault>[1] {
  return (edit, sdp) => {
    const amr = payloads(sdp).filter((payload) => isEncoding(payload, 'AMR') || isEncoding(payload, 'AMR-WB'));
    return edit.mapLines((text) => {
      const match = /^a=fmtp:(\d+) (.*)$/.exec(text);
      const known = amr.some(({ payloadType }) => String(payloadType) === match?.[1]);
      return known && match !== null ? `a=fmtp:${match[1]} ${change(match[2] ?? '')}` : undefined;
    });
  };
}

/** A packet of RTP rebuilt with some parts changed. */
function rebuilt(octets: Uint8Array, change: (parts: RtpParts) => Partial<RtpParts>): readonly Uint8Array[] {
  const packet = parseRtp(octets);
  if (packet === null) return [octets];
  const { payloadType, sequenceNumber, timestamp, ssrc, payload, marker } = packet;
  const parts = { payloadType, sequenceNumber, timestamp, ssrc, payload, marker };
  return [buildRtp({ ...parts, ...change(parts) }).octets];
}

/** Faults of voice codecs, in descriptions and in media. */
export const VOC_FAULTS: readonly Fault[] = [
  sdpFault(
    {
      name: 'offer-over-feedback-profile',
      title: 'The call is offered and answered over RTP/AVPF without agreement',
      catches: 'VOC-01',
      at: { protocol: 'sip', method: 'INVITE' },
    },
    (edit) => edit.proto(0, 'RTP/AVPF'),
  ),
  sdpFault(
    { name: 'offer-without-amr', title: 'The offer has no AMR', catches: 'VOC-02', at: OFFER_OF_A },
    (edit, sdp) => edit.formats(0, formats(payloads(sdp).filter((payload) => !isEncoding(payload, 'AMR')))),
  ),
  sdpFault(
    { name: 'evs-with-wrong-clock', title: 'EVS is offered at 32000 Hz', catches: 'VOC-03', at: OFFER_OF_A },
    withEvs(32000, 'br=5.9-13.2; bw=nb-swb'),
  ),
  sdpFault(
    { name: 'narrowband-first', title: 'AMR is offered in front of AMR-WB', catches: 'VOC-04', at: OFFER_OF_A },
    (edit, sdp) => {
      const list = payloads(sdp);
      const narrow = list.filter((payload) => isEncoding(payload, 'AMR'));
      return edit.formats(0, formats([...narrow, ...list.filter((payload) => !narrow.includes(payload))]));
    },
  ),
  sdpFault(
    {
      name: 'impossible-mode-change-period',
      title: 'The offer has mode-change-period=3',
      catches: 'VOC-05',
      at: OFFER_OF_A,
    },
    amrFmtp((fmtp) => `${fmtp.replace(/; *mode-change-period=3/, '')}; mode-change-period=3`),
  ),
  sdpFault(
    { name: 'offer-without-max-red', title: 'The offer does not say max-red', catches: 'VOC-06', at: OFFER_OF_A },
    amrFmtp((fmtp) => fmtp.replace(/; *max-red=\d+/, '')),
  ),
  sdpFault(
    {
      name: 'answer-changes-framing',
      title: "Home B's terminal answers octet-aligned to a bandwidth-efficient format",
      catches: 'VOC-07',
      at: ANSWER_OF_B,
    },
    amrFmtp((fmtp) => `${fmtp.replace(/; *octet-align=1/, '')}; octet-align=1`),
  ),
  sdpFault(
    {
      name: 'evs-with-unknown-rate',
      title: 'EVS is offered at rates it does not have',
      catches: 'VOC-09',
      at: OFFER_OF_A,
    },
    withEvs(16000, 'br=5-13; bw=nb-swb'),
  ),
  sdpFault(
    { name: 'packets-of-40-ms', title: 'The offer asks for packets of 40 ms', catches: 'VOC-10', at: OFFER_OF_A },
    (edit) => edit.attribute(0, 'ptime', '40'),
  ),
  sdpFault(
    { name: 'bandwidth-too-small', title: "Home A's border states too little bandwidth", catches: 'VOC-11' },
    (edit) => edit.bandwidth(0, 'AS', 20),
  ),
  sdpFault(
    { name: 'rtcp-switched-off', title: "Home A's border switches RTCP off", catches: 'VOC-12', at: INVITE_OF_A },
    (edit) => edit.bandwidth(0, 'RR', 0),
  ),
  sdpFault(
    {
      name: 'no-events-for-narrowband',
      title: 'The offer has no telephone-event at 8000 Hz',
      catches: 'VOC-13',
      at: OFFER_OF_A,
    },
    (edit, sdp) => {
      const narrow = (payload: Payload) => isEncoding(payload, 'telephone-event') && payload.clockRate === 8000;
      return edit.formats(0, formats(payloads(sdp).filter((payload) => !narrow(payload))));
    },
  ),
  octetFault(
    {
      name: 'key-without-repetition',
      title: "Home A's TrGW sends a key as one packet, without marker and repetition",
      catches: 'VOC-14',
      at: mediaOfA(AMID),
    },
    (octets) =>
      rebuilt(octets, () => ({
        payloadType: EVENT_PAYLOAD_TYPE,
        payload: buildTelephoneEvent({ event: 5, end: true, volume: 10, duration: 1600 }),
      })),
  ),
  sdpFault(
    { name: 'unagreed-g711', title: 'The offer has G.711, which was not agreed', catches: 'VOC-15', at: OFFER_OF_A },
    (edit, sdp) => {
      const list = payloads(sdp).filter(({ payloadType }) => payloadType !== 8);
      const speech = list.filter(isSpeech);
      const others = list.filter((payload) => !speech.includes(payload));
      return edit.formats(0, [...formats(speech), '8', ...formats(others)]).bandwidth(0, 'AS', 100);
    },
  ),
  octetFault(
    {
      name: 'timestamp-off-the-frame',
      title: "Home A's TrGW sends a packet whose timestamp is no whole frame on",
      catches: 'VOC-16',
      at: mediaOfA(AMID),
    },
    (octets) => rebuilt(octets, ({ timestamp }) => ({ timestamp: timestamp + 7 })),
  ),
  octetFault(
    {
      name: 'impossible-mode-request',
      title: "Home A's TrGW sends a packet that asks for a mode which AMR-WB does not have",
      catches: 'VOC-17',
      at: mediaOfA(AMID),
    },
    (octets) =>
      rebuilt(octets, ({ payload }) => {
        const asking = Uint8Array.from(payload);
        asking[0] = 0xc0 | ((payload[0] ?? 0) & 0x0f);
        return { payload: asking };
      }),
  ),
  octetFault(
    {
      name: 'rare-comfort-noise',
      title: "Home A's TrGW sends comfort noise with every ninth frame only",
      catches: 'VOC-18',
      at: mediaOfA(),
    },
    (octets) => {
      const noise = { type: 9, quality: true, speech: new Uint8Array(5) };
      const payload = buildAmr([noise], { wideband: true, octetAligned: false });
      // Nine frames for each one, whatever number the stream began with and wherever it wraps.
      return rebuilt(octets, ({ timestamp }) => ({ payload, timestamp: (timestamp * 9) % 2 ** 32 }));
    },
  ),
];
