import type { Party, RecordedDiameter } from '../../evidence/model.js';
import { printIPv6 } from '../../wire/diameter/avp-value.js';
import { octetsOf, textOf } from '../../wire/diameter/find.js';
import { rtcpEndpoint, rtpEndpoint } from '../../wire/sdp/media-attributes.js';
import { bandwidthOf, type Sdp } from '../../wire/sdp/sdp.js';
import { partyName } from '../correlation.js';
import type { RuleContext } from '../rule.js';
import type { SipView } from '../sip-view.js';
import { type DiameterTransaction, transactionsOf } from './diameter-transaction.js';

/** One Rx session as the trace shows it. */
export interface RxSession {
  readonly id: string;
  /** The P-CSCF. */
  readonly af: Party;
  readonly authorizations: readonly DiameterTransaction[];
  readonly terminations: readonly DiameterTransaction[];
  readonly aborts: readonly DiameterTransaction[];
  /** SIP of the call at that P-CSCF, joined by the charging identifier; empty where the trace does not show it. */
  readonly sip: readonly SipView[];
}

/** What both ends of a call described at a P-CSCF up to and around an AAR. */
export interface DescribedMedia {
  /** `address port` of RTP and RTCP. */
  readonly ue: ReadonlySet<string>;
  readonly peer: ReadonlySet<string>;
  /** b=AS in bit/s by position of the m= line, from 1. */
  readonly ueBandwidth: ReadonlyMap<number, ReadonlySet<number>>;
  readonly peerBandwidth: ReadonlyMap<number, ReadonlySet<number>>;
  /** Largest number of m= lines. */
  readonly lines: number;
}

interface OpenSession {
  readonly id: string;
  readonly af: Party;
  readonly authorizations: DiameterTransaction[];
  readonly terminations: DiameterTransaction[];
  readonly aborts: DiameterTransaction[];
}

/** Every Rx session whose first AAR the trace holds. */
export function rxSessions(context: RuleContext): readonly RxSession[] {
  return context.memo('rx sessions', () => {
    const sessions = new Map<string, OpenSession>();
    for (const transaction of transactionsOf(context, 'AAR', 'STR', 'ASR')) {
      const { from, to, diameter } = transaction.request;
      const id = textOf(diameter, 'Session-Id') ?? '';
      // Behind an agent the same session is seen on two hops: each is a session of its own here.
      const key = `${partyName(transaction.command === 'ASR' ? to : from)} ${id}`;
      let session = sessions.get(key);
      if (transaction.command === 'AAR') {
        session ??= { id, af: from, authorizations: [], terminations: [], aborts: [] };
        sessions.set(key, session);
        session.authorizations.push(transaction);
      } else if (transaction.command === 'STR') session?.terminations.push(transaction);
      else session?.aborts.push(transaction);
    }
    return [...sessions.values()].map((session) => ({
      ...session,
      sip: sipOf(session.af, session.authorizations, context),
    }));
  });
}

/** SIP messages that a node sent or got, by Call-ID and by icid-value; computed once for each node. */
function sipAt(
  node: string,
  context: RuleContext,
): {
  readonly byCallId: ReadonlyMap<string, readonly SipView[]>;
  readonly callIds: ReadonlyMap<string, ReadonlySet<string>>;
} {
  return context.memo(`rx sip ${node}`, () => {
    const byCallId = new Map<string, SipView[]>();
    const callIds = new Map<string, Set<string>>();
    for (const view of context.sip.views) {
      if (partyName(view.record.from) !== node && partyName(view.record.to) !== node) continue;
      const list = byCallId.get(view.callId);
      if (list === undefined) byCallId.set(view.callId, [view]);
      else list.push(view);
      const icid = view.chargingVector?.icidValue;
      if (icid != null) callIds.set(icid, (callIds.get(icid) ?? new Set()).add(view.callId));
    }
    return { byCallId, callIds };
  });
}

function sipOf(af: Party, authorizations: readonly DiameterTransaction[], context: RuleContext): readonly SipView[] {
  const { byCallId, callIds } = sipAt(partyName(af), context);
  const identifiers = authorizations.flatMap(({ request }) => textOf(request.diameter, 'AF-Charging-Identifier') ?? []);
  const calls = new Set(identifiers.flatMap((identifier) => [...(callIds.get(identifier) ?? [])]));
  return [...calls].flatMap((call) => byCallId.get(call) ?? []).sort((a, b) => a.record.index - b.record.index);
}

/** Whether the P-CSCF has a call with this icid-value; null where the trace shows no charging vector at it at all. */
export function isCharged(af: Party, identifier: string, context: RuleContext): boolean | null {
  const { callIds } = sipAt(partyName(af), context);
  return callIds.size === 0 ? null : callIds.has(identifier);
}

/** Session descriptions that the UE and the other end gave, as far as they passed the P-CSCF; null where one side is not seen. */
export function describedMedia(session: RxSession, request: RecordedDiameter): DescribedMedia | null {
  const address = framedAddress(request);
  if (address === null) return null;
  const known = DESCRIBED.get(session) ?? new Map<string, DescribedMedia | null>();
  DESCRIBED.set(session, known);
  let media = known.get(address);
  if (media === undefined) {
    media = mediaAt(session, address);
    known.set(address, media);
  }
  return media;
}

/** A session has a request for each step of its call, and one set of descriptions. */
const DESCRIBED = new WeakMap<RxSession, Map<string, DescribedMedia | null>>();

function mediaAt(session: RxSession, address: string): DescribedMedia | null {
  const node = partyName(session.af);
  const ue: Sdp[] = [];
  const peer: Sdp[] = [];
  for (const view of session.sip) {
    const { description } = view;
    if (description === null) continue;
    const { from, to } = view.record;
    // What the UE says comes from its address; what the other end says comes from the core, or goes to the UE.
    if (from.address === address) ue.push(description);
    else if (to.address === address || (partyName(to) === node && from.address !== address)) peer.push(description);
  }
  if (ue.length === 0 || peer.length === 0) return null;
  return {
    ue: endpointsOf(ue),
    peer: endpointsOf(peer),
    ueBandwidth: bandwidths(ue),
    peerBandwidth: bandwidths(peer),
    lines: Math.max(...[...ue, ...peer].map(({ media }) => media.length)),
  };
}

/** The address of the bearer in text; null where neither AVP is there or readable. A prefix shorter than 128 bits names no address. */
export function framedAddress({ diameter }: RecordedDiameter): string | null {
  const four = octetsOf(diameter, 'Framed-IP-Address');
  if (four?.length === 4) return four.join('.');
  const six = octetsOf(diameter, 'Framed-IPv6-Prefix');
  return six?.length === 18 && six[1] === 128 ? printIPv6(six.subarray(2)) : null;
}

function endpointsOf(descriptions: readonly Sdp[]): ReadonlySet<string> {
  return new Set(
    descriptions.flatMap((sdp) =>
      sdp.media.flatMap((media) =>
        [rtpEndpoint(sdp, media), rtcpEndpoint(sdp, media)].flatMap((end) =>
          end === null ? [] : `${end.address.toLowerCase()} ${end.port}`,
        ),
      ),
    ),
  );
}

function bandwidths(descriptions: readonly Sdp[]): ReadonlyMap<number, ReadonlySet<number>> {
  const found = new Map<number, Set<number>>();
  for (const { media } of descriptions) {
    for (const line of media) {
      const value = bandwidthOf(line, 'AS');
      if (value !== null) found.set(line.index + 1, (found.get(line.index + 1) ?? new Set()).add(value * 1000));
    }
  }
  return found;
}
