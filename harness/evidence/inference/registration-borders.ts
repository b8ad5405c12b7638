import { parseNameAddr } from '../../wire/sip/headers.js';
import type { SipRequest } from '../../wire/sip/message.js';
import type { Sighting } from '../sighting.js';
import type { BorderHop } from './borders.js';
import { domainOf, hostOf } from './domains.js';
import type { FactBook } from './node-facts.js';
import type { SocketOwners } from './socket-owners.js';

/**
 * Finds where registrations of roamers cross from the visited into the home network, on captures of that one hop: the visited
 * network and the Request-URI name different networks, and nobody in the capture passes the request on (TS 24.229 §5.10.2.2).
 */
export function collectRegistrationBorders(
  sightings: readonly Sighting[],
  owners: SocketOwners,
  book: FactBook,
): readonly BorderHop[] {
  const hops = new Map<string, { readonly hop: BorderHop; readonly callIds: Set<string> }>();
  const senders = new Map<string, Set<string>>();
  const receivers = new Map<string, Set<string>>();
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip' || sighting.sip.kind !== 'request' || sighting.sip.method !== 'REGISTER') continue;
    const request = sighting.sip;
    const [from, to] = [owners.key(sighting.source), owners.key(sighting.destination)];
    const callId = request.get('Call-ID') ?? '';
    note(senders, callId, from);
    note(receivers, callId, to);
    const [fromNetwork, toNetwork] = [visitedNetwork(request), domainOf(hostOf(request.requestUri))];
    // Behind the P-CSCF there is one Path entry and two Via; a border adds to both.
    if (fromNetwork === null || toNetwork === null || fromNetwork === toNetwork || !request.has('Path')) continue;
    const key = `${from} ${to}`;
    const known = hops.get(key) ?? { hop: { from, to, fromNetwork, toNetwork }, callIds: new Set() };
    known.callIds.add(callId);
    hops.set(key, known);
  }
  return [...hops.values()].flatMap(({ hop, callIds }) => {
    const alone = [...callIds].every(
      (callId) => !senders.get(callId)?.has(hop.to) && !receivers.get(callId)?.has(hop.from),
    );
    if (!alone) return [];
    const sentence = `registrations from ${hop.fromNetwork} to ${hop.toNetwork} go from ${hop.from} to ${hop.to}, the only hop that was captured`;
    for (const [node, network] of [
      [hop.from, hop.fromNetwork],
      [hop.to, hop.toNetwork],
    ] as const) {
      if (book.of(node).role?.value !== 'p-cscf') book.of(node).voteRole('ibcf', 5, sentence);
      book.of(node).voteNetwork(network, 4, sentence);
    }
    return [hop];
  });
}

function note(map: Map<string, Set<string>>, callId: string, key: string): void {
  const set = map.get(callId);
  if (set) set.add(key);
  else map.set(callId, new Set([key]));
}

/** The network that a roamer visits: as P-Visited-Network-ID names it, else that of the first node on the Path. TS 24.229 §5.2.2. */
function visitedNetwork(request: SipRequest): string | null {
  const named = domainOf(request.get('P-Visited-Network-ID')?.split(';')[0]);
  const first = request.all('Path').at(-1);
  return named ?? (first === undefined ? null : domainOf(hostOf(parseNameAddr(first)?.uri)));
}
