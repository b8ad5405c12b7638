import type { DnsReaction } from '../net/dns-server.js';
import type { ZoneAnswer } from '../net/zone.js';
import { createNameServer, NAME_SERVER_BEHAVIOURS, type NameServerSetup, withoutRecords } from './name-server.js';
import type { BehaviourRow, NetworkFunction } from './network-function.js';

/** What the name server of the IPX can do wrong. */
export const IPX_DNS_BEHAVIOURS = {
  ...NAME_SERVER_BEHAVIOURS,
  'no-srv': { does: 'has addresses only, neither NAPTR nor SRV records', clause: 'RFC 3263 §4.2' },
  'wrong-address': { does: 'leads to an address where nobody listens', clause: 'RFC 3263 §4.3' },
} as const satisfies Readonly<Record<string, BehaviourRow>>;
export type IpxDnsBehaviour = keyof typeof IPX_DNS_BEHAVIOURS;

/** RFC 5737 and RFC 3849: addresses of documentation, which no network has. */
const NOBODY = { A: '192.0.2.1', AAAA: '2001:db8::1' } as const;

/** Its zones are those of the operators as the other operators see them: NAPTR, SRV and addresses of their borders. */
export type IpxDnsSetup = NameServerSetup<IpxDnsBehaviour>;

/** DNS of the IPX: where the borders of the operators are, RFC 3263 with GSMA IR.67. */
export function createIpxDns(setup: IpxDnsSetup): NetworkFunction {
  return createNameServer(setup, { 'no-srv': addressesOnly, 'wrong-address': leadingNowhere });
}

function addressesOnly(usual: ZoneAnswer): DnsReaction {
  const service = usual.answers.some(({ type }) => type === 'NAPTR' || type === 'SRV');
  return { answer: service ? withoutRecords(usual) : usual };
}

function leadingNowhere(usual: ZoneAnswer): DnsReaction {
  const answers = usual.answers.map((record) =>
    record.type === 'A' || record.type === 'AAAA' ? { ...record, address: NOBODY[record.type] } : record,
  );
  return { answer: { ...usual, answers, additionals: [] } };
}
