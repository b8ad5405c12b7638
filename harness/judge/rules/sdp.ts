import { isSpeech } from '../../wire/sdp/check-answer.js';
import { directionLines } from '../../wire/sdp/media-attributes.js';
import { isRtp, payloadsOf } from '../../wire/sdp/payload.js';
import type { Sdp, SdpMedia } from '../../wire/sdp/sdp.js';
import type { RuleContext } from '../context.js';
import type { SipTransaction } from '../correlation.js';
import {
  atLine,
  complaintsOf,
  type Described,
  descriptionRule,
  eachExchange,
  exchangeRule,
} from '../media-description.js';
import type { Rule, Violation } from '../rule.js';
import { type Complaint, each, rule, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';
import { SDP_BODY } from './sdp-body.js';
import { SDP_BORDER } from './sdp-border.js';
import { SDP_PRECONDITION } from './sdp-precondition.js';

/** Defects that a description may show at most in one finding each: the first is telling, the hundredth is not. */
const TOLD_DEFECTS = 5;

/** Against the grammar, but harmless and so common that nobody should fail for them. */
const HARMLESS = ['sdp-blank-line', 'sdp-last-line-end'];

function streams(sdp: Sdp): readonly SdpMedia[] {
  return sdp.media.filter((media) => media.port !== 0 && (media.kind === 'audio' || media.kind === 'video'));
}

/** The line of a defect: the last one that starts at or in front of its offset. */
function lineAt(described: Described, offset: number): number | null {
  let found: number | null = null;
  for (const line of described.sdp.lines) {
    if (line.start > offset) break;
    found = line.line;
  }
  return found;
}

const FORM: readonly Rule[] = [
  descriptionRule({
    id: 'SDP-01',
    says: 'A session description has its lines in the order v, o, s, (i, u, e, p), c, b, t, a, m with v=0, six fields in o=, t=0 0 and CRLF at each line end.',
    clause: 'RFC 4566 §5; RFC 8866 §5; TS 29.165 §6.1.2.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a device writes or edits the description by hand and puts a line in the wrong place',
    judge: (described) => {
      const complaints: Complaint[] = described.sdp.defects.slice(0, TOLD_DEFECTS).map((defect) => {
        const seen = `${defect.text} (${described.view.title})`;
        const harmless = HARMLESS.includes(defect.code);
        return atLine(described, lineAt(described, defect.offset), harmless ? { seen, provenance: 'E' } : seen);
      });
      const [timing] = described.sdp.timing;
      if (timing !== undefined && (timing.start !== 0 || timing.stop !== 0)) {
        complaints.push(atLine(described, timing.line, { seen: `t=${timing.line.value}`, provenance: 'E' }));
      }
      return complaints;
    },
  }),
  descriptionRule({
    id: 'SDP-03',
    says: 'Each audio or video stream that is not refused states its bandwidth with b=AS.',
    clause: 'TS 24.229 §6.1.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the bandwidth lines are dropped by a border or a gateway that rebuilds the description',
    judge: (described) => {
      const media = streams(described.sdp);
      if (media.length === 0) return undefined;
      return media
        .filter((stream) => !stream.bandwidth.some((line) => line.type === 'AS'))
        .map((stream) => atLine(described, stream.line, `no b=AS under m=${stream.line.value}`));
    },
  }),
  descriptionRule({
    id: 'SDP-04',
    says: 'Each audio or video stream states its RTCP bandwidth with b=RS and b=RR.',
    clause: 'TS 29.165 table 7.2.1; RFC 3556 §2; TS 24.229 §6.1.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the terminal or gateway leaves RTCP bandwidth to the default of five percent',
    judge: (described) => {
      const media = streams(described.sdp).filter(isRtp);
      if (media.length === 0) return undefined;
      return media.flatMap((stream) => {
        const missing = ['RS', 'RR'].filter((type) => !stream.bandwidth.some((line) => line.type === type));
        if (missing.length === 0) return [];
        return [atLine(described, stream.line, `no b=${missing.join(' and no b=')} under m=${stream.line.value}`)];
      });
    },
  }),
];

/** RFC 3264 §6.1 recommends the same payload type in both directions. */
function softened(complaint: Complaint): Complaint {
  return typeof complaint === 'string' ? { seen: complaint, strength: 'should' } : { ...complaint, strength: 'should' };
}

function isReliable(view: SipView): boolean {
  return view.status >= 200 || view.has('RSeq');
}

/** A 2xx that accepts an offer and brings no answer, nor did a reliable response of the same dialog before it. */
function unanswered(transaction: SipTransaction, context: RuleContext): readonly Violation[] | undefined {
  const { request, method, responses } = transaction;
  if (request === null || request.sdp === null || !['INVITE', 'UPDATE', 'PRACK'].includes(method)) return undefined;
  if (method === 'PRACK' && context.offersAndAnswers.some(({ answer }) => answer === request)) return undefined;
  const described = responses.filter((view) => view.sip.body.length > 0 && isReliable(view));
  return responses
    .filter((view) => view.status >= 200 && view.status < 300 && view.sip.body.length === 0)
    .filter((view) => !described.some(({ toTag }) => toTag === view.toTag))
    .map((view) => violation(view, { seen: `${view.title} accepts the offer and brings no answer`, line: 1 }));
}

const ANSWERS: readonly Rule[] = [
  rule({
    id: 'SDP-05',
    says: "An offer is answered, with the offer's m= lines in number, order, transport and payload types, and its t= line; a refused stream has port 0 and keeps a format.",
    clause: 'RFC 3264 §5.1, §6, §6.1; RFC 3261 §13.2.1; RFC 3311 §5.2',
    strength: 'shall',
    provenance: 'S',
    usualCause:
      'the answerer leaves refused streams out, or a device in between rebuilt or removed one of the two descriptions',
    check: (context) => {
      const answers = eachExchange(context, (exchange) => [
        ...complaintsOf(exchange, [
          'media-count',
          'media-kind',
          'media-proto',
          'media-formats',
          'rejected-offer',
          'rejected-formats',
          'timing',
        ]),
        ...complaintsOf(exchange, ['payload-type']).map((one) => softened(one)),
      ]);
      const accepted = each(context.iciTransactions, (one) => unanswered(one, context));
      return { applied: answers.applied, violations: [...answers.violations, ...accepted.violations] };
    },
  }),
  exchangeRule({
    id: 'SDP-06',
    says: 'An answer keeps one speech codec, with the events of its clock rate.',
    clause: 'GSMA IR.92 §3.2; TS 24.229 §6.1.3',
    strength: 'should',
    provenance: 'E',
    usualCause: 'the answerer echoes every codec it knows instead of choosing one',
    judge: (exchange) => {
      const audio = streams(exchange.answer.sdp).filter((media) => media.kind === 'audio' && isRtp(media));
      if (!audio.some((media) => payloadsOf(media).some(isSpeech))) return undefined;
      return complaintsOf(exchange, ['several-codecs']);
    },
  }),
  exchangeRule({
    id: 'SDP-18',
    says: 'The direction in an answer fits the offered one: sendonly is answered by recvonly or inactive, recvonly by sendonly or inactive, inactive by inactive.',
    clause: 'RFC 3264 §5.1, §6.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the answerer repeats its own direction on hold or resume instead of mirroring the offer',
    judge: (exchange) => {
      const complaints = [...complaintsOf(exchange, ['direction'])];
      for (const described of [exchange.answer]) {
        for (const section of [described.sdp.session, ...described.sdp.media]) {
          const [, second] = directionLines(section);
          if (second === undefined) continue;
          complaints.push(
            atLine(described, second, { seen: 'two direction attributes on one level', provenance: 'E' }),
          );
        }
      }
      return complaints;
    },
  }),
  exchangeRule({
    id: 'SDP-19',
    says: 'An answer that uses a transport out of the offered capabilities says which with a=acfg.',
    clause: 'RFC 5939 §3.4.2, §3.5.2; TS 26.114 §A.4, §A.14',
    strength: 'may',
    provenance: 'S',
    usualCause: 'the answerer takes RTP/AVPF from tcap and forgets the acfg line',
    judge: (exchange) => {
      const offered = exchange.offer.sdp.media.some((media) => media.has('pcfg'));
      return offered ? complaintsOf(exchange, ['actual-configuration']) : undefined;
    },
  }),
];

/** SDP and offer/answer at the II-NNI, TS 29.165 §6.1.2 and §7, RFC 3264, RFC 3312. */
export const SDP: readonly Rule[] = [...FORM, ...SDP_BODY, ...ANSWERS, ...SDP_BORDER, ...SDP_PRECONDITION];
