import type { NetworkNode, NodeEndpoint } from '../profile/profile.js';
import type { Endpoint } from '../wire/capture/ip-packet.js';
import { canonicalAddress } from '../wire/ip-address.js';
import type { Party } from './model.js';

interface Entry {
  readonly node: NetworkNode;
  readonly ports: NodeEndpoint['ports'];
}

/** Tells whose socket an address and port are. */
export class NodeDirectory {
  private readonly byAddress = new Map<string, Entry[]>();
  private readonly parties = new Map<string, Map<number, Party>>();

  constructor(readonly nodes: readonly NetworkNode[]) {
    for (const node of nodes) {
      for (const { address, ports } of node.endpoints) {
        const key = canonicalAddress(address);
        const list = this.byAddress.get(key) ?? [];
        list.push({ node, ports });
        this.byAddress.set(key, list);
      }
    }
  }

  /** One object per socket, so that parties can be compared by identity within one evidence. */
  party(endpoint: Endpoint): Party {
    let ports = this.parties.get(endpoint.address);
    if (!ports) {
      ports = new Map();
      this.parties.set(endpoint.address, ports);
    }
    const known = ports.get(endpoint.port);
    if (known) return known;
    const node = this.nodeAt(endpoint);
    const { address, port } = endpoint;
    const party: Party = node ? { address, port, node } : { address, port };
    ports.set(port, party);
    return party;
  }

  /** A range of ports decides before an address that is a node's as a whole. */
  private nodeAt({ address, port }: Endpoint): NetworkNode | undefined {
    const entries = this.byAddress.get(address) ?? [];
    const ranged = entries.find(({ ports }) => ports !== undefined && port >= ports[0] && port <= ports[1]);
    return (ranged ?? entries.find(({ ports }) => ports === undefined))?.node;
  }
}
