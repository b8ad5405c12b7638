import { isIP } from 'node:net';
import type { NaptrRecord, SrvRecord } from '../wire/dns/record.js';
import type { SipUri } from '../wire/sip/uri.js';
import { type DnsClient, DnsFailure, isHostName } from './dns-client.js';
import { type HopResolver, namedTransport, targetHost } from './hop-resolver.js';
import type { Random } from './random.js';
import type { SipTransport } from './sip-stack.js';
import type { SipDestination } from './sip-transport.js';
import { defaultPort } from './via.js';

/** RFC 3263 §4.1 and §4.2: the service of a NAPTR record and the prefix of an SRV name, by transport, in the order of our liking. */
const SERVICES: readonly { readonly transport: SipTransport; readonly naptr: string; readonly srv: string }[] = [
  { transport: 'udp', naptr: 'SIP+D2U', srv: '_sip._udp' },
  { transport: 'tcp', naptr: 'SIP+D2T', srv: '_sip._tcp' },
  { transport: 'tls', naptr: 'SIPS+D2T', srv: '_sips._tcp' },
];

/** Enough for any deployment, and an end for a hostile one. */
const MOST_HOPS = 20;

export interface SipLocatorOptions {
  readonly client: DnsClient;
  readonly random: Random;
  /** Transports that the node can send over. */
  readonly transports: readonly SipTransport[];
  /** IP versions that the node has an address of. */
  readonly families: readonly (4 | 6)[];
}

/** A named SIP server to its hops in the order in which they are tried: RFC 3263 §4. */
export class SipLocator implements HopResolver {
  readonly #options: SipLocatorOptions;

  constructor(options: SipLocatorOptions) {
    this.#options = options;
  }

  /** Rejects with `DnsFailure` if there is none. */
  async resolve(uri: SipUri): Promise<readonly SipDestination[]> {
    const host = targetHost(uri).replace(/\.$/, '');
    const named = namedTransport(uri);
    const usual: SipTransport = uri.scheme === 'sips' ? 'tls' : 'udp';
    if (isIP(host) !== 0) {
      const transport = named ?? usual;
      return [{ transport, address: host, port: uri.port ?? defaultPort(transport) }];
    }
    if (!isHostName(host)) throw new DnsFailure(`${host} cannot be a name in the DNS`);
    const found = await this.#locate(host, uri, named, usual);
    if (found.length === 0) throw new DnsFailure(`${host} has no SIP server that ${this.#able.join(', ')} can reach`);
    return found.slice(0, MOST_HOPS).map((hop) => ({ ...hop, name: host }));
  }

  async #locate(
    host: string,
    uri: SipUri,
    named: SipTransport | null,
    usual: SipTransport,
  ): Promise<readonly SipDestination[]> {
    if (uri.port !== null) return this.#addresses(host, named ?? usual, uri.port);
    const secure = uri.scheme === 'sips';
    if (named === null) {
      const hops = await this.#fromNaptr(host, secure);
      if (hops !== null) return hops;
    }
    const services = named === null ? this.#services(secure) : SERVICES.filter(({ transport }) => transport === named);
    for (const { srv, transport } of services) {
      const hops = await this.#fromSrv(`${srv}.${host}`, transport);
      if (hops !== null) return hops;
    }
    const last = named ?? usual;
    return this.#addresses(host, last, defaultPort(last));
  }

  get #able(): readonly string[] {
    return [...this.#options.transports, ...this.#options.families.map((family) => `IPv${family}`)];
  }

  #services(secure: boolean) {
    return SERVICES.filter(
      ({ transport }) => this.#options.transports.includes(transport) && (!secure || transport === 'tls'),
    );
  }

  /** RFC 3263 §4.1: null where no record fits, so that SRV names are tried. */
  async #fromNaptr(host: string, secure: boolean): Promise<readonly SipDestination[] | null> {
    const { records } = await this.#options.client.query(host, 'NAPTR');
    const services = this.#services(secure);
    const usable = records
      .filter((record): record is NaptrRecord => record.type === 'NAPTR')
      .filter(({ flags, regexp }) => flags.toLowerCase() === 's' && regexp === '')
      .sort((a, b) => a.order - b.order || a.preference - b.preference);
    const hops: SipDestination[] = [];
    let any = false;
    for (const record of usable) {
      const service = services.find(({ naptr }) => naptr === record.service.toUpperCase());
      if (service === undefined) continue;
      any = true;
      hops.push(...((await this.#fromSrv(record.replacement, service.transport)) ?? []));
      if (hops.length >= MOST_HOPS) break;
    }
    return any ? hops : null;
  }

  /** RFC 2782; null where there is no such record. */
  async #fromSrv(name: string, transport: SipTransport): Promise<readonly SipDestination[] | null> {
    const { records } = await this.#options.client.query(name, 'SRV');
    const services = records.filter((record): record is SrvRecord => record.type === 'SRV');
    if (services.length === 0) return null;
    const hops: SipDestination[] = [];
    for (const { target, port } of bySelection(services, this.#options.random)) {
      // RFC 2782: the root as target says that the service is decidedly not there.
      if (target === '' || target === '.') continue;
      hops.push(...(await this.#addresses(target, transport, port)));
      if (hops.length >= MOST_HOPS) break;
    }
    return hops;
  }

  async #addresses(host: string, transport: SipTransport, port: number): Promise<readonly SipDestination[]> {
    const hops: SipDestination[] = [];
    for (const family of this.#options.families) {
      const { records } = await this.#options.client.query(host, family === 4 ? 'A' : 'AAAA');
      for (const record of records) {
        if (record.type === 'A' || record.type === 'AAAA') hops.push({ transport, address: record.address, port });
      }
    }
    return hops;
  }
}

/** By priority, and within one priority drawn by weight: RFC 2782. */
export function bySelection(records: readonly SrvRecord[], random: Random): readonly SrvRecord[] {
  const ordered: SrvRecord[] = [];
  for (const priority of [...new Set(records.map((record) => record.priority))].sort((a, b) => a - b)) {
    const left = records.filter((record) => record.priority === priority).sort((a, b) => a.weight - b.weight);
    while (left.length > 0) {
      const total = left.reduce((sum, record) => sum + record.weight, 0);
      const drawn = left.length === 1 ? 0 : random.integer(total + 1);
      let sum = 0;
      const at = left.findIndex((record) => (sum += record.weight) >= drawn);
      ordered.push(...left.splice(Math.max(0, at), 1));
    }
  }
  return ordered;
}
