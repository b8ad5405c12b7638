import { type AnswerProblem, checkAnswer } from '../wire/sdp/check-answer.js';
import { parseSdp } from '../wire/sdp/parse.js';
import type { Sdp, SdpLine } from '../wire/sdp/sdp.js';
import type { RuleContext } from './context.js';
import type { Rule, RuleOutcome, Violation } from './rule.js';
import { type Complaint, type Judged, type RuleRow, rule, violation } from './sip-rule.js';
import type { SipView } from './sip-view.js';

/** A session description inside a SIP message. */
export interface Described {
  readonly view: SipView;
  readonly sdp: Sdp;
  /** Lines of the message in front of the description. */
  readonly linesBefore: number;
  /** `preview`: in an unreliable provisional response; `other`: neither an offer nor an answer that could be paired. */
  readonly part: 'offer' | 'answer' | 'preview' | 'other';
  /** Of an answer: the offer it answers. Of an offer: its answers, one a branch, and their previews. Empty where none was seen. */
  readonly counterparts: readonly Described[];
}

/** An offer with the answer of one branch, both seen at the Ici. */
export interface Exchange {
  readonly offer: Described;
  readonly answer: Described;
  readonly problems: readonly AnswerProblem[];
}

/** Every description that crossed the Ici, in order. */
export function descriptionsAtIci(context: RuleContext): readonly Described[] {
  return context.memo('descriptions at the Ici', () => paired(context).described);
}

/** Every offer at the Ici whose answer was seen, in order. */
export function exchangesAtIci(context: RuleContext): readonly Exchange[] {
  return context.memo('exchanges at the Ici', () => paired(context).exchanges);
}

function paired(context: RuleContext): { described: readonly Described[]; exchanges: readonly Exchange[] } {
  return context.memo('paired descriptions', () => {
    type Mutable = Pick<Described, 'view' | 'sdp' | 'linesBefore'> & {
      part: Described['part'];
      counterparts: Described[];
    };
    const byView = new Map<SipView, Mutable>();
    for (const view of context.ici) {
      const body = view.sdp;
      if (body !== null) {
        const sdp = parseSdp(body);
        byView.set(view, { view, sdp, linesBefore: linesBefore(view, body), part: 'other', counterparts: [] });
      }
    }
    const exchanges: Exchange[] = [];
    for (const pair of context.offersAndAnswers) {
      const offer = byView.get(pair.offer);
      if (offer === undefined) continue;
      offer.part = 'offer';
      for (const preview of pair.previews) {
        const described = byView.get(preview);
        if (described === undefined) continue;
        described.part = 'preview';
        described.counterparts.push(offer);
        offer.counterparts.push(described);
      }
      const answer = pair.answer === null ? undefined : byView.get(pair.answer);
      if (answer === undefined) continue;
      answer.part = 'answer';
      answer.counterparts.push(offer);
      offer.counterparts.push(answer);
      exchanges.push({ offer, answer, problems: checkAnswer(offer.sdp, answer.sdp) });
    }
    return { described: [...byView.values()], exchanges };
  });
}

/** Lines of the message in front of its description; 0 where the body was decoded into octets of its own. */
function linesBefore(view: SipView, body: Uint8Array): number {
  const { octets } = view.record;
  const start = body.byteOffset - octets.byteOffset;
  if (body.buffer !== octets.buffer || start < 0 || start > octets.length) return 0;
  let lines = 0;
  for (let at = octets.indexOf(0x0a); at >= 0 && at < start; at = octets.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}

/** A complaint about one line of a description. */
export function atLine(described: Described, line: SdpLine | number | null, complaint: Complaint): Complaint {
  const more = typeof complaint === 'string' ? { seen: complaint } : complaint;
  const number = line === null ? null : typeof line === 'number' ? line : line.line;
  return number === null ? more : { ...more, line: described.linesBefore + number };
}

export interface DescriptionRuleRow extends RuleRow {
  /** Undefined where the description holds nothing that the rule is about. */
  judge(described: Described, context: RuleContext): Judged;
}

/** A rule that looks at every description at the Ici. */
export function descriptionRule(row: DescriptionRuleRow): Rule {
  const { judge, ...columns } = row;
  return rule({
    ...columns,
    check: (context) => looked(descriptionsAtIci(context), (described) => [described.view, judge(described, context)]),
  });
}

export interface ExchangeRuleRow extends RuleRow {
  /** Complaints are about the answer. Undefined where the exchange holds nothing that the rule is about. */
  judge(exchange: Exchange, context: RuleContext): Judged;
}

/** Looks at every answer at the Ici together with its offer. */
export function eachExchange(context: RuleContext, judge: (exchange: Exchange) => Judged): RuleOutcome {
  return looked(exchangesAtIci(context), (exchange) => [exchange.answer.view, judge(exchange)]);
}

/** A rule that looks at every answer at the Ici together with its offer. */
export function exchangeRule(row: ExchangeRuleRow): Rule {
  const { judge, ...columns } = row;
  return rule({
    ...columns,
    check: (context) => eachExchange(context, (exchange) => judge(exchange, context)),
  });
}

/** Complaints for the problems of an exchange that have one of these codes. */
export function complaintsOf(exchange: Exchange, codes: readonly AnswerProblem['code'][]): readonly Complaint[] {
  return exchange.problems
    .filter((problem) => codes.includes(problem.code))
    .map((problem) => atLine(exchange.answer, problem.line, `${problem.text} in ${exchange.answer.view.title}`));
}

function looked<T>(items: readonly T[], judge: (item: T) => readonly [SipView, Judged]): RuleOutcome {
  let applied = 0;
  const violations: Violation[] = [];
  for (const item of items) {
    const [view, judged] = judge(item);
    if (judged === undefined) continue;
    applied += 1;
    for (const complaint of listed(judged)) violations.push(violation(view, complaint));
  }
  return { applied, violations };
}

function listed(judged: Exclude<Judged, undefined>): readonly Complaint[] {
  if (judged === null) return [];
  return Array.isArray(judged) ? judged : [judged as Complaint];
}
