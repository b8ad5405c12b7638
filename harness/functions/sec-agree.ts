import { parseParams } from '../wire/sip/params.js';

/** One mechanism of Security-Client, Security-Server or Security-Verify, RFC 3329 §2.2. */
export interface SecurityMechanism {
  readonly mechanism: string;
  readonly params: ReadonlyMap<string, string | null>;
}

/** The P-CSCF's side of a security association set, TS 33.203 §7.1. */
export interface SecurityOffer {
  readonly spiClient: number;
  readonly spiServer: number;
  readonly portClient: number;
  readonly portServer: number;
}

/** Integrity algorithms of TS 33.203 Annex H, best first. */
const INTEGRITY: readonly string[] = ['hmac-sha-1-96', 'hmac-md5-96'];

/** Reads one mechanism; null without a name. */
export function parseMechanism(value: string): SecurityMechanism | null {
  const [name = ''] = value.split(';', 1);
  const mechanism = name.trim().toLowerCase();
  return mechanism === '' ? null : { mechanism, params: parseParams(value.slice(name.length)) };
}

/** Security-Server for what the UE offers; null where there is no ipsec-3gpp with an algorithm that we have. TS 33.203 §7.2, Annex H. */
export function securityServer(offers: readonly string[], own: SecurityOffer): string | null {
  const offered = offers
    .flatMap((value) => parseMechanism(value) ?? [])
    .filter((offer) => offer.mechanism === 'ipsec-3gpp');
  for (const algorithm of INTEGRITY) {
    const match = offered.find((offer) => (offer.params.get('alg') ?? '').toLowerCase() === algorithm);
    if (match === undefined) continue;
    const encryption = match.params.get('ealg') ?? 'null';
    return [
      'ipsec-3gpp',
      'q=0.1',
      `alg=${algorithm}`,
      `ealg=${encryption}`,
      `spi-c=${own.spiClient}`,
      `spi-s=${own.spiServer}`,
      `port-c=${own.portClient}`,
      `port-s=${own.portServer}`,
    ].join(';');
  }
  return null;
}

/** Whether Security-Verify repeats what was sent, RFC 3329 §2.3.1; order and white space of parameters are free. */
export function sameMechanisms(verify: readonly string[], sent: string): boolean {
  const [first, ...others] = verify;
  const a = first === undefined ? null : parseMechanism(first);
  const b = parseMechanism(sent);
  if (a === null || b === null || others.length > 0 || a.mechanism !== b.mechanism || a.params.size !== b.params.size)
    return false;
  return [...b.params].every(([name, value]) => a.params.get(name) === value);
}
