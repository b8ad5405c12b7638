import type { NodeEndpoint } from '../../profile/profile.js';
import type { Endpoint } from '../../wire/capture/ip-packet.js';
import { parseVia } from '../../wire/sip/headers.js';
import { type Sighting, socketKey } from '../sighting.js';

/**
 * Tells which sockets are one node's. Usually that is the address. Where an address talks to itself, as on a loopback, nodes
 * share it: there each listening port is a node, and the sent-by of a request names the port of who sent it.
 */
export class SocketOwners {
  private readonly shared = new Set<string>();
  private readonly aliases = new Map<string, string>();
  private readonly endpoints = new Map<string, Map<string, NodeEndpoint>>();

  constructor(sightings: readonly Sighting[]) {
    for (const { protocol, source, destination } of sightings) {
      if (protocol === 'sip' && source.address === destination.address) this.shared.add(source.address);
    }
    for (const sighting of sightings) {
      if (sighting.protocol !== 'sip' || sighting.sip.kind !== 'request') continue;
      const { source, sip } = sighting;
      if (!this.shared.has(source.address)) continue;
      const port = parseVia(sip.get('Via') ?? '')?.port ?? 5060;
      if (port !== source.port) this.aliases.set(socketKey(source), `${source.address}|${port}`);
    }
    for (const { protocol, source, destination } of sightings) {
      if (protocol !== 'sip' && protocol !== 'diameter' && protocol !== 'dns') continue;
      this.remember(source);
      this.remember(destination);
    }
  }

  key(endpoint: Endpoint): string {
    if (!this.shared.has(endpoint.address)) return endpoint.address;
    const socket = socketKey(endpoint);
    return this.aliases.get(socket) ?? socket;
  }

  isShared(address: string): boolean {
    return this.shared.has(address);
  }

  endpointsOf(key: string): readonly NodeEndpoint[] {
    return [...(this.endpoints.get(key)?.values() ?? [])];
  }

  private remember(endpoint: Endpoint): void {
    const key = this.key(endpoint);
    const own = this.endpoints.get(key) ?? new Map<string, NodeEndpoint>();
    const { address, port } = endpoint;
    if (this.shared.has(address)) own.set(socketKey(endpoint), { address, ports: [port, port] });
    else own.set(address, { address });
    this.endpoints.set(key, own);
  }
}
