import { inspect } from 'node:util';
import type { InitialFilterCriteria, UserProfile } from '../wire/xml/service-profile.js';
import { type AkaKeys, type AuthenticationVector, authenticationVector, deriveOpc, verifyAuts } from './aka.js';
import { SqnGenerator } from './aka-sequence.js';

/** What an operator provisions. Keys are 32 hexadecimal digits. */
export interface SubscriberInput {
  readonly privateIdentity: string;
  /** One implicit registration set: SIP URIs and tel URIs, the default identity first. */
  readonly publicIdentities: readonly (string | { readonly identity: string; readonly barred: boolean })[];
  readonly k: string;
  /** OPc, or OP to derive it from. */
  readonly opc?: string;
  readonly op?: string;
  /** Four hexadecimal digits; default `8000`: the separation bit is set for EPS and clear otherwise, TS 33.102 Annex H. */
  readonly amf?: string;
  /** The last sequence number used. */
  readonly sqn?: number;
  readonly initialFilterCriteria?: readonly InitialFilterCriteria[];
  /** Visited networks in which he may register; default everywhere. */
  readonly allowedVisitedNetworks?: readonly string[];
  /** Has services while he is not registered; default: some filter criteria are for that case. */
  readonly unregisteredServices?: boolean;
}

/** State of an implicit registration set at the HSS, TS 29.228 §8.1 (with the authentication pending flag). */
export type RegistrationState = 'not-registered' | 'registered' | 'unregistered';

/** A subscriber of the HSS. His keys never leave this object, and printing it shows none. */
export class Subscriber {
  readonly privateIdentity: string;
  readonly publicIdentities: readonly { readonly identity: string; readonly barred: boolean }[];
  readonly initialFilterCriteria: readonly InitialFilterCriteria[];
  readonly allowedVisitedNetworks: readonly string[] | null;
  readonly hasUnregisteredServices: boolean;
  state: RegistrationState = 'not-registered';
  authenticationPending = false;
  /** SIP URI of the S-CSCF assigned. */
  serverName: string | null = null;
  /** Origin-Host of that S-CSCF, for RTR and PPR. */
  serverHost: string | null = null;
  readonly #keys: AkaKeys;
  readonly #amf: Uint8Array;
  readonly #sequence: SqnGenerator;

  constructor(input: SubscriberInput) {
    this.privateIdentity = input.privateIdentity;
    this.publicIdentities = input.publicIdentities.map((identity) =>
      typeof identity === 'string' ? { identity, barred: false } : identity,
    );
    this.initialFilterCriteria = input.initialFilterCriteria ?? [];
    this.allowedVisitedNetworks = input.allowedVisitedNetworks ?? null;
    this.hasUnregisteredServices = input.unregisteredServices ?? this.initialFilterCriteria.some(isForUnregistered);
    const k = keyOctets(input.k, 16, 'K');
    this.#keys = {
      k,
      opc:
        input.opc === undefined ? deriveOpc(k, keyOctets(input.op ?? '', 16, 'OP')) : keyOctets(input.opc, 16, 'OPc'),
    };
    this.#amf = keyOctets(input.amf ?? '8000', 2, 'AMF');
    this.#sequence = new SqnGenerator(input.sqn);
  }

  /** The next authentication vector for this RAND. */
  nextVector(rand: Uint8Array): AuthenticationVector {
    return authenticationVector(this.#keys, { rand, sqn: this.#sequence.next(), amf: this.#amf });
  }

  /** Takes over SQN_MS from an AUTS; false where it is not from this subscriber's card. TS 33.102 §6.3.5. */
  resynchronise(rand: Uint8Array, auts: Uint8Array): boolean {
    const sqnMs = verifyAuts(this.#keys, rand, auts);
    if (sqnMs === null) return false;
    this.#sequence.resynchronise(sqnMs);
    return true;
  }

  /** A vector that a USIM must find stale: its sequence number has been used. */
  staleVector(rand: Uint8Array): AuthenticationVector {
    return authenticationVector(this.#keys, { rand, sqn: 0, amf: this.#amf });
  }

  /** The profile for the S-CSCF. */
  userProfile(): UserProfile {
    return {
      privateIdentity: this.privateIdentity,
      serviceProfiles: [
        {
          publicIdentities: this.publicIdentities,
          initialFilterCriteria: this.initialFilterCriteria,
          subscribedMediaProfileId: null,
        },
      ],
    };
  }

  has(publicIdentity: string): boolean {
    const wanted = canonicalIdentity(publicIdentity);
    return this.publicIdentities.some(({ identity }) => canonicalIdentity(identity) === wanted);
  }

  toJSON(): object {
    const { privateIdentity, publicIdentities, state, serverName } = this;
    return { privateIdentity, publicIdentities, state, serverName };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }
}

/** A public identity as it is compared: no parameters, host in lower case, a number without visual separators. TS 23.003 §13.4. */
export function canonicalIdentity(identity: string): string {
  const tel = /^tel:([^;]*)/i.exec(identity);
  if (tel) return `tel:${(tel[1] ?? '').replace(/[-.() ]/g, '')}`;
  const sip = /^(sips?):([^@]*)@([^;?]*)/i.exec(identity);
  if (sip) return `${(sip[1] ?? '').toLowerCase()}:${sip[2] ?? ''}@${(sip[3] ?? '').toLowerCase()}`;
  return identity.replace(/[;?].*$/, '');
}

function isForUnregistered(criteria: InitialFilterCriteria): boolean {
  if (criteria.profilePart !== null) return criteria.profilePart === 'UNREGISTERED';
  return (criteria.triggerPoint?.serviceTriggers ?? []).some(
    ({ condition, negated }) =>
      !negated && condition.kind === 'sessionCase' && condition.sessionCase === 'TERMINATING_UNREGISTERED',
  );
}

function keyOctets(hex: string, count: number, name: string): Uint8Array {
  // The value stays out of the message: it may be a key with a typing error.
  if (!new RegExp(`^[0-9a-fA-F]{${count * 2}}$`).test(hex)) {
    throw new TypeError(`${name} is not ${count * 2} hexadecimal digits`);
  }
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
