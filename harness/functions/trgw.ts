import type { NetEnvironment } from '../net/environment.js';
import type { NetError } from '../net/net-error.js';
import type { Endpoint } from '../net/socket-registry.js';
import type { NetworkNode } from '../profile/profile.js';
import { type MediaPortPair, MediaPorts, type MediaRange } from './media-ports.js';
import type { BehaviourRow, NetworkFunction } from './network-function.js';

/** The side towards the own network, and the one at Izi. */
export type TrgwSide = 'inner' | 'outer';

/** Which way media may pass; `closed` drops RTP both ways, RTCP passes as soon as a side is bound. */
export type TrgwGate = 'closed' | 'open' | 'inner-to-outer' | 'outer-to-inner';

/** Where the far end of one side listens, as its SDP says; null while not known, or for a stream that was refused. */
export interface TrgwRemote {
  readonly rtp: Endpoint;
  readonly rtcp: Endpoint;
}

/** How a TrGW can misbehave. TS 29.162 §10, TS 23.228 §I.2. */
export const TRGW_BEHAVIOURS = {
  'drops-outgoing-media': {
    does: 'does not relay what comes from its own network',
    clause: 'TS 23.228 §I.2: the TrGW relays media between the two addressing domains',
  },
  'relays-with-closed-gate': {
    does: 'relays RTP before the gate is open',
    clause: 'TS 24.229 §5.10.5: media does not pass before it is authorised',
  },
} as const satisfies Readonly<Record<string, BehaviourRow>>;
export type TrgwBehaviour = keyof typeof TRGW_BEHAVIOURS;

export interface TrgwOptions {
  readonly node: NetworkNode;
  readonly environment: NetEnvironment;
  readonly inner: MediaRange;
  readonly outer: MediaRange;
  /** Told once per relay when no RTP has passed for `ms` while its gate was open (TS 29.238 §5.10). */
  readonly inactivity?: { readonly ms: number; onInactive(relay: TrgwRelay): void };
  readonly behaviours?: readonly TrgwBehaviour[];
}

/** Counts of one direction. */
export interface TrgwTraffic {
  readonly rtpPackets: number;
  readonly rtpOctets: number;
  readonly rtcpPackets: number;
  /** RTP that a closed gate or a missing far end stopped. */
  readonly dropped: number;
}

/** One media stream through the TrGW: a pair of ports on each side. */
export interface TrgwRelay {
  readonly id: number;
  /** Addresses that the SDP towards that side's far end carries. */
  local(side: TrgwSide): { readonly address: string; readonly rtpPort: number; readonly rtcpPort: number };
  /** Sets or changes the far end of a side. */
  bind(side: TrgwSide, remote: TrgwRemote | null): void;
  gate(gate: TrgwGate): void;
  /** What came in on a side. */
  traffic(side: TrgwSide): TrgwTraffic;
  /** Closes the ports. Idempotent. */
  release(): Promise<void>;
}

/**
 * Transition gateway of the border, TS 23.228 §I.2 and TS 29.162: takes media at addresses of its own on both sides and sends it on
 * from there, RTP and RTCP alike, between IPv4 and IPv6 where the sides differ. It is controlled by the IBCF (Ix).
 */
export class Trgw implements NetworkFunction {
  readonly node: NetworkNode;
  readonly #options: TrgwOptions;
  readonly #ports: Readonly<Record<TrgwSide, MediaPorts>>;
  readonly #relays = new Set<Relay>();
  readonly #errors: string[] = [];
  #nextId = 1;

  constructor(options: TrgwOptions) {
    this.node = options.node;
    this.#options = options;
    const { environment, inner, outer } = options;
    const inside = new MediaPorts(environment, options.node.name, inner);
    // One address with one range serves both sides; two allocators would try the same ports.
    const shared = inner.address === outer.address && inner.ports[0] === outer.ports[0];
    this.#ports = { inner: inside, outer: shared ? inside : new MediaPorts(environment, options.node.name, outer) };
  }

  /** Ports are opened per relay: there is nothing to start. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#relays].map((relay) => relay.release()));
  }

  leftovers(): readonly string[] {
    return [...[...this.#relays].map((relay) => `relay ${relay.id} is still allocated`), ...this.#errors];
  }

  /** Opens ports on both sides for one stream; the gate is closed. */
  async allocate(): Promise<TrgwRelay> {
    const relay = new Relay(this.#nextId++, this.#options, (released) => this.#relays.delete(released));
    this.#relays.add(relay);
    try {
      await relay.open(this.#ports, (error) => this.#errors.push(error.message));
    } catch (error) {
      await relay.release();
      throw error;
    }
    return relay;
  }
}

const OTHER: Readonly<Record<TrgwSide, TrgwSide>> = { inner: 'outer', outer: 'inner' };
const OPEN_FROM: Readonly<Record<TrgwGate, readonly TrgwSide[]>> = {
  closed: [],
  open: ['inner', 'outer'],
  'inner-to-outer': ['inner'],
  'outer-to-inner': ['outer'],
};

interface Counters {
  rtpPackets: number;
  rtpOctets: number;
  rtcpPackets: number;
  dropped: number;
}

class Relay implements TrgwRelay {
  readonly id: number;
  readonly #options: TrgwOptions;
  readonly #onRelease: (relay: Relay) => void;
  readonly #pairs = new Map<TrgwSide, MediaPortPair>();
  readonly #remotes = new Map<TrgwSide, TrgwRemote>();
  readonly #counters: Readonly<Record<TrgwSide, Counters>> = { inner: zero(), outer: zero() };
  #gate: TrgwGate = 'closed';
  #lastMedia = 0;
  #watch: { cancel(): void } | null = null;
  #released: Promise<void> | null = null;

  constructor(id: number, options: TrgwOptions, onRelease: (relay: Relay) => void) {
    this.id = id;
    this.#options = options;
    this.#onRelease = onRelease;
  }

  async open(ports: Readonly<Record<TrgwSide, MediaPorts>>, onError: (error: NetError) => void): Promise<void> {
    for (const side of ['inner', 'outer'] as const) {
      const pair = await ports[side].openPair({
        onRtp: (octets) => this.#relayRtp(side, octets),
        onRtcp: (octets) => this.#relayRtcp(side, octets),
        // The far end of a call that has just ended may be gone already.
        onError: (error) => {
          if (error.code !== 'ECONNREFUSED') onError(error);
        },
      });
      this.#pairs.set(side, pair);
    }
  }

  local(side: TrgwSide): { readonly address: string; readonly rtpPort: number; readonly rtcpPort: number } {
    const pair = this.#pairs.get(side);
    if (pair === undefined) throw new Error(`relay ${this.id} of ${this.#options.node.name} has no ports`);
    return pair;
  }

  bind(side: TrgwSide, remote: TrgwRemote | null): void {
    if (remote === null) this.#remotes.delete(side);
    else this.#remotes.set(side, remote);
  }

  gate(gate: TrgwGate): void {
    this.#gate = gate;
    this.#lastMedia = this.#options.environment.clock.now();
    if (gate === 'closed') this.#stopWatching();
    else this.#startWatching();
  }

  traffic(side: TrgwSide): TrgwTraffic {
    return { ...this.#counters[side] };
  }

  release(): Promise<void> {
    this.#released ??= this.#close();
    return this.#released;
  }

  async #close(): Promise<void> {
    this.#stopWatching();
    await Promise.all([...this.#pairs.values()].map((pair) => pair.close()));
    this.#onRelease(this);
  }

  #relayRtp(from: TrgwSide, octets: Uint8Array): void {
    const counters = this.#counters[from];
    const pair = this.#pairs.get(OTHER[from]);
    const remote = this.#remotes.get(OTHER[from]);
    const passes = OPEN_FROM[this.#gate].includes(from) || this.#behaves('relays-with-closed-gate');
    const swallowed = from === 'inner' && this.#behaves('drops-outgoing-media');
    if (!passes || swallowed || pair === undefined || remote === undefined) {
      counters.dropped += 1;
      return;
    }
    counters.rtpPackets += 1;
    counters.rtpOctets += octets.length;
    this.#lastMedia = this.#options.environment.clock.now();
    pair.sendRtp(octets, remote.rtp);
  }

  #relayRtcp(from: TrgwSide, octets: Uint8Array): void {
    const pair = this.#pairs.get(OTHER[from]);
    const remote = this.#remotes.get(OTHER[from]);
    if (pair === undefined || remote === undefined) return;
    this.#counters[from].rtcpPackets += 1;
    pair.sendRtcp(octets, remote.rtcp);
  }

  #behaves(behaviour: TrgwBehaviour): boolean {
    return this.#options.behaviours?.includes(behaviour) === true;
  }

  #startWatching(): void {
    const { inactivity, environment } = this.#options;
    if (inactivity === undefined || this.#watch !== null) return;
    const { clock } = environment;
    const look = (): void => {
      const due = this.#lastMedia + inactivity.ms - clock.now();
      // In the background: a watch must not make a skipping clock run through the pauses of a case.
      if (due > 0) this.#watch = clock.after(due, look, { background: true });
      else inactivity.onInactive(this);
    };
    this.#watch = clock.after(inactivity.ms, look, { background: true });
  }

  #stopWatching(): void {
    this.#watch?.cancel();
    this.#watch = null;
  }
}

function zero(): Counters {
  return { rtpPackets: 0, rtpOctets: 0, rtcpPackets: 0, dropped: 0 };
}
