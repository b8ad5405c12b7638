import { isEncoding, type Payload, payloadsOf } from '../../wire/sdp/payload.js';
import { connectionOf, type SdpMedia } from '../../wire/sdp/sdp.js';
import type { RuleContext } from '../context.js';
import { finalResponse, type SipDialog, type SipTransaction } from '../correlation.js';
import { atLine, type Described, descriptionRule, descriptionsAtIci } from '../media-description.js';
import type { Rule, Violation } from '../rule.js';
import { type Complaint, each, rule, shortened, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** Payload types below this one mean the same in every session, RFC 3551 §6. */
const FIRST_DYNAMIC = 96;

function isFromCaller(view: SipView, dialog: SipDialog): boolean {
  return view.isRequest === (view.fromTag === dialog.callerTag);
}

/** A 2xx behind an answer in a reliable provisional response may only repeat that answer: RSP-13 judges it. */
function isRepetition(view: SipView): boolean {
  return (
    view.method === 'INVITE' &&
    view.status >= 200 &&
    view.transaction?.responses.some((other) => other.status < 200 && other.has('RSeq') && other.sdp !== null) === true
  );
}

/** A request that was refused changes nothing (RFC 6337 §3.4): what follows it follows what stood before. */
function isRefused(view: SipView): boolean {
  const final = view.isRequest && view.transaction !== null ? finalResponse(view.transaction) : null;
  return final !== null && final.status >= 300;
}

/** The descriptions that each side sent in a dialog, in order. */
function descriptions(dialog: SipDialog): readonly (readonly SipView[])[] {
  const sides = [[] as SipView[], [] as SipView[]];
  for (const view of dialog.messages)
    if (view.sdp !== null && view.status < 300 && !isRepetition(view) && !isRefused(view))
      sides[isFromCaller(view, dialog) ? 0 : 1]?.push(view);
  return sides;
}

interface Origin {
  readonly identity: string;
  readonly version: string;
  readonly rest: string;
}

function originOf(view: SipView): Origin | null {
  const text = Buffer.from(view.sdp ?? new Uint8Array())
    .toString('latin1')
    .replace(/\r\n/g, '\n');
  const match = /^o=(\S+) (\S+) (\S+) (\S+ \S+ \S+)$/m.exec(text);
  if (match === null) return null;
  return {
    identity: `${match[1]} ${match[2]} ${match[4]}`,
    version: match[3] ?? '',
    rest: text.replace(/^o=.*$/m, '').trim(),
  };
}

/** What the step from one version to the next is: versions have up to 64 bits. */
function stepOf(before: string, after: string): bigint | null {
  return /^\d{1,20}$/.test(before) && /^\d{1,20}$/.test(after) ? BigInt(after) - BigInt(before) : null;
}

/** How o= follows that of the description before. */
function origins(before: Origin, after: Origin, view: SipView): readonly Complaint[] {
  const wrong: Complaint[] = [];
  if (before.identity !== after.identity)
    wrong.push(
      `o= of ${view.title} is not that of the description before (${shortened(after.identity)} behind ${shortened(before.identity)})`,
    );
  const changed = before.rest !== after.rest;
  const step = stepOf(before.version, after.version);
  if (changed && before.version === after.version)
    wrong.push(`${view.title} changes the description and keeps version ${after.version}`);
  else if (step !== null && step < 0n)
    wrong.push(`${view.title} lowers the version from ${before.version} to ${after.version}`);
  // A description in between that did not get so far may have had the version that is missing here.
  else if (step !== null && step > 1n)
    wrong.push({
      seen: `${view.title} raises the version from ${before.version} to ${after.version}, by more than one`,
      strength: 'should',
    });
  return wrong;
}

/** The m-lines of one side: none goes away, and a dynamic payload type keeps its codec. RFC 3264 §8, §8.3.2 */
function streams(before: Described, after: Described): readonly Complaint[] {
  const wrong: Complaint[] = [];
  const [own, old] = [after.sdp.media, before.sdp.media];
  if (own.length < old.length)
    wrong.push({ seen: `${after.view.title} has ${own.length} m-lines, ${old.length} before`, line: 1 });
  for (const media of own) {
    const formats = old[media.index];
    if (formats === undefined || formats.kind !== media.kind || formats.port === 0 || media.port === 0) continue;
    wrong.push(...remapped(formats, media).map((payload) => atLine(after, payload.rtpmapLine, told(payload, after))));
  }
  return wrong;
}

function remapped(before: SdpMedia, after: SdpMedia): readonly Payload[] {
  const known = new Map(payloadsOf(before).map((payload) => [payload.payloadType, payload]));
  return payloadsOf(after).filter((payload) => {
    const old = known.get(payload.payloadType);
    if (old === undefined || payload.payloadType < FIRST_DYNAMIC || old.encoding === '' || payload.encoding === '')
      return false;
    return !isEncoding(old, payload.encoding) || old.clockRate !== payload.clockRate;
  });
}

function told(payload: Payload, { view }: Described): string {
  return `payload type ${payload.payloadType} is now ${payload.encoding}/${payload.clockRate} in ${view.title}, it was another codec before`;
}

function successions(context: RuleContext, views: readonly SipView[]): readonly Violation[] | undefined {
  if (views.length < 2) return undefined;
  const described = context.memo(
    'descriptions by message',
    () => new Map(descriptionsAtIci(context).map((item) => [item.view, item])),
  );
  return views.slice(1).flatMap((view, index): readonly Violation[] => {
    const previous = views[index];
    const [before, after] = [previous === undefined ? null : originOf(previous), originOf(view)];
    const [was, is] = [previous === undefined ? undefined : described.get(previous), described.get(view)];
    const line = is?.sdp.lines.find(({ value }, at) => at < 2 && value.includes(' IN IP'));
    const told = before === null || after === null ? [] : origins(before, after, view);
    return [
      ...told.map((one) => violation(view, is === undefined ? one : atLine(is, line ?? null, one))),
      ...(was === undefined || is === undefined ? [] : streams(was, is).map((one) => violation(view, one))),
    ];
  });
}

/** A session description in a request that offers (and does not answer a reliable response). */
function offersOf(context: RuleContext): ReadonlyMap<SipDialog, readonly SipTransaction[]> {
  const offers = new Map<SipDialog, SipTransaction[]>();
  for (const { part, view } of descriptionsAtIci(context)) {
    if (part !== 'offer' || !view.isRequest || view.inDialog !== true) continue;
    if (view.dialog === null || view.transaction === null) continue;
    const list = offers.get(view.dialog);
    if (list === undefined) offers.set(view.dialog, [view.transaction]);
    else list.push(view.transaction);
  }
  return offers;
}

/** Offers of which the second came while the first was open, and both were accepted: one of them had to be refused. */
function crossed(offers: readonly SipTransaction[]): readonly Violation[] | undefined {
  if (offers.length < 2) return undefined;
  return offers.flatMap((second, index): readonly Violation[] => {
    const request = second.request;
    const answer = finalResponse(second);
    if (request === null || answer === null || answer.status >= 300) return [];
    const first = offers.slice(0, index).find((one) => {
      const final = finalResponse(one);
      return final !== null && final.status < 300 && final.record.index > request.record.index;
    });
    if (first?.request === undefined || first.request === null) return [];
    const opposite = first.request.fromTag !== request.fromTag;
    const due = opposite ? '491' : '500 with Retry-After';
    return [
      violation(answer, {
        seen: `${answer.title} accepts an offer that came while that of the ${first.request.title} in frame ${first.request.record.frame} was open, ${due} was due`,
        line: 1,
      }),
    ];
  });
}

/** An INVITE without offer, whose 2xx offers: the ACK that does not answer. */
function unanswered(transaction: SipTransaction): readonly Violation[] | undefined {
  const { request, responses } = transaction;
  if (request === null || request.sip.body.length > 0) return undefined;
  const offers = responses.filter(
    (view) =>
      view.status >= 200 &&
      view.status < 300 &&
      view.sdp !== null &&
      !responses.some((other) => other.toTag === view.toTag && other.has('RSeq') && other.sdp !== null),
  );
  const acks = transaction.acks.filter((ack) => offers.some((offer) => offer.toTag === ack.toTag));
  if (acks.length === 0) return undefined;
  return acks
    .filter((ack) => ack.sip.body.length === 0)
    .map((ack) => violation(ack, { seen: 'ACK without the answer to the offer in the 2xx', line: 1 }));
}

/** Offer and answer in the life of a dialog, RFC 3261 §13, §14, RFC 3264 §8. */
export const DLG_OFFER: readonly Rule[] = [
  rule({
    id: 'DLG-03',
    says: 'The ACK answers the offer of a 2xx to an INVITE without description.',
    clause: 'RFC 3261 §13.2.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border removes the body of the ACK, or a B2BUA makes the ACK itself',
    check: (context) =>
      each(
        context.iciTransactions.filter((one) => one.method === 'INVITE'),
        unanswered,
      ),
  }),
  descriptionRule({
    id: 'DLG-14',
    says: 'A stream is held by its direction, and not by the address 0.0.0.0.',
    clause: 'RFC 3264 §8.4; TS 24.610 §4.5.2.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'a terminal or gateway holds calls in the manner of RFC 2543',
    judge: (described) => {
      if (described.part !== 'offer') return undefined;
      const media = described.sdp.media.filter(({ port }) => port !== 0);
      return media.flatMap((stream) => {
        const connection = connectionOf(described.sdp, stream);
        return connection?.address === '0.0.0.0'
          ? [atLine(described, connection.line, `c=IN IP4 0.0.0.0 in ${described.view.title}`)]
          : [];
      });
    },
  }),
  rule({
    id: 'DLG-15',
    says: 'In a session o= stays the same but for its version, which rises by one when the description changes; m-lines never get fewer, and payload types keep their codec.',
    clause: 'RFC 3264 §8, §8.3.2',
    strength: 'shall',
    provenance: 'S',
    usualCause:
      'a media gateway changes the description and forgets its version, or two devices describe the same session',
    check: (context) => each(context.iciDialogs.flatMap(descriptions), (views) => successions(context, views)),
  }),
  rule({
    id: 'DLG-16',
    says: 'An offer that comes while another one is open is refused: with 491 where the two cross.',
    clause: 'RFC 3261 §14.1, §14.2; RFC 3311 §5.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border or gateway answers offers itself and does not know that one is under way',
    check: (context) => each([...offersOf(context).values()], crossed),
  }),
];
