import type { Clock, Timer } from '../net/clock.js';
import type { Hop } from '../net/sip-stack.js';
import { parseVia } from '../wire/sip/headers.js';
import type { SipRequest } from '../wire/sip/message.js';
import { plainHost, sipUriOf } from './own-address.js';
import { identityKey } from './public-identity.js';

/** A UE that has registered through this P-CSCF, TS 24.229 §5.2.2.1 and §5.2.3. */
export interface RegisteredUe {
  /** User part of Path and of Record-Route entries. */
  readonly token: string;
  readonly impi: string;
  readonly address: string;
  /** The protected server port of the UE. */
  readonly port: number;
  readonly contactUri: string;
  serviceRoute: readonly string[];
  /** P-Associated-URI, the default public identity first. */
  identities: readonly string[];
  expiry: Timer | null;
}

/** The UEs of this P-CSCF, by private identity, by path token and by where they send from. */
export class RegisteredUes {
  readonly #byImpi = new Map<string, RegisteredUe>();

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.#byImpi.size;
  }

  all(): readonly RegisteredUe[] {
    return [...this.#byImpi.values()];
  }

  byPrivateIdentity(impi: string): RegisteredUe | null {
    return this.#byImpi.get(impi) ?? null;
  }

  byToken(token: string): RegisteredUe | null {
    return [...this.#byImpi.values()].find((ue) => ue.token === token) ?? null;
  }

  byIdentity(identity: string): RegisteredUe | null {
    const wanted = identityKey(identity);
    return [...this.#byImpi.values()].find((ue) => ue.identities.some((own) => identityKey(own) === wanted)) ?? null;
  }

  /** The UE that sent a request: by its address, and where several UEs share one, by the port in its Via. */
  bySource(request: SipRequest, source: Hop): RegisteredUe | null {
    const there = [...this.#byImpi.values()].filter((ue) => ue.address === plainHost(source.address));
    if (there.length <= 1) return there[0] ?? null;
    const port = parseVia(request.get('Via') ?? '')?.port ?? source.port;
    return there.find((ue) => ue.port === port || ue.port === source.port) ?? null;
  }

  store(ue: RegisteredUe, seconds: number): void {
    this.#byImpi.get(ue.impi)?.expiry?.cancel();
    this.#byImpi.set(ue.impi, ue);
    ue.expiry = this.clock.after(seconds * 1000, () => this.#byImpi.delete(ue.impi), { background: true });
  }

  remove(impi: string): void {
    this.#byImpi.get(impi)?.expiry?.cancel();
    this.#byImpi.delete(impi);
  }

  clear(): void {
    for (const impi of [...this.#byImpi.keys()]) this.remove(impi);
  }
}

/** Address and port of a contact of a UE; null where the Contact is no SIP URI with an address. */
export function contactAddress(
  contact: string | undefined,
): { readonly uri: string; readonly address: string; readonly port: number } | null {
  const uri = contact === undefined ? null : sipUriOf(contact);
  return uri === null ? null : { uri: uri.text, address: plainHost(uri.host), port: uri.port ?? 5060 };
}
