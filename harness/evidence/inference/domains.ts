import { ipOctets } from '../../wire/ip-address.js';
import { parseUri } from '../../wire/sip/uri.js';

const PLMN = /(?:^|\.)mnc(\d{2,3})\.mcc(\d{3})\.(?:pub\.)?3gppnetwork\.org$/;
/** Hosts that name nobody's network: RFC 3323 §4.1.1.3, RFC 2606, mDNS. */
const NOWHERE = /(?:^|\.)(?:invalid|localhost|local|arpa)$/;

/**
 * The network that a host of an identity, a realm or an IOI points to: the IMS home domain where it holds a PLMN
 * (TS 23.003 §13.2; EPC realms of §19.2 belong to the same operator), else the host itself; null for addresses and anonymous hosts.
 */
export function domainOf(host: string | null | undefined): string | null {
  const name = (host ?? '').trim().toLowerCase().replace(/^"|"$/g, '').replace(/\.$/, '');
  if (name === '' || name.length > 253 || ipOctets(name) || NOWHERE.test(name)) return null;
  const plmn = PLMN.exec(name);
  if (plmn) return `ims.mnc${plmn[1]?.padStart(3, '0')}.mcc${plmn[2]}.3gppnetwork.org`;
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/.test(name) ? name : null;
}

/** MCC and MNC of a domain, empty where it holds none. */
export function plmnOf(domain: string): { readonly mcc: string; readonly mnc: string } {
  const plmn = PLMN.exec(domain);
  return { mcc: plmn?.[2] ?? '', mnc: plmn?.[1] ?? '' };
}

/** The host of a SIP URI, lower case; null for other URIs. */
export function hostOf(uri: string | null | undefined): string | null {
  const parsed = uri ? parseUri(uri) : null;
  if (!parsed || (parsed.scheme !== 'sip' && parsed.scheme !== 'sips')) return null;
  return parsed.host.toLowerCase();
}

/** An IOI without the type prefix of TS 24.229 §7.2A.5 (`Type 3home1.net`); null where there is none. */
export function plainIoi(ioi: string | null | undefined): string | null {
  const plain = (ioi ?? '').trim().replace(/^type ?[0-9]+[ -]?/i, '');
  return plain === '' ? null : plain;
}
