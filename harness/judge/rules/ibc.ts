import { parseUri } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import { roamingAgreed } from '../leg.js';
import type { Rule } from '../rule.js';
import { type Complaint, seen, shortened, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** Hosts of a header's SIP URIs, in order. */
function hosts(view: SipView, header: string): readonly string[] {
  return view.nameAddrs(header).flatMap((value) => {
    const uri = value === null ? null : parseUri(value.uri);
    return uri !== null && (uri.scheme === 'sip' || uri.scheme === 'sips') ? [uri.host] : [];
  });
}

/** A border is on the path by Record-Route, on top; or as a B2BUA by its own Contact. */
function recordsItself(view: SipView, context: RuleContext): Complaint | null | undefined {
  const { from } = view.record;
  if (from.node?.role !== 'ibcf' || !view.has('Record-Route')) return undefined;
  if (hosts(view, 'Contact').some((host) => context.border.isNode(from, host))) return undefined;
  const recorded = hosts(view, 'Record-Route');
  if (recorded[0] !== undefined && context.border.isNode(from, recorded[0])) return null;
  const below = recorded.some((host) => context.border.isNode(from, host));
  return seen(view, 'Record-Route', below ? 'the border is not on top' : 'the border is missing');
}

/** A body that a proxy changed; session descriptions are an IMS-ALG's to change, and the rules about SDP tell how. */
function changedBody(before: SipView, after: SipView): Complaint | null {
  const type = (view: SipView): string => (view.get('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const described = [before, after].some((view) => /^(application\/sdp|multipart\/.*)$/.test(type(view)));
  if (described || after.status === 100) return null;
  if (Buffer.compare(before.sip.body, after.sip.body) === 0) return null;
  if (after.sip.body.length === 0) return null;
  return {
    seen: `a body of ${after.sip.body.length} octets in ${after.title}, the border had received ${before.sip.body.length} octets of ${type(before) || 'nothing'}`,
    message: after.record,
    line: after.lineOf('Content-Type') ?? 1,
  };
}

function hasOrig(view: SipView): boolean {
  const [top] = view.nameAddrs('Route');
  const uri = top === undefined || top === null ? null : parseUri(top.uri);
  return uri !== null && (uri.scheme === 'sip' || uri.scheme === 'sips') && uri.params.has('orig');
}

/** What a border does, TS 24.229 §5.10. */
export const IBC: readonly Rule[] = [
  sipRule({
    id: 'IBC-01',
    says: 'The exit border puts itself on top of Record-Route of an initial INVITE.',
    clause: 'RFC 3261 §16.6 step 4; TS 24.229 §5.10.2.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border does not stay on the path, so that later requests bypass it',
    where: { kind: 'request', methods: ['INVITE'], dialog: 'initial' },
    judge: recordsItself,
  }),
  sipRule({
    id: 'IBC-02',
    says: 'The entry border puts itself on top of Record-Route before it passes an INVITE to its core.',
    clause: 'RFC 3261 §16.6 step 4; TS 24.229 §5.10.3.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border does not stay on the path, so that later requests bypass it',
    where: { kind: 'request', methods: ['INVITE'], dialog: 'initial' },
    judge: (view, context) => {
      const inward = context.border.forwarded(view);
      if (inward === null) return undefined;
      const { from } = inward.record;
      if (from.node?.role !== 'ibcf' || hosts(inward, 'Contact').some((host) => context.border.isNode(from, host)))
        return undefined;
      const top = hosts(inward, 'Record-Route')[0];
      if (top !== undefined && context.border.isNode(from, top)) return null;
      return {
        seen: `Record-Route of ${inward.title} towards the core begins with ${top ?? 'nothing'}`,
        message: inward.record,
        line: inward.lineOf('Record-Route') ?? 1,
      };
    },
  }),
  sipRule({
    id: 'IBC-03',
    says: 'A border changes no body but the session description that its gateway relays.',
    clause: 'RFC 3261 §16.6; TS 29.165 §5.2.1, §6.1.3 items 16A, 16B; TS 24.229 §4.1 note, §6.7',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a header manipulation rule also writes into bodies',
    where: {},
    judge: (view, context) => {
      const inside = context.border.inside(view);
      const inward = context.border.forwarded(view);
      if (inside === null && inward === null) return undefined;
      return [
        inside === null ? null : changedBody(inside, view),
        inward === null ? null : changedBody(view, inward),
      ].filter((complaint): complaint is Complaint => complaint !== null);
    },
  }),
  sipRule({
    id: 'IBC-04',
    says: 'The entry border keeps the parameter orig of the topmost Route.',
    clause: 'TS 24.229 §7.2A.6',
    strength: 'shall',
    provenance: 'S2',
    usualCause: 'the border consumes the entry and forgets what it said about the originating side',
    where: { kind: 'request', dialog: 'initial' },
    when: hasOrig,
    judge: (view, context) => {
      const inward = context.border.forwarded(view);
      if (inward === null) return undefined;
      return hasOrig(inward)
        ? null
        : {
            seen: `no orig in the topmost Route of ${inward.title} towards the core`,
            message: inward.record,
            line: inward.lineOf('Route') ?? 1,
          };
    },
  }),
  sipRule({
    id: 'IBC-11',
    says: 'The entry border passes no P-User-Database, and no P-Served-User of a non-roaming leg, into its core.',
    clause: 'TS 29.165 §6.1.1.3.3, §6.1.3 items 54, 81, annex B.7.1/51-52',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border trusts headers that only functions of its own core may set',
    where: { at: ['Mx'], kind: 'request', dialog: 'initial' },
    when: (view) => view.record.from.node?.role === 'ibcf',
    judge: (view, context) =>
      ['P-User-Database', ...(roamingAgreed(context) ? [] : ['P-Served-User'])]
        .filter((header) => view.has(header))
        .map((header) => ({
          seen: `${header}: ${shortened(view.get(header) ?? '')} in ${view.title} into the core`,
          header,
        })),
  }),
];
