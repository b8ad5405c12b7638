import { type AkaKeys, akaDigestResponse, buildAuts, openChallenge, parseAkaNonce } from './aka.js';
import { SqnWindow } from './aka-sequence.js';

/** What the USIM makes of a challenge, TS 33.102 §6.3.3. */
export type ChallengeResult =
  | { readonly kind: 'response'; readonly res: Uint8Array }
  | { readonly kind: 'synchronisation failure'; readonly auts: Uint8Array }
  | { readonly kind: 'authentication failure' };

/** The card of a subscriber. Its keys are private fields: nothing that prints or serialises the card shows them. */
export class Usim {
  readonly #keys: AkaKeys;
  readonly #window: SqnWindow;

  constructor(card: { readonly k: string; readonly opc: string; readonly sqn?: number }) {
    this.#keys = { k: Buffer.from(card.k, 'hex'), opc: Buffer.from(card.opc, 'hex') };
    this.#window = new SqnWindow(card.sqn ?? 0);
  }

  /** Opens a nonce of RFC 3310 §3.2. */
  challenge(nonce: string): ChallengeResult {
    const parts = parseAkaNonce(nonce);
    const opened = parts === null ? null : openChallenge(this.#keys, parts.rand, parts.autn);
    if (parts === null || opened === null || !opened.macValid) return { kind: 'authentication failure' };
    if (!this.#window.accept(opened.sqn)) {
      return { kind: 'synchronisation failure', auts: buildAuts(this.#keys, parts.rand, this.#window.highest) };
    }
    return { kind: 'response', res: opened.res };
  }
}

/** The last challenge of the registrar and what answers it. */
export interface Credentials {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: string;
  readonly opaque: string | null;
  readonly qop: 'auth' | null;
  readonly result: ChallengeResult;
}

/** Authorization of a REGISTER, RFC 3310 §3.3 and §3.4, RFC 2617 §3.2.2; `count` is the use of the nonce from 1. */
export function authorization(
  user: { readonly impi: string; readonly uri: string },
  credentials: Credentials,
  count: number,
  cnonce: string,
): string {
  const { realm, nonce, qop, result, opaque, algorithm } = credentials;
  const nc = count.toString(16).padStart(8, '0');
  const digest = akaDigestResponse({
    username: user.impi,
    realm,
    // RFC 3310 §3.4: with AUTS the password is empty.
    password: result.kind === 'response' ? result.res : new Uint8Array(0),
    method: 'REGISTER',
    uri: user.uri,
    nonce,
    ...(qop === null ? {} : { qop, cnonce, nc }),
  });
  // TS 24.229 §5.1.1.5.3: a network that cannot prove itself gets an empty response without AUTS.
  const response = result.kind === 'authentication failure' ? '' : digest;
  const auts = result.kind === 'synchronisation failure' ? Buffer.from(result.auts).toString('base64') : null;
  return [
    `Digest username="${user.impi}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${user.uri}"`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(opaque === null ? [] : [`opaque="${opaque}"`]),
    ...(qop === null ? [] : [`cnonce="${cnonce}"`, `qop=${qop}`, `nc=${nc}`]),
    ...(auts === null ? [] : [`auts="${auts}"`]),
  ].join(', ');
}

/** Authorization of the first REGISTER, TS 24.229 §5.1.1.2.2: identities, and no nonce yet. */
export function firstAuthorization(user: { readonly impi: string; readonly uri: string }, realm: string): string {
  return `Digest username="${user.impi}", realm="${realm}", nonce="", uri="${user.uri}", response=""`;
}
