import type { NetworkNode } from '../../profile/profile.js';
import type { RuleContext } from '../context.js';
import type { Rule } from '../rule.js';
import { seen, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** Methods that every II-NNI carries in both directions, TS 29.165 table 6.1. */
const MANDATORY_METHODS = ['ACK', 'BYE', 'CANCEL', 'INVITE', 'OPTIONS', 'PRACK', 'UPDATE'];

/** What an IMS UE understands at least; the list itself is expert knowledge. */
const METHODS_OF_A_UE = ['invite', 'ack', 'cancel', 'bye', 'options', 'prack', 'update'];

/**
 * The response was made by the border itself: the border is seen to keep Call-IDs, and neither this response (with whatever
 * To tag) nor, where it forwarded the request, its silence explains the refusal.
 */
function madeByBorder(view: SipView, context: RuleContext): boolean {
  const request = view.transaction?.request;
  if (request === undefined || request === null) return false;
  const border = view.record.from.node;
  if (border === undefined || border.role !== 'ibcf' || !keepsCallIds(border, context)) return false;
  const fromBehind = (context.sip.byCallId.get(view.callId) ?? []).filter(
    (other) =>
      !other.isRequest &&
      other.record.to.node === border &&
      other.referencePoint !== 'Ici' &&
      other.method === view.method &&
      other.cseq?.number === view.cseq?.number &&
      other.status >= 200,
  );
  if (fromBehind.length > 0) return fromBehind.every((other) => other.status !== view.status);
  return context.border.forwarded(request) === null;
}

/** Whether some call has the same Call-ID on both sides of a border; one that rewrites them hides what it forwards. */
function keepsCallIds(border: NetworkNode, context: RuleContext): boolean {
  return context.memo(`Call-IDs kept by ${border.name}`, () => {
    const ofBorder = (view: SipView): boolean => view.record.from.node === border || view.record.to.node === border;
    const outside = new Set(context.ici.filter(ofBorder).map((view) => view.callId));
    return context.sip.views.some(
      (view) => view.referencePoint !== 'Ici' && ofBorder(view) && outside.has(view.callId),
    );
  });
}

/** Methods at the II-NNI, TS 29.165 §6.1.1. */
export const MTH: readonly Rule[] = [
  sipRule({
    id: 'MTH-01',
    says: 'A border forwards ACK, BYE, CANCEL, INVITE, OPTIONS, PRACK and UPDATE in both directions; it does not answer them 405 or 501 itself.',
    clause: 'TS 29.165 §6.1.1.1 table 6.1, §6.1.1.2 table 6.3',
    strength: 'shall',
    provenance: 'S',
    usualCause: "the border's method filter lacks a mandatory method",
    where: { kind: 'response', methods: MANDATORY_METHODS, status: [200, 699] },
    judge: (view, context) =>
      (view.status === 405 || view.status === 501) && madeByBorder(view, context)
        ? `${view.status} to ${view.method} made by the border`
        : null,
  }),
  sipRule({
    id: 'MTH-02',
    says: 'REGISTER does not appear on a non-roaming interconnection.',
    clause: 'TS 29.165 §6.1.1.1 table 6.1 (c2), annex B.14',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a REGISTER of a roamer was routed without a roaming agreement, or the border does not discard it',
    where: { kind: 'request', legs: ['NR', 'VA-HB'] },
    judge: (view) => (view.method === 'REGISTER' ? `REGISTER ${view.sip.get('To') ?? ''}` : null),
  }),
  sipRule({
    id: 'MTH-07',
    says: 'A 405 carries Allow.',
    clause: 'RFC 3261 §21.4.6, §8.2.1; TS 29.165 annex B.7.2/6',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the 405 is made by a filter that does not know what its own side supports',
    where: { kind: 'response', status: [405, 405] },
    judge: (view) => (view.has('Allow') ? null : seen(view, 'Allow')),
  }),
  sipRule({
    id: 'MTH-08',
    says: 'INVITE, its 2xx and UPDATE carry Allow with every method that the sender understands.',
    clause: 'RFC 3261 §13.2.1, §20.5; RFC 3311 §4; TS 29.165 annex B.7.2/6',
    strength: 'should',
    provenance: 'S',
    usualCause: 'a header filter removes Allow, or a B2BUA writes its own shorter list',
    where: { methods: ['INVITE', 'UPDATE'] },
    when: (view) => view.isRequest || (view.method === 'INVITE' && view.status >= 200 && view.status < 300),
    judge: (view) => {
      if (!view.has('Allow')) return seen(view, 'Allow');
      const allowed = view.tokens('Allow');
      const missing = METHODS_OF_A_UE.filter((method) => !allowed.includes(method)).map((name) => name.toUpperCase());
      return missing.length === 0
        ? null
        : { seen: `Allow in ${view.title} lacks ${missing.join(', ')}`, header: 'Allow', provenance: 'E' };
    },
  }),
];
