import type { NetEnvironment } from '../net/environment.js';
import type { ListenPoint, SipStackOptions } from '../net/sip-stack.js';
import type { NetworkNode } from '../profile/profile.js';

/** A network function that is standing: what every provider can do with any of them. */
export interface NetworkFunction {
  readonly node: NetworkNode;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What is still open, one sentence each: dialogs, transactions, sessions, and errors that the function met itself. Empty after a clean case. */
  leftovers(): readonly string[];
}

/** One SIP side of a function (Gm, Mw, Mx, Ici): its sockets and its name in Via. */
export type SipSide = Pick<SipStackOptions, 'sentBy' | 'listen' | 'nameServers' | 'timers' | 'tls' | 'localPorts'>;

/** What every function is given: who it is, its surroundings, and the named deviations it shall show (none by default). */
export interface FunctionSetup<Behaviour extends string> {
  readonly node: NetworkNode;
  readonly environment: NetEnvironment;
  readonly behaviours?: readonly Behaviour[];
}

/** A named way in which a function can misbehave, for faults: what it does, and the clause that forbids it. */
export interface BehaviourRow {
  readonly does: string;
  readonly clause: string;
}

/** `host:port` as it is written in a URI, with brackets round an IPv6 address. */
export function hostPort(point: Pick<ListenPoint, 'address' | 'port'>): string {
  return `${point.address.includes(':') ? `[${point.address}]` : point.address}:${point.port}`;
}

/** The first listening point of a side. */
export function firstPoint(side: SipSide): ListenPoint {
  const point = side.listen[0];
  if (!point) throw new Error(`a SIP side of ${side.sentBy} has no listening point`);
  return point;
}
