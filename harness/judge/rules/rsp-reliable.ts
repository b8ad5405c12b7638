import { parseRAck } from '../../wire/sip/headers.js';
import type { RuleContext } from '../context.js';
import { finalResponse, type SipTransaction } from '../correlation.js';
import type { Violation } from '../rule.js';
import { type Complaint, seen, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** The request of a response; null where it was not seen. */
export function requestOf(view: SipView): SipView | null {
  return view.transaction?.request ?? null;
}

/** A provisional response that is sent reliably, RFC 3262 §3. */
export function isReliable(view: SipView): boolean {
  return view.status > 100 && view.status < 200 && view.has('RSeq');
}

/** RSP-03: what is wrong with how a provisional response says that it is reliable. */
export function reliability(view: SipView): Complaint | null | undefined {
  const requires = view.tokens('Require').includes('100rel');
  const rseq = view.get('RSeq');
  const request = requestOf(view);
  const offered = request === null ? [] : [...request.tokens('Supported'), ...request.tokens('Require')];
  if (rseq === undefined && !requires) {
    if (request?.tokens('Require').includes('100rel') !== true) return undefined;
    return { seen: `${view.title} without RSeq although the INVITE requires 100rel`, line: 1 };
  }
  if (rseq === undefined) return seen(view, 'Require', '100rel without RSeq');
  if (!requires) return seen(view, 'RSeq', 'without Require: 100rel');
  if (!/^[1-9][0-9]{0,9}$/.test(rseq) || Number(rseq) > 2 ** 32 - 1) return seen(view, 'RSeq', 'not a number from 1');
  if (request !== null && !offered.includes('100rel')) return seen(view, 'RSeq', 'the INVITE does not support 100rel');
  return null;
}

/** Reliable provisional responses of a transaction by the dialog (To tag) that they belong to, in order. */
function reliableByTag(transaction: SipTransaction): readonly (readonly SipView[])[] {
  const byTag = new Map<string, SipView[]>();
  for (const response of transaction.responses) {
    if (!isReliable(response)) continue;
    const list = byTag.get(response.toTag);
    if (list === undefined) byTag.set(response.toTag, [response]);
    else list.push(response);
  }
  return [...byTag.values()];
}

/** RFC 3262 §3: room to count up from. */
const HIGHEST_FIRST = 2 ** 31 - 1;

/** RSP-04: RSeq within one dialog. */
export function sequence(transaction: SipTransaction): readonly Violation[] | undefined {
  const lists = reliableByTag(transaction);
  if (lists.length === 0) return undefined;
  return lists.flatMap((list) =>
    list.flatMap((view, index): readonly Violation[] => {
      const before = list[index - 1];
      if (before === undefined && transaction.request !== null && Number(view.get('RSeq')) > HIGHEST_FIRST)
        return [violation(view, seen(view, 'RSeq', 'the first is at most 2147483647'))];
      const [own, last] = [Number(view.get('RSeq')), Number(before?.get('RSeq'))];
      if (before === undefined || own === last + 1 || (own === last && view.status === before.status)) return [];
      return [violation(view, seen(view, 'RSeq', `the one before was ${last}`))];
    }),
  );
}

/** The PRACKs that a transaction's reliable responses got, at the same hop. */
function pracks(context: RuleContext, transaction: SipTransaction): readonly SipView[] {
  return (context.sip.byCallId.get(transaction.callId) ?? []).filter(
    (view) => view.isRequest && view.method === 'PRACK' && view.transaction?.hop === transaction.hop,
  );
}

/** The INVITE on this hop that a PRACK belongs to where its RAck does not tell: the last one before it. */
function isLastBefore(context: RuleContext, transaction: SipTransaction, prack: SipView): boolean {
  const invites = (context.sip.byCallId.get(transaction.callId) ?? []).filter(
    (view) =>
      view.isRequest &&
      view.method === 'INVITE' &&
      view.transaction?.hop === transaction.hop &&
      view.record.index < prack.record.index,
  );
  return invites.at(-1)?.transaction === transaction;
}

/** Whether the end that sent a reliable response still knew its INVITE when a PRACK came. */
function isPending(transaction: SipTransaction, prack: SipView): boolean {
  const final = finalResponse(transaction);
  return (
    transaction.cancel === null && (final === null || final.status < 300 || final.record.index > prack.record.index)
  );
}

/** The answer to a PRACK that names a reliable response: 2xx, RFC 3262 §3. */
function prackAnswer(context: RuleContext, transaction: SipTransaction, prack: SipView): readonly Violation[] {
  if (prack.transaction === null || !isPending(transaction, prack)) return [];
  const final = finalResponse(prack.transaction);
  if (final === null) {
    const ended = (context.sip.byCallId.get(transaction.callId) ?? []).some(
      (view) => view.method === 'BYE' && view.status >= 200 && view.transaction?.hop === transaction.hop,
    );
    const seen = 'PRACK without any response up to the end of the call';
    return ended ? [violation(prack, { seen, line: 1, provenance: 'E', ...blamed(prack.record.to.node?.name) })] : [];
  }
  // A challenge is answered by another PRACK, an offer may be refused, and a border that knows no PRACK is MTH-01's.
  const excused = [401, 405, 407, 501].includes(final.status) || (final.status === 488 && prack.sdp !== null);
  return final.status < 300 || excused ? [] : [violation(final, { seen: `${final.title}, 2xx was due`, line: 1 })];
}

function blamed(name: string | undefined): { readonly blame?: string } {
  return name === undefined ? {} : { blame: name };
}

/** RSP-05: PRACK and RAck of a transaction. */
export function acknowledged(context: RuleContext, transaction: SipTransaction): readonly Violation[] | undefined {
  const reliable = reliableByTag(transaction).flat();
  const sent = pracks(context, transaction);
  if (transaction.request === null || (reliable.length === 0 && sent.length === 0)) return undefined;
  const number = transaction.request.cseq?.number;
  const known = new Set(reliable.map((view) => `${view.get('RSeq')} ${number} ${view.toTag}`));
  const named = new Set<string>();
  const wrong: Violation[] = [];
  for (const prack of sent) {
    const rack = parseRAck(prack.get('RAck') ?? '');
    const isOwn = rack?.cseq === number || isLastBefore(context, transaction, prack);
    if (rack === null) {
      if (isOwn)
        wrong.push(
          violation(prack, { ...asObject(seen(prack, 'RAck', 'unreadable')), line: prack.lineOf('RAck') ?? 1 }),
        );
    } else if (rack.method === 'INVITE' && known.has(`${rack.rseq} ${rack.cseq} ${prack.toTag}`)) {
      named.add(`${rack.rseq} ${rack.cseq} ${prack.toTag}`);
      wrong.push(...prackAnswer(context, transaction, prack));
    } else if (isOwn && !isOfAnother(context, transaction, rack.cseq))
      wrong.push(violation(prack, seen(prack, 'RAck', 'no reliable response was like that')));
  }
  const established = transaction.responses.find((view) => view.status >= 200 && view.status < 300);
  if (established === undefined || transaction.cancel !== null || wrong.length > 0) return wrong;
  for (const view of reliable) {
    const isOfDialog = view.toTag === established.toTag && view.record.index < established.record.index;
    if (!isOfDialog || named.has(`${view.get('RSeq')} ${number} ${view.toTag}`)) continue;
    wrong.push(
      violation(view, {
        ...asObject(seen(view, 'RSeq', 'no PRACK for it')),
        ...blamed(view.record.to.node?.name),
      }),
    );
  }
  return wrong;
}

/** Whether a CSeq number is that of another INVITE of the call on this hop, for which RAck may stand. */
function isOfAnother(context: RuleContext, transaction: SipTransaction, number: number): boolean {
  return (context.sip.byCallId.get(transaction.callId) ?? []).some(
    (view) =>
      view.isRequest &&
      view.method === 'INVITE' &&
      view.transaction !== transaction &&
      view.transaction?.hop === transaction.hop &&
      view.cseq?.number === number,
  );
}

/** A complaint to which more is added. */
export function asObject(complaint: Complaint): Exclude<Complaint, string> {
  return typeof complaint === 'string' ? { seen: complaint } : complaint;
}
