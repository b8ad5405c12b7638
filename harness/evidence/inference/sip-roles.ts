import type { Role } from '../../profile/role.js';
import { ipOctets } from '../../wire/ip-address.js';
import { parseNameAddr, parseVia } from '../../wire/sip/headers.js';
import type { SipRequest } from '../../wire/sip/message.js';
import type { Sighting } from '../sighting.js';
import type { CallChain } from './call-chains.js';
import { domainOf, hostOf } from './domains.js';
import type { FactBook } from './node-facts.js';
import type { SocketOwners } from './socket-owners.js';

/** Host names that say what they are, as operators and TS 23.003 Annex D examples write them. */
const NAMED_ROLES: readonly (readonly [RegExp, Role])[] = [
  [/(?:^|[^a-z])p-?cscf/, 'p-cscf'],
  [/(?:^|[^a-z])i-?cscf/, 'i-cscf'],
  [/(?:^|[^a-z])s-?cscf/, 's-cscf'],
  [/(?:^|[^a-z])(?:ibcf|i?sbc|nni)(?:[^a-z]|$)/, 'ibcf'],
  [/(?:^|[^a-z])(?:tas|mmtel|telas)(?:[^a-z]|$)/, 'tas'],
  [/(?:^|[^a-z])ue(?:[^a-z]|$)/, 'ue'],
  [/(?:^|[^a-z])hss(?:[^a-z]|$)/, 'hss'],
  [/(?:^|[^a-z])pcrf(?:[^a-z]|$)/, 'pcrf'],
];

/** The role that the first label of a host name says; null where it says none. */
export function roleInName(host: string): Role | null {
  const label = host.split('.')[0] ?? '';
  return NAMED_ROLES.find(([pattern]) => pattern.test(label))?.[1] ?? null;
}

/** Notes a host name of a node, and what the name tells of it. */
export function noteHost(book: FactBook, key: string, host: string): void {
  const facts = book.of(key);
  if (facts.hosts.has(host) || host === '' || ipOctets(host)) return;
  facts.hosts.add(host);
  const role = roleInName(host);
  if (role) facts.voteRole(role, 4, `it calls itself ${host}`);
}

/** Collects what SIP messages tell of the roles of their ends. */
export function collectSipRoles(sightings: readonly Sighting[], owners: SocketOwners, book: FactBook): void {
  const registers: { from: string; to: string; request: SipRequest }[] = [];
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip') continue;
    const from = owners.key(sighting.source);
    const to = owners.key(sighting.destination);
    const { sip } = sighting;
    if (sip.kind === 'response') {
      if (sip.has('Security-Server')) {
        book.of(from).voteRole('p-cscf', 6, 'it sends Security-Server (TS 33.203 §7)');
        book.of(to).voteRole('ue', 6, 'it is sent Security-Server (TS 33.203 §7)');
      }
      continue;
    }
    noteHost(book, from, parseVia(sip.get('Via') ?? '')?.host.toLowerCase() ?? '');
    const route = sip.get('Route');
    if (route !== undefined) noteHost(book, to, hostOf(parseNameAddr(route)?.uri) ?? '');
    if (sip.has('Security-Client') || sip.has('Security-Verify')) {
      book.of(from).voteRole('ue', 6, 'it sends Security-Client or Security-Verify (TS 33.203 §7)');
      book.of(to).voteRole('p-cscf', 6, 'a UE agrees security with it (TS 33.203 §7)');
    }
    ofUserAgent(sighting.destination.address, from, to, sip, book);
    if (sip.method === 'REGISTER') registers.push({ from, to, request: sip });
  }
  const forwarders = new Map<string, SipRequest>();
  for (const { from, request } of registers) forwarders.set(`${from} ${request.get('Call-ID')}`, request);
  for (const register of registers) ofRegister(register, forwarders, book);
}

/** Requests as only a UE sends or gets them; what the trust domain adds speaks against it. TS 24.229 §5.1.2A.1, §5.4.3.3. */
function ofUserAgent(address: string, from: string, to: string, request: SipRequest, book: FactBook): void {
  const calledHere = request.has('P-Called-Party-ID') && hostOf(request.requestUri) === address;
  if (calledHere) {
    book.of(from).voteRole('p-cscf', 3, `it delivers calls to the contact of ${to}`);
    book.of(to).voteRole('ue', 3, 'calls end at its contact');
  }
  if (request.has('P-Asserted-Identity') || request.has('P-Charging-Vector') || request.all('Via').length > 1) return;
  const securityAgreed = ['Require', 'Proxy-Require'].some((header) => request.all(header).includes('sec-agree'));
  const sign = securityAgreed
    ? 'it requires sec-agree'
    : ['P-Preferred-Identity', 'P-Access-Network-Info'].find((header) => request.has(header));
  if (sign === undefined) return;
  const reason = sign.startsWith('it ') ? sign : `it sends ${sign} and no asserted identity`;
  book.of(from).voteRole('ue', 3, reason);
  book.of(to).voteRole('p-cscf', 3, `a UE sends to it (${reason})`);
}

function ofRegister(
  { from, to, request }: { readonly from: string; readonly to: string; readonly request: SipRequest },
  forwarders: ReadonlyMap<string, SipRequest>,
  book: FactBook,
): void {
  const aor = (header: string): string => parseNameAddr(request.get(header) ?? '')?.uri.toLowerCase() ?? '';
  const vias = request.all('Via').length;
  const paths = request.all('Path').length;
  if (paths === 0 && vias === 1 && aor('From') !== aor('To')) {
    book.of(from).voteRole('s-cscf', 5, 'it sends third-party REGISTERs (TS 24.229 §5.4.1.7)');
    book.of(to).voteRole('tas', 5, 'it is sent third-party REGISTERs (TS 24.229 §5.4.1.7)');
    return;
  }
  if (paths === 0 && vias === 1) {
    book.of(from).voteRole('ue', 3, 'it registers itself');
    book.of(to).voteRole('p-cscf', 3, 'a UE registers through it');
    const home = domainOf(hostOf(request.requestUri)) ?? domainOf(hostOf(aor('To')));
    if (home) {
      book.of(from).voteNetwork(home, 4, 'it registers there');
      book.of(to).voteNetwork(home, 1, 'its UEs register there');
    }
    return;
  }
  if (paths === 0) return;
  if (paths === 1 && vias === 2)
    book.of(from).voteRole('p-cscf', 4, 'it adds the first Path to REGISTERs (TS 24.229 §5.2.2)');
  const onward = forwarders.get(`${to} ${request.get('Call-ID')}`);
  if (!onward) book.of(to).voteRole('s-cscf', 4, 'REGISTERs end there');
  else if (onward.all('Path').length > paths)
    book.of(to).voteRole('ibcf', 4, 'it adds a Path to REGISTERs that pass (TS 24.229 §5.10.2.2)');
  else book.of(to).voteRole('i-cscf', 4, 'it passes REGISTERs on without a Path (TS 24.229 §5.3.1)');
}

/** A request that goes to a node and straight back shows an application server and its S-CSCF (TS 23.228 §4.2.4). */
export function collectServiceControl(chains: readonly CallChain[], book: FactBook): void {
  for (const { hops } of chains) {
    for (const [i, hop] of hops.entries()) {
      const next = hops[i + 1];
      if (!next || hop.from !== next.to || hop.to !== next.from) continue;
      book.of(hop.from).voteRole('s-cscf', 4, `it has ${hop.to} called back into the call`);
      book.of(hop.to).voteRole('tas', 4, `${hop.from} routes calls through it and back`);
    }
  }
}
