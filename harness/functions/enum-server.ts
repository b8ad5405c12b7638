import type { ZoneAnswer } from '../net/zone.js';
import type { DnsRecord } from '../wire/dns/record.js';
import { createNameServer, NAME_SERVER_BEHAVIOURS, type NameServerSetup, withoutRecords } from './name-server.js';
import type { BehaviourRow, NetworkFunction } from './network-function.js';

/** What an ENUM server can do wrong. */
export const ENUM_SERVER_BEHAVIOURS = {
  ...NAME_SERVER_BEHAVIOURS,
  nxdomain: { does: 'denies every name it has', clause: 'RFC 2308 §2.1' },
  'wrong-regexp': { does: 'gives a regexp that refers to a group it does not have', clause: 'RFC 3402 §3.2' },
  'wrong-domain': { does: 'leads to a domain that does not exist', clause: 'RFC 6116 §3.3' },
} as const satisfies Readonly<Record<string, BehaviourRow>>;
export type EnumServerBehaviour = keyof typeof ENUM_SERVER_BEHAVIOURS;

const NO_SUCH_DOMAIN = 'nowhere.invalid';

export type EnumServerSetup = NameServerSetup<EnumServerBehaviour>;

/** ENUM server: authoritative for the numbers of its zones, RFC 6116 with TS 23.228 §4.3.5. */
export function createEnumServer(setup: EnumServerSetup): NetworkFunction {
  return createNameServer(setup, {
    nxdomain: (usual) => ({ answer: { ...withoutRecords(usual), rcode: 3 } }),
    'wrong-regexp': (usual) => ({
      answer: withRegexp(usual, (regexp) => regexp.replace(/\\[1-9]|(?<=!sip:)/, '\\9')),
    }),
    'wrong-domain': (usual) => ({
      answer: withRegexp(usual, (regexp) => regexp.replace(/@[^;!]+/, `@${NO_SUCH_DOMAIN}`)),
    }),
  });
}

function withRegexp(usual: ZoneAnswer, change: (regexp: string) => string): ZoneAnswer {
  const answers = usual.answers.map(
    (record): DnsRecord => (record.type === 'NAPTR' ? { ...record, regexp: change(record.regexp) } : record),
  );
  return { ...usual, answers };
}
