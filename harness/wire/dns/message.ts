import type { Defect } from '../defect.js';
import type { DnsName, DnsRecord } from './record.js';

export interface DnsQuestion {
  readonly name: DnsName;
  /** `NAPTR`, `SRV`, …; `TYPE65` for a type without a name here. */
  readonly type: string;
  readonly typeNumber: number;
  readonly class: number;
}

/** Header bits of RFC 1035 §4.1.1 and RFC 4035 §3.1.6, §3.2.2. */
export interface DnsFlags {
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
}

/** What a DNS message says, without its octets. */
export interface DnsContent {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly flags: DnsFlags;
  /** The low four bits; OPT carries the high ones in its ttl. */
  readonly rcode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** A DNS message (RFC 1035 §4) with what is wrong with its octets. */
export interface DnsMessage extends DnsContent {
  readonly octets: Uint8Array;
  readonly defects: readonly Defect[];
}

export const NO_FLAGS: DnsFlags = {
  authoritative: false,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
};

/** RFC 1035 §4.1.1, RFC 2136 §2.2; for reports. */
export const RCODES: readonly string[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
