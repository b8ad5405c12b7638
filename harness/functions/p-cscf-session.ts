import { parseSdp } from '../wire/sdp/parse.js';
import type { Sdp } from '../wire/sdp/sdp.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import { bodyOfType } from '../wire/sip/multipart.js';
import { chargingVectorOf } from './charging-vector.js';
import type { RegisteredUe } from './p-cscf-contact.js';
import { globalNumber } from './public-identity.js';
import type { RxAuthorization, RxClient, RxSession } from './rx-client.js';
import { mediaComponents } from './rx-client-media.js';

/** Who sent a message, seen from the P-CSCF. */
export type Sender = 'ue' | 'peer';

/** Charging correlation of a call inside the own network: without identifiers of operators, which hops add. */
export function correlationOf(message: SipMessage): Readonly<Record<string, string>> | null {
  const params = chargingVectorOf(message);
  if (params === null) return null;
  const kept = ['icid-value', 'icid-generated-at', 'orig-ioi'].flatMap((name): [string, string][] => {
    const value = params.get(name);
    return value === undefined || value === null ? [] : [[name, value]];
  });
  return Object.fromEntries(kept);
}

/** One call of a UE through this P-CSCF: its charging correlation, its offers and answers, and its Rx session. */
export class PCscfSession {
  established = false;
  /** The PCRF has refused the media of an answer. */
  refused = false;
  #sdp: { ue: Sdp | null; peer: Sdp | null } = { ue: null, peer: null };
  #offerer: Sender = 'ue';
  #offerOpen = false;
  #rx: RxSession | null = null;
  #authorised = '';
  #ended = false;

  constructor(
    /** User part of our Record-Route entries. */
    readonly token: string,
    readonly ue: RegisteredUe,
    readonly callId: string,
    /** P-Charging-Vector parameters that every message of the UE gets. */
    readonly vector: Readonly<Record<string, string>> | null,
    /** The UE said `P-Early-Media: supported`. */
    readonly earlyMedia: boolean,
    private readonly rx: RxClient | null,
  ) {}

  get rxId(): string | null {
    return this.#rx?.id ?? null;
  }

  /** Follows offer and answer (RFC 3264, RFC 6337); asks the PCRF when an answer completes them. False: the PCRF refuses. TS 29.214 §4.4.1. */
  async follow(message: SipMessage, sender: Sender, request: SipRequest | null): Promise<boolean> {
    const body = bodyOfType(message, 'application/sdp');
    if (body === null) return true;
    if (!this.#isNews(message, sender, request)) return true;
    this.#sdp[sender] = parseSdp(body);
    if (!this.#offerOpen) {
      this.#offerOpen = true;
      this.#offerer = sender;
      return true;
    }
    this.#offerOpen = false;
    return this.#authorise();
  }

  /** A request that carried an offer failed: the offer is void. */
  failed(response: SipResponse): void {
    if (response.status >= 300) this.#offerOpen = false;
  }

  /** Ends the Rx session, TS 29.214 §4.4.4. */
  async end(keepsRx: boolean): Promise<void> {
    this.#ended = true;
    const session = this.#rx;
    this.#rx = null;
    if (session !== null && !keepsRx) await this.rx?.terminate(session);
  }

  /** A response to a request with an offer answers it once; a copy of the answer in a later response says nothing new. */
  #isNews(message: SipMessage, sender: Sender, request: SipRequest | null): boolean {
    if (message.kind === 'request') return !(this.#offerOpen && this.#offerer === sender);
    const requestHadOffer = request !== null && bodyOfType(request, 'application/sdp') !== null;
    if (requestHadOffer) return this.#offerOpen && this.#offerer !== sender;
    return !this.#offerOpen && !this.established;
  }

  async #authorise(): Promise<boolean> {
    const { ue, peer } = this.#sdp;
    if (this.rx === null || ue === null || peer === null || this.#ended) return true;
    const components = mediaComponents({ ue, peer, offerer: this.#offerer, gate: 'open' });
    const fingerprint = JSON.stringify(components);
    if (fingerprint === this.#authorised) return true;
    this.#authorised = fingerprint;
    const icid = this.vector?.['icid-value']?.replace(/^"|"$/g, '');
    const authorization: Omit<RxAuthorization, 'framedAddress'> = {
      components,
      ...(icid === undefined ? {} : { afChargingIdentifier: icid }),
      ...subscriptionOf(this.ue),
      serviceInfoStatus: 'FINAL_SERVICE_INFORMATION',
      specificActions: [
        'INDICATION_OF_LOSS_OF_BEARER',
        'INDICATION_OF_RELEASE_OF_BEARER',
        'INDICATION_OF_FAILED_RESOURCES_ALLOCATION',
      ],
    };
    if (this.#rx !== null) return isAccepted(await this.rx.modify(this.#rx, authorization));
    const answer = await this.rx.authorize({ framedAddress: this.ue.address, ...authorization });
    if (answer.session !== null && this.#ended) await this.rx.terminate(answer.session);
    else this.#rx = answer.session;
    return isAccepted(answer);
  }
}

/** A PCRF that cannot be reached does not stop a call (operator policy, TS 24.229 §5.2.7.1); one that refuses does. */
function isAccepted(answer: { readonly ok: boolean; readonly result: string }): boolean {
  return answer.ok || answer.result === 'UNREACHABLE';
}

function subscriptionOf(ue: RegisteredUe): Pick<RxAuthorization, 'subscription'> {
  const number = ue.identities.map(globalNumber).find((candidate) => candidate !== null);
  if (number !== undefined && number !== null)
    return { subscription: { type: 'END_USER_E164', data: number.slice(1) } };
  const sip = ue.identities.find((identity) => identity.startsWith('sip:'));
  return sip === undefined ? {} : { subscription: { type: 'END_USER_SIP_URI', data: sip } };
}
