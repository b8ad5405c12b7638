import {
  covers,
  currentOf,
  MIRRORED_TAG,
  type PreconditionView,
  preconditionsOf,
  type QosStatusType,
  STRENGTH_RANK,
  usesPreconditions,
} from '../../wire/sdp/precondition.js';
import type { SdpMedia } from '../../wire/sdp/sdp.js';
import type { RuleContext } from '../context.js';
import { finalResponse } from '../correlation.js';
import {
  atLine,
  complaintsOf,
  type Described,
  descriptionRule,
  descriptionsAtIci,
  type Exchange,
  exchangeRule,
  exchangesAtIci,
} from '../media-description.js';
import type { Rule, Violation } from '../rule.js';
import { type Complaint, each, rule, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

const SEGMENTS = ['local', 'remote'] as const;

/** Streams that speak of preconditions by segment; end-to-end status (`e2e`) follows other tables. */
function segmented(described: Described): readonly (readonly [SdpMedia, PreconditionView])[] {
  return described.sdp.media.flatMap((media) => {
    if (media.port === 0) return [];
    const view = preconditionsOf(media);
    const bySegment = [...view.current, ...view.desired].some((status) => status.type !== 'e2e');
    return bySegment ? [[media, view] as const] : [];
  });
}

function usesPrecondition(view: SipView, described: Described | undefined): boolean {
  const tagged = view.tokens('Supported').includes('precondition') || view.tokens('Require').includes('precondition');
  return tagged || described?.sdp.media.some(usesPreconditions) === true;
}

/** Lines that segmented status needs: one curr and one des for each segment. RFC 3312 §5.1.1. */
function missingLines(view: PreconditionView): readonly string[] {
  return SEGMENTS.flatMap((type) => [
    ...(view.current.some((status) => status.type === type) ? [] : [`a=curr:qos ${type}`]),
    ...(view.desired.some((status) => status.type === type) ? [] : [`a=des:qos … ${type}`]),
  ]);
}

function missingComplaint(described: Described, media: SdpMedia, view: PreconditionView): readonly Complaint[] {
  const missing = missingLines(view);
  if (missing.length === 0) return [];
  return [atLine(described, media.line, `no ${missing.join(' and no ')} in ${described.view.title}`)];
}

/** The first offer of a call comes from an end that knows nothing of its peer's resources yet. */
function isFirstOffer(described: Described): boolean {
  return described.part === 'offer' && described.view.isRequest && described.view.inDialog === false;
}

function judgeOffer(described: Described): readonly Complaint[] | undefined {
  const streams = segmented(described);
  if (described.part !== 'offer' || streams.length === 0) return undefined;
  const complaints: Complaint[] = [];
  for (const [media, view] of streams) {
    complaints.push(...missingComplaint(described, media, view));
    if (!isFirstOffer(described)) continue;
    const value = (line: { readonly line: SdpMedia['line'] } | undefined, seen: string) =>
      complaints.push({ ...objectOf(atLine(described, line?.line ?? media.line, seen)), provenance: 'E' });
    const remote = view.current.find((status) => status.type === 'remote');
    if (remote !== undefined && remote.direction !== 'none') value(remote, `a=${remote.line.value} in the first offer`);
    const local = view.desired.find((status) => status.type === 'local');
    if (local !== undefined && local.strength !== 'mandatory') value(local, `a=${local.line.value} in the first offer`);
    const desiredRemote = view.desired.find((status) => status.type === 'remote');
    if (desiredRemote?.strength === 'mandatory') {
      value(desiredRemote, `a=${desiredRemote.line.value} in the first offer`);
    }
  }
  return complaints;
}

function objectOf(complaint: Complaint): Exclude<Complaint, string> {
  return typeof complaint === 'string' ? { seen: complaint } : complaint;
}

/** The offerer's own segment in an answer shows the status that the offer told. RFC 3312 §5.2. */
function mirrorComplaint(exchange: Exchange, media: SdpMedia, view: PreconditionView): readonly Complaint[] {
  const offered = exchange.offer.sdp.media[media.index];
  if (offered === undefined) return [];
  const told = preconditionsOf(offered).current.find((status) => status.type === 'local');
  const repeated = view.current.find((status) => status.type === 'remote');
  if (told === undefined || repeated === undefined) return [];
  if (repeated.direction === MIRRORED_TAG[told.direction]) return [];
  const seen = `a=${repeated.line.value} answers a=${told.line.value}`;
  return [atLine(exchange.answer, repeated.line, seen)];
}

function toUpdate(exchange: Exchange): boolean {
  return exchange.offer.view.isRequest && exchange.offer.view.method === 'UPDATE';
}

function judgeAnswer(exchange: Exchange): readonly Complaint[] | undefined {
  const streams = segmented(exchange.answer);
  if (toUpdate(exchange) || streams.length === 0 || segmented(exchange.offer).length === 0) return undefined;
  return streams.flatMap(([media, view]) => {
    const complaints = [...missingComplaint(exchange.answer, media, view), ...mirrorComplaint(exchange, media, view)];
    // What is mandatory on the offerer's side and not there yet, the answerer can only learn by a confirmation.
    const open = view.desired.find(
      (status) =>
        status.type === 'remote' &&
        status.strength === 'mandatory' &&
        !covers(currentOf(view, 'remote'), status.direction),
    );
    if (open !== undefined && !view.confirm.some((status) => status.type === 'remote')) {
      complaints.push(atLine(exchange.answer, open.line, `no a=conf:qos remote while a=${open.line.value} is not met`));
    }
    return complaints;
  });
}

/** The strongest strength that a description desires for a segment. */
function rankOf(view: PreconditionView, type: QosStatusType): number {
  const ranks = view.desired.filter((status) => status.type === type).map((status) => STRENGTH_RANK[status.strength]);
  return Math.max(-1, ...ranks.map((rank) => rank ?? -1));
}

interface Confirmation {
  /** The answer that asked for it. */
  readonly asked: Exchange;
  /** Offers of the asked end behind it and in front of the final response, in order. */
  readonly offers: readonly Described[];
}

/** For each answer with `a=conf:qos remote`, what the offerer sent next. */
function confirmations(context: RuleContext, exchanges: readonly Exchange[]): readonly Confirmation[] {
  return exchanges.flatMap((asked) => {
    const wants = asked.answer.sdp.media.some((media) =>
      preconditionsOf(media).confirm.some((status) => status.type === 'remote'),
    );
    const { dialog, record } = asked.answer.view;
    if (!wants || dialog === null || toUpdate(asked)) return [];
    const final = asked.offer.view.transaction === null ? null : finalResponse(asked.offer.view.transaction);
    const offers = descriptionsAtIci(context).filter(
      ({ view, part }) =>
        part === 'offer' &&
        view.dialog === dialog &&
        view.isRequest &&
        view.fromTag === asked.offer.view.fromTag &&
        view.record.index > record.index &&
        (final === null || view.record.index < final.record.index),
    );
    return offers.length === 0 ? [] : [{ asked, offers }];
  });
}

function judgeConfirmation({ asked, offers }: Confirmation): readonly Violation[] {
  const last = offers.at(-1);
  if (last === undefined) return [];
  const violations: Violation[] = [];
  const reached = (described: Described) =>
    asked.answer.sdp.media.every((media) => {
      const open = preconditionsOf(media).confirm.find((status) => status.type === 'remote');
      const offered = described.sdp.media[media.index];
      if (open === undefined || offered === undefined || offered.port === 0) return true;
      return covers(currentOf(preconditionsOf(offered), 'local'), MIRRORED_TAG[open.direction]);
    });
  if (!offers.some(reached)) {
    const seen = `no offer up to ${last.view.title} says a=curr:qos local sendrecv`;
    violations.push(violation(last.view, atLine(last, last.sdp.media[0]?.line ?? null, seen)));
  }
  for (const offer of offers) {
    for (const media of offer.sdp.media) {
      const answered = asked.answer.sdp.media[media.index];
      if (answered === undefined || media.port === 0 || !usesPreconditions(media)) continue;
      const [own, agreed] = [preconditionsOf(media), preconditionsOf(answered)];
      if (rankOf(own, 'local') < rankOf(agreed, 'remote') || rankOf(own, 'remote') < rankOf(agreed, 'local')) {
        const seen = `${offer.view.title} desires less than the answer before it`;
        violations.push({ ...violation(offer.view, atLine(offer, media.line, seen)), provenance: 'E' });
      }
    }
  }
  return violations;
}

/** Preconditions of quality of service, RFC 3312 and RFC 4032 as TS 24.229 §6.1 uses them. */
export const SDP_PRECONDITION: readonly Rule[] = [
  descriptionRule({
    id: 'SDP-10',
    says: 'An offer with preconditions has a=curr and a=des for both segments; the first one knows nothing of the other side and asks for its own side as mandatory.',
    clause: 'RFC 3312 §5.1.1; TS 24.229 §6.1.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the terminal leaves out the lines of the remote segment, or the border filters unknown attributes',
    judge: judgeOffer,
  }),
  exchangeRule({
    id: 'SDP-11',
    says: "An answer with preconditions mirrors the offerer's status, has a=curr and a=des for both segments, and asks with a=conf:qos remote to be told what it waits for.",
    clause: 'RFC 3312 §5.2, §6, §7',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the answerer copies the status lines without exchanging local and remote, or omits a=conf',
    judge: judgeAnswer,
  }),
  rule({
    id: 'SDP-12',
    says: 'An end that was asked to confirm sends a new offer with a=curr:qos local sendrecv once its resources are there, and does not lower what is desired.',
    clause: 'RFC 3312 §7',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the UPDATE is sent before the dedicated bearer is up, or repeats the first offer',
    check: (context) => each(confirmations(context, exchangesAtIci(context)), judgeConfirmation),
  }),
  exchangeRule({
    id: 'SDP-13',
    says: "The 200 to UPDATE mirrors the offerer's status: a=curr:qos remote sendrecv where the UPDATE said a=curr:qos local sendrecv.",
    clause: 'RFC 3312 §5.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the answerer repeats its first answer and does not take over the status of the UPDATE',
    judge: (exchange) => {
      if (!toUpdate(exchange) || segmented(exchange.offer).length === 0) return undefined;
      const streams = segmented(exchange.answer);
      if (streams.length === 0) return undefined;
      return streams.flatMap(([media, view]) => mirrorComplaint(exchange, media, view));
    },
  }),
  exchangeRule({
    id: 'SDP-14',
    says: 'An answer does not lower a desired strength of the offer.',
    clause: 'RFC 3312 §5.2; RFC 4032 §4.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the answerer writes its own configured strengths instead of starting from the offered ones',
    judge: (exchange) => {
      if (segmented(exchange.offer).length === 0 || segmented(exchange.answer).length === 0) return undefined;
      return complaintsOf(exchange, ['desired-lowered']);
    },
  }),
  rule({
    id: 'SDP-15',
    says: 'A call whose INVITE does not use preconditions is not refused for that (580, or 420 with precondition).',
    clause: 'TS 29.165 §6.1.3.1/20, table C.3.1.2; TS 24.229 §6.1.2; TR 29.949 §4.5',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'the called side insists on preconditions and does not fall back',
    check: (context) => {
      const described = new Map(descriptionsAtIci(context).map((item) => [item.view, item]));
      return each(context.iciTransactions, (transaction) => {
        const { request } = transaction;
        if (transaction.method !== 'INVITE' || request === null || request.inDialog !== false) return undefined;
        const final = finalResponse(transaction);
        if (final === null || usesPrecondition(request, described.get(request))) return undefined;
        const refused =
          final.status === 580 || (final.status === 420 && final.tokens('Unsupported').includes('precondition'));
        return refused ? [violation(final, `${final.title} to an INVITE without preconditions`)] : null;
      });
    },
  }),
  descriptionRule({
    id: 'SDP-17',
    says: 'The lines of preconditions follow their grammar: a=curr:qos, a=des:qos and a=conf:qos with known status type, strength and direction.',
    clause: 'RFC 3312 §4',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a hand-written attribute: a misspelt strength, or status type and direction exchanged',
    judge: (described) => {
      const lines = described.sdp.media.map((media) => preconditionsOf(media));
      if (
        !lines.some(
          (view) => view.current.length + view.desired.length + view.confirm.length + view.malformed.length > 0,
        )
      ) {
        return undefined;
      }
      return lines.flatMap((view) => view.malformed.map((line) => atLine(described, line, `a=${line.value}`)));
    },
  }),
];
