import type { NetworkNode, OperatorProfile, Profile } from '../../profile/profile.js';
import type { Role } from '../../profile/role.js';
import { ipOctets } from '../../wire/ip-address.js';
import type { Sighting } from '../sighting.js';
import { agreementOf, hidingNetworks } from './agreement.js';
import { type BorderHop, collectBorders, mediaAddresses, networksOf, senders } from './borders.js';
import { type CallChain, callChains } from './call-chains.js';
import { collectDiameterRoles } from './diameter-roles.js';
import { domainOf, plmnOf } from './domains.js';
import { collectNameServers } from './name-servers.js';
import { FactBook, type NodeFacts } from './node-facts.js';
import { collectRegistrationBorders } from './registration-borders.js';
import { collectServiceControl, collectSipRoles, noteHost } from './sip-roles.js';
import { SocketOwners } from './socket-owners.js';

export interface InferredProfile {
  readonly profile: Profile;
  /** One sentence for each inference, with its reason. */
  readonly inferred: readonly string[];
}

/** RFC 3261 §17.1.1.1 and TS 24.229 §7.7 give the values between IM CN subsystem elements; the PX times are never judged offline. */
const TIMERS = { T1: 500, T2: 4000, T4: 5000, PX_CALL_DURATION: 0, PX_GUARD: 0 } as const;
/** Carrier ENUM, GSMA IR.67; other trees are known by the form of the names. */
const ENUM_SUFFIX = 'e164enum.net';
/** Networks that own nothing but a role: what is known of them is only that they exist. */
const NO_NETWORK = 'unknown';

/**
 * Finds out from the messages alone who is who: networks by identities, realms and IOIs, roles by what only one role does. What
 * stays unclear stays unknown, so that rules that need to know it do not apply. All networks found count as under test.
 */
export function inferProfile(
  sightings: readonly Sighting[],
  names: ReadonlyMap<string, readonly string[]>,
): InferredProfile {
  const owners = new SocketOwners(sightings);
  const book = new FactBook();
  const chains = callChains(sightings, owners);
  collectSipRoles(sightings, owners, book);
  collectServiceControl(chains, book);
  collectDiameterRoles(sightings, owners, book);
  for (const [address, hosts] of names) {
    if (!owners.isShared(address)) for (const host of hosts) noteHost(book, address, host.toLowerCase());
  }
  placeByName(book, knownDomains(sightings, chains));
  const borders = [...collectBorders(chains, book), ...collectRegistrationBorders(sightings, owners, book)];
  collectNameServers(sightings, owners, book, ENUM_SUFFIX);
  const sentences: string[] = [];
  const nodes = [...nodesOf(book, owners, sentences), ...relaysOf(sightings, borders, owners, book, sentences)];
  const operators = operatorsOf(nodes, chains, hidingNetworks(sightings, borders, owners), sentences);
  const agreement = agreementOf(sightings, borders, owners, sentences);
  if (operators.length === 0)
    sentences.push(
      `Nothing tells which networks these messages belong to${crossing(chains)}: name the nodes with --profile. Until then only what SIP itself asks of every message is judged.`,
    );
  return {
    profile: {
      version: 1,
      operators,
      nodes,
      sut: operators.map((operator) => operator.name),
      agreement,
      enumSuffix: ENUM_SUFFIX,
      timers: TIMERS,
    },
    inferred: sentences,
  };
}

/** What is known of calls whose border was not found: between whom, and over which hops. */
function crossing(chains: readonly CallChain[]): string {
  const chain = chains.find((one) => one.hops.length > 1 && networksOf(one) !== null);
  const networks = chain === undefined ? null : networksOf(chain);
  if (chain === undefined || networks === null) return '';
  const hops = chain.hops.slice(0, 4).map(({ from, to }) => `${from} to ${to}`);
  return `, and which hop of the calls from ${networks[0]} to ${networks[1]} is the border (${hops.join(', ')})`;
}

function knownDomains(sightings: readonly Sighting[], chains: readonly CallChain[]): ReadonlySet<string> {
  const domains = new Set<string>();
  for (const chain of chains) for (const network of networksOf(chain) ?? []) domains.add(network);
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip' || sighting.sip.kind !== 'request' || sighting.sip.method !== 'REGISTER') continue;
    const domain = domainOf(/^sips?:([^;:?@]+)/i.exec(sighting.sip.requestUri)?.[1]);
    if (domain) domains.add(domain);
  }
  return domains;
}

/** A host name below a known domain places its node in that network. */
function placeByName(book: FactBook, domains: ReadonlySet<string>): void {
  for (const facts of book.all()) {
    for (const host of facts.hosts) {
      const own = domainOf(host);
      if (own === null) continue;
      const network = domains.has(own) ? own : [...domains].find((domain) => own.endsWith(`.${domain}`));
      if (network) facts.voteNetwork(network, 4.5, `it calls itself ${host}`);
      else if (plmnOf(own).mcc !== '') facts.voteNetwork(own, 4, `it calls itself ${host}`);
    }
  }
}

function nodesOf(book: FactBook, owners: SocketOwners, sentences: string[]): NetworkNode[] {
  const numbered = new Map<string, number>();
  const nodes: NetworkNode[] = [];
  for (const facts of book.all()) {
    const role = facts.role;
    const endpoints = owners.endpointsOf(facts.key);
    if (!role || endpoints.length === 0) continue;
    const network = facts.network?.value ?? NO_NETWORK;
    nodes.push({
      name: nodeName(role.value, network, numbered),
      network,
      role: role.value,
      endpoints,
      hosts: [...facts.hosts],
    });
    sentences.push(sentenceOf(facts, role.value, network, role.reason));
  }
  return nodes;
}

function sentenceOf(facts: NodeFacts, role: Role, network: string, reason: string): string {
  const place = network === NO_NETWORK ? 'of an unknown network' : `of ${network}`;
  const because = facts.network && facts.network.reason !== reason ? `; ${facts.network.reason}` : '';
  return `${facts.key} is taken as ${role} ${place}: ${reason}${because}.`;
}

function nodeName(role: Role, network: string, numbered: Map<string, number>): string {
  const plain = `${role}.${network}`;
  const number = (numbered.get(plain) ?? 0) + 1;
  numbered.set(plain, number);
  return number === 1 ? plain : `${role}-${number}.${network}`;
}

/** The addresses that a border offers for media are its network's TrGW, unless they are a known node's. TS 29.165 §5.2. */
function relaysOf(
  sightings: readonly Sighting[],
  borders: readonly BorderHop[],
  owners: SocketOwners,
  book: FactBook,
  sentences: string[],
): NetworkNode[] {
  const networkAt = senders(borders);
  const known = new Set(book.all().map((facts) => facts.key));
  const relays = new Map<string, Set<string>>();
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip' || sighting.sip.body.length === 0) continue;
    const network = networkAt.get(`${owners.key(sighting.source)} ${owners.key(sighting.destination)}`);
    if (network === undefined) continue;
    for (const address of mediaAddresses(sighting.sip)) {
      if (known.has(address) || owners.isShared(address) || !ipOctets(address)) continue;
      relays.set(network, (relays.get(network) ?? new Set()).add(address));
    }
  }
  return [...relays].map(([network, addresses]) => {
    sentences.push(`${[...addresses].join(', ')} is taken as trgw of ${network}: its border offers it for media.`);
    return {
      name: `trgw.${network}`,
      network,
      role: 'trgw',
      endpoints: [...addresses].map((address) => ({ address })),
      hosts: [],
    };
  });
}

function operatorsOf(
  nodes: readonly NetworkNode[],
  chains: readonly CallChain[],
  hiding: ReadonlySet<string>,
  sentences: string[],
): readonly OperatorProfile[] {
  const iois = new Map<string, string>();
  for (const chain of chains) {
    const [caller, callee] = networksOf(chain) ?? [];
    if (caller !== undefined && chain.origIoi && !iois.has(caller)) iois.set(caller, chain.origIoi);
    if (callee !== undefined && chain.termIoi && !iois.has(callee)) iois.set(callee, chain.termIoi);
  }
  const networks = new Set(nodes.map((node) => node.network).filter((network) => network !== NO_NETWORK));
  return [...networks].map((network) => {
    const ioi = iois.get(network);
    sentences.push(
      ioi === undefined
        ? `${network} is a network; no IOI of its own was seen, so its domain stands for it.`
        : `${network} is a network with the IOI ${ioi}, as its calls carry it.`,
    );
    const topologyHiding = hiding.has(network);
    if (topologyHiding)
      sentences.push(`${network} is taken to hide its topology: its border sends tokens (tokenized-by).`);
    return {
      name: network,
      domain: domainOf(network) ?? '',
      ...plmnOf(network),
      ioi: ioi ?? network,
      numberPrefixes: [],
      topologyHiding,
    };
  });
}
