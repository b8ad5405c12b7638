import { type DnsReaction, type DnsServer, startDnsServer } from '../net/dns-server.js';
import type { Zone, ZoneAnswer } from '../net/zone.js';
import type { BehaviourRow, FunctionSetup, NetworkFunction } from './network-function.js';

export type IpxDnsBehaviour = 'servfail' | 'silent' | 'slow' | 'truncated' | 'no-srv' | 'wrong-address';

/** What the name server of the IPX can do wrong. */
export const IPX_DNS_BEHAVIOURS: Readonly<Record<IpxDnsBehaviour, BehaviourRow>> = {
  servfail: { does: 'answers every question with SERVFAIL', clause: 'RFC 1035 §4.1.1' },
  silent: { does: 'answers nothing', clause: 'RFC 1034 §4.3.1' },
  slow: { does: 'answers after five seconds', clause: 'RFC 1035 §7.2' },
  truncated: { does: 'says over UDP that every answer is truncated', clause: 'RFC 2181 §9' },
  'no-srv': { does: 'has addresses only, neither NAPTR nor SRV records', clause: 'RFC 3263 §4.2' },
  'wrong-address': { does: 'leads to an address where nobody listens', clause: 'RFC 3263 §4.3' },
};

const SLOW_MS = 5000;
/** RFC 5737 and RFC 3849: addresses of documentation, which no network has. */
const NOBODY = { A: '192.0.2.1', AAAA: '2001:db8::1' } as const;

export interface IpxDnsSetup extends FunctionSetup<IpxDnsBehaviour> {
  readonly address: string;
  /** For UDP and TCP. */
  readonly port: number;
  /** The zones of the operators as the other operators see them: NAPTR, SRV and addresses of their borders. */
  readonly zones: readonly Zone[];
}

/** DNS of the IPX: where the borders of the operators are, RFC 3263 with GSMA IR.67. */
export function createIpxDns(setup: IpxDnsSetup): NetworkFunction {
  const troubles: string[] = [];
  const behaviour = setup.behaviours?.[0];
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
        ...(behaviour === undefined ? {} : { react: (usual) => misbehave(behaviour, usual) }),
      });
    },
    stop: async () => {
      await server?.close();
      server = null;
    },
    leftovers: () => troubles,
  };
}

function misbehave(behaviour: IpxDnsBehaviour, usual: ZoneAnswer): DnsReaction {
  const nothing = { ...usual, answers: [], authorities: [], additionals: [] };
  switch (behaviour) {
    case 'servfail':
      return { answer: { ...nothing, rcode: 2 } };
    case 'silent':
      return { answer: null };
    case 'slow':
      return { answer: usual, delayMs: SLOW_MS };
    case 'truncated':
      return { answer: usual, truncate: true };
    case 'no-srv': {
      const service = usual.answers.some(({ type }) => type === 'NAPTR' || type === 'SRV');
      return { answer: service ? nothing : usual };
    }
    case 'wrong-address': {
      const nowhere = usual.answers.map((record) =>
        record.type === 'A' || record.type === 'AAAA' ? { ...record, address: NOBODY[record.type] } : record,
      );
      return { answer: { ...usual, answers: nowhere, additionals: [] } };
    }
  }
}
