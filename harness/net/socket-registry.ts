import { type Activity, CountingActivity, type Flow } from './activity.js';

/** Where a socket is. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A bound UDP socket of this run. */
export interface UdpEntry {
  readonly flow: Flow;
  /** It records what it sends; a socket of a library does not, so its peer records for both. */
  readonly tapped: boolean;
}

/** A listening stream socket of this run: `flow` counts connects that it has not accepted yet. */
export interface ListenerEntry {
  readonly flow: Flow;
  readonly tapped: boolean;
}

const NO_FLOW: Flow = { sent: () => undefined, received: () => undefined, drop: () => undefined };

export function endpointKey(end: Endpoint): string {
  return `${end.address} ${end.port}`;
}

/** The sockets of one run, so that each knows whether its peer is one of them: that decides who records and what is counted. */
export class SocketRegistry {
  readonly udp = new Map<string, UdpEntry>();
  readonly listeners = new Map<string, ListenerEntry>();
  readonly #streams = new Map<string, { readonly flows: Map<string, Flow>; readonly tapped: boolean }>();

  readonly #localPorts = new Map<string, number>();

  constructor(readonly activity: Activity) {}

  /** Counts the connections from a block of local ports, from 0. */
  nextLocalPort(block: string): number {
    const next = this.#localPorts.get(block) ?? 0;
    this.#localPorts.set(block, next + 1);
    return next;
  }

  flow(what: string): Flow {
    return this.activity instanceof CountingActivity ? this.activity.flow(what) : NO_FLOW;
  }

  /** Starts counting for a stream between two ends of ours; `tapped` says whether the server's end records what it sends. */
  openStream(client: Endpoint, server: Endpoint, tapped: boolean): void {
    const name = `stream octets between ${client.address}:${client.port} and ${server.address}:${server.port}`;
    const flows = new Map([client, server].map((end) => [endpointKey(end), this.flow(name)]));
    this.#streams.set(pairKey(client, server), { flows, tapped });
  }

  /** The flow towards `reader` from `writer`, or null if the stream is not between two ends of ours. */
  streamFlow(writer: Endpoint, reader: Endpoint): Flow | null {
    return this.#streams.get(pairKey(writer, reader))?.flows.get(endpointKey(reader)) ?? null;
  }

  /** Whether both ends of the stream record what they send. */
  streamTapped(a: Endpoint, b: Endpoint): boolean {
    return this.#streams.get(pairKey(a, b))?.tapped ?? false;
  }

  /** One end has closed. That is under way to the other end too, until that has closed as well (if it tells). */
  closeStream(closed: Endpoint, other: Endpoint): void {
    const key = pairKey(closed, other);
    const stream = this.#streams.get(key);
    if (stream === undefined) return;
    const { flows, tapped } = stream;
    flows.get(endpointKey(closed))?.drop();
    flows.delete(endpointKey(closed));
    if (flows.size > 0 && tapped) {
      flows.get(endpointKey(other))?.sent(1);
      return;
    }
    for (const flow of flows.values()) flow.drop();
    this.#streams.delete(key);
  }
}

function pairKey(a: Endpoint, b: Endpoint): string {
  const [first, second] = [endpointKey(a), endpointKey(b)].sort();
  return `${first}|${second}`;
}

const registries = new WeakMap<Activity, SocketRegistry>();

/** The registry of the run that this activity belongs to. */
export function socketRegistry(activity: Activity): SocketRegistry {
  let registry = registries.get(activity);
  if (registry === undefined) {
    registry = new SocketRegistry(activity);
    registries.set(activity, registry);
  }
  return registry;
}
