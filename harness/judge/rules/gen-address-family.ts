import { type Complaint, lineInBody, seen } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

const IP6 = /^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/;

/**
 * The origin and connection lines of a description whose address family is not that of the packet. Where the other side
 * describes its media in that family too, both networks have it and nothing needs to be interworked.
 */
export function foreignLiterals(view: SipView): readonly Complaint[] {
  const six = view.record.from.address.includes(':');
  const wrong: Complaint[] = [];
  const via = view.vias[0];
  if (view.isRequest && via && (IP6.test(via.host) || /^\d+(\.\d+){3}$/.test(via.host)) && IP6.test(via.host) !== six)
    wrong.push(
      seen(
        view,
        'Via',
        `a literal of the other IP version in the topmost Via of a packet between ${view.record.from.address} and ${view.record.to.address}`,
      ),
    );
  if (view.sdp === null) return wrong;
  for (const line of Buffer.from(view.sdp).toString('latin1').split(/\r?\n/)) {
    const family = /^(?:c=|o=.*\s)IN (IP[46]) \S/.exec(line)?.[1];
    if (family === undefined || (family === 'IP6') === six || spokenByPeer(view, family)) continue;
    wrong.push({
      seen: `${line} in the session description of ${view.title}, over IPv${six ? 6 : 4}`,
      line: lineInBody(view, line),
      ...(line.startsWith('o=') ? { strength: 'should' as const } : {}),
    });
  }
  return wrong;
}

/** Whether the other side of the dialog has a connection line of the family. */
function spokenByPeer(view: SipView, family: string): boolean {
  const sender = view.record.from.address;
  const others = view.dialog?.messages ?? view.transaction?.responses ?? [];
  return others.some(
    (other) =>
      other.sdp !== null &&
      other.record.from.address !== sender &&
      new RegExp(`^c=IN ${family} `, 'm').test(Buffer.from(other.sdp).toString('latin1')),
  );
}
