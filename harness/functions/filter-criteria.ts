import type { SipRequest } from '../wire/sip/message.js';
import type { InitialFilterCriteria, RegistrationType, SessionCase, UserProfile } from '../wire/xml/service-profile.js';
import { isTriggered } from '../wire/xml/service-profile-trigger.js';
import { identityKey } from './public-identity.js';

/** Public identities of the subscription that may be used, the default one first (TS 29.228 Annex B.2.1). */
export function identitiesOf(profile: UserProfile): readonly string[] {
  return profile.serviceProfiles.flatMap((service) =>
    service.publicIdentities.filter((identity) => !identity.barred).map((identity) => identity.identity),
  );
}

/** The criteria of the service profile that the identity belongs to; the first profile's where it is in none. */
export function criteriaOf(profile: UserProfile, identity: string): readonly InitialFilterCriteria[] {
  const wanted = identityKey(identity);
  const own = profile.serviceProfiles.find((service) =>
    service.publicIdentities.some((candidate) => identityKey(candidate.identity) === wanted),
  );
  return (own ?? profile.serviceProfiles[0])?.initialFilterCriteria ?? [];
}

/** Whether the request goes to the criterion's application server. TS 23.218 §5.2. */
export function triggers(
  criterion: InitialFilterCriteria,
  request: SipRequest,
  sessionCase: SessionCase,
  registrationType?: RegistrationType,
): boolean {
  return isTriggered(criterion, {
    method: request.method,
    requestUri: request.requestUri,
    sessionCase,
    header: (name) => request.fields(name).map((field) => field.value),
    ...(registrationType === undefined ? {} : { registrationType }),
    sdpLines: Buffer.from(request.body).toString('utf8').split(/\r?\n/),
  });
}
