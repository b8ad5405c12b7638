import type { NaptrRecord } from '../wire/dns/record.js';
import { type DnsClient, DnsFailure } from './dns-client.js';
import { substitute } from './naptr-regexp.js';

export interface EnumUri {
  readonly uri: string;
  /** Enumservice as in the record, lower case: `sip`, `pstn:tel`. */
  readonly service: string;
  readonly order: number;
  readonly preference: number;
}

/** What ENUM says about a number. */
export interface EnumResult {
  /**
   * `found`: there are URIs. `none`: the tree has no usable record for the number (`detail` says why). `failed`: no name server
   * gave an answer. `not-e164`: the number is none that may be asked for (RFC 6116 §3.7), and nothing was asked.
   */
  readonly status: 'found' | 'none' | 'failed' | 'not-e164';
  /** The best first, RFC 6116 §5.2. */
  readonly uris: readonly EnumUri[];
  /** The name that was asked for; '' for `not-e164`. */
  readonly domain: string;
  readonly detail: string;
}

export interface EnumOptions {
  /** Enumservices that the caller can use. Default: `sip`, `pstn:sip`, `pstn:tel`. */
  readonly services?: readonly string[];
}

/** Enumservices that we know, with the URI schemes they may lead to: RFC 3764, RFC 4769, RFC 4415. */
const SCHEMES: Readonly<Record<string, readonly string[]>> = {
  sip: ['sip', 'sips'],
  'pstn:sip': ['sip', 'sips'],
  'pstn:tel': ['tel'],
  'voice:tel': ['tel'],
};

const DEFAULT_SERVICES: readonly string[] = ['sip', 'pstn:sip', 'pstn:tel'];

/** RFC 6116 §5.2.1: a longer chain may be taken for a loop. */
const LONGEST_CHAIN = 5;
/** Records of one set that are looked at. */
const MOST_RECORDS = 64;

/** The Application Unique String of a number, visual separators removed; null where it is not E.164. RFC 6116 §3.1, §3.7. */
export function applicationString(number: string): string | null {
  const plain = number.replace(/^tel:/i, '').replace(/[\s().-]/g, '');
  return /^\+[0-9]{1,15}$/.test(plain) ? plain : null;
}

/** The domain name of a number: its digits in reverse, dotted, and the suffix. RFC 6116 §3.2. */
export function enumDomain(e164: string, suffix: string): string {
  const digits = [...e164.replace(/\D/g, '')].reverse();
  return [...digits, suffix.replace(/^\.|\.$/g, '')].join('.');
}

/** Looks a number up: RFC 6116, RFC 3402. Never rejects. */
export async function enumLookup(
  client: DnsClient,
  number: string,
  suffix: string,
  options: EnumOptions = {},
): Promise<EnumResult> {
  const aus = applicationString(number);
  if (aus === null) return { status: 'not-e164', uris: [], domain: '', detail: `${number} is no E.164 number` };
  const domain = enumDomain(aus, suffix);
  const notes: string[] = [];
  try {
    const services = (options.services ?? DEFAULT_SERVICES).map((service) => service.toLowerCase());
    const uris = await rulesOf({ client, aus, services, notes }, domain, [domain]);
    if (uris.length > 0) return { status: 'found', uris, domain, detail: notes.join('; ') };
    return { status: 'none', uris, domain, detail: notes.join('; ') || `no NAPTR record at ${domain}` };
  } catch (error) {
    if (error instanceof DnsFailure) return { status: 'failed', uris: [], domain, detail: error.message };
    throw error;
  }
}

interface Lookup {
  readonly client: DnsClient;
  readonly aus: string;
  readonly services: readonly string[];
  readonly notes: string[];
}

/** The URIs of one record set, non-terminal records followed in their place. */
async function rulesOf(lookup: Lookup, name: string, path: readonly string[]): Promise<readonly EnumUri[]> {
  const { records } = await lookup.client.query(name, 'NAPTR');
  const uris: EnumUri[] = [];
  for (const record of inOrder(records.filter((each): each is NaptrRecord => each.type === 'NAPTR'))) {
    const flags = record.flags.toLowerCase();
    if (flags === 'u') uris.push(...terminal(lookup, record));
    else if (flags === '') uris.push(...(await nonTerminal(lookup, record, path)));
    else lookup.notes.push(`a record with the unknown flag "${record.flags}"`);
  }
  return uris;
}

/** By order, then preference; equal ones as they came: RFC 6116 §5.2. */
function inOrder(records: readonly NaptrRecord[]): readonly NaptrRecord[] {
  return records.slice(0, MOST_RECORDS).sort((a, b) => a.order - b.order || a.preference - b.preference);
}

function terminal(lookup: Lookup, record: NaptrRecord): readonly EnumUri[] {
  const discard = (why: string): readonly EnumUri[] => {
    lookup.notes.push(`a record discarded: ${why}`);
    return [];
  };
  const services = enumservices(record.service);
  if (services === null) return discard(`"${record.service}" is no service field of ENUM`);
  if (record.replacement !== '' && record.replacement !== '.') return discard('it has a regexp and a replacement');
  const usable = services.filter((service) => lookup.services.includes(service));
  if (usable.length === 0) return discard(`service "${record.service}" is of no use here`);
  const result = substitute(record.regexp, lookup.aus);
  if (result.kind === 'invalid') return discard(result.why);
  if (result.kind === 'no-match') return discard(`"${record.regexp}" does not match`);
  const scheme = result.uri.slice(0, result.uri.indexOf(':')).toLowerCase();
  const { order, preference } = record;
  const fitting = usable.filter((service) => SCHEMES[service]?.includes(scheme) ?? true);
  if (fitting.length === 0) return discard(`"${scheme}" is no scheme of ${usable.join(', ')}`);
  return fitting.map((service) => ({ uri: result.uri, service, order, preference }));
}

/** RFC 6116 §5.2.1: the replacement is asked with the number as it was; a loop is left out without a query. */
async function nonTerminal(lookup: Lookup, record: NaptrRecord, path: readonly string[]): Promise<readonly EnumUri[]> {
  const next = record.replacement.toLowerCase().replace(/\.$/, '');
  if (next === '') {
    lookup.notes.push('a non-terminal record without a replacement');
    return [];
  }
  if (path.includes(next) || path.length > LONGEST_CHAIN) {
    lookup.notes.push(`a loop at ${next}`);
    return [];
  }
  try {
    return await rulesOf(lookup, next, [...path, next]);
  } catch (error) {
    if (!(error instanceof DnsFailure)) throw error;
    // RFC 6116 §5.2.1: processing continues in the referring set.
    lookup.notes.push(error.message);
    return [];
  }
}

/** The enumservices of a service field, `E2U+sip+pstn:tel` or the old `sip+E2U`; null where it is none. RFC 6116 §3.4.3. */
export function enumservices(field: string): readonly string[] | null {
  const tokens = field.toLowerCase().split('+');
  const services = tokens.filter((token) => token !== 'e2u');
  const applications = tokens.length - services.length;
  const wellPlaced = tokens[0] === 'e2u' || (tokens.length === 2 && tokens[1] === 'e2u');
  if (applications !== 1 || !wellPlaced || services.length === 0) return null;
  return services.every((service) => /^[a-z0-9-]{1,32}(:[a-z0-9-]{1,32})*$/.test(service)) ? services : null;
}
