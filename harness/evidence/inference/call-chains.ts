import type { Endpoint } from '../../wire/capture/ip-packet.js';
import { type ChargingVector, parseChargingVector, parseNameAddr } from '../../wire/sip/headers.js';
import type { SipMessage } from '../../wire/sip/message.js';
import type { Sighting } from '../sighting.js';
import { domainOf, hostOf, plainIoi } from './domains.js';
import type { SocketOwners } from './socket-owners.js';

/** One hop of an initial request: who sent it to whom, and the request as it was there; its first response where only that was captured. */
export interface ChainHop {
  readonly from: string;
  readonly to: string;
  readonly message: SipMessage;
}

/** The way of one initial request through the nodes that the capture saw, and the two networks that it names. */
export interface CallChain {
  readonly method: string;
  /** In the order of the capture, each hop once. */
  readonly hops: readonly ChainHop[];
  readonly callerDomain: string | null;
  readonly calleeDomain: string | null;
  /** What the caller dialled: often the callee's network, and all that is left where nothing else tells. */
  readonly toDomain: string | null;
  readonly origIoi: string | null;
  readonly termIoi: string | null;
}

interface Draft {
  readonly method: string;
  /** The capture began behind the initial request: From and To of a later one are all there is. */
  readonly inDialog: boolean;
  /** Only what the callee's side sent is in the capture: its responses are all there is. */
  readonly answersOnly: boolean;
  readonly hops: ChainHop[];
  readonly seen: Set<string>;
  termIoi: string | null;
  responseDomain: string | null;
}

/** Requests that travel from one user to another and may begin something; REGISTER goes another way. */
const END_TO_END: ReadonlySet<string> = new Set(['INVITE', 'MESSAGE', 'OPTIONS', 'SUBSCRIBE', 'REFER']);
/** Requests of a dialog, followed only where its first request is not in the capture. */
const IN_DIALOG: ReadonlySet<string> = new Set(['INVITE', 'BYE', 'UPDATE', 'PRACK', 'INFO', 'NOTIFY']);
const MAX_HOPS = 64;

/** Follows initial requests from hop to hop: by ICID, which stays when a B2BUA changes the Call-ID (TS 24.229 §7.2A.5), and by Call-ID. */
export function callChains(sightings: readonly Sighting[], owners: SocketOwners): readonly CallChain[] {
  const drafts: Draft[] = [];
  const byIdentity = new Map<string, Draft>();
  /** Call-IDs whose first request was seen. */
  const known = new Set<string>();
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip') continue;
    const { sip } = sighting;
    const method = methodOf(sip);
    if (sip.kind === 'request' && IN_DIALOG.has(method) && isInDialog(sip)) {
      const callId = sip.get('Call-ID') ?? '';
      if (known.has(callId)) continue;
      const key = `${callId} ${tagOf(sip.get('From'))}`;
      let draft = byIdentity.get(key);
      if (!draft) {
        draft = draftOf(method, { inDialog: true });
        drafts.push(draft);
        byIdentity.set(key, draft);
      }
      addHop(draft, sighting.source, sighting.destination, sip, owners);
      continue;
    }
    if (!END_TO_END.has(method)) continue;
    const vector = vectorOf(sip);
    const identities = [sip.get('Call-ID'), vector?.icidValue].flatMap((id) => (id ? [`${method} ${id}`] : []));
    let draft = identities.map((id) => byIdentity.get(id)).find((found) => found !== undefined);
    if (sip.kind === 'response') {
      if (sip.status <= 100) continue;
      if (!draft && !known.has(sip.get('Call-ID') ?? '')) {
        draft = draftOf(method, { answersOnly: true });
        drafts.push(draft);
        for (const id of identities) byIdentity.set(id, draft);
      }
      if (draft) addResponse(draft, sip, vector);
      if (draft?.answersOnly) addHop(draft, sighting.destination, sighting.source, sip, owners);
      continue;
    }
    if (isInDialog(sip)) continue;
    if (!draft || draft.answersOnly) {
      draft = draftOf(method);
      drafts.push(draft);
    }
    known.add(sip.get('Call-ID') ?? '');
    for (const id of identities) if (byIdentity.get(id)?.answersOnly !== false) byIdentity.set(id, draft);
    addHop(draft, sighting.source, sighting.destination, sip, owners);
  }
  return drafts.filter((draft) => draft.hops.length > 0).map(finished);
}

function draftOf(method: string, seen: { readonly inDialog?: true; readonly answersOnly?: true } = {}): Draft {
  const { inDialog = false, answersOnly = false } = seen;
  return { method, inDialog, answersOnly, hops: [], seen: new Set(), termIoi: null, responseDomain: null };
}

function addHop(
  draft: Draft,
  source: Endpoint,
  destination: Endpoint,
  message: SipMessage,
  owners: SocketOwners,
): void {
  const from = owners.key(source);
  const to = owners.key(destination);
  if (draft.seen.has(`${from} ${to}`) || draft.hops.length >= MAX_HOPS || from === to) return;
  draft.seen.add(`${from} ${to}`);
  draft.hops.push({ from, to, message });
}

function isInDialog(request: SipMessage): boolean {
  return tagOf(request.get('To')) !== null;
}

function tagOf(value: string | undefined): string | null {
  return /;\s*tag\s*=\s*([^;\s]+)/i.exec(value ?? '')?.[1] ?? null;
}

function methodOf(sip: SipMessage): string {
  return sip.kind === 'request' ? sip.method : (/[A-Z]+\s*$/.exec(sip.get('CSeq') ?? '')?.[0].trim() ?? '');
}

function vectorOf(sip: SipMessage): ChargingVector | null {
  const value = sip.get('P-Charging-Vector');
  return value === undefined ? null : parseChargingVector(value);
}

function addResponse(draft: Draft, sip: SipMessage, vector: ChargingVector | null): void {
  draft.termIoi ??= plainIoi(vector?.termIoi);
  draft.responseDomain ??= identityDomain(sip, 'P-Asserted-Identity');
}

function identityDomain(sip: SipMessage, header: string): string | null {
  for (const value of sip.all(header)) {
    const domain = domainOf(hostOf(parseNameAddr(value)?.uri));
    if (domain) return domain;
  }
  return null;
}

function finished(draft: Draft): CallChain {
  const messages = draft.hops.map((hop) => hop.message);
  const firstOf = <T>(pick: (message: SipMessage) => T | null): T | null => {
    for (const message of messages) {
      const value = pick(message);
      if (value !== null) return value;
    }
    return null;
  };
  const lastTarget = [...messages]
    .reverse()
    .map((message) => (message.kind === 'request' ? domainOf(hostOf(message.requestUri)) : null));
  const domainIn = (header: string) => firstOf((message) => identityDomain(message, header));
  const origIoi = firstOf((message) => plainIoi(vectorOf(message)?.origIoi));
  // What the callee's side asserts in a response is the callee.
  const asserted = draft.inDialog || draft.answersOnly ? null : domainIn('P-Asserted-Identity');
  return {
    method: draft.method,
    hops: draft.hops,
    callerDomain: asserted ?? domainIn('From') ?? domainOf(origIoi),
    // The Request-URI names the callee's network only behind the number look-up, so the last hop tells best.
    calleeDomain: draft.inDialog
      ? domainIn('To')
      : (lastTarget.find((domain) => domain !== null) ?? draft.responseDomain ?? domainOf(draft.termIoi)),
    toDomain: domainIn('To'),
    origIoi,
    termIoi: draft.termIoi,
  };
}
