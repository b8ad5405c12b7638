import type { Party } from '../evidence/model.js';
import type { NetworkNode } from '../profile/profile.js';
import type { RuleContext } from './context.js';
import { partyName } from './correlation.js';
import type { SipView } from './sip-view.js';

/** The two sides of a border function, and which host names and addresses belong to whom. */
export class Border {
  readonly #context: RuleContext;
  readonly #network = new Map<string, string | null>();
  readonly #nodeOf = new Map<string, NetworkNode | null>();
  readonly #inside = new Map<SipView, SipView | null>();
  readonly #forwarded = new Map<SipView, SipView | null>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  /** The message that the sender of this one had received and forwarded as this one; null where its inside was not captured. */
  inside(view: SipView): SipView | null {
    return cached(this.#inside, view, () => this.#findInside(view));
  }

  #findInside(view: SipView): SipView | null {
    const sender = partyName(view.record.from);
    const candidates = this.#sameMessage(view).filter(
      (other) => other.record.index < view.record.index && partyName(other.record.to) === sender,
    );
    return candidates[candidates.length - 1] ?? null;
  }

  /** What the receiver of this message forwarded of it; null where its inside was not captured. */
  forwarded(view: SipView): SipView | null {
    return cached(this.#forwarded, view, () => this.#findForwarded(view));
  }

  #findForwarded(view: SipView): SipView | null {
    const receiver = partyName(view.record.to);
    return (
      this.#sameMessage(view).find(
        (other) => other.record.index > view.record.index && partyName(other.record.from) === receiver,
      ) ?? null
    );
  }

  /** The same message on other hops: Call-ID, CSeq, From tag and status; an IMS-ALG that rewrites Call-ID keeps the ICID. */
  #sameMessage(view: SipView): readonly SipView[] {
    const index = this.#context.memo('same message', () => this.#byIdentity());
    const byCallId = index.get(`${view.callId} ${messageKey(view)}`) ?? [];
    if (byCallId.length > 1) return byCallId;
    const icid = view.chargingVector?.icidValue;
    return icid === undefined || icid === null ? byCallId : (index.get(`${icid} ${messageKey(view)}`) ?? byCallId);
  }

  #byIdentity(): ReadonlyMap<string, readonly SipView[]> {
    const byIdentity = new Map<string, SipView[]>();
    for (const view of this.#context.sip.views) {
      const key = messageKey(view);
      for (const identity of [view.callId, view.chargingVector?.icidValue]) {
        if (identity === undefined || identity === null) continue;
        const list = byIdentity.get(`${identity} ${key}`);
        if (list === undefined) byIdentity.set(`${identity} ${key}`, [view]);
        else list.push(view);
      }
    }
    return byIdentity;
  }

  /** The network that a host name or address literal belongs to; null where the profile does not tell. */
  networkOfHost(host: string): string | null {
    const name = host
      .toLowerCase()
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '');
    let network = this.#network.get(name);
    if (network === undefined) {
      network = this.#findNetwork(name);
      this.#network.set(name, network);
    }
    return network;
  }

  #findNetwork(name: string): string | null {
    const { profile } = this.#context;
    for (const node of this.#nodes()) {
      const named = node.hosts.some((host) => host.toLowerCase() === name);
      if (named || addressIsOnlyOf(node, name)) return node.network;
    }
    for (const operator of profile.operators) {
      const domain = operator.domain.toLowerCase();
      if (domain !== '' && (name === domain || name.endsWith(`.${domain}`))) return operator.name;
    }
    return null;
  }

  /** The node that a host name, or an address with port, names; null where the profile does not tell or several nodes share it. */
  nodeOfHost(host: string, port: number | null): NetworkNode | null {
    return cached(this.#nodeOf, `${host} ${port}`, () => this.#findNode(host, port));
  }

  #findNode(host: string, port: number | null): NetworkNode | null {
    const name = host.toLowerCase().replace(/^\[|\]$/g, '');
    const named = this.#nodes().filter((node) => node.hosts.some((own) => own.toLowerCase() === name));
    if (named.length === 1) return named[0] ?? null;
    const addressed = this.#nodes().filter((node) =>
      node.endpoints.some(
        (endpoint) =>
          endpoint.address === name &&
          (endpoint.ports === undefined || (port !== null && port >= endpoint.ports[0] && port <= endpoint.ports[1])),
      ),
    );
    return addressed.length === 1 ? (addressed[0] ?? null) : null;
  }

  /** Whether a host is the border's own: one of its names or addresses. */
  isNode(party: Party, host: string): boolean {
    const name = host.toLowerCase().replace(/^\[|\]$/g, '');
    if (party.address === name) return true;
    const node = party.node;
    return (
      node !== undefined &&
      (node.hosts.some((own) => own.toLowerCase() === name) ||
        node.endpoints.some((endpoint) => endpoint.address === name))
    );
  }

  #nodes(): readonly NetworkNode[] {
    return this.#context.memo('all nodes', () => {
      const known = new Map<string, NetworkNode>();
      for (const node of [...this.#context.profile.nodes, ...this.#context.evidence.nodes]) known.set(node.name, node);
      return [...known.values()];
    });
  }
}

function cached<K, V>(values: Map<K, V>, key: K, compute: () => V): V {
  let value = values.get(key);
  if (value === undefined) {
    value = compute();
    values.set(key, value);
  }
  return value;
}

/** What stays the same in a message from hop to hop. */
function messageKey(view: SipView): string {
  return `${view.status} ${view.cseq?.number} ${view.method} ${view.fromTag} ${view.isRequest ? '' : view.toTag}`;
}

/** An address names a network only where its nodes do not share it with others by ports. */
function addressIsOnlyOf(node: NetworkNode, name: string): boolean {
  return node.endpoints.some((endpoint) => endpoint.address === name && endpoint.ports === undefined);
}
