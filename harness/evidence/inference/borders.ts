import { canonicalAddress } from '../../wire/ip-address.js';
import type { SipMessage } from '../../wire/sip/message.js';
import type { CallChain, ChainHop } from './call-chains.js';
import { domainOf } from './domains.js';
import type { FactBook } from './node-facts.js';

/** A hop between two networks. */
export interface BorderHop {
  readonly from: string;
  readonly to: string;
  readonly fromNetwork: string;
  readonly toNetwork: string;
}

/** Media addresses that a message's session description names. */
export function mediaAddresses(sip: SipMessage): readonly string[] {
  if (sip.body.length < 8) return [];
  const text = Buffer.from(sip.body.buffer, sip.body.byteOffset, sip.body.byteLength).toString('latin1');
  return [...text.matchAll(/^c=IN IP[46] ([^\s/]+)/gim)].map((match) => canonicalAddress(match[1] ?? ''));
}

/** The two networks of a call, by domain or, where identities hold only addresses, by IOI; null where they are not two. */
export function networksOf(chain: CallChain): readonly [string, string] | null {
  const caller = chain.callerDomain ?? domainOf(chain.origIoi) ?? chain.origIoi?.toLowerCase() ?? null;
  const callee = chain.calleeDomain ?? domainOf(chain.termIoi) ?? chain.termIoi?.toLowerCase() ?? chain.toDomain;
  return caller !== null && callee !== null && caller !== callee ? [caller, callee] : null;
}

/**
 * Finds where calls cross from one network into another. On the only hop that a capture shows, the two domains of the call tell
 * (the classic trace of a border); on longer ways, the networks of neighbours must be known by their names, or both must put
 * media addresses of their own into the session description, which only borders do one behind the other (TS 24.229 §5.10.2.1);
 * a border may have an address of its own on each side.
 */
export function collectBorders(chains: readonly CallChain[], book: FactBook): readonly BorderHop[] {
  const found = new Map<string, BorderHop>();
  for (const chain of chains) {
    const networks = networksOf(chain);
    if (!networks) continue;
    const [fromNetwork, toNetwork] = networks;
    const border = chain.hops.length === 1 ? onlyHop(chain, book) : hopOnTheWay(chain, networks, book);
    if (!border) continue;
    const hop = { from: border.hop.from, to: border.hop.to, fromNetwork, toNetwork };
    found.set(`${hop.from} ${hop.to}`, hop);
    const sentence = `${chain.method} requests from ${fromNetwork} to ${toNetwork} go from ${hop.from} to ${hop.to}${border.because}`;
    book.of(hop.from).voteRole('ibcf', 5, sentence);
    book.of(hop.to).voteRole('ibcf', 5, sentence);
    spread(chain, border.hop, networks, book);
  }
  return [...found.values()];
}

/** The network that sends on each directed border hop. */
export function senders(borders: readonly BorderHop[]): ReadonlyMap<string, string> {
  return new Map(
    borders.flatMap(({ from, to, fromNetwork, toNetwork }): [string, string][] => [
      [`${from} ${to}`, fromNetwork],
      [`${to} ${from}`, toNetwork],
    ]),
  );
}

interface Found {
  readonly hop: ChainHop;
  readonly because: string;
}

/** Roles that an end of the border cannot have beside. */
function mayBeBorder(book: FactBook, key: string): boolean {
  const role = book.of(key).role?.value;
  return role === undefined || role === 'ibcf';
}

function onlyHop({ hops }: CallChain, book: FactBook): Found | null {
  const hop = hops[0];
  if (!hop || !mayBeBorder(book, hop.from) || !mayBeBorder(book, hop.to)) return null;
  const sender = book.of(hop.from).network?.value;
  const receiver = book.of(hop.to).network?.value;
  if (sender !== undefined && sender === receiver) return null;
  return { hop, because: ', the only hop that was captured' };
}

function hopOnTheWay(chain: CallChain, [caller, callee]: readonly [string, string], book: FactBook): Found | null {
  for (const hop of chain.hops) {
    const sender = book.of(hop.from).network?.value;
    const receiver = book.of(hop.to).network?.value;
    if (sender === caller && receiver === callee && mayBeBorder(book, hop.from) && mayBeBorder(book, hop.to)) {
      return { hop, because: ', whose names belong to these networks' };
    }
  }
  const candidates = chain.hops.filter((hop, i) => {
    const incoming = chain.hops.slice(0, i).findLast((earlier) => earlier.to === hop.from) ?? chain.hops[i - 1];
    const outgoing = chain.hops.slice(i + 1).find((later) => later.from === hop.to) ?? chain.hops[i + 1];
    if (!incoming || !outgoing || !mayBeBorder(book, hop.from) || !mayBeBorder(book, hop.to)) return false;
    return changesMedia(incoming, hop) && changesMedia(hop, outgoing);
  });
  const [only] = candidates;
  return only && candidates.length === 1 ? { hop: only, because: ', and both change the media addresses' } : null;
}

function changesMedia(incoming: ChainHop, outgoing: ChainHop): boolean {
  const before = mediaAddresses(incoming.message);
  const after = mediaAddresses(outgoing.message);
  return before.length > 0 && after.length > 0 && !after.some((address) => before.includes(address));
}

/** Nodes before the border belong to the caller's network, those behind it to the callee's. */
function spread(chain: CallChain, border: ChainHop, [caller, callee]: readonly [string, string], book: FactBook): void {
  const at = chain.hops.indexOf(border);
  for (const [i, hop] of chain.hops.entries()) {
    const before = i < at ? [hop.from, hop.to] : i === at ? [hop.from] : [];
    const behind = i > at ? [hop.from, hop.to] : i === at ? [hop.to] : [];
    for (const key of before)
      book.of(key).voteNetwork(caller, 3, `it stands before the border in calls from ${caller}`);
    for (const key of behind) book.of(key).voteNetwork(callee, 3, `it stands behind the border in calls to ${callee}`);
  }
}
