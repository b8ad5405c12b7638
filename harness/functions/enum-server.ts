import { type DnsReaction, type DnsServer, startDnsServer } from '../net/dns-server.js';
import type { Zone, ZoneAnswer } from '../net/zone.js';
import type { DnsRecord } from '../wire/dns/record.js';
import type { BehaviourRow, FunctionSetup, NetworkFunction } from './network-function.js';

export type EnumServerBehaviour =
  | 'servfail'
  | 'nxdomain'
  | 'silent'
  | 'slow'
  | 'truncated'
  | 'wrong-regexp'
  | 'wrong-domain';

/** What an ENUM server can do wrong. */
export const ENUM_SERVER_BEHAVIOURS: Readonly<Record<EnumServerBehaviour, BehaviourRow>> = {
  servfail: { does: 'answers every question with SERVFAIL', clause: 'RFC 1035 §4.1.1' },
  nxdomain: { does: 'denies every name it has', clause: 'RFC 2308 §2.1' },
  silent: { does: 'answers nothing', clause: 'RFC 1034 §4.3.1' },
  slow: { does: 'answers after five seconds', clause: 'RFC 1035 §7.2' },
  truncated: { does: 'says over UDP that every answer is truncated', clause: 'RFC 2181 §9' },
  'wrong-regexp': { does: 'gives a regexp that refers to a group it does not have', clause: 'RFC 3402 §3.2' },
  'wrong-domain': { does: 'leads to a domain that does not exist', clause: 'RFC 6116 §3.3' },
};

const SLOW_MS = 5000;
const NO_SUCH_DOMAIN = 'nowhere.invalid';

export interface EnumServerSetup extends FunctionSetup<EnumServerBehaviour> {
  readonly address: string;
  /** For UDP and TCP. */
  readonly port: number;
  readonly zones: readonly Zone[];
}

/** ENUM server: authoritative for the numbers of its zones, RFC 6116 with TS 23.228 §4.3.5. */
export function createEnumServer(setup: EnumServerSetup): NetworkFunction {
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

function misbehave(behaviour: EnumServerBehaviour, usual: ZoneAnswer): DnsReaction {
  const nothing = { ...usual, answers: [], authorities: [], additionals: [] };
  switch (behaviour) {
    case 'servfail':
      return { answer: { ...nothing, rcode: 2 } };
    case 'nxdomain':
      return { answer: { ...nothing, rcode: 3 } };
    case 'silent':
      return { answer: null };
    case 'slow':
      return { answer: usual, delayMs: SLOW_MS };
    case 'truncated':
      return { answer: usual, truncate: true };
    case 'wrong-regexp':
      return { answer: withRegexp(usual, (regexp) => regexp.replace(/\\[1-9]|(?<=!sip:)/, '\\9')) };
    case 'wrong-domain':
      return { answer: withRegexp(usual, (regexp) => regexp.replace(/@[^;!]+/, `@${NO_SUCH_DOMAIN}`)) };
  }
}

function withRegexp(usual: ZoneAnswer, change: (regexp: string) => string): ZoneAnswer {
  const answers = usual.answers.map(
    (record): DnsRecord => (record.type === 'NAPTR' ? { ...record, regexp: change(record.regexp) } : record),
  );
  return { ...usual, answers };
}
