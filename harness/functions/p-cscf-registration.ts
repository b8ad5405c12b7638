import type { NetEnvironment } from '../net/environment.js';
import { editSip } from '../wire/sip/edit.js';
import { parseAuthentication, parseNameAddr } from '../wire/sip/headers.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { ioiText, setChargingVector, withoutChargingVector } from './charging-vector.js';
import { screened, withoutOptionTag } from './header-policy.js';
import { plainHost } from './own-address.js';
import { contactAddress, type RegisteredUe, type RegisteredUes } from './p-cscf-contact.js';
import { FROM_UE, type PCscfBehaviour, SEC_AGREE_HEADERS, TO_UE } from './p-cscf-policy.js';
import type { Branch, Incoming, ProxyCore } from './proxy.js';
import { identityKey } from './public-identity.js';
import { requestedExpiry } from './requested-expiry.js';
import { type SecurityOffer, sameMechanisms, securityServer } from './sec-agree.js';

export interface PCscfRegistrationSetup {
  readonly environment: NetEnvironment;
  readonly ues: RegisteredUes;
  readonly behaviours: ReadonlySet<PCscfBehaviour>;
  readonly ioi: string;
  /** P-Visited-Network-ID of this network. */
  readonly visitedNetwork: string;
  readonly iCscf: string;
  /** icid-generated-at. */
  readonly host: string;
  /** URI of ours on Mw with this user part. */
  mwUri(user: string): string;
  readonly ports: { readonly client: number; readonly server: number };
  core(): ProxyCore;
  toCore(request: SipRequest, target: string): Branch;
  /** A user has registered for the first time, or is gone. */
  registered(ue: RegisteredUe): void;
  deregistered(ue: RegisteredUe): void;
}

/** A security association set: agreed on with a challenge, in use from the REGISTER that answers it. TS 33.203 §7.1. */
interface Association {
  readonly impi: string;
  readonly address: string;
  readonly offer: string;
  /** Path token, the same for every REGISTER of the contact. */
  readonly token: string;
}

/** Registration at the P-CSCF, TS 24.229 §5.2.2: security agreement, Path, and what is taken off before the UE sees the answer. */
export class PCscfRegistration {
  readonly #pending = new Map<string, Association>();
  readonly #established = new Map<string, Association>();
  #nextSpi = 256;

  constructor(private readonly setup: PCscfRegistrationSetup) {}

  /** True while a security association with that address is agreed on or in use. */
  protects(address: string): boolean {
    const at = plainHost(address);
    return [...this.#pending.values(), ...this.#established.values()].some((association) => association.address === at);
  }

  forget(impi: string): void {
    this.#pending.delete(impi);
    this.#established.delete(impi);
  }

  clear(): void {
    this.#pending.clear();
    this.#established.clear();
  }

  /** `isProtected`: it came in on the protected server port. */
  register(incoming: Incoming, isProtected: boolean): void {
    const { request, transaction } = incoming;
    const impu = parseNameAddr(request.get('To') ?? '')?.uri;
    if (impu === undefined) {
      incoming.reply(400);
      return;
    }
    const impi = impiOf(request, impu);
    const address = plainHost(transaction.source.address);
    const association = this.#pending.get(impi) ?? this.#established.get(impi);
    if (isProtected) {
      if (association === undefined || association.address !== address) {
        incoming.reply(403);
        return;
      }
      // RFC 3329 §2.3.1: what the UE repeats must be what we sent, or somebody has bid the agreement down.
      const verified = sameMechanisms(request.all('Security-Verify'), association.offer);
      if (!verified && !this.setup.behaviours.has('ignores-security-verify')) {
        incoming.reply(494, { headers: [['Security-Server', association.offer]] });
        return;
      }
    }
    const offers = request.all('Security-Client');
    const own = this.#ownOffer();
    const offer = securityServer(offers, own);
    if (!isProtected && offer === null) {
      incoming.reply(offers.length === 0 ? 421 : 494, {
        headers: [
          ['Require', 'sec-agree'],
          ['Security-Server', mandatoryOffer(own)],
        ],
      });
      return;
    }
    const token = association?.token ?? `ue-${this.setup.environment.random.hex(6)}`;
    const branch = this.setup.toCore(this.#towardsCore(request, isProtected, token), this.setup.iCscf);
    this.setup.core().forward(incoming, [branch], {
      failureStatus: { timeout: 504, transport: 504 },
      response: (response) =>
        this.#towardsUe(
          response,
          request,
          { impi, address, token, offer: offer ?? association?.offer ?? '' },
          isProtected,
        ),
    });
  }

  /** TS 24.229 §5.2.2.1 (and RFC 3327 for Path). */
  #towardsCore(request: SipRequest, isProtected: boolean, token: string): SipRequest {
    const { behaviours, visitedNetwork, ioi, host, environment } = this.setup;
    let result = screened(request, FROM_UE, { trusts: () => false, behaviours });
    if (!behaviours.has('keeps-sec-agree')) result = withoutOptionTag(result, 'sec-agree', SEC_AGREE_HEADERS);
    const edit = editSip(result);
    if (!behaviours.has('no-path')) {
      edit.prepend('Path', `<${this.setup.mwUri(token)}>`);
      if (!result.all('Require').includes('path')) edit.append('Require', 'path');
    }
    if (!behaviours.has('no-visited-network')) edit.set('P-Visited-Network-ID', `"${visitedNetwork}"`);
    edit.mapValues('Authorization', (value) => withIntegrity(value, isProtected));
    result = edit.done();
    if (behaviours.has('no-charging-vector')) return result;
    return setChargingVector(result, {
      'icid-value': `"${environment.random.hex(16)}"`,
      'icid-generated-at': host,
      'orig-ioi': ioiText('type-1', ioi),
    });
  }

  /** TS 24.229 §5.2.2.1 and §5.2.2.2. */
  #towardsUe(response: SipResponse, request: SipRequest, association: Association, isProtected: boolean): SipResponse {
    const { behaviours } = this.setup;
    if (response.status >= 200 && response.status < 300) this.#accepted(response, request, association);
    let result = behaviours.has('charging-vector-to-ue') ? response : withoutChargingVector(response);
    result = screened(result, TO_UE, { trusts: () => true, behaviours });
    if (response.status !== 401) return result;
    this.#pending.set(association.impi, association);
    const edit = editSip(result);
    if (!behaviours.has('keeps-keys-in-challenge')) edit.mapValues('WWW-Authenticate', withoutKeys);
    // A protected REGISTER that is challenged again without a new offer keeps its associations.
    if (!isProtected || request.has('Security-Client')) edit.set('Security-Server', association.offer);
    return edit.done();
  }

  #accepted(response: SipResponse, request: SipRequest, association: Association): void {
    const { ues } = this.setup;
    const known = ues.byPrivateIdentity(association.impi);
    if (requestedExpiry(request) === 0) {
      if (known !== null) this.setup.deregistered(known);
      return;
    }
    const contact = contactAddress(request.get('Contact'));
    if (contact === null) return;
    const established = this.#pending.get(association.impi) ?? association;
    this.#pending.delete(association.impi);
    this.#established.set(association.impi, established);
    const ue: RegisteredUe = {
      token: association.token,
      impi: association.impi,
      address: association.address,
      port: contact.port,
      contactUri: contact.uri,
      serviceRoute: response.all('Service-Route'),
      identities: response.all('P-Associated-URI').map((value) => parseNameAddr(value)?.uri ?? value),
      expiry: null,
    };
    ues.store(ue, grantedExpiry(response, contact.uri) ?? requestedExpiry(request) ?? 600_000);
    if (known === null) this.setup.registered(ue);
  }

  #ownOffer(): SecurityOffer {
    const spiClient = this.#nextSpi++;
    const spiServer = this.#nextSpi++;
    return { spiClient, spiServer, portClient: this.setup.ports.client, portServer: this.setup.ports.server };
  }
}

/** What we would ask of a UE that offers nothing. */
function mandatoryOffer(own: SecurityOffer): string {
  return securityServer(['ipsec-3gpp;alg=hmac-sha-1-96;ealg=null'], own) ?? '';
}

function impiOf(request: SipRequest, impu: string): string {
  const authorization = request.get('Authorization');
  const username = authorization === undefined ? undefined : parseAuthentication(authorization)?.params.get('username');
  return username ?? identityKey(impu).replace(/^\w+:/, '');
}

/** TS 24.229 §5.2.2.1: only the P-CSCF says whether the request came over a security association. */
function withIntegrity(value: string, isProtected: boolean): string {
  const bare = value.replace(/\s*,?\s*integrity-protected\s*=\s*("[^"]*"|[^\s,]+)/gi, '');
  return `${bare}, integrity-protected="${isProtected ? 'yes' : 'no'}"`;
}

/** TS 24.229 §5.2.2.2: IK and CK are for us alone. */
function withoutKeys(value: string): string {
  return value
    .replace(/\s*,\s*[ci]k\s*=\s*("[^"]*"|[^\s,]+)/gi, '')
    .replace(/(Digest\s+)[ci]k\s*=\s*("[^"]*"|[^\s,]+)\s*,\s*/i, '$1');
}

function grantedExpiry(response: SipResponse, contactUri: string): number | null {
  for (const value of response.all('Contact')) {
    const contact = parseNameAddr(value);
    if (contact?.uri !== contactUri) continue;
    const expires = contact.params.get('expires');
    if (expires !== undefined && expires !== null) return Number.parseInt(expires, 10);
  }
  return null;
}
