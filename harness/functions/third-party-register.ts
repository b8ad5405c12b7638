import type { Random } from '../net/random.js';
import { buildRequest } from '../wire/sip/build.js';
import type { SipRequest } from '../wire/sip/message.js';
import type { InitialFilterCriteria } from '../wire/xml/service-profile.js';
import { chargingParameter, ioiText } from './charging-vector.js';

export interface ThirdPartyRegistration {
  /** The user's REGISTER, where there is one: access information and charging correlation come from it. */
  readonly request: SipRequest | null;
  readonly identity: string;
  /** Null only to try the criteria on. */
  readonly criterion: InitialFilterCriteria | null;
  /** As granted to the user; 0 at de-registration. */
  readonly expires: number;
  /** The S-CSCF's own URI: From and Contact. */
  readonly uri: string;
  readonly ioi: string;
  readonly random: Random;
}

/** The REGISTER by which an S-CSCF tells an application server of a user, TS 24.229 §5.4.1.7. */
export function thirdPartyRegister(registration: ThirdPartyRegistration): SipRequest {
  const { request, identity, criterion, expires, uri, ioi, random } = registration;
  const icid = request === null ? null : chargingParameter(request, 'icid-value');
  const kept = (name: string): readonly [string, string][] => {
    const value = request?.get(name);
    return value === undefined ? [] : [[name, value]];
  };
  const serviceInfo = criterion?.applicationServer.serviceInfo ?? null;
  return buildRequest({
    method: 'REGISTER',
    requestUri: criterion?.applicationServer.serverName ?? uri,
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<${uri}>;tag=${random.hex(8)}`],
      ['To', `<${identity}>`],
      ['Call-ID', random.hex(16)],
      ['CSeq', '1 REGISTER'],
      ['Contact', `<${uri}>`],
      ['Expires', String(expires)],
      ...kept('P-Access-Network-Info'),
      ...kept('P-Visited-Network-ID'),
      ['P-Charging-Vector', `icid-value=${icid ?? `"${random.hex(16)}"`};orig-ioi=${ioiText('type-3', ioi)}`],
    ],
    ...(serviceInfo === null ? {} : { body: serviceInfoBody(serviceInfo), contentType: 'application/3gpp-ims+xml' }),
  });
}

/** TS 24.229 §7.6. */
function serviceInfoBody(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ims-3gpp version="1"><service-info>${escaped}</service-info></ims-3gpp>\n`;
}
