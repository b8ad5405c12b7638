import { editSip } from '../wire/sip/edit.js';
import { parseNameAddr } from '../wire/sip/headers.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import { parseUri } from '../wire/sip/uri.js';
import {
  chargingParameter,
  editChargingVector,
  type IoiType,
  ioiText,
  ioiTypeOf,
  withoutAccessCharging,
} from './charging-vector.js';
import { plainHost } from './own-address.js';
import { globalNumber, identityKey } from './public-identity.js';
import type { SCscfBehaviour } from './s-cscf-policy.js';

/** What is at the other end of a hop: it decides which inter-operator identifier is used there (TS 24.229 §4.5.4). */
export type HopKind = 'p-cscf' | 'application-server' | 'network';

/** One pass of a call through the S-CSCF: a call with one application server passes twice. */
export interface Leg {
  /** User part of our Record-Route entry. */
  readonly token: string;
  readonly callId: string;
  readonly fromTag: string;
  readonly caller: HopKind;
  callee: HopKind;
  established: boolean;
}

const IOI_OF_HOP: Readonly<Record<HopKind, IoiType | null>> = {
  // P-CSCF and S-CSCF are of one network here: no identifier on their hop.
  'p-cscf': null,
  'application-server': 'type-3',
  network: 'type-2',
};

/** The request's charging data as the next hop gets them, TS 24.229 §5.4.3.2 and §5.4.3.3. */
export function chargedRequest(
  request: SipRequest,
  towards: HopKind,
  ioi: string,
  behaviours: ReadonlySet<SCscfBehaviour>,
): SipRequest {
  const network = towards === 'network';
  const type = network && behaviours.has('type-3-ioi-outside') ? 'type-3' : IOI_OF_HOP[towards];
  const silent = type === null || (network && behaviours.has('no-orig-ioi'));
  const result = editChargingVector(request, { 'orig-ioi': silent ? null : ioiText(type, ioi), 'term-ioi': null });
  return network ? withoutAccessCharging(result) : result;
}

/** The response's charging data as the hop gets them that the request came from: the same orig-ioi, and ours in the same type. */
export function chargedResponse(
  response: SipResponse,
  received: SipRequest,
  ioi: string,
  behaviours: ReadonlySet<SCscfBehaviour>,
): SipResponse {
  const origIoi = chargingParameter(received, 'orig-ioi');
  const silent = origIoi === null || behaviours.has('no-term-ioi');
  return editChargingVector(response, {
    'orig-ioi': origIoi,
    'term-ioi': silent ? null : ioiText(ioiTypeOf(origIoi), ioi),
  });
}

/** Adds the tel URI that goes with the SIP identity asserted, TS 24.229 §5.4.3.2 and §5.4.3.3. */
export function withTelIdentity<T extends SipMessage>(message: T, identities: readonly string[]): T {
  const asserted = message.all('P-Asserted-Identity');
  if (asserted.length !== 1) return message;
  const uri = parseNameAddr(asserted[0] ?? '')?.uri;
  if (uri === undefined || uri.startsWith('tel:')) return message;
  if (!identities.some((identity) => identityKey(identity) === identityKey(uri))) return message;
  const tel = aliasOf(uri, identities);
  return tel === null ? message : editSip(message).append('P-Asserted-Identity', `<${tel}>`).done();
}

/** The tel URI of the set that has the SIP URI's number, else its only tel URI. */
function aliasOf(sipUri: string, identities: readonly string[]): string | null {
  const tels = identities.filter((identity) => identity.startsWith('tel:'));
  const number = globalNumber(sipUri);
  return tels.find((tel) => globalNumber(tel) === number) ?? (tels.length === 1 ? (tels[0] ?? null) : null);
}

/** P-Preferred-Service becomes P-Asserted-Service where the subscription has it, RFC 6050 §5.1.1 and TS 24.229 §5.4.3.2. */
export function withAssertedService(request: SipRequest, subscribed: (service: string) => boolean): SipRequest {
  const preferred = request.all('P-Preferred-Service');
  if (preferred.length === 0) return request;
  const edit = editSip(request).remove('P-Preferred-Service');
  const granted = preferred.find((service) => subscribed(service));
  if (granted !== undefined) edit.set('P-Asserted-Service', granted);
  return edit.done();
}

/**
 * ENUM translates a tel URI, and a number in a SIP URI of the own domain (RFC 6116, TS 24.229 §5.4.3.2); any other SIP URI is routable as
 * it is. Null: nobody has the number.
 */
export async function routableUri(
  requestUri: string,
  domain: string,
  enumLookup: (number: string) => Promise<readonly string[]>,
): Promise<string | null> {
  const uri = parseUri(requestUri);
  if (uri !== null && 'host' in uri && plainHost(uri.host) !== plainHost(domain)) return requestUri;
  const number = globalNumber(requestUri);
  if (number === null) return uri?.scheme === 'tel' ? null : requestUri;
  return (await enumLookup(number))[0] ?? null;
}

/** The URI of a name-addr. */
export function identityOf(value: string | undefined): string {
  return value === undefined ? '' : (parseNameAddr(value)?.uri ?? value);
}

/** The tag of From or To, '' without one. */
export function tagOf(value: string | undefined): string {
  return parseNameAddr(value ?? '')?.params.get('tag') ?? '';
}

/** A subscription to the registration state, RFC 3680 §4.1. */
export function isRegEvent(request: SipRequest): boolean {
  return request.method === 'SUBSCRIBE' && /^\s*reg\s*(;|$)/i.test(request.get('Event') ?? '');
}

/** What counts as an application server that does not answer, TS 24.229 §5.4.3.2. */
export function isServerFailure(response: SipResponse): boolean {
  return response.status === 408 || (response.status >= 500 && response.status < 600);
}
