import { isIPv6 } from 'node:net';
import { enumDomain } from './enum-client.js';
import type { SipTransport } from './sip-stack.js';
import type { ZoneRecord } from './zone.js';

export type { Zone, ZoneRecord } from './zone.js';

const SERVICES: Readonly<Record<SipTransport, { readonly naptr: string; readonly srv: string }>> = {
  udp: { naptr: 'SIP+D2U', srv: '_sip._udp' },
  tcp: { naptr: 'SIP+D2T', srv: '_sip._tcp' },
  tls: { naptr: 'SIPS+D2T', srv: '_sips._tcp' },
};

export interface SipService {
  /** The domain that URIs name, for example `ims.mnc001.mcc001.3gppnetwork.org`. */
  readonly domain: string;
  /** The host that serves it, for example `ibcf.ims.mnc001.mcc001.3gppnetwork.org`. */
  readonly host: string;
  readonly addresses: readonly string[];
  /** In the order in which they are preferred. */
  readonly points: readonly { readonly transport: SipTransport; readonly port: number }[];
}

/** The records by which RFC 3263 finds a SIP server: NAPTR and SRV for each transport, and the addresses of the host. */
export function sipServiceRecords(service: SipService): readonly ZoneRecord[] {
  const { domain, host } = service;
  const transports = service.points.flatMap(({ transport, port }, i): ZoneRecord[] => {
    const { naptr, srv } = SERVICES[transport];
    const name = `${srv}.${domain}`;
    return [
      {
        type: 'NAPTR',
        name: domain,
        order: 10 * (i + 1),
        preference: 10,
        flags: 's',
        service: naptr,
        regexp: '',
        replacement: name,
      },
      { type: 'SRV', name, priority: 10, weight: 10, port, target: host },
    ];
  });
  return [...transports, ...addressRecords(host, service.addresses)];
}

export function addressRecords(host: string, addresses: readonly string[]): readonly ZoneRecord[] {
  return addresses.map((address) => ({ type: isIPv6(address) ? 'AAAA' : 'A', name: host, address }));
}

export interface EnumEntry {
  /**
   * An E.164 number with `+`, or its first digits followed by `*` for all numbers that start with them: a wildcard, which by RFC 4592
   * says nothing about names next to which a longer one exists. Numbers and ranges do not go together.
   */
  readonly number: string;
  readonly suffix: string;
  /** Substitution expression, RFC 3402 §3.2, with single backslashes: `!^(.*)$!sip:\1@ims.example;user=phone!`. */
  readonly regexp: string;
  /** Default `E2U+sip`. */
  readonly service?: string;
  /** Default 100, RFC 6116 §5.1. */
  readonly order?: number;
  /** Default 10. */
  readonly preference?: number;
}

/** A terminal ENUM record, RFC 6116 §3.4. */
export function enumRecord(entry: EnumEntry): ZoneRecord {
  const all = entry.number.endsWith('*');
  const name = enumDomain(entry.number, entry.suffix);
  return {
    type: 'NAPTR',
    name: all ? `*.${name}` : name,
    order: entry.order ?? 100,
    preference: entry.preference ?? 10,
    flags: 'u',
    service: entry.service ?? 'E2U+sip',
    regexp: entry.regexp,
    replacement: '',
  };
}
