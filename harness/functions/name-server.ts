import { type DnsReaction, type DnsServer, startDnsServer } from '../net/dns-server.js';
import type { Zone, ZoneAnswer } from '../net/zone.js';
import type { BehaviourRow, FunctionSetup, NetworkFunction } from './network-function.js';

/** What any name server can do wrong. */
export const NAME_SERVER_BEHAVIOURS = {
  servfail: { does: 'answers every question with SERVFAIL', clause: 'RFC 1035 §4.1.1' },
  silent: { does: 'answers nothing', clause: 'RFC 1034 §4.3.1' },
  slow: { does: 'answers after five seconds', clause: 'RFC 1035 §7.2' },
  truncated: { does: 'says over UDP that every answer is truncated', clause: 'RFC 2181 §9' },
} as const satisfies Readonly<Record<string, BehaviourRow>>;
type NameServerBehaviour = keyof typeof NAME_SERVER_BEHAVIOURS;

const SLOW_MS = 5000;

export interface NameServerSetup<Behaviour extends string> extends FunctionSetup<Behaviour> {
  readonly address: string;
  /** For UDP and TCP. */
  readonly port: number;
  readonly zones: readonly Zone[];
}

/** An authoritative name server over its zones; `own` are the reactions to the behaviours that only this kind of server has. */
export function createNameServer<Behaviour extends string>(
  setup: NameServerSetup<Behaviour>,
  own: Readonly<Record<Exclude<Behaviour, NameServerBehaviour>, (usual: ZoneAnswer) => DnsReaction>>,
): NetworkFunction {
  const troubles: string[] = [];
  const reactions: Readonly<Record<string, (usual: ZoneAnswer) => DnsReaction>> = { ...REACTIONS, ...own };
  const behaviour = setup.behaviours?.[0];
  const react = behaviour === undefined ? undefined : reactions[behaviour];
  let server: DnsServer | null = null;
  return {
    node: setup.node,
    start: async () => {
      server = await startDnsServer({
        environment: setup.environment,
        node: setup.node.name,
        address: setup.address,
        port: setup.port,
        zones: setup.zones,
        onTrouble: (text) => troubles.push(text),
        ...(react === undefined ? {} : { react }),
      });
    },
    stop: async () => {
      await server?.close();
      server = null;
    },
    leftovers: () => troubles,
  };
}

/** The same answer without any record. */
export function withoutRecords(usual: ZoneAnswer): ZoneAnswer {
  return { ...usual, answers: [], authorities: [], additionals: [] };
}

const REACTIONS: Readonly<Record<NameServerBehaviour, (usual: ZoneAnswer) => DnsReaction>> = {
  servfail: (usual) => ({ answer: { ...withoutRecords(usual), rcode: 2 } }),
  silent: () => ({ answer: null }),
  slow: (usual) => ({ answer: usual, delayMs: SLOW_MS }),
  truncated: (usual) => ({ answer: usual, truncate: true }),
};
