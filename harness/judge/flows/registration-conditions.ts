import type { RecordedMessage } from '../../evidence/model.js';
import { parseNameAddr } from '../../wire/sip/headers.js';
import { diameterHolds, findAvp, lacks, numberOfCSeq, request, type Shape, sipHolds } from './arrow.js';
import type { Condition, FlowBinding } from './flow.js';

/** Server-Assignment-Type values, TS 29.229 §6.3.15. */
export const ASSIGNMENT = {
  registration: 1,
  reRegistration: 2,
  userDeregistration: 5,
  userDeregistrationStored: 7,
  authenticationFailure: 9,
} as const;

export const emptyResponse = sipHolds('Authorization names the private identity and has an empty response', (sip) => {
  const value = sip.get('Authorization');
  if (value === undefined) {
    return 'no Authorization';
  }
  return /response\s*=\s*""/.test(value) && /username\s*=\s*"[^"]+"/.test(value)
    ? null
    : 'another response or no username';
});

export const noKeys = sipHolds('WWW-Authenticate has neither ik nor ck towards the UE', (sip) =>
  /\b[ic]k\s*=/.test(sip.get('WWW-Authenticate') ?? '') ? 'ik or ck on Gm' : null,
);

export const withKeys = sipHolds('WWW-Authenticate: AKAv1-MD5 with nonce, ik and ck', (sip) => {
  const value = sip.get('WWW-Authenticate') ?? '';
  const missing = ['algorithm=AKAv1-MD5', 'nonce=', 'ik=', 'ck='].filter(
    (part) => !value.replaceAll(' ', '').includes(part),
  );
  return missing.length === 0 ? null : `without ${missing.join(', ')}`;
});

/** The protected server port that the P-CSCF announced in Security-Server, TS 33.203 §7.1. */
export const onProtectedPort: Condition = {
  requires: 'the request arrives on the protected server port that Security-Server announced',
  seen: (message, binding) => {
    const offered = securityServerPort(binding.step('R7'));
    return offered === null || message.to.port === offered ? null : `port ${message.to.port}, announced was ${offered}`;
  },
};

export const verifyEqualsServer = sipHolds('Security-Verify repeats the received Security-Server', (sip, binding) => {
  const challenge = binding.step('R7');
  const offered = challenge?.protocol === 'sip' ? challenge.sip.all('Security-Server').join(', ') : '';
  return sip.all('Security-Verify').join(', ') === offered ? null : 'another value, or none';
});

export const sameCallIdHigherCSeq = (earlier: string): Condition =>
  sipHolds(`Call-ID as in step ${earlier}, CSeq higher`, (sip, binding) => {
    const first = binding.step(earlier);
    if (first?.protocol !== 'sip') {
      return `step ${earlier} was not seen`;
    }
    if (sip.get('Call-ID') !== first.sip.get('Call-ID')) {
      return 'another Call-ID';
    }
    return (numberOfCSeq(sip) ?? 0) > (numberOfCSeq(first.sip) ?? 0) ? null : `CSeq ${sip.get('CSeq')}`;
  });

export const noProtectionHeaders = [lacks('Security-Client'), lacks('Security-Verify')];

export const subscribesReg = [
  sipHolds('Event: reg', (sip) =>
    /^reg\b/.test(sip.get('Event') ?? '') ? null : `Event: ${sip.get('Event') ?? 'missing'}`,
  ),
];

export const everyIdentityActive: Condition = sipHolds(
  'reginfo with every identity of the implicit set active',
  (sip, binding) => {
    const body = Buffer.from(sip.body).toString('utf8');
    const associated = associatedUris(binding.step('R12U'));
    const missing = associated.filter((uri) => !body.includes(`aor="${uri}"`));
    if (missing.length > 0) {
      return `no registration element for ${missing.join(', ')}`;
    }
    return /state="terminated"/.test(body) ? 'a registration or contact is terminated' : null;
  },
);

export const terminated: readonly Condition[] = [
  sipHolds('Subscription-State: terminated', (sip) =>
    /^terminated\b/.test(sip.get('Subscription-State') ?? '')
      ? null
      : `Subscription-State: ${sip.get('Subscription-State') ?? 'missing'}`,
  ),
  sipHolds('reginfo: contact terminated by event unregistered', (sip) => {
    const body = Buffer.from(sip.body).toString('utf8');
    return /<(?:\w+:)?contact[^>]*state="terminated"/.test(body) && /event="unregistered"/.test(body)
      ? null
      : 'no contact with state terminated and event unregistered';
  }),
];

export function hasAvp(name: string): Condition {
  return diameterHolds(`the message carries ${name}`, (message) =>
    findAvp(message.avps, name) === null ? `no ${name}` : null,
  );
}

/** SIP-Authorization of a resynchronisation is RAND (16 octets) followed by AUTS (14 octets), TS 29.228 §6.3. */
export function randAndAuts(): Condition {
  return diameterHolds('SIP-Authorization is RAND followed by AUTS, 30 octets', (message) => {
    const avp = findAvp(message.avps, 'SIP-Authorization');
    return avp?.data.length === 30 ? null : avp === null ? 'no SIP-Authorization' : `${avp.data.length} octets`;
  });
}

export function expiresZero(): Condition {
  return sipHolds('the expiry is 0', (sip) => {
    const contact = sip.all('Contact').join(',');
    return sip.get('Expires') === '0' || /;\s*expires\s*=\s*0\b/.test(contact)
      ? null
      : `Expires: ${sip.get('Expires') ?? 'missing'}`;
  });
}

/** The refresh falls between 10 % of the granted expiry before the due time and the due time; TS 24.229 §5.1.1.4.1, catalogue REG-04. */
export function inTime(): Condition {
  return {
    requires:
      'the refresh comes 600 s before expiry when more than 1200 s were granted, else at half of it; never later, at most 10 % earlier',
    seen: (message, binding) => {
      const accepted = binding.step('R12U');
      const granted = accepted === undefined ? null : grantedSeconds(accepted);
      if (accepted === undefined || granted === null) {
        return 'the 200 names no expiry';
      }
      const due = granted > 1200 ? granted - 600 : granted / 2;
      const waited = (message.at - accepted.at) / 1_000_000;
      // One second of grace covers transport and rounding of a time that is counted in whole seconds.
      return waited <= due + 1 && waited >= due - granted / 10
        ? null
        : `after ${waited.toFixed(1)} s of ${granted} s, due was ${due} s`;
    },
  };
}

export function grantedSeconds(message: RecordedMessage): number | null {
  if (message.protocol !== 'sip') {
    return null;
  }
  const digits =
    /;\s*expires\s*=\s*"?(\d+)/.exec(message.sip.all('Contact').join(','))?.[1] ?? message.sip.get('Expires');
  return digits === undefined ? null : Number(digits);
}

export function securityServerPort(message: RecordedMessage | undefined): number | null {
  if (message?.protocol !== 'sip') {
    return null;
  }
  const port = /port-s\s*=\s*"?(\d+)/.exec(message.sip.all('Security-Server').join(','))?.[1];
  return port === undefined ? null : Number(port);
}

export function associatedUris(message: RecordedMessage | undefined): readonly string[] {
  if (message?.protocol !== 'sip') {
    return [];
  }
  return message.sip.all('P-Associated-URI').map((value) => /<([^>]*)>/.exec(value)?.[1] ?? value.trim());
}

/** A request whose From is a user: the UE's own subscription, however it is routed. */
export function ofUe(method: string): Shape {
  return (message, binding) => request(method)(message, binding) && !isFromPCscf(message, binding);
}

/** A request that the P-CSCF makes in its own name. */
export function ofPCscf(method: string): Shape {
  return (message, binding) => request(method)(message, binding) && isFromPCscf(message, binding);
}

/** A NOTIFY that ends at the P-CSCF: no Route leads beyond it. */
export const notifiesPCscf: Shape = request('NOTIFY', (sip) => sip.all('Route').length === 0);

/** The subscription of the P-CSCF is asserted as its own: P-Asserted-Identity or From names no identity that was registered. */
function isFromPCscf(message: RecordedMessage, binding: FlowBinding): boolean {
  if (message.protocol !== 'sip') return false;
  const [asserted] = message.sip.all('P-Asserted-Identity');
  const uri = parseNameAddr(asserted ?? message.sip.get('From') ?? '')?.uri;
  return uri !== undefined && !associatedUris(binding.step('R12U')).includes(uri);
}
