import {
  amrParameters,
  checkAmrParameters,
  checkEvsParameters,
  isAmr,
  telephoneEvents,
} from '../../wire/sdp/codecs.js';
import { addressType } from '../../wire/sdp/edit.js';
import { packetTime } from '../../wire/sdp/media-attributes.js';
import { isEncoding, isRtp, type Payload, payloadsOf } from '../../wire/sdp/payload.js';
import { bandwidthOf, connectionOf, type SdpMedia } from '../../wire/sdp/sdp.js';
import { requiredBandwidth } from '../../wire/sdp/voice.js';
import type { RuleContext } from '../context.js';
import { atLine, complaintsOf, type Described, descriptionRule, exchangeRule } from '../media-description.js';
import type { Rule } from '../rule.js';
import type { Complaint } from '../sip-rule.js';

const VOLTE = ['EVS', 'AMR-WB', 'AMR'] as const;
const FRAME_MS = 20;

/** Audio streams that are not refused. */
function audioOf(described: Described): readonly SdpMedia[] {
  return described.sdp.media.filter((media) => media.kind === 'audio' && media.port !== 0);
}

function hasVolteCodec(payloads: readonly Payload[]): boolean {
  return payloads.some((payload) => VOLTE.some((codec) => isEncoding(payload, codec)));
}

/** Audio streams of VoLTE: those with one of its codecs. A gateway to the fixed network may offer G.711 alone. */
function volteAudio(described: Described): readonly (readonly [SdpMedia, readonly Payload[]])[] {
  return audioOf(described)
    .map((media) => [media, payloadsOf(media)] as const)
    .filter(([, payloads]) => hasVolteCodec(payloads));
}

/** VoLTE streams of the offer that begins a call; a later offer may keep only the codec that was chosen. */
function inFirstOffer(described: Described): readonly (readonly [SdpMedia, readonly Payload[]])[] | undefined {
  const { part, view } = described;
  const first = part === 'offer' && view.isRequest && view.inDialog === false;
  const streams = first ? volteAudio(described) : [];
  return streams.length === 0 ? undefined : streams;
}

/** Complaints about each payload that a test accepts; undefined where no payload is concerned. */
function eachPayload(
  described: Described,
  concerns: (payload: Payload) => boolean,
  judge: (payload: Payload) => readonly Complaint[],
): readonly Complaint[] | undefined {
  const payloads = audioOf(described).flatMap(payloadsOf).filter(concerns);
  return payloads.length === 0 ? undefined : payloads.flatMap(judge);
}

function named(payload: Payload): string {
  return `${payload.encoding}/${payload.clockRate} (${payload.payloadType})`;
}

/** Wider codecs stand in front of narrower ones, and bandwidth-efficient in front of octet-aligned. */
function rank(payload: Payload): number | null {
  const codec = VOLTE.findIndex((name) => isEncoding(payload, name));
  if (codec < 0) return null;
  return 2 * codec + (isAmr(payload) && amrParameters(payload).octetAligned ? 1 : 0);
}

function judgeOrder(described: Described): readonly Complaint[] | undefined {
  const streams = inFirstOffer(described);
  return streams?.flatMap(([media, payloads]) => {
    const ranked = payloads.flatMap((payload) => {
      const place = rank(payload);
      return place === null ? [] : [{ payload, place }];
    });
    const wrong = ranked.find(({ place }, index) => index > 0 && place < (ranked[index - 1]?.place ?? 0));
    return wrong === undefined ? [] : [atLine(described, media.line, `${named(wrong.payload)} stands too far behind`)];
  });
}

function judgeBandwidth(described: Described): readonly Complaint[] | undefined {
  const complaints: Complaint[] = [];
  let looked = false;
  for (const [media, payloads] of volteAudio(described)) {
    const stated = bandwidthOf(media, 'AS');
    const address = connectionOf(described.sdp, media)?.address;
    if (stated === null || address === undefined) continue;
    looked = true;
    const needs = payloads.map((payload) => ({
      payload,
      needed: requiredBandwidth(payload, addressType(address)) ?? 0,
    }));
    const most = needs.reduce((a, b) => (b.needed > a.needed ? b : a), { payload: payloads[0], needed: 0 });
    if (stated >= most.needed || most.payload === undefined) continue;
    const seen = `b=AS:${stated}; ${named(most.payload)} needs ${most.needed}`;
    const complaint = atLine(described, media.bandwidth[0]?.line ?? media.line, seen);
    complaints.push({ ...(typeof complaint === 'string' ? { seen } : complaint), provenance: 'E' });
  }
  return looked ? complaints : undefined;
}

function judgeEvents(described: Described, context: RuleContext): readonly Complaint[] | undefined {
  const { options } = context.profile.agreement;
  if (options['dtmf-telephone-event'] === false) return undefined;
  const agreed = options['dtmf-telephone-event.clock-rate'];
  const rates = Array.isArray(agreed) ? agreed.map(Number) : [8000, 16000];
  return inFirstOffer(described)?.flatMap(([media, payloads]) => {
    const events = payloads.filter((payload) => isEncoding(payload, 'telephone-event'));
    const wideband = payloads.some((payload) => isEncoding(payload, 'AMR-WB') || isEncoding(payload, 'EVS'));
    const wanted = [8000, ...(wideband ? [16000] : [])].filter((rate) => rates.includes(rate));
    const missing = wanted.filter((rate) => !events.some((event) => event.clockRate === rate));
    const complaints = missing.map((rate) => atLine(described, media.line, `no telephone-event/${rate} in the offer`));
    for (const event of events) {
      const list = telephoneEvents(event);
      if (list !== null && Array.from({ length: 16 }, (_, code) => code).every((code) => list.includes(code))) continue;
      complaints.push(atLine(described, event.fmtpLine, `${named(event)} has fmtp "${event.fmtp ?? ''}"`));
    }
    return complaints;
  });
}

/** What descriptions say of voice codecs. */
export const VOC_SDP: readonly Rule[] = [
  descriptionRule({
    id: 'VOC-01',
    says: 'A VoLTE offer has an audio stream over RTP/AVP; RTP/AVPF only as a capability (RFC 5939) or by agreement.',
    clause: 'GSMA IR.92 §3.2; TS 26.114 §A.14',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'a WebRTC or secure media profile reaches the border without being translated',
    judge: (described) => {
      const audio = audioOf(described);
      if (described.part !== 'offer' || audio.length === 0) return undefined;
      return audio
        .filter((media) => media.proto.toUpperCase() !== 'RTP/AVP')
        .map((media) => atLine(described, media.line, `m=audio over ${media.proto}`));
    },
  }),
  descriptionRule({
    id: 'VOC-02',
    says: 'A VoLTE offer has AMR at 8000 Hz, and AMR-WB at 16000 Hz where it is wideband.',
    clause: 'GSMA IR.92 §3.2.1',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'a border takes the narrowband codec out, so that calls to the circuit-switched side need transcoding',
    judge: (described) =>
      inFirstOffer(described)?.flatMap(([media, payloads]) => {
        const complaints: Complaint[] = [];
        if (!payloads.some((payload) => isEncoding(payload, 'AMR') && payload.clockRate === 8000)) {
          complaints.push(atLine(described, media.line, 'no AMR/8000 in the offer'));
        }
        for (const payload of payloads) {
          const clock = isEncoding(payload, 'AMR') ? 8000 : isEncoding(payload, 'AMR-WB') ? 16000 : null;
          if (clock === null || payload.clockRate === clock) continue;
          complaints.push(atLine(described, payload.rtpmapLine, `${named(payload)} in the offer`));
        }
        return complaints;
      }),
  }),
  descriptionRule({
    id: 'VOC-03',
    says: 'EVS has the clock rate 16000 for every audio bandwidth.',
    clause: 'TS 26.114 §A.14.1.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the clock rate is taken from the audio bandwidth (32000 for super-wideband)',
    judge: (described) =>
      eachPayload(
        described,
        (payload) => isEncoding(payload, 'EVS'),
        (payload) => (payload.clockRate === 16000 ? [] : [atLine(described, payload.rtpmapLine, named(payload))]),
      ),
  }),
  descriptionRule({
    id: 'VOC-04',
    says: 'An offer prefers EVS to AMR-WB to AMR, and of each AMR codec the bandwidth-efficient format to the octet-aligned one.',
    clause: 'TS 26.114 §A.14',
    strength: 'should',
    provenance: 'E',
    usualCause: 'a border reorders codecs by its own preference, and calls lose wideband speech',
    judge: judgeOrder,
  }),
  descriptionRule({
    id: 'VOC-05',
    says: 'The parameters of AMR and AMR-WB have values that their definition allows.',
    clause: 'RFC 4867 §8.1, §8.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'modes of AMR-WB are written for AMR, or a list in another form than modes with commas',
    judge: (described) =>
      eachPayload(described, isAmr, (payload) =>
        checkAmrParameters(payload).map((problem) => atLine(described, payload.fmtpLine, problem.text)),
      ),
  }),
  descriptionRule({
    id: 'VOC-06',
    says: 'An MTSI offer of AMR and AMR-WB says mode-change-capability=2 and max-red=220.',
    clause: 'TS 26.114 §A.14',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the terminal is no MTSI terminal, or a border rewrites the parameters of codecs',
    judge: (described) => {
      const payloads = (inFirstOffer(described) ?? []).flatMap(([, list]) => list).filter(isAmr);
      if (payloads.length === 0) return undefined;
      return payloads.flatMap((payload) => {
        const { modeChangeCapability, maxRed } = amrParameters(payload);
        const missing = [
          ...(modeChangeCapability === 2 ? [] : ['mode-change-capability=2']),
          ...(maxRed === 220 ? [] : ['max-red=220']),
        ];
        if (missing.length === 0) return [];
        return [
          atLine(
            described,
            payload.fmtpLine ?? payload.rtpmapLine,
            `${named(payload)} without ${missing.join(' and ')}`,
          ),
        ];
      });
    },
  }),
  exchangeRule({
    id: 'VOC-07',
    says: 'An answer repeats the offered mode-set, octet-align, crc, robust-sorting, interleaving and channels of an AMR format unmodified, or leaves the format out.',
    clause: 'RFC 4867 §8.3.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the answerer writes the modes it would like instead of the offered set',
    judge: (exchange) => {
      const answered = audioOf(exchange.answer).flatMap(payloadsOf).some(isAmr);
      return answered ? complaintsOf(exchange, ['amr-configuration']) : undefined;
    },
  }),
  descriptionRule({
    id: 'VOC-09',
    says: 'The parameters of EVS have values that their definition allows.',
    clause: 'TS 26.445 §A.3.3.1',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'a bit rate or bandwidth that EVS does not have, or a range with its ends exchanged',
    judge: (described) =>
      eachPayload(
        described,
        (payload) => isEncoding(payload, 'EVS'),
        (payload) => checkEvsParameters(payload).map((problem) => atLine(described, payload.fmtpLine, problem.text)),
      ),
  }),
  descriptionRule({
    id: 'VOC-10',
    says: 'A VoLTE audio stream says a=ptime:20 and a=maxptime:240 (a multiple of 20).',
    clause: 'TS 26.114 §A.14; GSMA IR.92 §3.2',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the packet times are dropped by a border or a gateway that rebuilds the description',
    judge: (described) => {
      const streams = volteAudio(described);
      if (streams.length === 0) return undefined;
      return streams.flatMap(([media]) => {
        const [ptime, maxptime] = [packetTime(media, 'ptime'), packetTime(media, 'maxptime')];
        const complaints: Complaint[] = [];
        if (ptime !== FRAME_MS) complaints.push(atLine(described, media.line, `ptime is ${ptime ?? 'absent'}`));
        if (maxptime === null || maxptime === 0 || maxptime % FRAME_MS !== 0) {
          complaints.push(atLine(described, media.line, `maxptime is ${maxptime ?? 'absent'}`));
        }
        return complaints;
      });
    },
  }),
  descriptionRule({
    id: 'VOC-11',
    says: 'b=AS of an audio stream carries the highest rate of its formats with the IP, UDP and RTP headers.',
    clause: 'TS 26.114 Annex K, §A.14',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the figure is that of IPv4 on an IPv6 stream, or that of another codec',
    judge: judgeBandwidth,
  }),
  descriptionRule({
    id: 'VOC-12',
    says: 'An MTSI offer leaves RTCP on: b=RR above zero, as in b=RS:0 and b=RR:2000.',
    clause: 'TS 26.114 §A.14',
    strength: 'should',
    provenance: 'S',
    usualCause: 'RTCP is switched off to save bandwidth, so that nobody notices a lost peer or measures quality',
    judge: (described) => {
      const streams = (inFirstOffer(described) ?? []).filter(([media]) => bandwidthOf(media, 'RR') !== null);
      if (streams.length === 0) return undefined;
      return streams.flatMap(([media]) => {
        const rr = media.bandwidth.find((line) => line.type.toUpperCase() === 'RR');
        return rr === undefined || rr.value > 0 ? [] : [atLine(described, rr.line, `b=RR:${rr.value} in the offer`)];
      });
    },
  }),
  descriptionRule({
    id: 'VOC-13',
    says: 'An offer has telephone-event at 8000 Hz, and at 16000 Hz with a wideband codec, with the events 0 to 15, unless another way of DTMF was agreed.',
    clause: 'TS 29.165 §7.1 note 2, table C.3.1.10; RFC 4733 §2.4.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'a border takes the event formats out, and voice menus of the other network cannot be operated',
    judge: judgeEvents,
  }),
  descriptionRule({
    id: 'VOC-15',
    says: 'G.711 is offered only where it was agreed.',
    clause: 'TS 29.165 §7.1, table C.3.1.9',
    strength: 'may',
    provenance: 'S',
    usualCause: 'a gateway offers its fallback codec to every peer',
    judge: (described, context) => {
      if (described.part !== 'offer') return undefined;
      const agreed = context.profile.agreement.codecs.map((codec) => codec.toUpperCase());
      const audio = audioOf(described).filter(isRtp);
      if (audio.length === 0 || agreed.length === 0) return undefined;
      return audio.flatMap((media) =>
        payloadsOf(media)
          .filter((payload) => isEncoding(payload, 'PCMA') || isEncoding(payload, 'PCMU'))
          .filter((payload) => !agreed.includes(payload.encoding.toUpperCase()))
          .map((payload) => atLine(described, payload.rtpmapLine ?? media.line, `${named(payload)} in the offer`)),
      );
    },
  }),
];
