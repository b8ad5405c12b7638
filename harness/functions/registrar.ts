import type { Clock, Timer } from '../net/clock.js';
import { identityKey } from './public-identity.js';

/** One registered contact, RFC 3261 §10.3 and RFC 3327 §5.3. */
export interface Binding {
  readonly contactUri: string;
  /** The Contact value as registered, without `expires`. */
  readonly contact: string;
  readonly path: readonly string[];
  readonly callId: string;
  readonly cseq: number;
  /** On the clock, milliseconds. */
  readonly expiresAt: number;
}

/** What a registration knows of its user: a private identity, the implicit registration set (default first), and what the HSS says of it. */
export interface Registration<Profile> {
  readonly impi: string;
  readonly identities: readonly string[];
  readonly profile: Profile;
  readonly bindings: readonly Binding[];
}

interface Entry<Profile> {
  registration: Registration<Profile>;
  timer: Timer | null;
}

/** The S-CSCF's store of registrations, by any identity of the implicit set. */
export class Registrar<Profile> {
  readonly #byImpi = new Map<string, Entry<Profile>>();
  readonly #impiByIdentity = new Map<string, string>();

  constructor(
    private readonly clock: Clock,
    /** The last binding of a user has run out (TS 24.229 §5.4.1.5). */
    private readonly expired: (registration: Registration<Profile>) => void,
  ) {}

  get size(): number {
    return this.#byImpi.size;
  }

  all(): readonly Registration<Profile>[] {
    return [...this.#byImpi.values()].map((entry) => entry.registration);
  }

  find(identity: string): Registration<Profile> | null {
    const impi = this.#impiByIdentity.get(identityKey(identity));
    return impi === undefined ? null : this.byPrivateIdentity(impi);
  }

  byPrivateIdentity(impi: string): Registration<Profile> | null {
    return this.#byImpi.get(impi)?.registration ?? null;
  }

  store(registration: Registration<Profile>): void {
    const entry = this.#byImpi.get(registration.impi) ?? { registration, timer: null };
    entry.registration = registration;
    this.#byImpi.set(registration.impi, entry);
    for (const identity of registration.identities) this.#impiByIdentity.set(identityKey(identity), registration.impi);
    entry.timer?.cancel();
    const last = Math.max(...registration.bindings.map((binding) => binding.expiresAt));
    entry.timer = this.clock.after(
      Math.max(0, last - this.clock.now()),
      () => {
        this.remove(registration.impi);
        this.expired(entry.registration);
      },
      { background: true },
    );
  }

  remove(impi: string): Registration<Profile> | null {
    const entry = this.#byImpi.get(impi);
    if (entry === undefined) return null;
    entry.timer?.cancel();
    this.#byImpi.delete(impi);
    for (const identity of entry.registration.identities) this.#impiByIdentity.delete(identityKey(identity));
    return entry.registration;
  }

  /** Stops the expiry timers. */
  clear(): void {
    for (const impi of [...this.#byImpi.keys()]) this.remove(impi);
  }
}
