import { finalResponse, type SipCorrelation, type SipTransaction } from './correlation.js';
import type { SipView } from './sip-view.js';

/** An offer and its answer on one hop. `answer` is null where it was not seen or never came. */
export interface OfferAnswer {
  readonly hop: string;
  readonly callId: string;
  readonly offer: SipView;
  readonly offerBody: Uint8Array;
  readonly answer: SipView | null;
  readonly answerBody: Uint8Array | null;
  /** Session descriptions in unreliable provisional responses before the answer: previews of it (RFC 3261 §13.2.1). */
  readonly previews: readonly SipView[];
}

/** Pairs session descriptions into offers and answers: RFC 3261 §13.2.1, RFC 3262 §5, RFC 3311 §5, RFC 6337 §2.2. */
export function offersAndAnswers(sip: SipCorrelation): readonly OfferAnswer[] {
  const found: OfferAnswer[] = [];
  for (const transaction of sip.transactions) {
    if (transaction.request === null) continue;
    if (transaction.method === 'INVITE') found.push(...ofInvite(transaction, sip));
    else if (transaction.method === 'UPDATE') found.push(...ofSimple(transaction));
    else if (transaction.method === 'PRACK' && !isAnswerInPrack(transaction, found))
      found.push(...ofSimple(transaction));
  }
  return found;
}

function pair(offer: SipView, answer: SipView | null, previews: readonly SipView[] = []): OfferAnswer[] {
  if (offer.sdp === null || offer.transaction === null) return [];
  const { hop, callId } = offer.transaction;
  return [{ hop, callId, offer, offerBody: offer.sdp, answer, answerBody: answer?.sdp ?? null, previews }];
}

/** UPDATE and PRACK: the offer in the request, the answer in its 2xx. */
function ofSimple(transaction: SipTransaction): OfferAnswer[] {
  const { request } = transaction;
  if (request === null || request.sdp === null) return [];
  const final = finalResponse(transaction);
  return pair(request, final !== null && final.status < 300 && final.sdp !== null ? final : null);
}

function isReliable(response: SipView): boolean {
  return response.status >= 200 || (response.status > 100 && response.has('RSeq'));
}

function ofInvite(transaction: SipTransaction, sip: SipCorrelation): OfferAnswer[] {
  const { request } = transaction;
  if (request === null) return [];
  const described = transaction.responses.filter((response) => response.status < 300 && response.sdp !== null);
  const tags = [...new Set(described.map((response) => response.toTag))];
  if (request.sdp !== null) {
    if (tags.length === 0) return pair(request, null);
    return tags.flatMap((tag) => {
      const ofTag = described.filter((response) => response.toTag === tag);
      const answer = ofTag.find(isReliable) ?? null;
      return pair(
        request,
        answer,
        ofTag.filter((response) => !isReliable(response)),
      );
    });
  }
  return tags.flatMap((tag) => {
    const offer = described.find((response) => response.toTag === tag && isReliable(response));
    if (offer === undefined) return [];
    if (offer.status >= 200) {
      const ack = transaction.acks.find((candidate) => candidate.toTag === tag && candidate.sdp !== null);
      return pair(offer, ack ?? null);
    }
    return pair(offer, prackOf(offer, sip));
  });
}

/** The PRACK that acknowledges a reliable provisional response, where it carries a session description. */
function prackOf(response: SipView, sip: SipCorrelation): SipView | null {
  const rseq = response.get('RSeq');
  const candidates = sip.byCallId.get(response.callId) ?? [];
  return (
    candidates.find(
      (view) =>
        view.isRequest &&
        view.method === 'PRACK' &&
        view.transaction?.hop === response.transaction?.hop &&
        view.toTag === response.toTag &&
        (view.get('RAck') ?? '').split(/\s+/)[0] === rseq &&
        view.sdp !== null,
    ) ?? null
  );
}

function isAnswerInPrack(transaction: SipTransaction, found: readonly OfferAnswer[]): boolean {
  return found.some((exchange) => exchange.answer === transaction.request);
}
