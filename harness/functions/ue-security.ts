import type { Random } from '../net/random.js';
import { parseDecimal, parseParams } from '../wire/sip/headers.js';
import type { SipResponse } from '../wire/sip/message.js';

/** What the P-CSCF offered and the UE took, RFC 3329 §2.3 and TS 33.203 §7.2. */
export interface SecurityAgreement {
  /** The values of Security-Server, which go back unchanged as Security-Verify. */
  readonly verify: readonly string[];
  /** Protected server port of the P-CSCF. */
  readonly serverPort: number;
}

/**
 * The UE's offer, TS 33.203 annex H: integrity by HMAC-SHA-1-96, no encryption. In the embedded tier the protected ports are real
 * sockets of their own, but nothing runs ESP between them.
 */
export function securityClient(ports: { readonly client: number; readonly server: number }, random: Random): string {
  // SPIs below 256 are reserved, RFC 4303 §2.1.
  const spi = () => 256 + random.integer(2 ** 31);
  return [
    'ipsec-3gpp',
    'alg=hmac-sha-1-96',
    'ealg=null',
    'prot=esp',
    'mod=trans',
    `spi-c=${spi()}`,
    `spi-s=${spi()}`,
    `port-c=${ports.client}`,
    `port-s=${ports.server}`,
  ].join(';');
}

/** The agreement that a 401 makes: the mechanism with the highest preference that the UE offered; null where there is none. */
export function agreementOf(challenge: SipResponse): SecurityAgreement | null {
  const verify = challenge.all('Security-Server');
  const usable = verify.flatMap((value) => {
    const semicolon = value.indexOf(';');
    const mechanism = (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
    const params = parseParams(semicolon < 0 ? '' : value.slice(semicolon));
    const serverPort = parseDecimal(params.get('port-s') ?? '', 65_535);
    if (mechanism !== 'ipsec-3gpp' || serverPort === null || serverPort === 0) return [];
    return [{ serverPort, preference: Number(params.get('q') ?? '1') }];
  });
  usable.sort((a, b) => b.preference - a.preference);
  const best = usable[0];
  return best === undefined ? null : { verify, serverPort: best.serverPort };
}
