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

/** RSP-04: RSeq within one dialog. */
export function sequence(transaction: SipTransaction): readonly Violation[] | undefined {
  const lists = reliableByTag(transaction).filter((list) => list.length > 1);
  if (lists.length === 0) return undefined;
  return lists.flatMap((list) =>
    list.flatMap((view, index): readonly Violation[] => {
      const before = list[index - 1];
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
    if (rack === null) wrong.push(violation(prack, seen(prack, 'RAck', 'unreadable')));
    else if (rack.cseq !== number) continue;
    else if (rack.method !== 'INVITE' || !known.has(`${rack.rseq} ${rack.cseq} ${prack.toTag}`))
      wrong.push(violation(prack, seen(prack, 'RAck', 'no reliable response was like that')));
    else named.add(`${rack.rseq} ${rack.cseq} ${prack.toTag}`);
    const final = prack.transaction === null ? null : finalResponse(prack.transaction);
    if (final !== null && final.status >= 300 && final.status !== 481 && final.status !== 405 && wrong.length === 0)
      wrong.push(violation(final, { seen: `${final.title}, 2xx was due`, line: 1 }));
  }
  const established = transaction.responses.find((view) => view.status >= 200 && view.status < 300);
  if (established === undefined || transaction.cancel !== null || wrong.length > 0) return wrong;
  for (const view of reliable) {
    const isOfDialog = view.toTag === established.toTag && view.record.index < established.record.index;
    if (!isOfDialog || named.has(`${view.get('RSeq')} ${number} ${view.toTag}`)) continue;
    const blame = view.record.to.node?.name;
    wrong.push(
      violation(view, {
        ...asObject(seen(view, 'RSeq', 'no PRACK for it before the 2xx')),
        ...(blame === undefined ? {} : { blame }),
      }),
    );
  }
  return wrong;
}

/** A complaint to which more is added. */
export function asObject(complaint: Complaint): Exclude<Complaint, string> {
  return typeof complaint === 'string' ? { seen: complaint } : complaint;
}
