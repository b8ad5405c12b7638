import type { RecordedDiameter } from '../../evidence/model.js';
import { findAll, numberOf, octetsOf, resultOf, textOf } from '../../wire/diameter/find.js';
import { parseAuthentication } from '../../wire/sip/headers.js';
import type { RuleContext, Violation } from '../rule.js';
import { credential, identityKey, registerBefore } from './cx-registration.js';
import { present } from './diameter.js';
import { complaint, type DiameterTransaction, resultText, sameEnd, transactionsOf } from './diameter-transaction.js';

const AKA_SCHEMES: ReadonlySet<string> = new Set(['Digest-AKAv1-MD5', 'Digest-AKAv2-SHA-256']);

/** Result of an answer that says neither more nor less than success, by its kind. */
export function succeeded(answer: RecordedDiameter | null): 'base' | number | null {
  const result = answer === null ? undefined : resultOf(answer.diameter);
  if (result === undefined || result.code < 2000 || result.code >= 3000) return null;
  return result.experimental ? result.code : 'base';
}

/** MAR and MAA, and what the S-CSCF makes of the vector. */
export function judgeMar({ request, answer }: DiameterTransaction, context: RuleContext): readonly Violation[] {
  const found: Violation[] = [];
  const scheme = textOf(request.diameter, 'SIP-Auth-Data-Item', 'SIP-Authentication-Scheme');
  if (present(request, 'SIP-Auth-Data-Item') && scheme === undefined) {
    found.push(complaint(request, 'SIP-Auth-Data-Item without SIP-Authentication-Scheme'));
  }
  found.push(...judgeResynchronisation(request, scheme, context));
  if (answer === null) return found;
  const success = succeeded(answer);
  if (success === null) return found;
  if (success !== 'base')
    return [...found, complaint(answer, `${resultText(answer)}, vectors come with Result-Code 2001`)];
  return [...found, ...judgeVectors(answer), ...judgeChallenge(answer, request, context)];
}

function judgeResynchronisation(
  request: RecordedDiameter,
  scheme: string | undefined,
  context: RuleContext,
): readonly Violation[] {
  if (scheme === undefined || !AKA_SCHEMES.has(scheme)) return [];
  const given = octetsOf(request.diameter, 'SIP-Auth-Data-Item', 'SIP-Authorization');
  const register = registerBefore(request, context);
  const auts = register === null ? null : credential(register, 'auts');
  if (given !== undefined && given.length !== 30) {
    return [complaint(request, `SIP-Authorization of ${given.length} octets, RAND and AUTS are 16 and 14`)];
  }
  if (auts === null || auts === '') return [];
  if (given === undefined) {
    return [complaint(request, 'no SIP-Authorization, though the REGISTER brings AUTS')];
  }
  const expected = Buffer.from(auts, 'base64');
  return Buffer.compare(expected, given.subarray(16)) === 0
    ? []
    : [complaint(request, 'AUTS in SIP-Authorization is not that of the REGISTER')];
}

function judgeVectors(answer: RecordedDiameter): readonly Violation[] {
  const { diameter } = answer;
  const found: Violation[] = [];
  for (const name of ['User-Name', 'Public-Identity', 'SIP-Number-Auth-Items']) {
    if (!present(answer, name)) found.push(complaint(answer, `${name} is missing in a successful answer`));
  }
  const items = findAll(diameter, 'SIP-Auth-Data-Item');
  const announced = numberOf(diameter, 'SIP-Number-Auth-Items');
  if (announced !== undefined && announced !== items.length) {
    found.push(complaint(answer, `SIP-Number-Auth-Items ${announced}, SIP-Auth-Data-Item ${items.length} times`));
  }
  for (const item of items) {
    if (!AKA_SCHEMES.has(textOf(item, 'SIP-Authentication-Scheme') ?? '')) continue;
    const parts = [
      ['SIP-Authenticate', 32, 32, 'RAND and AUTN'],
      ['SIP-Authorization', 4, 16, 'XRES'],
      ['Confidentiality-Key', 16, 16, 'CK'],
      ['Integrity-Key', 16, 16, 'IK'],
    ] as const;
    for (const [name, least, most, what] of parts) {
      const length = octetsOf(item, name)?.length;
      if (length === undefined) found.push(complaint(answer, `${name} (${what}) is missing in SIP-Auth-Data-Item`));
      else if (length < least || length > most) found.push(complaint(answer, `${name} (${what}) has ${length} octets`));
    }
    if (items.length > 1 && numberOf(item, 'SIP-Item-Number') === undefined) {
      found.push(complaint(answer, 'SIP-Item-Number is missing where there are several vectors'));
    }
  }
  return found;
}

/** The challenge that the S-CSCF makes of the vector: nonce, ik and ck of its next 401 on Mw. TS 24.229 §5.4.1.2.1. */
function judgeChallenge(
  answer: RecordedDiameter,
  request: RecordedDiameter,
  context: RuleContext,
): readonly Violation[] {
  const register = registerBefore(request, context);
  const challenge = register?.transaction?.responses.find((response) => response.status === 401);
  if (challenge === undefined || challenge.record.index < answer.index || !sameEnd(challenge.record.from, request.from))
    return [];
  const authenticate = challenge.sip.fields('WWW-Authenticate').map(({ value }) => parseAuthentication(value));
  const params = authenticate.find((parsed) =>
    parsed?.params.get('algorithm')?.toUpperCase().startsWith('AKAV'),
  )?.params;
  const nonce = params?.get('nonce');
  if (params === undefined || nonce == null) return [];
  // A vector of an earlier answer may still have been in store.
  const items = context
    .memo('cx vectors', () => vectorsByIdentity(context))
    .get(identityKey(textOf(request.diameter, 'Public-Identity') ?? ''));
  const challenged = Buffer.from(nonce, 'base64').subarray(0, 32).toString('hex');
  const vector = items?.find(({ index, challenge: own }) => index < challenge.record.index && own === challenged);
  if (vector === undefined) {
    return [complaint(answer, `the nonce of the 401 in frame ${challenge.record.frame} is none of the vectors given`)];
  }
  const [ik, ck] = [params.get('ik')?.toLowerCase(), params.get('ck')?.toLowerCase()];
  const wrong = (ik !== undefined && ik !== vector.ik) || (ck !== undefined && ck !== vector.ck);
  return wrong
    ? [complaint(answer, `ik or ck of the 401 in frame ${challenge.record.frame} is not that of the vector`)]
    : [];
}

interface GivenVector {
  readonly index: number;
  readonly challenge: string;
  readonly ik: string;
  readonly ck: string;
}

function vectorsByIdentity(context: RuleContext): ReadonlyMap<string, readonly GivenVector[]> {
  const found = new Map<string, GivenVector[]>();
  const hex = (octets: Uint8Array | undefined): string => Buffer.from(octets ?? []).toString('hex');
  for (const { request, answer } of transactionsOf(context, 'MAR')) {
    if (answer === null) continue;
    const key = identityKey(textOf(request.diameter, 'Public-Identity') ?? '');
    const vectors = findAll(answer.diameter, 'SIP-Auth-Data-Item').map((item) => ({
      index: answer.index,
      challenge: hex(octetsOf(item, 'SIP-Authenticate')),
      ik: hex(octetsOf(item, 'Integrity-Key')),
      ck: hex(octetsOf(item, 'Confidentiality-Key')),
    }));
    found.set(key, [...(found.get(key) ?? []), ...vectors]);
  }
  return found;
}
