import { isEnum } from '../enum-query.js';
import type { Sighting } from '../sighting.js';
import type { FactBook } from './node-facts.js';
import type { SocketOwners } from './socket-owners.js';

/**
 * Collects name servers: who answers ENUM look-ups is an ENUM server, of the network that alone asks it; who answers others is the
 * DNS between the networks. Comes last, as it builds on the networks of those who ask.
 */
export function collectNameServers(
  sightings: readonly Sighting[],
  owners: SocketOwners,
  book: FactBook,
  enumSuffix: string,
): void {
  const askers = new Map<string, Set<string>>();
  for (const { protocol, source, destination, ...sighting } of sightings) {
    if (protocol !== 'dns' || !('dns' in sighting) || owners.isShared(source.address)) continue;
    const { dns } = sighting;
    const server = owners.key(dns.response ? source : destination);
    const client = owners.key(dns.response ? destination : source);
    if (isEnum(dns, enumSuffix)) {
      book.of(server).voteRole('enum-server', 5, 'numbers are looked up there');
      askers.set(server, (askers.get(server) ?? new Set()).add(client));
    } else {
      book.of(server).voteRole('ipx-dns', 4, 'hosts of the interconnection are looked up there');
    }
  }
  for (const [server, clients] of askers) {
    const networks = new Set([...clients].map((client) => book.of(client).network?.value));
    const [network] = networks;
    if (networks.size === 1 && network !== undefined) {
      book.of(server).voteNetwork(network, 3, 'only that network looks numbers up there');
    }
  }
}
