import type { Party } from '../evidence/model.js';
import type { SipView } from './sip-view.js';

/** One transaction on one hop, RFC 3261 §17; retransmissions are folded away. */
export interface SipTransaction {
  readonly method: string;
  readonly hop: string;
  readonly callId: string;
  /** Null where the capture began later. */
  request: SipView | null;
  readonly responses: SipView[];
  /** ACKs of an INVITE, for 2xx and for others. */
  readonly acks: SipView[];
  /** The CANCEL transaction of an INVITE. */
  cancel: SipTransaction | null;
  /** For a CANCEL: what it cancels. */
  cancels: SipTransaction | null;
}

/** One dialog (or early dialog) on one hop, RFC 3261 §12. */
export interface SipDialog {
  readonly hop: string;
  readonly callId: string;
  /** Tags of the caller and of the callee of the dialog-creating request; in capture order where that was not seen. */
  readonly callerTag: string;
  readonly calleeTag: string;
  /** The transaction that created it; null where it was not seen. */
  creator: SipTransaction | null;
  /** Messages of the dialog in order, the creating request included. */
  readonly messages: SipView[];
}

/** The SIP of one trace, correlated. */
export interface SipCorrelation {
  /** Every SIP message, retransmissions included, in order. */
  readonly all: readonly SipView[];
  /** Every SIP message, without retransmissions. */
  readonly views: readonly SipView[];
  readonly transactions: readonly SipTransaction[];
  readonly dialogs: readonly SipDialog[];
  /** Views without retransmissions by Call-ID. */
  readonly byCallId: ReadonlyMap<string, readonly SipView[]>;
}

/** Names one end of a hop: the node where it is known, else the address (a port may change with each connection). */
export function partyName(party: Party): string {
  return party.node?.name ?? party.address;
}

/** Names a hop without its direction. */
export function hopOf(from: Party, to: Party): string {
  const a = partyName(from);
  const b = partyName(to);
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/** Correlates SIP messages in the order of the capture into transactions and dialogs, hop by hop. Linear. */
export function correlate(all: readonly SipView[]): SipCorrelation {
  const correlator = new Correlator();
  for (const view of all) correlator.add(view);
  return correlator.finish(all);
}

class Correlator {
  readonly #views: SipView[] = [];
  readonly #transactions: SipTransaction[] = [];
  readonly #dialogs: SipDialog[] = [];
  readonly #byCallId = new Map<string, SipView[]>();
  readonly #seen = new Map<string, SipView[]>();
  readonly #byBranch = new Map<string, SipTransaction>();
  readonly #byNumber = new Map<string, SipTransaction>();
  readonly #dialogByTags = new Map<string, SipDialog>();

  add(view: SipView): void {
    const { record, callId } = view;
    const number = view.cseq?.number ?? -1;
    const fingerprint = `${partyName(record.from)}>${partyName(record.to)} ${view.method} ${view.status} ${number} ${callId} ${view.branch}`;
    const same = this.#seen.get(fingerprint);
    const original = same?.find((earlier) => Buffer.compare(earlier.record.octets, record.octets) === 0);
    if (original !== undefined) {
      view.retransmissionOf = original;
      view.transaction = original.transaction;
      view.dialog = original.dialog;
      return;
    }
    if (same === undefined) this.#seen.set(fingerprint, [view]);
    else if (same.length < 32) same.push(view);
    this.#views.push(view);
    const call = this.#byCallId.get(callId);
    if (call === undefined) this.#byCallId.set(callId, [view]);
    else call.push(view);
    const hop = hopOf(record.from, record.to);
    this.#assignTransaction(view, hop, number);
    this.#assignDialog(view, hop);
  }

  #assignTransaction(view: SipView, hop: string, number: number): void {
    const family = view.method === 'ACK' ? 'INVITE' : view.method;
    const numberKey = `${hop} ${view.callId} ${number} ${family} ${view.fromTag}`;
    const branchKey = `${numberKey} ${view.branch}`;
    if (view.method === 'ACK') {
      const invite = this.#byBranch.get(branchKey) ?? this.#byNumber.get(numberKey);
      if (invite !== undefined) {
        invite.acks.push(view);
        view.transaction = invite;
      }
      return;
    }
    let transaction = this.#byBranch.get(branchKey);
    if (transaction === undefined && !view.isRequest) transaction = this.#answeredBy(numberKey, view);
    if (
      transaction === undefined ||
      (view.isRequest && transaction.request !== null && transaction.responses.length > 0 && view.branch === '')
    ) {
      transaction = {
        method: view.method,
        hop,
        callId: view.callId,
        request: null,
        responses: [],
        acks: [],
        cancel: null,
        cancels: null,
      };
      this.#transactions.push(transaction);
      this.#byBranch.set(branchKey, transaction);
      this.#byNumber.set(numberKey, transaction);
      if (view.method === 'CANCEL') this.#joinCancel(transaction, view, hop, number);
    }
    if (view.isRequest) transaction.request ??= view;
    else transaction.responses.push(view);
    view.transaction = transaction;
  }

  /** A response whose Via was spoiled still answers the request with its CSeq that went the other way. */
  #answeredBy(numberKey: string, view: SipView): SipTransaction | undefined {
    const candidate = this.#byNumber.get(numberKey);
    const request = candidate?.request;
    if (request === undefined || request === null) return undefined;
    return partyName(request.record.from) === partyName(view.record.to) ? candidate : undefined;
  }

  #joinCancel(cancel: SipTransaction, view: SipView, hop: string, number: number): void {
    const key = `${hop} ${view.callId} ${number} INVITE ${view.fromTag}`;
    const invite = this.#byBranch.get(`${key} ${view.branch}`) ?? this.#byNumber.get(key);
    if (invite === undefined) return;
    cancel.cancels = invite;
    invite.cancel = cancel;
  }

  #assignDialog(view: SipView, hop: string): void {
    const { callId, fromTag, toTag } = view;
    if (fromTag === '' || toTag === '') return;
    const tags = fromTag < toTag ? `${fromTag} ${toTag}` : `${toTag} ${fromTag}`;
    const key = `${hop} ${callId} ${tags}`;
    let dialog = this.#dialogByTags.get(key);
    if (dialog === undefined) {
      if (!view.isRequest && !createsDialog(view)) return;
      const request = view.isRequest ? null : (view.transaction?.request ?? null);
      const creator = request !== null && request.toTag === '' ? view.transaction : null;
      dialog = { hop, callId, callerTag: fromTag, calleeTag: toTag, creator, messages: [] };
      if (creator?.request) {
        dialog.messages.push(creator.request);
        creator.request.dialog ??= dialog;
      }
      this.#dialogByTags.set(key, dialog);
      this.#dialogs.push(dialog);
    }
    dialog.messages.push(view);
    view.dialog = dialog;
  }

  finish(all: readonly SipView[]): SipCorrelation {
    return {
      all,
      views: this.#views,
      transactions: this.#transactions,
      dialogs: this.#dialogs,
      byCallId: this.#byCallId,
    };
  }
}

/** RFC 3261 §12.1, RFC 6665 §4.4.1: a 101-299 with To tag to INVITE, SUBSCRIBE or REFER. */
function createsDialog(response: SipView): boolean {
  return response.status > 100 && response.status < 300 && ['INVITE', 'SUBSCRIBE', 'REFER'].includes(response.method);
}

/** The first final response of a transaction, or null. */
export function finalResponse(transaction: SipTransaction): SipView | null {
  return transaction.responses.find((response) => response.status >= 200) ?? null;
}
