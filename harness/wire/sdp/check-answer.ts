import { actualConfiguration, offeredProfiles } from './capability-negotiation.js';
import { amrParameters, isAmr } from './codecs.js';
import { type Direction, directionOf } from './media-attributes.js';
import { isEncoding, isRtp, type Payload, payloadsOf } from './payload.js';
import { MIRRORED_TYPE, preconditionsOf, STRENGTH_RANK } from './precondition.js';
import type { Sdp, SdpMedia } from './sdp.js';

/** Something in an answer that does not fit its offer. */
export interface AnswerProblem {
  readonly code:
    | 'media-count'
    | 'media-kind'
    | 'media-proto'
    | 'media-formats'
    | 'payload-type'
    | 'rejected-offer'
    | 'rejected-formats'
    | 'timing'
    | 'several-codecs'
    | 'direction'
    | 'desired-lowered'
    | 'amr-configuration'
    | 'actual-configuration';
  /** What is wrong, with the values seen. */
  readonly text: string;
  readonly clause: string;
  /** Index of the media description, null for the session part. */
  readonly media: number | null;
  /** 1-based line in the answer, null where a line is missing. */
  readonly line: number | null;
}

/** Directions that may answer an offered one, RFC 3264 §6.1. */
const ANSWERS: Readonly<Record<Direction, readonly Direction[]>> = {
  sendrecv: ['sendrecv', 'sendonly', 'recvonly', 'inactive'],
  sendonly: ['recvonly', 'inactive'],
  recvonly: ['sendonly', 'inactive'],
  inactive: ['inactive'],
};

/** Formats that accompany a speech codec and are none themselves. */
const COMPANIONS = ['telephone-event', 'CN', 'red', 'tone', 'rtx', 'ulpfec', 'flexfec', 'parityfec'];

/** A speech codec, and not an event, comfort noise or redundancy format. */
export function isSpeech(payload: Payload): boolean {
  return payload.encoding !== '' && !COMPANIONS.some((name) => isEncoding(payload, name));
}

/** Compares an answer with its offer, RFC 3264 §6 with the codecs' own rules. An empty list: nothing is wrong. */
export function checkAnswer(offer: Sdp, answer: Sdp): readonly AnswerProblem[] {
  const problems: AnswerProblem[] = [];
  if (offer.media.length !== answer.media.length) {
    problems.push({
      code: 'media-count',
      text: `The offer has ${offer.media.length} m= lines, the answer ${answer.media.length}`,
      clause: 'RFC 3264 §6',
      media: null,
      line: answer.media.at(-1)?.line.line ?? null,
    });
  }
  const offered = offer.timing[0];
  const answered = answer.timing[0];
  if (offered !== undefined && answered !== undefined) {
    if (offered.start !== answered.start || offered.stop !== answered.stop) {
      problems.push({
        code: 'timing',
        text: `The offer has t=${offered.line.value}, the answer t=${answered.line.value}`,
        clause: 'RFC 3264 §6',
        media: null,
        line: answered.line.line,
      });
    }
  }
  for (const media of answer.media) {
    const counterpart = offer.media[media.index];
    if (counterpart !== undefined) problems.push(...checkMedia(offer, counterpart, answer, media));
  }
  return problems;
}

function checkMedia(offer: Sdp, offered: SdpMedia, answer: Sdp, media: SdpMedia): readonly AnswerProblem[] {
  const problems: AnswerProblem[] = [];
  const problem = (code: AnswerProblem['code'], text: string, clause: string, line: number | null = media.line.line) =>
    problems.push({ code, text, clause, media: media.index, line });

  if (media.kind.toLowerCase() !== offered.kind.toLowerCase()) {
    problem('media-kind', `The offered media is ${offered.kind}, the answered one ${media.kind}`, 'RFC 3264 §6');
    return problems;
  }
  const profiles = offeredProfiles(offer.session, offered).map((proto) => proto.toUpperCase());
  const allowed = profiles.includes(media.proto.toUpperCase());
  if (!allowed) {
    problem('media-proto', `The offer allows ${profiles.join(' or ')}, the answer has ${media.proto}`, 'RFC 3264 §6');
  }
  if (media.port === 0) {
    if (media.formats.length === 0) {
      problem('rejected-formats', 'The rejected m= line has no format left', 'RFC 3264 §6');
    }
    return problems;
  }
  if (offered.port === 0) {
    problem('rejected-offer', `The offered port is 0, the answered one ${media.port}`, 'RFC 3264 §6');
    return problems;
  }
  if (allowed && media.proto.toUpperCase() !== offered.proto.toUpperCase() && actualConfiguration(media) === null) {
    problem('actual-configuration', `${media.proto} is answered without a=acfg`, 'RFC 5939 §3.5.2');
  }
  checkDirection(offer, offered, answer, media, problem);
  checkDesired(offered, media, problem);
  if (isRtp(media) && isRtp(offered)) checkFormats(offered, media, problem);
  return problems;
}

type Problem = (code: AnswerProblem['code'], text: string, clause: string, line?: number | null) => void;

function checkDirection(offer: Sdp, offered: SdpMedia, answer: Sdp, media: SdpMedia, problem: Problem): void {
  const asked = directionOf(offer, offered);
  const given = directionOf(answer, media);
  if (ANSWERS[asked].includes(given)) return;
  const line = media.attributes.find((attribute) => attribute.name === given)?.line.line ?? media.line.line;
  const allowed = ANSWERS[asked].join(' or ');
  problem('direction', `${asked} is answered by ${allowed}; here by ${given}`, 'RFC 3264 §6.1', line);
}

/** An answer never lowers a desired strength: RFC 3312 §5.2, RFC 4032 §4.2. Its local segment is the offer's remote one. */
function checkDesired(offered: SdpMedia, media: SdpMedia, problem: Problem): void {
  const asked = preconditionsOf(offered).desired;
  const answered = preconditionsOf(media).desired;
  for (const desired of answered) {
    const rank = STRENGTH_RANK[desired.strength];
    const counterparts = asked.filter((status) => status.type === MIRRORED_TYPE[desired.type]);
    const strongest = Math.max(-1, ...counterparts.map((status) => STRENGTH_RANK[status.strength] ?? -1));
    const same = answered.filter((status) => status.type === desired.type);
    // Where the strength differs by direction, the strongest of each side is compared once.
    if (rank === undefined || same[0] !== desired) continue;
    const given = Math.max(...same.map((status) => STRENGTH_RANK[status.strength] ?? -1));
    if (given >= strongest) continue;
    const name = counterparts.find((status) => STRENGTH_RANK[status.strength] === strongest)?.strength ?? '';
    problem(
      'desired-lowered',
      `The offer desires ${name} for the answerer's ${desired.type} segment, the answer ${desired.strength}`,
      'RFC 3312 §5.2',
      desired.line.line,
    );
  }
}

function checkFormats(offered: SdpMedia, media: SdpMedia, problem: Problem): void {
  const offers = payloadsOf(offered);
  const answers = payloadsOf(media);
  const speech = answers.filter(isSpeech);
  if (!answers.some((payload) => offers.some((other) => sameCodec(other, payload)))) {
    const list = answers.map((payload) => `${payload.payloadType} ${payload.encoding}`).join(', ');
    problem('media-formats', `None of the answered formats (${list}) was offered`, 'RFC 3264 §6.1');
    return;
  }
  if (media.kind === 'audio' && speech.length > 1) {
    const list = speech.map((payload) => `${payload.encoding} (${payload.payloadType})`).join(', ');
    problem('several-codecs', `The answer keeps ${speech.length} speech formats: ${list}`, 'TS 24.229 §6.1.3');
  }
  for (const payload of answers) {
    if (isAmr(payload)) checkAmrAnswer(offers, payload, problem);
    checkPayloadType(offers, payload, problem);
  }
}

/** RFC 3264 §6.1: a codec keeps the payload type that the offer gave it. */
function checkPayloadType(offers: readonly Payload[], payload: Payload, problem: Problem): void {
  const same = offers.filter((other) => sameCodec(other, payload));
  if (same.length === 0 || same.some(({ payloadType }) => payloadType === payload.payloadType)) return;
  const offered = same.map(({ payloadType }) => payloadType).join(' or ');
  const text = `${payload.encoding}/${payload.clockRate} is answered as payload type ${payload.payloadType}, it was offered as ${offered}`;
  problem('payload-type', text, 'RFC 3264 §6.1', payload.rtpmapLine);
}

function sameCodec(a: Payload, b: Payload): boolean {
  return isEncoding(a, b.encoding) && a.clockRate === b.clockRate && a.channels === b.channels;
}

/** RFC 4867 §8.3.1: what the answerer keeps of an offered configuration it keeps unmodified. */
function checkAmrAnswer(offers: readonly Payload[], payload: Payload, problem: Problem): void {
  const candidates = offers.filter((other) => isEncoding(other, payload.encoding));
  if (candidates.length === 0) return;
  const same = candidates.filter((other) => other.payloadType === payload.payloadType);
  const compared = (same.length > 0 ? same : candidates).map((other) => amrDifferences(other, payload));
  const best = compared.reduce((a, b) => (b.length < a.length ? b : a));
  if (best.length === 0) return;
  problem(
    'amr-configuration',
    `${payload.encoding} (${payload.payloadType}) is answered with ${best.join('; ')}`,
    'RFC 4867 §8.3.1',
    payload.fmtpLine ?? payload.rtpmapLine,
  );
}

function amrDifferences(offered: Payload, answered: Payload): readonly string[] {
  const a = amrParameters(offered);
  const b = amrParameters(answered);
  const differences: string[] = [];
  const differs = (name: string, was: unknown, is: unknown): void => {
    if (was !== is) differences.push(`${name} ${String(is ?? 'absent')} instead of ${String(was ?? 'absent')}`);
  };
  differs('octet-align', a.octetAligned ? 1 : 0, b.octetAligned ? 1 : 0);
  differs('crc', a.crc ? 1 : 0, b.crc ? 1 : 0);
  differs('robust-sorting', a.robustSorting ? 1 : 0, b.robustSorting ? 1 : 0);
  differs('interleaving', a.interleaving === null ? null : 'used', b.interleaving === null ? null : 'used');
  differs('channels', offered.channels, answered.channels);
  if (a.modeSet !== null) differs('mode-set', sorted(a.modeSet), b.modeSet === null ? null : sorted(b.modeSet));
  return differences;
}

function sorted(modes: readonly number[]): string {
  return [...new Set(modes)].sort((a, b) => a - b).join(',');
}
