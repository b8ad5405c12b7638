import type { NameAddr } from '../../wire/sip/headers.js';
import { sameUri } from '../../wire/sip/uri.js';
import { type Complaint, shortened } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** What a response does not repeat of its request, RFC 3261 §8.2.6.2. */
export function mirrorsRequest(view: SipView, request: SipView): readonly Complaint[] {
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
  expect('CSeq', view.cseq?.number === request.cseq?.number && view.cseq?.method === request.cseq?.method);
  expect('From', isSameUri(view.from, request.from) && view.fromTag === request.fromTag);
  expect(
    'To',
    isSameUri(view.to, request.to) && (request.toTag === '' || view.toTag === request.toTag || view.status === 100),
  );
  expect('Via', sameVias(view, request));
  return wrong;
}

function isSameUri(a: NameAddr | null, b: NameAddr | null): boolean {
  return a?.uri === b?.uri || (a !== null && b !== null && sameUri(a.uri, b.uri));
}

/** `received` and `rport` may be added to the topmost entry (RFC 3261 §18.2.1, RFC 3581 §4); everything else is copied. */
function sameVias(view: SipView, request: SipView): boolean {
  const [a, b] = [view.vias, request.vias];
  return (
    a.length === b.length &&
    a.every((via, index) => {
      const other = b[index];
      if (via === null || other === null || other === undefined)
        return via === other && view.all('Via')[index] === request.all('Via')[index];
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
