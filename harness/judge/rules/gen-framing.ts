import type { RuleContext } from '../context.js';
import { partyName } from '../correlation.js';
import type { SipView } from '../sip-view.js';

/**
 * Octets on a stream that begin no message, and the message in front of them whose Content-Length led there: RFC 3261 §18.3
 * knows no other way to tell where a message ends. By the view of the octets.
 */
export function strays(context: RuleContext): ReadonlyMap<SipView, SipView> {
  return context.memo('strays', () => {
    const found = new Map<SipView, SipView>();
    const last = new Map<string, SipView>();
    for (const view of context.ici) {
      if (view.record.transport === 'udp') continue;
      const { from, to } = view.record;
      const way = `${partyName(from)} ${from.port} ${partyName(to)} ${to.port}`;
      const before = last.get(way);
      if (view.isRequest && view.method === '') {
        if (before !== undefined && before.sip.body.length > 0) found.set(view, before);
      } else last.set(way, view);
    }
    return found;
  });
}
