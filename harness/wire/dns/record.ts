/** Names are written without the trailing dot, labels joined by `.`; a dot or backslash inside a label is escaped (`\.`, `\\`), other octets as `\DDD` (RFC 1035 §5.1). The root is ''. */
export type DnsName = string;

/** Registered type numbers that we decode beyond raw octets. RFC 1035 §3.2.2, 2782, 3403, 3596, 6891. */
export const DNS_TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  OPT: 41,
  ANY: 255,
} as const;

export type DnsTypeName = keyof typeof DNS_TYPES;

const NAME_BY_NUMBER: ReadonlyMap<number, string> = new Map(
  Object.entries(DNS_TYPES).map(([name, number]) => [number, name]),
);

/** `NAPTR` for 35; `TYPE65` for what has no name here (RFC 3597 §5). */
export function dnsTypeName(type: number): string {
  return NAME_BY_NUMBER.get(type) ?? `TYPE${type}`;
}

interface RecordBase {
  readonly name: DnsName;
  /** 1 is IN. For OPT: the requestor's UDP payload size. */
  readonly class: number;
  /** Seconds. For OPT: extended RCODE, version and flags (RFC 6891 §6.1.3). */
  readonly ttl: number;
}

export interface AddressRecord extends RecordBase {
  readonly type: 'A' | 'AAAA';
  readonly address: string;
}

export interface NameRecord extends RecordBase {
  readonly type: 'NS' | 'CNAME' | 'PTR';
  readonly target: DnsName;
}

/** RFC 1035 §3.3.13. */
export interface SoaRecord extends RecordBase {
  readonly type: 'SOA';
  readonly primary: DnsName;
  readonly mailbox: DnsName;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

export interface TxtRecord extends RecordBase {
  readonly type: 'TXT';
  /** One per character-string, as Latin-1 so that no octet is lost. */
  readonly strings: readonly string[];
}

/** RFC 2782. */
export interface SrvRecord extends RecordBase {
  readonly type: 'SRV';
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: DnsName;
}

/** RFC 3403 §4.1; RFC 6116 §3 for `E2U+…`, RFC 3263 §4.1 for `SIP+D2U` and its kin. */
export interface NaptrRecord extends RecordBase {
  readonly type: 'NAPTR';
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: DnsName;
}

/** EDNS(0), RFC 6891 §6.1. */
export interface OptRecord extends RecordBase {
  readonly type: 'OPT';
  readonly options: readonly { readonly code: number; readonly data: Uint8Array }[];
}

/** A type that has no decoder here, or RDATA that could not be read. */
export interface RawRecord extends RecordBase {
  readonly type: 'raw';
  readonly typeNumber: number;
  readonly data: Uint8Array;
}

export type DnsRecord =
  | AddressRecord
  | NameRecord
  | SoaRecord
  | TxtRecord
  | SrvRecord
  | NaptrRecord
  | OptRecord
  | RawRecord;

/** The type's registered number, also for raw records. */
export function dnsTypeNumber(record: DnsRecord): number {
  return record.type === 'raw' ? record.typeNumber : DNS_TYPES[record.type];
}
