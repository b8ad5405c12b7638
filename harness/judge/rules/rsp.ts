import type { RuleContext } from '../context.js';
import type { SipTransaction } from '../correlation.js';
import type { Rule, Violation } from '../rule.js';
import { sessionInterval } from '../session-timer.js';
import { type Complaint, each, rule, type SipRuleRow, seen, shortened, sipRule, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';
import { acknowledged, asObject, isReliable, reliability, requestOf, sequence } from './rsp-reliable.js';

type ResponseRow = Pick<
  SipRuleRow,
  'id' | 'says' | 'clause' | 'usualCause' | 'strength' | 'provenance' | 'when' | 'judge'
> & {
  readonly where?: SipRuleRow['where'];
};

/** A rule over responses to an INVITE. */
function responseRule(row: ResponseRow): Rule {
  return sipRule({ ...row, where: { kind: 'response', methods: ['INVITE'], ...row.where } });
}

/** RR entries compare as text: a border that hides entries returns them octet by octet. */
function mirrorsRecordRoute(view: SipView, request: SipView): boolean {
  const [own, asked] = [view.all('Record-Route'), request.all('Record-Route')].map((values) =>
    values.map((value) => value.replace(/\s+/g, '')),
  );
  if (own === undefined || asked === undefined || asked.length > own.length) return false;
  return asked.every((value, index) => own[own.length - asked.length + index] === value);
}

function dialogHeaders(view: SipView): readonly Complaint[] {
  const wrong: Complaint[] = [];
  const count = view.all('Contact').length;
  if (count !== 1) wrong.push({ seen: `${count} Contact in ${view.title}`, line: view.lineOf('Contact') ?? 1 });
  const request = requestOf(view);
  if (request !== null && view.inDialog === false && view.dialog !== null && !mirrorsRecordRoute(view, request))
    wrong.push({
      seen: `Record-Route of ${view.title} does not end with that of the INVITE (${shortened(request.all('Record-Route').join(', '))})`,
      header: 'Record-Route',
      line: view.lineOf('Record-Route') ?? 1,
    });
  return wrong;
}

function lines(body: Uint8Array | null): readonly string[] {
  return body === null ? [] : Buffer.from(body).toString('latin1').split(/\r?\n/);
}

/** Whether a message comes from the end that sent a response: by the tags, as functions may share an address. */
function isOfSender(other: SipView, response: SipView): boolean {
  return other.isRequest ? other.fromTag === response.toTag : other.fromTag === response.fromTag;
}

/** 180 although the ringing side had asked the caller to confirm its resources, and it has not: RFC 3312 §6, §7. */
function ringsTooEarly(view: SipView): Complaint | null | undefined {
  const { dialog, transaction } = view;
  if (dialog === null || transaction === null) return undefined;
  const earlier = dialog.messages.filter((other) => other.record.index <= view.record.index && other.sdp !== null);
  const own = earlier.find((other) => isOfSender(other, view) && !other.isRequest);
  if (own === undefined) return undefined;
  const described = lines(own.sdp);
  const asked = described.some((line) => /^a=conf:qos remote /.test(line));
  if (!asked) return undefined;
  const confirmed = earlier.some(
    (other) =>
      !isOfSender(other, view) &&
      other.record.index > own.record.index &&
      lines(other.sdp).some((line) => /^a=curr:qos local (?:send|recv|sendrecv)/.test(line)),
  );
  return !confirmed ? { seen: `${view.title} before the caller confirmed its resources`, line: 1 } : null;
}

function sessionTimer(view: SipView): readonly Complaint[] {
  const wrong: Complaint[] = [];
  for (const header of ['Allow', 'Supported'])
    if (!view.has(header)) wrong.push({ ...asObject(seen(view, header)), line: 1, strength: 'should' });
  if (!view.has('Session-Expires')) return wrong;
  const own = sessionInterval(view);
  const request = requestOf(view);
  const asked = request === null ? null : sessionInterval(request);
  if (own.expires === null) wrong.push(seen(view, 'Session-Expires', 'unreadable'));
  if (own.refresher === null) wrong.push(seen(view, 'Session-Expires', 'without refresher'));
  if (own.refresher === 'uac' && !view.tokens('Require').includes('timer'))
    wrong.push(seen(view, 'Session-Expires', 'refresher=uac without Require: timer'));
  if (own.expires !== null && asked?.expires !== null && asked !== null && own.expires > asked.expires)
    wrong.push(seen(view, 'Session-Expires', `above the ${asked.expires} of the request`));
  if (own.expires !== null && asked !== null && asked.minSe !== null && own.expires < asked.minSe)
    wrong.push(seen(view, 'Session-Expires', `below Min-SE: ${asked.minSe} of the request`));
  return wrong;
}

/** SDP in a 2xx whose offer was answered already: allowed only as a repetition. */
function repeatedAnswer(transaction: SipTransaction): readonly Violation[] | undefined {
  if (transaction.request?.sdp === null || transaction.request === null) return undefined;
  const finals = transaction.responses.filter((view) => view.status >= 200 && view.status < 300 && view.sdp !== null);
  const judged = finals.flatMap((final): readonly (readonly Violation[])[] => {
    const answered = transaction.responses.some(
      (view) => isReliable(view) && view.toTag === final.toTag && view.sdp !== null,
    );
    if (!answered) return [];
    const before = (final.dialog?.messages ?? []).filter(
      (other) => other.sdp !== null && other.record.index < final.record.index && isOfSender(other, final),
    );
    const same = before.some(
      (other) => Buffer.compare(other.sdp ?? Buffer.alloc(0), final.sdp ?? Buffer.alloc(0)) === 0,
    );
    return [
      same
        ? []
        : [
            violation(final, {
              seen: `a session description in ${final.title} that differs from the answer given before`,
              line: 1,
            }),
          ],
    ];
  });
  return judged.length === 0 ? undefined : judged.flat();
}

const EARLY_MEDIA_DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

function earlyMedia(view: SipView): Complaint | null {
  const values = view.tokens('P-Early-Media');
  const directions = values.filter((value) => EARLY_MEDIA_DIRECTIONS.includes(value));
  const known = values.every(
    (value) => EARLY_MEDIA_DIRECTIONS.includes(value) || value === 'gated' || value === 'supported',
  );
  const gated = values.indexOf('gated');
  const good = known && directions.length > 0 && (gated < 0 || gated >= directions.length);
  return good ? null : seen(view, 'P-Early-Media');
}

const REASON =
  /^[A-Za-z0-9.!%*_+`'~-]+(\s*;\s*cause\s*=\s*\d+)?(\s*;\s*text\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]+))?(\s*;.*)?$/;

function reasons(view: SipView): readonly Complaint[] {
  const values = view.all('Reason').map((value) => value.trim());
  const wrong = values
    .filter((value) => !REASON.test(value) || /;\s*cause\s*=(?!\s*\d+\s*(?:;|$))/i.test(value))
    .map(() => seen(view, 'Reason', 'not a protocol with cause and text'));
  const protocols = values.map((value) => value.split(';')[0]?.trim().toUpperCase());
  if (new Set(protocols).size < protocols.length) wrong.push(seen(view, 'Reason', 'a protocol twice'));
  return wrong;
}

/** What an error to an INVITE has to bring along, RFC 3261 §21.4; 405 and 422 have MTH-07 and DLG-12. */
const BROUGHT_ALONG: Readonly<Record<number, string>> = {
  407: 'Proxy-Authenticate',
  420: 'Unsupported',
  424: 'Geolocation-Error',
};

/** Time for a response to be on the way from the border to the tap, over what RFC 3261 §17.2.1 grants; microseconds. */
const PATIENCE = 1_000_000;

/** An INVITE whose first response took long. Over UDP the first transmission may have been lost: the last one counts. */
function late(context: RuleContext, { request, responses }: SipTransaction): readonly Violation[] | undefined {
  const [first] = responses;
  if (request === null || first === undefined) return undefined;
  const until = first.record.at;
  if (until - request.record.at <= PATIENCE) return [];
  const again =
    request.record.transport === 'udp'
      ? context.sip.all.findLast((view) => view.retransmissionOf === request && view.record.at <= until)
      : undefined;
  const waited = until - (again ?? request).record.at;
  if (waited <= PATIENCE) return [];
  const seen = `${first.status} is the first response, ${(waited / 1_000_000).toFixed(1)} s after the INVITE`;
  return [violation(first, { seen, line: 1 })];
}

/** Responses to INVITE at the II-NNI. */
export const RSP: readonly Rule[] = [
  rule({
    id: 'RSP-01',
    says: 'An INVITE that gets no other response within 200 ms gets 100 at once.',
    clause: 'RFC 3261 §16.7 step 5, §17.2.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border leaves 100 to the functions behind it, which do not forward theirs',
    check: (context) => each(context.iciTransactions.filter(isInvite), (one) => late(context, one)),
  }),
  responseRule({
    id: 'RSP-02',
    says: '18x and 2xx have one Contact and repeat Record-Route of the INVITE in full and order.',
    clause: 'RFC 3261 §12.1.1; TS 29.165 annex B.7.2/13, /46',
    strength: 'shall',
    provenance: 'S',
    usualCause:
      'a border changes Record-Route of requests and not of responses, so that later requests take another way',
    where: { status: [180, 299] },
    judge: dialogHeaders,
  }),
  responseRule({
    id: 'RSP-03',
    says: 'A reliable provisional response has RSeq and Require: 100rel, and the INVITE supports it.',
    clause: 'RFC 3262 §3, §7.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border removes option tags from Require and leaves RSeq',
    where: { status: [101, 199] },
    judge: reliability,
  }),
  rule({
    id: 'RSP-04',
    says: 'RSeq rises by one with each reliable provisional response.',
    clause: 'RFC 3262 §3',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'two elements number the responses of one call',
    check: (context) => each(context.iciTransactions.filter(isInvite), sequence),
  }),
  rule({
    id: 'RSP-05',
    says: 'Each reliable provisional response gets a PRACK whose RAck names it.',
    clause: 'RFC 3262 §3, §4, §7.2; TS 29.165 annex B.11.1/30',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border changes RSeq and does not change RAck back, or PRACK is lost',
    check: (context) => each(context.iciTransactions.filter(isInvite), (one) => acknowledged(context, one)),
  }),
  responseRule({
    id: 'RSP-06',
    says: 'With preconditions the callee rings only when the resources of both sides are there.',
    clause: 'RFC 3312 §6; TS 24.229 §5.1.4',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the callee alerts before its bearer is set up, so that an answered call may be mute',
    where: { status: [180, 180] },
    judge: ringsTooEarly,
  }),
  responseRule({
    id: 'RSP-07',
    says: 'The 2xx tells the asserted identity of the callee between networks that trust each other.',
    clause: 'TS 29.165 §12.4, annex B.7.2/33; TS 24.228 flow S1-2c',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the terminating P-CSCF or S-CSCF does not insert P-Asserted-Identity in responses',
    where: { status: [200, 299] },
    when: (view, context) =>
      view.inDialog === false && context.trusts('P-Asserted-Identity') && !view.privacy.includes('id'),
    judge: (view) =>
      view.has('P-Asserted-Identity') ? null : { seen: `no P-Asserted-Identity in ${view.title}`, line: 1 },
  }),
  responseRule({
    id: 'RSP-09',
    says: 'P-Early-Media of a provisional response has a direction for each stream, and gated behind them.',
    clause: 'RFC 5009 §8, §9; TS 29.165 §12.21.2, annex B.7.2/36',
    strength: 'may',
    provenance: 'S',
    usualCause: 'supported, which only a request says, is copied into the response',
    where: { status: [101, 199], header: 'P-Early-Media' },
    when: (_view, context) => context.trusts('P-Early-Media'),
    judge: earlyMedia,
  }),
  responseRule({
    id: 'RSP-11',
    says: '199 is sent only to an INVITE that supports it.',
    clause: 'RFC 6228 §5, §6; TS 29.165 §6.1.3 item 84',
    strength: 'may',
    provenance: 'S',
    usualCause: 'a forking proxy ends early dialogs without looking at Supported',
    where: { status: [199, 199] },
    judge: (view) => {
      const request = requestOf(view);
      if (request === null) return undefined;
      return request.tokens('Supported').includes('199')
        ? null
        : { seen: '199 to an INVITE without Supported: 199', line: 1 };
    },
  }),
  responseRule({
    id: 'RSP-12',
    says: 'The 2xx says Allow and Supported; its Session-Expires has a refresher and fits what was asked.',
    clause: 'TS 29.165 annex B.7.2/6, /61; RFC 4028 §9',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border that keeps session timers itself writes Session-Expires of its own',
    where: { status: [200, 299] },
    judge: sessionTimer,
  }),
  rule({
    id: 'RSP-13',
    says: 'A 2xx behind an answer in a reliable provisional response has no other session description.',
    clause: 'RFC 3261 §13.2.1; RFC 6337 §3.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a media gateway writes the connected description into the 2xx as if nothing had been agreed',
    check: (context) => each(context.iciTransactions.filter(isInvite), repeatedAnswer),
  }),
  responseRule({
    id: 'RSP-16',
    says: 'Reason is a protocol with cause and text, each protocol once.',
    clause: 'RFC 3326 §2; RFC 6432 §3; TS 29.165 §6.1.3 items 40, 41, annex B.7.2/45',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'an interworking node writes the cause as text',
    where: { status: [101, 699], header: 'Reason' },
    judge: reasons,
  }),
  responseRule({
    id: 'RSP-17',
    says: 'Redirection by 305 or 380 does not cross the interconnection.',
    clause: 'TS 29.165 §6.1.3 item 109 (n/a); GSMA IR.95',
    strength: 'should',
    provenance: 'S',
    usualCause: "a P-CSCF's answer to an emergency call reaches another network",
    where: { status: [300, 399] },
    judge: (view) => {
      if (view.status === 380) return { seen: view.title, line: 1 };
      return view.status === 305 ? { seen: view.title, line: 1, provenance: 'E?' } : null;
    },
  }),
  responseRule({
    id: 'RSP-18',
    says: '488 and 606 say in Warning or in a session description what would be acceptable.',
    clause: 'RFC 3261 §13.3.1.3, §21.4.26; TS 24.229 §6',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the refusal is made by a function that does not know the capabilities of the UE',
    where: { status: [488, 606] },
    judge: (view) => {
      if (view.status !== 488 && view.status !== 606) return undefined;
      return view.has('Warning') || view.sdp !== null
        ? null
        : { seen: `${view.title} without Warning or description`, line: 1 };
    },
  }),
  responseRule({
    id: 'RSP-20',
    says: '407, 420 and 424 bring along what the caller needs to know; 401 and 407 stay on roaming legs.',
    clause: 'TS 29.165 annex B.7.2 (dm, note 1); RFC 3261 §21.4',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the refusal is made by a border, or a challenge for the own subscriber is sent to another network',
    where: { status: [400, 499] },
    judge: (view, context) => {
      const challenge = view.status === 401 || view.status === 407;
      const header = BROUGHT_ALONG[view.status];
      if (!challenge && header === undefined) return undefined;
      const leg = context.leg(view);
      if (challenge && (leg === 'NR' || leg === 'VA-HB'))
        return { seen: `${view.title} on a non-roaming interconnection`, line: 1 };
      return header === undefined || view.has(header) ? null : { seen: `no ${header} in ${view.title}`, line: 1 };
    },
  }),
];

function isInvite(transaction: SipTransaction): boolean {
  return transaction.method === 'INVITE';
}
