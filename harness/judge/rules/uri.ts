import { parseUri, type SipUri, type TelUri, type Uri } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import type { Rule } from '../rule.js';
import { type Complaint, shortened, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** A URI in a message, and where it stands. */
interface Place {
  readonly header: string;
  readonly uri: Uri;
  readonly text: string;
  /** False for a bare addr-spec: its parameters are the header's. */
  readonly bracketed: boolean;
}

const IDENTITY_HEADERS = ['From', 'To', 'P-Asserted-Identity'];
/** Visual separators of RFC 3966 §5.1.1. */
const SEPARATORS = /[().-]/g;
const GLOBAL_NUMBER = /^\+[0-9][0-9().-]*$/;
const LOOKS_LIKE_NUMBER = /^\+?[0-9][0-9().-]*$/;

/**
 * The URIs of the Request-URI and of the named headers that can be read. Inside a dialog, in CANCEL and in responses
 * Request-URI, From and To repeat what was written before, maybe by the other side: there only the asserted identity is
 * the sender's own word.
 */
function places(view: SipView, headers: readonly string[]): readonly Place[] {
  const begins = view.isRequest && view.inDialog === false && view.method !== 'CANCEL';
  const requestUri = begins ? view.requestUri : null;
  const found: Place[] =
    requestUri === null ? [] : [{ header: 'Request-URI', uri: requestUri, text: requestUri.text, bracketed: true }];
  for (const header of headers) {
    if (!begins && header !== 'P-Asserted-Identity') continue;
    for (const value of view.nameAddrs(header)) {
      const uri = value === null ? null : parseUri(value.uri);
      if (uri !== null && value !== null) found.push({ header, uri, text: value.uri, bracketed: value.bracketed });
    }
  }
  return found;
}

function complaint(view: SipView, place: Place, text: string): Exclude<Complaint, string> {
  const line = place.header === 'Request-URI' ? 1 : (view.lineOf(place.header) ?? 1);
  return { seen: `${text}: ${place.header} ${shortened(place.text)} in ${view.title}`, line };
}

function isSip(uri: Uri): uri is SipUri {
  return uri.scheme === 'sip' || uri.scheme === 'sips';
}

/** The number of a tel URI or of a SIP URI with user=phone; null for a name. */
function phoneNumber(uri: Uri): string | null {
  if (uri.scheme === 'tel') return uri.number;
  return isSip(uri) && uri.params.get('user')?.toLowerCase() === 'phone' ? uri.number : null;
}

function telParams(uri: SipUri | TelUri): ReadonlyMap<string, string | null> {
  return uri.scheme === 'tel' ? uri.params : uri.userParams;
}

function localNumbersAgreed(context: RuleContext): boolean {
  const { options } = context.profile.agreement;
  return ['sip-uri.local-numbers', 'tel-uri.local-numbers'].some((id) => {
    const answer = options[id];
    return answer === true || (Array.isArray(answer) && answer.length > 0);
  });
}

/** Parameters of a telephone-subscriber that belong into the user part of a SIP URI, RFC 3261 §19.1.6. */
const TELEPHONE_PARAMS = ['npdi', 'rn', 'rn-context', 'cic', 'cic-context', 'isub', 'ext', 'phone-context'];

const DOMAIN_NAME = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

function phoneContexts(view: SipView): Complaint[] | undefined {
  let looked = 0;
  const wrong: Complaint[] = [];
  for (const place of places(view, IDENTITY_HEADERS)) {
    const { uri } = place;
    const number = phoneNumber(uri);
    if (number === null || (uri.scheme !== 'tel' && !isSip(uri))) continue;
    const context = telParams(uri).get('phone-context');
    if (context === undefined) {
      if (uri.scheme !== 'tel' || number.startsWith('+') || !['From', 'To'].includes(place.header)) continue;
      looked += 1;
      wrong.push(complaint(view, place, 'a local number without phone-context'));
      continue;
    }
    looked += 1;
    if (number.startsWith('+')) wrong.push(complaint(view, place, 'phone-context behind a global number'));
    else if (context === null || !(/^\+[0-9().-]*[0-9][0-9().-]*$/.test(context) || DOMAIN_NAME.test(context)))
      wrong.push(complaint(view, place, 'phone-context is neither a domain name nor + and digits'));
  }
  return looked === 0 ? undefined : wrong;
}

/** The parameters in order as written, for their order and for doubles; RFC 3966 §3. */
function parameterNames(uri: SipUri | TelUri): readonly string[] {
  const text = uri.scheme === 'tel' ? uri.text.slice(uri.text.indexOf(':') + 1) : (uri.user ?? '');
  return text
    .split(';')
    .slice(1)
    .map((param) => (param.split('=')[0] ?? '').trim().toLowerCase());
}

function orderOf(name: string): string {
  if (name === 'isub' || name === 'ext') return '0';
  return name === 'phone-context' ? '1' : `2${name}`;
}

function parameterOrder(view: SipView): Complaint[] | undefined {
  let looked = 0;
  const wrong: Complaint[] = [];
  for (const place of places(view, IDENTITY_HEADERS)) {
    const { uri } = place;
    if (phoneNumber(uri) === null || (uri.scheme !== 'tel' && !isSip(uri))) continue;
    const names = parameterNames(uri);
    if (names.length < 2) continue;
    looked += 1;
    const twice = new Set(names).size < names.length;
    const disordered = names.some((name, index) => index > 0 && orderOf(names[index - 1] ?? '') > orderOf(name));
    if (!twice && !disordered) continue;
    const found = complaint(view, place, twice ? 'a tel parameter twice' : 'tel parameters out of order');
    wrong.push(twice || uri.scheme === 'tel' ? found : { ...found, strength: 'should' });
  }
  return looked === 0 ? undefined : wrong;
}

const CPC_VALUES = ['ordinary', 'test', 'operator', 'payphone', 'unknown', 'mobile-hplmn', 'mobile-vplmn', 'emergency'];

function callingPartyCategory(view: SipView): Complaint[] | undefined {
  let looked = 0;
  const wrong: Complaint[] = [];
  for (const place of places(view, IDENTITY_HEADERS)) {
    if (place.uri.scheme !== 'tel' && !isSip(place.uri)) continue;
    const behindHost = place.uri.scheme === 'tel' ? undefined : place.uri.params.get('cpc');
    const value = telParams(place.uri).get('cpc') ?? behindHost;
    if (value === undefined) continue;
    looked += 1;
    if (place.header !== 'P-Asserted-Identity') {
      wrong.push(complaint(view, place, 'cpc outside of P-Asserted-Identity'));
      continue;
    }
    const text =
      behindHost !== undefined
        ? 'cpc behind the host'
        : CPC_VALUES.includes((value ?? '').toLowerCase())
          ? null
          : 'an unknown value of cpc';
    if (text !== null) wrong.push({ ...complaint(view, place, text), provenance: 'S2' });
  }
  return looked === 0 ? undefined : wrong;
}

/** A rule over URIs of one message; undefined where it holds none. */
function uriRule(
  row: Pick<Rule, 'id' | 'says' | 'clause' | 'usualCause' | 'strength' | 'provenance'>,
  judge: (view: SipView, context: RuleContext) => readonly Complaint[] | undefined,
): Rule {
  return sipRule({ ...row, where: {}, judge });
}

/** Addressing, TS 29.165 §8.1. */
export const URI: readonly Rule[] = [
  sipRule({
    id: 'URI-04',
    says: 'The Request-URI at a non-roaming interconnection is a SIP URI, unless tel URIs were agreed.',
    clause: 'TS 29.165 §8.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the S-CSCF or the exit border does not translate the called number to a SIP URI (ENUM)',
    where: { kind: 'request', legs: ['NR'] },
    when: (view) => view.requestUri !== null,
    judge: (view, context) =>
      view.requestUri?.scheme === 'tel' && !context.profile.agreement.telUriAllowed
        ? { seen: `Request-URI ${view.requestUri.text} of ${view.title}`, line: 1 }
        : null,
  }),
  sipRule({
    id: 'URI-05',
    says: 'A number in Request-URI or P-Asserted-Identity is a global number, unless other numbers were agreed.',
    clause: 'TS 29.165 §8.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the number is not normalised to + and country code before it leaves the network',
    where: { legs: ['NR', 'HA-VA', 'VA-HB'] },
    when: (_view, context) => !localNumbersAgreed(context),
    judge: (view) => {
      const numbers = places(view, ['P-Asserted-Identity']).filter((place) => phoneNumber(place.uri) !== null);
      if (numbers.length === 0) return undefined;
      return numbers
        .filter((place) => !GLOBAL_NUMBER.test(phoneNumber(place.uri) ?? ''))
        .map((place) => complaint(view, place, 'not a global number'));
    },
  }),
  sipRule({
    id: 'URI-06',
    says: 'A SIP URI whose user part is a telephone number says user=phone; without, the user part is a name.',
    clause: 'TS 29.165 §8.1 note 1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'a rewriting rule drops the URI parameters behind the host',
    where: { legs: ['NR'] },
    judge: (view) => {
      const sip = places(view, ['P-Asserted-Identity']).filter((place) => isSip(place.uri) && place.bracketed);
      if (sip.length === 0) return undefined;
      return sip
        .filter(({ uri }) => isSip(uri) && LOOKS_LIKE_NUMBER.test(uri.number ?? '') && phoneNumber(uri) === null)
        .map((place) => complaint(view, place, 'digits without user=phone'));
    },
  }),
  uriRule(
    {
      id: 'URI-08',
      says: 'A global number has at most 15 digits behind the + and no leading zero.',
      clause: 'RFC 3966 §3, §5.1.1, §5.1.4; RFC 3261 §19.1.6; ITU-T E.164',
      strength: 'should',
      provenance: 'S',
      usualCause: 'a prefix is left in front of the number, or an access code behind the +',
    },
    (view) => {
      const global = places(view, ['P-Asserted-Identity']).filter(
        ({ uri }) => phoneNumber(uri)?.startsWith('+') === true,
      );
      if (global.length === 0) return undefined;
      return global
        .filter(({ uri }) => !/^\+[1-9][0-9]{0,14}$/.test((phoneNumber(uri) ?? '').replace(SEPARATORS, '')))
        .map((place) => complaint(view, place, 'not a number of ITU-T E.164'));
    },
  ),
  uriRule(
    {
      id: 'URI-09',
      says: 'Telephone parameters of a SIP URI stand in its user part, in front of the @.',
      clause: 'RFC 3261 §19.1.6',
      strength: 'shall',
      provenance: 'S',
      usualCause: 'a rewriting rule appends number portability parameters at the end of the URI',
    },
    (view) => {
      const phones = places(view, IDENTITY_HEADERS).filter(({ uri }) => isSip(uri) && phoneNumber(uri) !== null);
      if (phones.length === 0) return undefined;
      return phones
        .filter(({ uri }) => isSip(uri) && TELEPHONE_PARAMS.some((name) => uri.params.has(name)))
        .map((place) => complaint(view, place, 'telephone parameters behind the host'));
    },
  ),
  uriRule(
    {
      id: 'URI-10',
      says: 'phone-context stands with local numbers only, always, and is a domain name or + and digits.',
      clause: 'RFC 3966 §3, §5.1.5; TS 24.229 §7.2A.10',
      strength: 'shall',
      provenance: 'S',
      usualCause: 'a local number is made global without removing its context, or the other way round',
    },
    phoneContexts,
  ),
  uriRule(
    {
      id: 'URI-11',
      says: 'A home domain made of the IMSI has three digits each for MNC and MCC.',
      clause: 'TS 23.003 §13.2, §13.3',
      strength: 'shall',
      provenance: 'S',
      usualCause: 'a two-digit MNC is not padded with a leading zero',
    },
    (view) => {
      const derived = places(view, IDENTITY_HEADERS).filter(
        ({ uri }) => isSip(uri) && /(?:^|\.)ims\.mnc\d*\.mcc\d*\.3gppnetwork\.org\.?$/i.test(uri.host),
      );
      if (derived.length === 0) return undefined;
      return derived
        .filter(({ uri }) => isSip(uri) && !/(?:^|\.)ims\.mnc\d{3}\.mcc\d{3}\.3gppnetwork\.org\.?$/i.test(uri.host))
        .map((place) => complaint(view, place, 'not ims.mncNNN.mccNNN.3gppnetwork.org'));
    },
  ),
  uriRule(
    {
      id: 'URI-12',
      says: 'Labels of domain names are letters, digits and inner hyphens.',
      clause: 'TS 23.003 §13.2, §20.3.2; RFC 1123 §2.1',
      strength: 'shall',
      provenance: 'S',
      usualCause: 'an internal host name with an underscore is used as a domain',
    },
    (view) => {
      const named = places(view, IDENTITY_HEADERS).filter(({ uri }) => isSip(uri) && !uri.host.includes(':'));
      if (named.length === 0) return undefined;
      return named
        .filter(
          ({ uri }) =>
            isSip(uri) &&
            uri.host
              .replace(/\.$/, '')
              .split('.')
              .some((label) => !LABEL.test(label)),
        )
        .map((place) => complaint(view, place, 'a label that is no host name'));
    },
  ),
  uriRule(
    {
      id: 'URI-17',
      says: 'cpc stands in P-Asserted-Identity, with one of its defined values.',
      clause: 'TS 29.165 §8.1, table 6.2 note 5, table C.3.3.7; TS 24.229 §7.2A.12',
      strength: 'shall',
      provenance: 'S',
      usualCause: 'an interworking node writes the calling party category into another header',
    },
    callingPartyCategory,
  ),
  sipRule({
    id: 'URI-18',
    says: 'premium-rate crosses roaming interconnections only.',
    clause: 'TS 29.165 §8.1, §24; TS 24.229 §7.2A.17',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a marking for charging inside the network is not removed at its border',
    where: { legs: ['NR', 'VA-HB', 'HA-VA'] },
    judge: (view) => {
      const found = places(view, IDENTITY_HEADERS);
      if (found.length === 0) return undefined;
      return found
        .filter(({ text }) => /;\s*premium-rate\b/i.test(text))
        .map((place) => complaint(view, place, 'premium-rate on a non-roaming leg'));
    },
  }),
  uriRule(
    {
      id: 'URI-20',
      says: 'Of several telephone parameters isub and ext come first, then phone-context, then the others by name; none comes twice.',
      clause: 'RFC 3966 §3; RFC 3261 §19.1.6',
      strength: 'shall',
      provenance: 'S',
      usualCause: 'parameters are appended in the order in which nodes learn them',
    },
    parameterOrder,
  ),
];
