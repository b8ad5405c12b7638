import { parseUri } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import { finalResponse, hopOf, partyName, type SipDialog, type SipTransaction } from '../correlation.js';
import type { Rule, Violation } from '../rule.js';
import { sessionInterval } from '../session-timer.js';
import { type Complaint, each, eachSip, type Judged, rule, seen, shortened, sipRule, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';
import { DLG_MEDIA } from './dlg-media.js';
import { DLG_OFFER } from './dlg-offer.js';

/** A request without final response for longer than this has failed: Timers B and F, RFC 3261 §17.1. */
const PATIENCE_IN_T1 = 64;

/** The same few URIs come again in every message of a dialog. */
const TARGETS = new Map<string, string>();

/** Scheme, user, host and port of a URI as text, parameters left out: borders may add some of their own. */
function target(uri: string): string {
  let text = TARGETS.get(uri);
  if (text === undefined) {
    text = targetOf(uri);
    if (TARGETS.size >= 4096) TARGETS.clear();
    TARGETS.set(uri, text);
  }
  return text;
}

function targetOf(uri: string): string {
  const parsed = parseUri(uri);
  if (parsed === null || (parsed.scheme !== 'sip' && parsed.scheme !== 'sips')) return uri.trim();
  return `${parsed.scheme}:${parsed.user ?? ''}@${parsed.host.toLowerCase()}:${parsed.port ?? 5060}`;
}

function sentByCaller(view: SipView, dialog: SipDialog): boolean {
  return view.isRequest ? view.fromTag === dialog.callerTag : view.fromTag !== dialog.callerTag;
}

/** Contacts that the far side has given in the dialog up to a message: any of them may be the remote target (RFC 3261 §12.2). */
function remoteTargets(view: SipView, dialog: SipDialog): readonly string[] {
  const caller = sentByCaller(view, dialog);
  return dialog.messages
    .filter((other) => other.record.index < view.record.index && other.has('Contact'))
    .filter((other) => other.status < 300 && sentByCaller(other, dialog) !== caller)
    .flatMap((other) => other.nameAddrs('Contact').map((value) => target(value?.uri ?? '')));
}

/**
 * Routes that a request of the dialog may show on this hop: behind the sending border the caller's requests visit what
 * stands above the INVITE's own Record-Route in the response, from the bottom; the callee's what the INVITE recorded.
 */
function expectedRoutes(view: SipView, dialog: SipDialog, context: RuleContext): readonly (readonly string[])[] {
  const request = dialog.creator?.request;
  if (!request) return [];
  const uris = (of: SipView): readonly string[] =>
    of.nameAddrs('Record-Route').map((value) => target(value?.uri ?? ''));
  const recorded = uris(request);
  if (!sentByCaller(view, dialog)) return [recorded];
  // A response that returned the INVITE's own entries wrongly, or none, is RSP-02's: what stands above them still counts.
  return dialog.messages
    .filter(
      (other) =>
        other.record.index < view.record.index &&
        other.transaction === dialog.creator &&
        other.status > 100 &&
        other.status < 300,
    )
    .map(uris)
    .map((list) => list.slice(0, Math.max(0, list.length - recorded.length)).reverse())
    .map((list) => list.filter((uri) => !isOwn(uri, view, context)));
}

/** Entries of the sender's own network are behind it: an INVITE that should have recorded them did not. */
function isOwn(uri: string, view: SipView, context: RuleContext): boolean {
  const host = /@(.*):\d*$/.exec(uri)?.[1];
  const own = view.record.from.node?.network;
  return host !== undefined && own !== undefined && context.border.networkOfHost(host) === own;
}

function routing(view: SipView, context: RuleContext): readonly Complaint[] | undefined {
  const { dialog } = view;
  if (dialog === null || dialog.creator?.request === undefined || dialog.creator.request === null) return undefined;
  const wrong: Complaint[] = [];
  const targets = remoteTargets(view, dialog);
  const uri = view.sip.kind === 'request' ? view.sip.requestUri : '';
  if (targets.length > 0 && !targets.includes(target(uri)))
    wrong.push({
      seen: `${view.method} to ${shortened(uri)}, the Contact of the other side is ${targets[targets.length - 1]}`,
      line: 1,
    });
  const expected = expectedRoutes(view, dialog, context);
  const route = view.nameAddrs('Route').map((value) => target(value?.uri ?? ''));
  if (expected.length > 0 && !expected.some((list) => list.join(' ') === route.join(' ')))
    wrong.push({
      seen: `Route of ${view.method} is ${route.join(', ') || 'missing'}, the dialog recorded ${expected[0]?.join(', ') || 'none'}`,
      header: 'Route',
      line: view.lineOf('Route') ?? 1,
    });
  return targets.length === 0 && expected.length === 0 ? undefined : wrong;
}

/** The request in front of a request that the same end sent on this hop and the other accepted, by the highest number. */
function acceptedBefore(context: RuleContext): ReadonlyMap<SipView, SipView> {
  return context.memo('accepted requests of dialogs', () => {
    const found = new Map<SipView, SipView>();
    for (const dialog of context.iciDialogs) {
      const highest = new Map<string, SipView>();
      for (const view of dialog.messages) {
        if (!view.isRequest || view.cseq === null || view.method === 'ACK' || view.method === 'CANCEL') continue;
        const key = `${view.fromTag} ${partyName(view.record.from)}`;
        const before = highest.get(key);
        if (before !== undefined) found.set(view, before);
        const final = view.transaction === null ? null : finalResponse(view.transaction);
        const accepted = final !== null && final.status < 300;
        if (accepted && view.cseq.number > (before?.cseq?.number ?? -1)) highest.set(key, view);
      }
    }
    return found;
  });
}

/** Numbers rise with each request of one end (RFC 3261 §12.2.1.1); those of refused requests may never have reached the other. */
function numbering(view: SipView, context: RuleContext): readonly Complaint[] | undefined {
  const before = acceptedBefore(context).get(view);
  if (before?.cseq === undefined || before.cseq === null || view.cseq === null) return undefined;
  const [last, own] = [before.cseq.number, view.cseq.number];
  const datagramsCrossed =
    view.record.transport === 'udp' && view.record.at - before.record.at < context.profile.timers.T1 * 1000;
  const rises = own > last || (own === last && view.method === before.method) || datagramsCrossed;
  return rises ? [] : [seen(view, 'CSeq', `the ${before.method} before it had number ${last}`)];
}

interface KnownDialogs {
  /** Pairs of tags by Call-ID, of dialogs whose INVITE was seen on the hop. */
  readonly pairs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Dialogs by their pair of tags on the hop. */
  readonly byPair: ReadonlyMap<string, SipDialog>;
}

function pairOf(view: SipView): string {
  return [view.fromTag, view.toTag].sort().join(' ');
}

function knownDialogs(context: RuleContext): KnownDialogs {
  return context.memo('dialogs whose INVITE was seen', () => {
    const pairs = new Map<string, Set<string>>();
    const byPair = new Map<string, SipDialog>();
    for (const dialog of context.iciDialogs) {
      if (dialog.creator?.method !== 'INVITE' || dialog.creator.request === null) continue;
      const pair = [dialog.callerTag, dialog.calleeTag].sort().join(' ');
      const call = `${dialog.hop} ${dialog.callId}`;
      const list = pairs.get(call);
      if (list === undefined) pairs.set(call, new Set([pair]));
      else list.add(pair);
      byPair.set(`${dialog.hop} ${pair}`, dialog);
    }
    return { pairs, byPair };
  });
}

/** A request that names a dialog by Call-ID or tags which are not those of any: undefined where the call was not seen to begin. */
function identity(view: SipView, context: RuleContext): readonly Complaint[] | undefined {
  if (!OF_A_CALL.has(view.method)) return undefined;
  const { pairs, byPair } = knownDialogs(context);
  const hop = hopOf(view.record.from, view.record.to);
  const own = pairs.get(`${hop} ${view.callId}`);
  if (own?.has(pairOf(view)) === true) return [];
  if (own !== undefined)
    return [
      seen(view, 'To', `${view.method} with tags ${view.fromTag} and ${view.toTag}, which no dialog of the call has`),
    ];
  const other = byPair.get(`${hop} ${pairOf(view)}`);
  if (other === undefined || (other.messages[0]?.record.index ?? 0) > view.record.index) return undefined;
  return [seen(view, 'Call-ID', `the dialog with these tags has ${shortened(other.callId)}`)];
}

/** Requests that a call's own dialog carries; SUBSCRIBE, NOTIFY and REFER may make dialogs of their own. */
const OF_A_CALL: ReadonlySet<string> = new Set(['ACK', 'BYE', 'INVITE', 'PRACK', 'UPDATE', 'INFO']);

function isAnswered(context: RuleContext, transaction: SipTransaction): boolean | null {
  if (finalResponse(transaction) !== null) return true;
  const { views } = context.sip;
  const last = views[views.length - 1]?.record.at ?? 0;
  const sent = transaction.request?.record.at ?? last;
  return last - sent > context.profile.timers.T1 * 1000 * PATIENCE_IN_T1 ? false : null;
}

function bye(context: RuleContext, transaction: SipTransaction): readonly Violation[] | null | undefined {
  const { request } = transaction;
  if (request === null) return undefined;
  const final = finalResponse(transaction);
  if (final !== null) {
    const good = (final.status >= 200 && final.status < 300) || [401, 407, 408, 481].includes(final.status);
    return good ? null : [violation(final, { seen: `${final.title}, 200 was due`, line: 1 })];
  }
  if (isAnswered(context, transaction) !== false) return undefined;
  const blame = request.record.to.node?.name;
  return [
    violation(request, { seen: 'BYE without any final response', line: 1, ...(blame === undefined ? {} : { blame }) }),
  ];
}

function acknowledgement(view: SipView, context: RuleContext): Judged {
  const request = view.dialog?.creator?.request;
  if (!request) return identity(view, context);
  return view.transaction === null
    ? seen(view, 'CSeq', `no INVITE of the dialog has this number, the first has ${request.cseq?.number}`)
    : null;
}

/** A 2xx that nobody acknowledged before the call ended: its receiver is to blame. */
function unacknowledged(context: RuleContext, transaction: SipTransaction): readonly Violation[] | undefined {
  if (transaction.request === null) return undefined;
  const accepted = transaction.responses.filter((view) => view.status >= 200 && view.status < 300);
  if (accepted.length === 0) return undefined;
  const call = (context.sip.byCallId.get(transaction.callId) ?? []).filter(
    (view) => view.isRequest && hopOf(view.record.from, view.record.to) === transaction.hop,
  );
  return accepted
    .filter(
      (view) =>
        !transaction.acks.some((one) => one.toTag === view.toTag) &&
        // An ACK with another number is told where it stands.
        !call.some((one) => one.method === 'ACK' && one.toTag === view.toTag && one.transaction === null) &&
        call.some((one) => one.method === 'BYE' && one.record.index > view.record.index),
    )
    .map((view) =>
      violation(view, { seen: `${view.title} without ACK`, line: 1, ...blamed(view.record.to.node?.name) }),
    );
}

function blamed(name: string | undefined): { readonly blame?: string } {
  return name === undefined ? {} : { blame: name };
}

function sameUri(a: SipView, b: SipView): boolean {
  return a.sip.kind === 'request' && b.sip.kind === 'request' && a.sip.requestUri === b.sip.requestUri;
}

function cancelComplaints(view: SipView, invite: SipView): readonly Complaint[] {
  const wrong: Complaint[] = [];
  const expect = (good: boolean, header: string, text: string): void => {
    if (!good) wrong.push({ seen: `${text} in CANCEL`, line: header === '' ? 1 : (view.lineOf(header) ?? 1) });
  };
  expect(sameUri(view, invite), '', `another Request-URI (${view.sip.kind === 'request' ? view.sip.requestUri : ''})`);
  expect(view.from?.uri === invite.from?.uri && view.fromTag === invite.fromTag, 'From', 'another From');
  expect(view.to?.uri === invite.to?.uri && view.toTag === invite.toTag, 'To', 'another To');
  expect(view.vias.length === 1, 'Via', `${view.vias.length} Via`);
  expect(view.branch === invite.branch, 'Via', 'another branch');
  expect(view.all('Route').join() === invite.all('Route').join(), 'Route', 'another Route');
  expect(!view.has('Require'), 'Require', 'Require');
  expect(!view.has('Proxy-Require'), 'Proxy-Require', 'Proxy-Require');
  const provisional = view.transaction?.cancels?.responses.some(
    (response) => response.record.index < view.record.index,
  );
  if (provisional === false) wrong.push({ seen: 'CANCEL before any provisional response', line: 1 });
  return wrong;
}

function cancelled(context: RuleContext, transaction: SipTransaction): readonly Violation[] | null | undefined {
  const invite = transaction.cancels;
  const final = finalResponse(transaction);
  if (final === null) {
    const answered = isAnswered(context, transaction);
    if (answered !== false || transaction.request === null) return undefined;
    const blame = transaction.request.record.to.node?.name;
    return [
      violation(transaction.request, {
        seen: 'CANCEL without response',
        line: 1,
        ...(blame === undefined ? {} : { blame }),
      }),
    ];
  }
  if (invite === null) return undefined;
  if (final.status >= 300 && final.status !== 481)
    return [violation(final, { seen: `${final.title}, 200 was due`, line: 1 })];
  const end = finalResponse(invite);
  if (end === null || end.record.index < (transaction.request?.record.index ?? 0)) return null;
  if (end.status >= 300 && end.status !== 487)
    return [violation(end, { seen: `${end.title} to a cancelled INVITE, 487 was due`, line: 1, strength: 'should' })];
  return null;
}

/** Dialog, release and mid-call at the II-NNI. */
export const DLG: readonly Rule[] = [
  sipRule({
    id: 'DLG-01',
    says: 'A request of a dialog has its Call-ID and tags and a CSeq number above the one before, and goes to the Contact of the other side along the recorded route.',
    clause: 'RFC 3261 §12.1.1, §12.2.1.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border rewrites Contact or Record-Route in one direction only',
    where: { kind: 'request', dialog: 'in-dialog' },
    when: (view) => !view.isHopByHop,
    judge: (view, context) => {
      const parts = [
        routing(view, context),
        numbering(view, context),
        view.method === 'ACK' ? undefined : identity(view, context),
      ].filter((part) => part !== undefined);
      return parts.length === 0 ? undefined : parts.flat();
    },
  }),
  rule({
    id: 'DLG-02',
    says: 'Each 2xx to INVITE gets an ACK with the CSeq number, Call-ID and tags of its dialog.',
    clause: 'RFC 3261 §13.2.2.4',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a B2BUA counts the ACK as a request of its own, or a border loses the ACK for want of a route',
    check: (context) => {
      const acks = eachSip(context, {
        where: { kind: 'request', methods: ['ACK'] },
        when: (view) => !view.isHopByHop,
        judge: acknowledgement,
      });
      const answers = each(
        context.iciTransactions.filter((one) => one.method === 'INVITE'),
        (one) => unacknowledged(context, one),
      );
      return { applied: acks.applied, violations: [...acks.violations, ...answers.violations] };
    },
  }),
  rule({
    id: 'DLG-04',
    says: 'BYE is answered 200.',
    clause: 'RFC 3261 §15.1.1, §15.1.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'one side had lost the dialog, or a border does not know the route of the BYE',
    check: (context) =>
      each(
        context.iciTransactions.filter((one) => one.method === 'BYE'),
        (one) => bye(context, one),
      ),
  }),
  sipRule({
    id: 'DLG-08',
    says: 'CANCEL repeats Request-URI, From, To, CSeq number, topmost Via and Route of the INVITE and follows a provisional response.',
    clause: 'RFC 3261 §9.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'CANCEL is built from scratch instead of from the INVITE that was sent on this hop',
    where: { kind: 'request', methods: ['CANCEL'] },
    judge: (view) => {
      const invite = view.transaction?.cancels?.request;
      return invite ? cancelComplaints(view, invite) : undefined;
    },
  }),
  rule({
    id: 'DLG-09',
    says: 'CANCEL is answered 200, and then the INVITE 487.',
    clause: 'RFC 3261 §9.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border forwards CANCEL end to end instead of answering it on each hop',
    check: (context) =>
      each(
        context.iciTransactions.filter((one) => one.method === 'CANCEL'),
        (one) => cancelled(context, one),
      ),
  }),
  sipRule({
    id: 'DLG-12',
    says: '422 has a Min-SE of at least 90.',
    clause: 'RFC 4028 §7.3, §9; TS 29.165 annex B.7.2/29',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border refuses the session interval without saying which one it wants',
    where: { kind: 'response', status: [422, 422] },
    judge: (view) => {
      const { minSe } = sessionInterval(view);
      if (minSe === null) return { seen: `no Min-SE in ${view.title}`, line: view.lineOf('Min-SE') ?? 1 };
      return minSe < 90 ? seen(view, 'Min-SE') : null;
    },
  }),
  ...DLG_OFFER,
  ...DLG_MEDIA,
];
