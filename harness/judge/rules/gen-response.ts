import type { NameAddr } from '../../wire/sip/headers.js';
import { sameUri } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import { partyName } from '../correlation.js';
import { type Complaint, seen, shortened } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/**
 * What a response does not repeat of its request, RFC 3261 §8.2.6.2. A response that repeats what its sender forwarded and
 * the sender of the request had received is right: then the request is the odd one.
 */
export function mirrorsRequest(view: SipView, request: SipView, context: RuleContext): readonly Complaint[] {
  const wrong: Complaint[] = [];
  const expect = (header: string, same: boolean): void => {
    if (!same)
      wrong.push({
        seen: `${header} of ${view.title} is ${shortened(view.get(header) ?? 'missing')}, of the request ${shortened(request.get(header) ?? 'missing')}`,
        header,
        line: view.lineOf(header) ?? 1,
      });
  };
  expect('Call-ID', view.callId === request.callId);
  const isMisnamed = request.sip.defects.some(({ code }) => code === 'sip-cseq-method');
  expect(
    'CSeq',
    isMisnamed || (view.cseq?.number === request.cseq?.number && view.cseq?.method === request.cseq?.method),
  );
  const repeats = (header: 'from' | 'to'): boolean =>
    isSameUri(view[header], request[header]) ||
    [context.border.inside(request), context.border.forwarded(request)].every(
      (neighbour) => neighbour !== null && isSameUri(view[header], neighbour[header]),
    );
  expect('From', repeats('from') && view.fromTag === request.fromTag);
  expect('To', repeats('to') && (request.toTag === '' || view.toTag === request.toTag || view.status === 100));
  expect('Via', sameVias(view, request) || sameVias(view, context.border.forwarded(request), 1));
  return wrong;
}

/** A To tag that the border did not receive so, in a transaction in which it passes the received one too. */
export function changedTag(view: SipView, context: RuleContext): readonly Complaint[] {
  const sender = partyName(view.record.from);
  const received = (receivedResponses(context).get(keyOf(view, sender)) ?? []).filter(
    (other) => other.record.index < view.record.index,
  );
  if (view.toTag === '' || received.length === 0 || received.some((other) => other.toTag === view.toTag)) return [];
  const passed = received.find((other) =>
    view.transaction?.responses.some((sibling) => sibling !== view && sibling.toTag === other.toTag),
  );
  return passed === undefined ? [] : [seen(view, 'To', `the border had received the tag ${passed.toTag}`)];
}

/**
 * The request that a response answers by its topmost Via alone, where what else names the transaction was changed: by the
 * response, if no request has its names. One that some request has is right, and the request that it seems to answer is odd.
 */
export function answered(view: SipView, context: RuleContext): SipView | null {
  const requests = context.memo('requests by branch', () => {
    const found = new Map<string, SipView>();
    for (const other of context.ici) {
      if (!other.isRequest || other.branch === '' || other.method === 'ACK' || other.method === 'CANCEL') continue;
      const key = `${partyName(other.record.from)} ${partyName(other.record.to)} ${other.branch}`;
      if (!found.has(key)) found.set(key, other);
    }
    return found;
  });
  if (view.branch === '' || view.cseq === null || view.from === null || view.method === 'CANCEL') return null;
  const request = requests.get(`${partyName(view.record.to)} ${partyName(view.record.from)} ${view.branch}`);
  if (request === undefined || request.fromTag === '') return null;
  const isTold = (context.sip.byCallId.get(view.callId) ?? []).some(
    (other) =>
      other.isRequest &&
      other !== request &&
      other.fromTag === view.fromTag &&
      (request.callId !== view.callId || request.fromTag !== view.fromTag || other.cseq?.number === view.cseq?.number),
  );
  return isTold ? null : request;
}

function isSameUri(a: NameAddr | null, b: NameAddr | null): boolean {
  return a?.uri === b?.uri || (a !== null && b !== null && sameUri(a.uri, b.uri));
}

/** `received` and `rport` may be added to the topmost entry (RFC 3261 §18.2.1, RFC 3581 §4); everything else is copied. */
function sameVias(view: SipView, request: SipView | null, from = 0): boolean {
  if (request === null) return false;
  const [a, b] = [view.vias, request.vias.slice(from)];
  return (
    a.length === b.length &&
    a.every((via, index) => {
      const other = b[index];
      if (via === null || other === null || other === undefined)
        return via === other && view.all('Via')[index] === request.all('Via')[index + from];
      return (
        via.branch === other.branch &&
        via.host.toLowerCase() === other.host.toLowerCase() &&
        via.port === other.port &&
        via.transport === other.transport &&
        via.params.get('tokenized-by') === other.params.get('tokenized-by')
      );
    })
  );
}

/** Responses by what they answer and who received them. */
function receivedResponses(context: RuleContext): ReadonlyMap<string, readonly SipView[]> {
  return context.memo('received responses', () => {
    const found = new Map<string, SipView[]>();
    for (const view of context.sip.views) {
      if (view.isRequest) continue;
      const key = keyOf(view, partyName(view.record.to));
      const list = found.get(key);
      if (list === undefined) found.set(key, [view]);
      else if (list.length < 64) list.push(view);
    }
    return found;
  });
}

function keyOf(view: SipView, party: string): string {
  return `${party} ${view.status} ${view.cseq?.number} ${view.method} ${view.callId}`;
}
