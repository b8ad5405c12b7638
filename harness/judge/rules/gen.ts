import { parseContentType } from '../../wire/sip/headers.js';
import type { RuleContext } from '../context.js';
import { finalResponse } from '../correlation.js';
import type { Rule } from '../rule.js';
import { type Complaint, each, rule, seen, shortened, sipRule, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';
import { foreignLiterals } from './gen-address-family.js';
import { defectsOf } from './gen-defects.js';
import { strays } from './gen-framing.js';
import { answered, changedTag, mirrorsRequest } from './gen-response.js';
import { looseRoutes } from './gen-routing.js';

/** Above this a request of unknown path MTU goes over a congestion-controlled transport, RFC 3261 §18.1.1. */
const LARGE_REQUEST = 1300;

const ONCE = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards'];

function requestHeaders(view: SipView): readonly Complaint[] {
  if (!view.isRequest || view.method === '') return [];
  const wrong = ONCE.flatMap((name): readonly Complaint[] => {
    const count = view.sip.fields(name).length;
    return count === 1
      ? []
      : [{ seen: `${count} ${name} in ${view.title}`, header: name, line: view.lineOf(name) ?? 1 }];
  });
  return view.has('Via') ? wrong : [...wrong, { seen: `no Via in ${view.title}`, line: 1 }];
}

function sameTransactionKey(view: SipView): string {
  const family = view.method === 'ACK' || view.method === 'CANCEL' ? 'INVITE' : view.method;
  return `${view.callId} ${view.cseq?.number} ${family} ${view.fromTag}`;
}

/** Transactions by the branch and sent-by of their requests, at the Ici. */
function branches(context: RuleContext): ReadonlyMap<string, ReadonlySet<string>> {
  return context.memo('branches', () => {
    const found = new Map<string, Set<string>>();
    for (const view of context.ici) {
      if (!view.isRequest || view.branch === '') continue;
      const key = branchKey(view);
      const set = found.get(key);
      if (set === undefined) found.set(key, new Set([sameTransactionKey(view)]));
      else set.add(sameTransactionKey(view));
    }
    return found;
  });
}

function branchKey(view: SipView): string {
  const via = view.vias[0];
  return `${via?.host.toLowerCase()}:${via?.port ?? ''} ${view.branch}`;
}

function maxForwards(view: SipView): number | null {
  const value = view.get('Max-Forwards');
  return value !== undefined && /^\d{1,3}$/.test(value) ? Number(value) : null;
}

/** A B2BUA makes a request of its own: with another Call-ID, or without the Vias of the one it had received. */
function isNewRequest(before: SipView, after: SipView): boolean {
  return before.callId !== after.callId || after.vias.length === 1;
}

/** What is wrong with the Content-Type of a message with a body. */
function contentType(view: SipView): readonly Complaint[] {
  const fields = view.sip.fields('Content-Type');
  if (fields.length > 1)
    return [{ seen: `${fields.length} Content-Type in ${view.title}`, line: fields[1]?.line ?? 1 }];
  const value = fields[0]?.value;
  return value === undefined || parseContentType(value) !== null
    ? []
    : [seen(view, 'Content-Type', 'not a media type')];
}

/** Both sides of each border that were captured: what came in, and what went out. */
function forwardings(view: SipView, context: RuleContext): readonly (readonly [SipView, SipView])[] {
  if (view.isHopByHop) return [];
  const inside = context.border.inside(view);
  const forwarded = context.border.forwarded(view);
  return [
    ...(inside === null ? [] : [[inside, view] as const]),
    ...(forwarded === null ? [] : [[view, forwarded] as const]),
  ];
}

const SESSION_ID = /^[0-9a-f]{32}(\s*;\s*remote=[0-9a-f]{32})?(\s*;(?!\s*remote=).*)?$/;

function sessionId(view: SipView, context: RuleContext): readonly Complaint[] {
  const fields = view.sip.fields('Session-ID');
  if (fields.length > 1) return [{ seen: `${fields.length} Session-ID in ${view.title}`, line: fields[1]?.line ?? 1 }];
  const value = fields[0]?.value ?? '';
  if (!SESSION_ID.test(value))
    return [seen(view, 'Session-ID', 'not 32 lower-case hexadecimal digits, or more than one remote')];
  const before = context.border.inside(view)?.sip.fields('Session-ID')[0]?.value;
  const uuids = (text: string): string => (text.match(/[0-9a-f]{32}/g) ?? []).slice(0, 2).join(' ');
  if (before === undefined || !SESSION_ID.test(before) || uuids(before) === uuids(value)) return [];
  return [seen(view, 'Session-ID', `the border had received ${shortened(before)}`)];
}

/** Digits of a telephone Request-URI; null for another. */
function digitsOf(view: SipView): string | null {
  const uri = view.requestUri;
  const number =
    uri?.scheme === 'tel' ? uri.number : uri?.scheme === 'sip' || uri?.scheme === 'sips' ? uri.number : null;
  return number !== null && /^\+?[0-9().-]+$/.test(number) ? number.replace(/[().-]/g, '') : null;
}

/** Generic SIP over the Ici. */
export const GEN: readonly Rule[] = [
  sipRule({
    id: 'GEN-01',
    says: 'A request of more than 1300 octets goes over TCP (or SCTP), never over UDP, where the path MTU is not known to be larger.',
    clause: 'RFC 3261 §18.1.1; TS 29.165 §6.2.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border keeps the transport of its configuration and does not switch with the size of the request',
    where: { kind: 'request' },
    judge: (view) => {
      const size = view.record.octets.length;
      if (size <= LARGE_REQUEST) return view.record.transport === 'udp' ? null : undefined;
      return view.record.transport === 'udp' ? { seen: `${view.title} of ${size} octets over UDP`, line: 1 } : null;
    },
  }),
  rule({
    id: 'GEN-02',
    says: 'A message of more than 1300 octets is delivered complete and is not refused for its size.',
    clause: 'TS 24.229 §4.2A',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border limits the size of messages below what the interconnection needs',
    check: (context) =>
      each(context.iciTransactions, (transaction) => {
        const { request } = transaction;
        if (request === null || request.record.octets.length <= LARGE_REQUEST) return undefined;
        const final = finalResponse(transaction);
        if (final === null) return undefined;
        const refused = final.status === 413 || final.status === 513;
        return refused
          ? [
              violation(final, {
                seen: `${final.title} to a request of ${request.record.octets.length} octets`,
                line: 1,
              }),
            ]
          : null;
      }),
  }),
  sipRule({
    id: 'GEN-03',
    says: 'A message follows the grammar of SIP; a request has one each of From, To, Call-ID, CSeq and Max-Forwards, and Via.',
    clause: 'RFC 3261 §7, §8.1.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a header manipulation rule of the border writes or removes what it should not',
    where: { unplaced: true },
    judge: (view, context) =>
      strays(context).has(view) ? undefined : [...defectsOf(view, 'GEN-03'), ...requestHeaders(view)],
  }),
  sipRule({
    id: 'GEN-04',
    says: 'The branch of the topmost Via starts with z9hG4bK and belongs to one transaction.',
    clause: 'RFC 3261 §8.1.1.7',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a B2BUA computes branches from too little, or still follows RFC 2543',
    where: { kind: 'request', unplaced: true },
    judge: (view, context) => {
      const defects = defectsOf(view, 'GEN-04');
      if (defects.length > 0 || view.branch === '') return defects;
      const users = branches(context).get(branchKey(view));
      return users !== undefined && users.size > 1
        ? seen(view, 'Via', `the branch is used by ${users.size} transactions`)
        : null;
    },
  }),
  sipRule({
    id: 'GEN-05',
    says: 'A response repeats Via (in order), From, Call-ID, CSeq and the To URI of its request; all but 100 have a To tag, which never changes.',
    clause: 'RFC 3261 §8.2.6.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border that changes headers of requests does not change them back in responses',
    where: { kind: 'response', unplaced: true },
    judge: (view, context) => {
      const defects = defectsOf(view, 'GEN-05');
      const request = view.transaction?.request ?? answered(view, context);
      if (request === null || defects.length > 0) return defects;
      return [...defects, ...mirrorsRequest(view, request, context), ...changedTag(view, context)];
    },
  }),
  sipRule({
    id: 'GEN-06',
    says: 'Max-Forwards is 0 to 255 and falls with every proxy.',
    clause: 'RFC 3261 §16.6 step 3, §20.22',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border resets Max-Forwards or does not count itself, so that a loop is never found',
    where: { kind: 'request', unplaced: true },
    judge: (view, context) => {
      const wrong: Complaint[] = [...defectsOf(view, 'GEN-06')];
      for (const [before, after] of forwardings(view, context)) {
        const [was, is] = [maxForwards(before), maxForwards(after)];
        if (was === null || is === null || is < was || isNewRequest(before, after)) continue;
        wrong.push({
          seen: `Max-Forwards: ${is} in ${after.title}, the sender had received ${was}`,
          message: after.record,
          line: after.lineOf('Max-Forwards') ?? 1,
        });
      }
      return wrong;
    },
  }),
  sipRule({
    id: 'GEN-07',
    says: 'Content-Length is exact, and present on a stream transport.',
    clause: 'RFC 3261 §18.3, §20.14; TS 29.165 annex B.2 (dt)',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a body was changed and its length was not',
    where: { unplaced: true },
    judge: (view, context) => {
      const before = strays(context).get(view);
      if (before !== undefined)
        return {
          seen: `Content-Length: ${before.get('Content-Length') ?? 'none'} of ${before.title} does not lead to the next message`,
          message: before.record,
          line: before.lineOf('Content-Length') ?? 1,
        };
      const defects = defectsOf(view, 'GEN-07');
      const fields = view.sip.fields('Content-Length');
      if (fields.length > 1)
        return { seen: `${fields.length} Content-Length in ${view.title}`, line: fields[1]?.line ?? 1 };
      if (defects.length > 0 || fields.length === 1) return defects;
      return view.record.transport === 'udp'
        ? null
        : { seen: `no Content-Length in ${view.title} over ${view.record.transport}`, line: 1 };
    },
  }),
  sipRule({
    id: 'GEN-08',
    says: 'A message with a body has a Content-Type that describes it.',
    clause: 'RFC 3261 §20.15; TS 29.165 annex B.2 (d*)',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a header filter removes Content-Type with the headers it does not know',
    where: { unplaced: true },
    judge: (view) => (view.sip.body.length === 0 ? undefined : [...defectsOf(view, 'GEN-08'), ...contentType(view)]),
  }),
  rule({
    id: 'GEN-18',
    says: 'Signalling is en bloc: no further INVITE of the same call with more digits, no digits in INFO, unless overlap was agreed.',
    clause: 'TS 29.165 §6.1.1.5, table C.3.1.7; TS 24.229 §4.9',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'an interworking node sends overlap although the interconnection did not agree on it',
    check: (context) => {
      const { options } = context.profile.agreement;
      const invites = new Map<string, SipView>();
      return each(
        context.ici.filter((view) => view.isRequest && (view.method === 'INVITE' || view.method === 'INFO')),
        (view) => {
          if (view.method === 'INFO') {
            if (options['overlap-in-dialog'] === true || view.sip.body.length === 0) return undefined;
            const digits = /^SubsequentDigit/im.test(Buffer.from(view.sip.body).toString('latin1'));
            return digits ? [violation(view, { seen: 'SubsequentDigit in the body of INFO', line: 1 })] : null;
          }
          if (view.toTag !== '' || options['overlap-multiple-invite'] === true) return undefined;
          const key = `${view.transaction?.hop} ${view.callId} ${view.fromTag}`;
          const [first, digits] = [invites.get(key), digitsOf(view)];
          if (first === undefined) invites.set(key, view);
          const before = first === undefined ? null : digitsOf(first);
          if (before === null || digits === null || digits === before || !digits.startsWith(before)) return null;
          return [violation(view, { seen: `INVITE to ${digits} after one to ${before} in the same call`, line: 1 })];
        },
      );
    },
  }),
  sipRule({
    id: 'GEN-19',
    says: 'Every URI in Record-Route, Route, Path and Service-Route has lr.',
    clause: 'RFC 3261 §16.6 step 4; RFC 3327 §4; RFC 3608 §5',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border that hides entries or writes its own forgets lr, so that its peers route strictly',
    where: {},
    when: (view) => ['Record-Route', 'Route', 'Path', 'Service-Route'].some((header) => view.has(header)),
    judge: looseRoutes,
  }),
  sipRule({
    id: 'GEN-20',
    says: 'Response-Source stands in 3xx to 6xx only.',
    clause: 'TS 29.165 §6.1.3 item 121 (c6), annex B.7.2/52; TS 24.229 §7.2.17',
    strength: 'may',
    provenance: 'S',
    usualCause: 'a network function adds Response-Source to every response',
    where: { header: 'Response-Source' },
    when: (_view, context) => context.trusts('Response-Source'),
    judge: (view) => (view.status >= 300 ? null : seen(view, 'Response-Source')),
  }),
  sipRule({
    id: 'GEN-21',
    says: 'Session-ID is 32 lower-case hexadecimal digits with at most one remote, and every intermediary passes the same.',
    clause: 'RFC 7989 §5, §7; TS 29.165 §6.1.3 item 94',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a B2BUA makes a session identifier of its own, or writes it as a UUID with hyphens',
    where: { header: 'Session-ID' },
    judge: sessionId,
  }),
  sipRule({
    id: 'GEN-22',
    says: 'Messages use the agreed transport and no signalling compression.',
    clause: 'TS 29.165 §6.2.1, §6.1.3 items 31, 58, 75, table C.3.1.8',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the border uses its default transport instead of the agreed one, or passes what only the access uses',
    where: {},
    judge: (view, context) => {
      const agreed = context.profile.agreement.transport;
      const { transport } = view.record;
      if (agreed === 'tls' && transport === 'tcp')
        return { seen: `${view.title} over TCP in clear text, agreed is TLS`, line: 1 };
      if (agreed !== 'udp' && transport === 'udp')
        return { seen: `${view.title} over UDP, agreed is ${agreed.toUpperCase()}`, line: 1 };
      if (transport === 'sctp' && context.profile.agreement.options['transport-sctp'] !== true)
        return { seen: `${view.title} over SCTP without agreement`, line: 1 };
      const header = ['Via', 'Route', 'Record-Route', 'Contact'].find((name) =>
        view.sip.fields(name).some((field) => /;\s*comp\s*=\s*sigcomp/i.test(field.value)),
      );
      return header === undefined ? null : seen(view, header, 'signalling compression');
    },
  }),
  sipRule({
    id: 'GEN-23',
    says: 'No address literal of the other IP version crosses a border that interworks IPv4 and IPv6.',
    clause: 'TS 29.165 §9; TS 29.162',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border changes the transport address but not what the session description or Via says',
    where: {},
    when: (view) => view.sdp !== null || view.isRequest,
    judge: foreignLiterals,
  }),
];
