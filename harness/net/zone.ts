import { DNS_TYPES, type DnsRecord, type SoaRecord } from '../wire/dns/record.js';

type WithoutFrame<T> = T extends DnsRecord ? Omit<T, 'class' | 'ttl'> & { readonly ttl?: number } : never;

/** A record as zone data: class IN, the zone's TTL unless it has its own. Names are absolute, without the trailing dot. */
export type ZoneRecord = WithoutFrame<DnsRecord>;

/** What an authoritative server knows below one name. */
export interface Zone {
  readonly origin: string;
  readonly records: readonly ZoneRecord[];
  /** Seconds; default 300. */
  readonly ttl?: number;
}

const DEFAULT_TTL = 300;
const MOST_ALIASES = 8;

/** What there is to say to one question. */
export interface ZoneAnswer {
  /** 0, 3 (no such name) or 5 (not our zone). */
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

const REFUSED: ZoneAnswer = { rcode: 5, authoritative: false, answers: [], authorities: [], additionals: [] };

/** Zones made ready for questions: RFC 1034 §4.3.2, wildcards as in RFC 4592, no delegation. */
export class ZoneIndex {
  readonly #zones: readonly { readonly origin: string; readonly soa: SoaRecord }[];
  readonly #byName = new Map<string, DnsRecord[]>();
  /** Names that exist because something is at them or below them. */
  readonly #existing = new Set<string>();

  constructor(zones: readonly Zone[]) {
    this.#zones = zones
      .map((zone) => ({ origin: plain(zone.origin), soa: soaOf(zone) }))
      .sort((a, b) => b.origin.length - a.origin.length);
    for (const zone of zones) {
      this.#add(soaOf(zone));
      for (const { ttl, ...record } of zone.records.filter(({ type }) => type !== 'SOA')) {
        this.#add({ ...record, class: 1, ttl: ttl ?? zone.ttl ?? DEFAULT_TTL } as DnsRecord);
      }
    }
  }

  answer(name: string, typeNumber: number): ZoneAnswer {
    const zone = this.#zoneOf(plain(name));
    if (zone === undefined) return REFUSED;
    const answers: DnsRecord[] = [];
    let owner = plain(name);
    for (let aliases = 0; aliases <= MOST_ALIASES; aliases += 1) {
      const here = this.#at(owner);
      if (here === null) return this.#negative(answers.length === 0 ? 3 : 0, answers, zone.soa);
      const alias = here.find((record) => record.type === 'CNAME');
      const matching = here.filter((record) => typeNumber === DNS_TYPES.ANY || numberOf(record) === typeNumber);
      if (matching.length > 0 || alias?.type !== 'CNAME') {
        answers.push(...matching);
        if (matching.length === 0) return this.#negative(0, answers, zone.soa);
        return { rcode: 0, authoritative: true, answers, authorities: [], additionals: this.#addresses(matching) };
      }
      answers.push(alias);
      owner = plain(alias.target);
      if (this.#zoneOf(owner) === undefined) break;
    }
    return { rcode: 0, authoritative: true, answers, authorities: [], additionals: [] };
  }

  #add(record: DnsRecord): void {
    const name = plain(record.name);
    const there = this.#byName.get(name);
    if (there === undefined) this.#byName.set(name, [record]);
    else there.push(record);
    for (let at = name; at !== '' && !this.#existing.has(at); at = parent(at)) this.#existing.add(at);
  }

  #zoneOf(name: string) {
    return this.#zones.find(({ origin }) => name === origin || name.endsWith(`.${origin}`) || origin === '');
  }

  /** The records at a name, from a wildcard if the name does not exist; null if neither does. */
  #at(name: string): readonly DnsRecord[] | null {
    if (this.#existing.has(name)) return this.#byName.get(name) ?? [];
    let closest = parent(name);
    while (closest !== '' && !this.#existing.has(closest)) closest = parent(closest);
    const wild = this.#byName.get(`*.${closest}`);
    return wild === undefined ? null : wild.map((record) => ({ ...record, name }));
  }

  #negative(rcode: number, answers: readonly DnsRecord[], soa: SoaRecord): ZoneAnswer {
    // RFC 2308 §3: the SOA comes with the smaller of its TTL and its minimum.
    const authorities = [{ ...soa, ttl: Math.min(soa.ttl, soa.minimum) }];
    return { rcode, authoritative: true, answers, authorities, additionals: [] };
  }

  /** RFC 2782: the addresses of SRV targets, where we have them. */
  #addresses(records: readonly DnsRecord[]): readonly DnsRecord[] {
    const targets = new Set(records.flatMap((record) => (record.type === 'SRV' ? [plain(record.target)] : [])));
    return [...targets].flatMap((target) =>
      (this.#byName.get(target) ?? []).filter((record) => record.type === 'A' || record.type === 'AAAA'),
    );
  }
}

function soaOf(zone: Zone): SoaRecord {
  const own = zone.records.find((record) => record.type === 'SOA');
  const ttl = own?.ttl ?? zone.ttl ?? DEFAULT_TTL;
  if (own?.type === 'SOA') return { ...own, class: 1, ttl };
  const origin = plain(zone.origin);
  return {
    type: 'SOA',
    name: origin,
    class: 1,
    ttl,
    primary: `ns.${origin}`,
    mailbox: `hostmaster.${origin}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: 60,
  };
}

function numberOf(record: DnsRecord): number {
  return record.type === 'raw' ? record.typeNumber : DNS_TYPES[record.type];
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function parent(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}
