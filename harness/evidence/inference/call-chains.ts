import { type ChargingVector, parseChargingVector, parseNameAddr } from '../../wire/sip/headers.js';
import type { SipMessage, SipRequest } from '../../wire/sip/message.js';
import type { Sighting } from '../sighting.js';
import { domainOf, hostOf, plainIoi } from './domains.js';
import type { SocketOwners } from './socket-owners.js';

/** One hop of an initial request: who sent it to whom, and the request as it was there. */
export interface ChainHop {
  readonly from: string;
  readonly to: string;
  readonly request: SipRequest;
}

/** The way of one initial request through the nodes that the capture saw, and the two networks that it names. */
export interface CallChain {
  readonly method: string;
  /** In the order of the capture, each hop once. */
  readonly hops: readonly ChainHop[];
  readonly callerDomain: string | null;
  readonly calleeDomain: string | null;
  readonly origIoi: string | null;
  readonly termIoi: string | null;
}

interface Draft {
  readonly method: string;
  readonly hops: ChainHop[];
  readonly seen: Set<string>;
  termIoi: string | null;
  responseDomain: string | null;
}

/** Requests that travel from one user to another; REGISTER goes another way. */
const END_TO_END: ReadonlySet<string> = new Set(['INVITE', 'MESSAGE', 'OPTIONS', 'SUBSCRIBE', 'REFER']);
const MAX_HOPS = 64;

/** Follows initial requests from hop to hop: by ICID, which stays when a B2BUA changes the Call-ID (TS 24.229 §7.2A.5), and by Call-ID. */
export function callChains(sightings: readonly Sighting[], owners: SocketOwners): readonly CallChain[] {
  const drafts: Draft[] = [];
  const byIdentity = new Map<string, Draft>();
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip') continue;
    const { sip } = sighting;
    const method = methodOf(sip);
    if (!END_TO_END.has(method)) continue;
    const vector = vectorOf(sip);
    const identities = [sip.get('Call-ID'), vector?.icidValue].flatMap((id) => (id ? [`${method} ${id}`] : []));
    let draft = identities.map((id) => byIdentity.get(id)).find((found) => found !== undefined);
    if (sip.kind === 'response') {
      if (draft && sip.status > 100) addResponse(draft, sip, vector);
      continue;
    }
    if (/;\s*tag\s*=/i.test(sip.get('To') ?? '')) continue;
    if (!draft) {
      draft = { method, hops: [], seen: new Set(), termIoi: null, responseDomain: null };
      drafts.push(draft);
    }
    for (const id of identities) if (!byIdentity.has(id)) byIdentity.set(id, draft);
    const from = owners.key(sighting.source);
    const to = owners.key(sighting.destination);
    if (draft.seen.has(`${from} ${to}`) || draft.hops.length >= MAX_HOPS || from === to) continue;
    draft.seen.add(`${from} ${to}`);
    draft.hops.push({ from, to, request: sip });
  }
  return drafts.filter((draft) => draft.hops.length > 0).map(finished);
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
  const requests = draft.hops.map((hop) => hop.request);
  const firstOf = <T>(pick: (request: SipRequest) => T | null): T | null => {
    for (const request of requests) {
      const value = pick(request);
      if (value !== null) return value;
    }
    return null;
  };
  const lastTarget = [...requests].reverse().map((request) => domainOf(hostOf(request.requestUri)));
  const origIoi = firstOf((request) => plainIoi(vectorOf(request)?.origIoi));
  return {
    method: draft.method,
    hops: draft.hops,
    callerDomain:
      firstOf((request) => identityDomain(request, 'P-Asserted-Identity')) ??
      firstOf((request) => identityDomain(request, 'From')) ??
      domainOf(origIoi),
    // The Request-URI names the callee's network only behind the number look-up, so the last hop tells best.
    calleeDomain: lastTarget.find((domain) => domain !== null) ?? draft.responseDomain ?? domainOf(draft.termIoi),
    origIoi,
    termIoi: draft.termIoi,
  };
}
