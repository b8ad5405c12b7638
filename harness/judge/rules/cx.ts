import type { RecordedDiameter } from '../../evidence/model.js';
import { APPLICATION_ID } from '../../wire/diameter/dictionary.js';
import { enumeratedOf, numberOf, octetsOf, resultOf, textOf, textsOf } from '../../wire/diameter/find.js';
import { readUserProfile } from '../../wire/xml/service-profile.js';
import type { Rule, RuleContext, RuleOutcome, Violation } from '../rule.js';
import { each, rule } from '../sip-rule.js';
import { judgeMar, succeeded } from './cx-authentication.js';
import { credential, identityKey, isDeregistration, isEmergency, registerBefore } from './cx-registration.js';
import { memberViolations, present } from './diameter.js';
import { complaint, type DiameterTransaction, resultText, sameEnd, transactionsOf } from './diameter-transaction.js';

const EMERGENCY_FLAG = 1;

/** Experimental results by command, TS 29.229 §6.2 with the procedures of TS 29.228; anything else does not belong there. */
const EXPERIMENTAL_RESULTS: Readonly<Record<string, readonly number[]>> = {
  UAR: [2001, 2002, 5001, 5002, 5003, 5004, 5011],
  MAR: [5001, 5002, 5006, 5011, 5012],
  SAR: [2004, 5001, 5002, 5003, 5005, 5007, 5011, 5012],
  LIR: [2003, 5001, 5003, 5011, 5012],
};

/** Types of SAR that end a registration, TS 29.229 §6.3.15. */
const DEREGISTRATIONS: ReadonlySet<string> = new Set([
  'TIMEOUT_DEREGISTRATION',
  'USER_DEREGISTRATION',
  'TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME',
  'USER_DEREGISTRATION_STORE_SERVER_NAME',
  'ADMINISTRATIVE_DEREGISTRATION',
  'DEREGISTRATION_TOO_MUCH_DATA',
]);
const BY_THE_USER: ReadonlySet<string> = new Set(['USER_DEREGISTRATION', 'USER_DEREGISTRATION_STORE_SERVER_NAME']);
const REGISTRATIONS: ReadonlySet<string> = new Set(['REGISTRATION', 'RE_REGISTRATION']);
const WITH_PROFILE: ReadonlySet<string> = new Set(['REGISTRATION', 'RE_REGISTRATION', 'UNREGISTERED_USER']);
const WITHOUT_PROFILE: ReadonlySet<string> = new Set([
  ...DEREGISTRATIONS,
  'AUTHENTICATION_FAILURE',
  'AUTHENTICATION_TIMEOUT',
]);

/** Judges the transactions of one Cx command; members and results are held against the same tables for all of them. */
function eachOf(
  context: RuleContext,
  command: string,
  judge: (transaction: DiameterTransaction, context: RuleContext) => readonly Violation[],
): RuleOutcome {
  return each(transactionsOf(context, command), (transaction) => {
    const { request, answer } = transaction;
    if (request.diameter.applicationId !== APPLICATION_ID.Cx) return undefined;
    return [
      ...memberViolations(request),
      ...(answer === null ? [] : [...memberViolations(answer), ...foreignResult(command, answer)]),
      ...judge(transaction, context),
    ];
  });
}

function foreignResult(command: string, answer: RecordedDiameter): readonly Violation[] {
  const result = resultOf(answer.diameter);
  if (result === undefined || !result.experimental || EXPERIMENTAL_RESULTS[command]?.includes(result.code) !== false)
    return [];
  return [complaint(answer, `Experimental-Result-Code ${result.code}, which ${command.slice(0, -1)}A does not have`)];
}

function judgeUar({ request, answer }: DiameterTransaction, context: RuleContext): readonly Violation[] {
  const found: Violation[] = [];
  const { diameter } = request;
  const type = enumeratedOf(diameter, 'User-Authorization-Type') ?? 'REGISTRATION';
  const emergency = ((numberOf(diameter, 'UAR-Flags') ?? 0) & EMERGENCY_FLAG) !== 0;
  const register = registerBefore(request, context);
  if (register !== null) {
    const ends = isDeregistration(register);
    if (ends === true && type !== 'DE_REGISTRATION') {
      found.push(
        complaint(
          request,
          `User-Authorization-Type ${type} for a REGISTER with Expires 0 (frame ${register.record.frame})`,
        ),
      );
    }
    if (ends === false && type === 'DE_REGISTRATION') {
      found.push(
        complaint(
          request,
          `User-Authorization-Type DE_REGISTRATION for a REGISTER that does not expire (frame ${register.record.frame})`,
        ),
      );
    }
    const username = credential(register, 'username');
    const privateIdentity = textOf(diameter, 'User-Name');
    if (username !== null && privateIdentity !== undefined && username !== privateIdentity) {
      found.push(complaint(request, `User-Name ${privateIdentity}, the REGISTER has the username ${username}`));
    }
    const visited = register.sip.all('P-Visited-Network-ID').map((value) => networkName(value.split(';')[0] ?? ''));
    const told = textOf(diameter, 'Visited-Network-Identifier');
    if (visited.length > 0 && told !== undefined && !visited.includes(networkName(told))) {
      found.push(
        complaint(
          request,
          `Visited-Network-Identifier ${told}, the REGISTER has P-Visited-Network-ID ${visited.join(', ')}`,
        ),
      );
    }
    if (emergency && !isEmergency(register)) {
      found.push(complaint(request, 'UAR-Flags says emergency registration, the REGISTER is none'));
    }
  }
  if (answer !== null) found.push(...judgeUaa(answer, type, emergency));
  return found;
}

function judgeUaa(answer: RecordedDiameter, type: string, emergency: boolean): readonly Violation[] {
  const success = succeeded(answer);
  const result = resultOf(answer.diameter);
  if (result?.experimental === true && result.code === 5004 && (emergency || type === 'DE_REGISTRATION')) {
    return [
      complaint(
        answer,
        `ROAMING_NOT_ALLOWED (5004) to ${emergency ? 'an emergency registration' : 'a de-registration'}`,
      ),
    ];
  }
  if (success === null) return [];
  if (type === 'REGISTRATION') {
    if (success === 'base') {
      return [
        complaint(
          answer,
          'Result-Code for a registration, Experimental-Result 2001 or 2002 tells whether it is the first',
        ),
      ];
    }
    const found: Violation[] = [];
    if (success === 2002 && !present(answer, 'Server-Name'))
      found.push(complaint(answer, 'SUBSEQUENT_REGISTRATION (2002) without Server-Name'));
    if (success === 2002 && present(answer, 'Server-Capabilities')) {
      found.push(complaint(answer, 'SUBSEQUENT_REGISTRATION (2002) with Server-Capabilities'));
    }
    return found;
  }
  if (success !== 'base')
    return [complaint(answer, `${resultText(answer)} to ${type}, which Result-Code 2001 answers`)];
  const missing = type === 'DE_REGISTRATION' && !present(answer, 'Server-Name');
  return missing ? [complaint(answer, 'success of a de-registration without Server-Name')] : [];
}

function judgeSar({ request, answer }: DiameterTransaction, context: RuleContext): readonly Violation[] {
  const { diameter } = request;
  const found: Violation[] = [];
  const type = enumeratedOf(diameter, 'Server-Assignment-Type') ?? '';
  if (!present(request, 'User-Name') && (REGISTRATIONS.has(type) || type === 'AUTHENTICATION_FAILURE')) {
    found.push(complaint(request, `no User-Name in a ${type}`));
  }
  if (!present(request, 'User-Name') && !present(request, 'Public-Identity')) {
    found.push(complaint(request, 'neither User-Name nor Public-Identity'));
  }
  const register = registerBefore(request, context);
  const ends = register === null ? null : isDeregistration(register);
  if (ends === true && REGISTRATIONS.has(type)) {
    found.push(
      complaint(
        request,
        `Server-Assignment-Type ${type} for a REGISTER with Expires 0 (frame ${register?.record.frame})`,
      ),
    );
  }
  if (ends === false && BY_THE_USER.has(type)) {
    found.push(
      complaint(
        request,
        `Server-Assignment-Type ${type} for a REGISTER that does not expire (frame ${register?.record.frame})`,
      ),
    );
  }
  const success = succeeded(answer);
  if (answer === null || success === null) return found;
  const available = enumeratedOf(diameter, 'User-Data-Already-Available') === 'USER_DATA_ALREADY_AVAILABLE';
  const profile = octetsOf(answer.diameter, 'User-Data');
  if (profile === undefined && WITH_PROFILE.has(type) && !available) {
    found.push(complaint(answer, `no User-Data in the answer to ${type}`));
  }
  if (profile !== undefined && WITHOUT_PROFILE.has(type)) {
    found.push(complaint(answer, `User-Data in the answer to ${type}`));
  }
  if (profile !== undefined) found.push(...judgeProfile(answer, profile, textsOf(diameter, 'Public-Identity')));
  return found;
}

function judgeProfile(
  answer: RecordedDiameter,
  octets: Uint8Array,
  identities: readonly string[],
): readonly Violation[] {
  const { profile, defects } = readUserProfile(Buffer.from(octets).toString('utf8'));
  const found = defects.map(({ text }) => complaint(answer, `User-Data: ${text}`));
  if (profile === null || defects.length > 0) return found;
  const known = new Set(
    profile.serviceProfiles.flatMap(({ publicIdentities }) =>
      publicIdentities.map(({ identity }) => identityKey(identity)),
    ),
  );
  // A wildcarded identity in the profile covers identities that it does not name.
  const wildcard = [...known].some((identity) => identity.includes('!'));
  const absent = identities.find((identity) => !known.has(identityKey(identity)));
  return absent === undefined || wildcard
    ? found
    : [...found, complaint(answer, `the profile in User-Data does not hold ${absent}`)];
}

function judgeLir({ request, answer }: DiameterTransaction, context: RuleContext): readonly Violation[] {
  if (answer === null) return [];
  const success = succeeded(answer);
  const capabilities = enumeratedOf(request.diameter, 'User-Authorization-Type') === 'REGISTRATION_AND_CAPABILITIES';
  if (success === 'base' && !capabilities && !present(answer, 'Server-Name')) {
    return [complaint(answer, 'Result-Code 2001 without Server-Name')];
  }
  if (success === 2003 && present(answer, 'Server-Name') && present(answer, 'Server-Capabilities')) {
    return [complaint(answer, 'UNREGISTERED_SERVICE (2003) with Server-Name and Server-Capabilities')];
  }
  return judgeRefusal(request, answer, context);
}

/** What the I-CSCF tells the caller where the HSS knows nobody, TS 24.229 §5.3.2.1. */
function judgeRefusal(request: RecordedDiameter, answer: RecordedDiameter, context: RuleContext): readonly Violation[] {
  const result = resultOf(answer.diameter);
  const expected = result?.experimental === true ? REFUSALS[result.code] : undefined;
  if (expected === undefined) return [];
  const identity = identityKey(textOf(request.diameter, 'Public-Identity') ?? '');
  const invite = context.sip.views.findLast(
    (view) =>
      view.isRequest &&
      view.record.index < request.index &&
      view.method !== 'REGISTER' &&
      view.method !== 'ACK' &&
      sameEnd(view.record.to, request.from) &&
      view.sip.kind === 'request' &&
      identityKey(view.sip.requestUri) === identity,
  );
  const final = invite?.transaction?.responses.find((response) => response.status >= 200);
  if (final === undefined || expected.includes(final.status)) return [];
  return [
    {
      message: final.record,
      seen: `${final.status} after ${resultText(answer)} in frame ${answer.frame}; ${expected.join(' or ')} follows from it`,
    },
  ];
}

const REFUSALS: Readonly<Record<number, readonly number[]>> = { 5001: [404, 604], 5003: [404, 480] };

/** P-Visited-Network-ID is a token or a quoted string (RFC 7315 §5.3); network names are domain names, whose case does not matter. */
function networkName(text: string): string {
  return text
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .toLowerCase();
}

/** Cx, catalogue §5.3. */
export const CX: readonly Rule[] = [
  rule({
    id: 'CHK-CX-UAR',
    says: 'The I-CSCF asks for the user, identity and visited network of the REGISTER with the type of the event, and the HSS answers with the result and the S-CSCF that the type calls for.',
    clause: 'TS 29.228 §6.1.1, tables 6.1.1.1 and 6.1.1.2; TS 29.229 §6.1.1, §6.1.2, §6.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the I-CSCF reads Expires wrongly, or the HSS mixes base and experimental results',
    check: (context) => eachOf(context, 'UAR', judgeUar),
  }),
  rule({
    id: 'CHK-CX-MAR',
    says: 'The S-CSCF asks for vectors of a scheme, and gets as many as announced, each with RAND and AUTN, XRES, CK and IK; its challenge is one of them.',
    clause: 'TS 29.228 §6.3; TS 29.229 §6.1.7, §6.1.8, §6.3.8 to §6.3.13',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a missing key in the subscription, or a resynchronisation that was not passed on',
    check: (context) => eachOf(context, 'MAR', judgeMar),
  }),
  rule({
    id: 'CHK-CX-SAR',
    says: 'The S-CSCF reports each event with its assignment type, and gets the user profile where it has none yet.',
    clause: 'TS 29.228 §6.1.2, §6.2.1; TS 29.229 §6.1.3, §6.1.4, §6.3.15',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the HSS sends the profile by its own idea of what the S-CSCF holds',
    check: (context) => eachOf(context, 'SAR', judgeSar),
  }),
  rule({
    id: 'CHK-CX-LIR',
    says: 'The HSS names the S-CSCF of a served user, or says why there is none, and the I-CSCF answers the caller accordingly.',
    clause: 'TS 29.228 §6.1.4; TS 29.229 §6.1.5, §6.1.6, §6.2; TS 24.229 §5.3.2.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'an HSS that lost the S-CSCF name of a registered user',
    check: (context) => eachOf(context, 'LIR', judgeLir),
  }),
];
