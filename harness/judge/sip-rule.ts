import type { ReferencePoint } from '../profile/reference-point.js';
import type { RuleContext } from './context.js';
import type { Leg } from './leg.js';
import type { Rule, RuleOutcome, Violation } from './rule.js';
import type { SipView } from './sip-view.js';

/** Which SIP messages a rule looks at; every named property must match. Retransmissions are folded away. */
export interface SipWhere {
  /** The reference points; the Ici without it. */
  readonly at?: readonly ReferencePoint[] | 'anywhere';
  /** What SIP itself asks of every hop: applies to hops that nobody can place too, where the trace has no Ici at all. */
  readonly unplaced?: true;
  readonly kind?: 'request' | 'response';
  /** Method of the request, or of the CSeq of the response. */
  readonly methods?: readonly string[];
  /** Lowest and highest status, inclusive. */
  readonly status?: readonly [number, number];
  /** `initial`: outside of a dialog; `in-dialog`: inside. A message whose request was not seen is neither. */
  readonly dialog?: 'initial' | 'in-dialog';
  readonly legs?: readonly Leg[];
  /** A header that must be in the message. */
  readonly header?: string;
}

/** What is wrong with a message: a sentence, or a sentence with what differs from the defaults (`header` gives the line). */
export type Complaint =
  | string
  | (Partial<Omit<Violation, 'seen'>> & { readonly seen: string; readonly header?: string });

/** A complaint, several, null for a good message, undefined where the rule found nothing to look at in this message. */
export type Judged = Complaint | readonly Complaint[] | null | undefined;

/** The columns of a rule that every rule has. */
export type RuleRow = Omit<Rule, 'check' | 'family'>;

/** A rule that looks at one SIP message at a time. */
export interface SipRuleRow extends RuleRow {
  readonly where: SipWhere;
  /** Further condition; a message that does not fulfil it is not counted as looked at. */
  when?(view: SipView, context: RuleContext): boolean;
  judge(view: SipView, context: RuleContext): Judged;
}

/** Makes a rule of a row and a check over the whole context; the family is the id's prefix. */
export function rule(row: RuleRow & Pick<Rule, 'check'>): Rule {
  return { ...row, family: familyOf(row.id) };
}

/** Makes a rule that looks at one SIP message at a time. */
export function sipRule(row: SipRuleRow): Rule {
  const { where, when, judge, ...columns } = row;
  return rule({ ...columns, check: (context) => eachSip(context, { where, when, judge }) });
}

/** Looks at every SIP message that matches, and counts. */
export function eachSip(context: RuleContext, row: Pick<SipRuleRow, 'where' | 'when' | 'judge'>): RuleOutcome {
  let applied = 0;
  const violations: Violation[] = [];
  for (const view of messagesAt(context, row.where)) {
    if (!matches(view, row.where, context) || row.when?.(view, context) === false) continue;
    const judged = row.judge(view, context);
    if (judged === undefined) continue;
    applied += 1;
    violations.push(...violationsOf(judged, view));
  }
  return { applied, violations };
}

/** Looks at every item of a list (transactions, dialogs, …); `judge` returns undefined where there was nothing to look at. */
export function each<T>(items: readonly T[], judge: (item: T) => readonly Violation[] | null | undefined): RuleOutcome {
  let applied = 0;
  const violations: Violation[] = [];
  for (const item of items) {
    const judged = judge(item);
    if (judged === undefined) continue;
    applied += 1;
    if (judged !== null) violations.push(...judged);
  }
  return { applied, violations };
}

/** A violation of one message, with the line of its header. */
export function violation(view: SipView, complaint: Complaint): Violation {
  if (typeof complaint === 'string') return { message: view.record, seen: complaint };
  const { header, ...rest } = complaint;
  const line = rest.line ?? (header === undefined ? undefined : view.lineOf(header));
  return { message: view.record, ...rest, ...(line === undefined ? {} : { line }) };
}

/** A complaint that quotes the header it is about. */
export function seen(view: SipView, header: string, text?: string): Complaint {
  const value = view.get(header);
  const quoted =
    value === undefined ? `no ${header} in ${view.title}` : `${header}: ${shortened(value)} in ${view.title}`;
  return {
    seen: text === undefined ? quoted : `${text}: ${quoted}`,
    header,
    ...(value === undefined ? { line: 1 } : {}),
  };
}

/** Keeps a quotation readable. */
export function shortened(text: string, length = 160): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** 1-based line of the message on which a line of its body stands. */
export function lineInBody(view: SipView, line: string): number {
  const lines = Buffer.from(view.record.octets).toString('latin1').split('\n');
  return lines.findIndex((candidate) => candidate.replace(/\r$/, '') === line) + 1;
}

function familyOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('-')));
}

function violationsOf(judged: Exclude<Judged, undefined>, view: SipView): readonly Violation[] {
  if (judged === null) return [];
  if (typeof judged === 'string') return [violation(view, judged)];
  return isList(judged) ? judged.map((complaint) => violation(view, complaint)) : [violation(view, judged)];
}

function isList(judged: Complaint | readonly Complaint[]): judged is readonly Complaint[] {
  return Array.isArray(judged);
}

/** Messages by reference point, kind and method, so that a rule does not look at what it will not judge. */
function messagesAt(context: RuleContext, where: SipWhere): readonly SipView[] {
  const scope = where.at !== undefined ? 'all' : where.unplaced && context.ici.length === 0 ? 'unplaced' : 'Ici';
  const views = scope === 'Ici' ? context.ici : scope === 'all' ? context.sip.views : unplaced(context);
  if (where.methods === undefined && where.kind === undefined) return views;
  const key = `${scope} ${where.kind ?? ''} ${where.methods?.join() ?? ''}`;
  return context.memo(key, () =>
    views.filter(
      (view) =>
        (where.kind === undefined || (where.kind === 'request') === view.isRequest) &&
        (where.methods === undefined || where.methods.includes(view.method)),
    ),
  );
}

function unplaced(context: RuleContext): readonly SipView[] {
  return context.memo('unplaced', () => context.sip.views.filter((view) => view.referencePoint === 'unknown'));
}

function matches(view: SipView, where: SipWhere, context: RuleContext): boolean {
  if (where.status !== undefined && (view.isRequest || view.status < where.status[0] || view.status > where.status[1]))
    return false;
  if (where.at !== undefined && where.at !== 'anywhere' && !where.at.includes(view.referencePoint)) return false;
  if (where.header !== undefined && !view.has(where.header)) return false;
  if (where.dialog !== undefined && view.inDialog !== (where.dialog === 'in-dialog')) return false;
  return where.legs === undefined || where.legs.includes(context.leg(view));
}
