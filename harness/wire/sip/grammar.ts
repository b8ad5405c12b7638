import {
  isToken,
  parseAuthentication,
  parseChargingVector,
  parseContentType,
  parseCSeq,
  parseDecimal,
  parseNameAddr,
  parseRAck,
  parseReason,
  parseSessionExpires,
  parseSubscriptionState,
  parseVia,
} from './headers.js';
import { parseUri } from './uri.js';

/** What the value of a header (one element of a list-valued one) has to look like. */
export interface HeaderGrammar {
  /** Completes "must be …". */
  readonly expects: string;
  accepts(value: string): boolean;
  /** The grammar lets the whole header be empty. */
  readonly mayBeEmpty?: boolean;
}

const DELTA_SECONDS = 2 ** 32 - 1;

function isDelta(text: string): boolean {
  return parseDecimal(text.trim(), DELTA_SECONDS) !== null;
}

function head(value: string): string {
  const semicolon = value.indexOf(';');
  return (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
}

/** A display name outside quotes is made of tokens; a bare addr-spec must not hold `,` or `?` (RFC 3261 §20.10). */
function isNameAddr(value: string): boolean {
  const parsed = parseNameAddr(value);
  if (parsed === null || parseUri(parsed.uri) === null) return false;
  if (!parsed.bracketed) return !/[,?]/.test(parsed.uri);
  if (!value.includes(`<${parsed.uri}>`)) return false;
  if (parsed.displayName === null || value.trimStart().startsWith('"')) return true;
  return parsed.displayName.split(/[ \t]+/).every(isToken);
}

function isContact(value: string): boolean {
  if (value.trim() === '*') return true;
  if (!isNameAddr(value)) return false;
  const params = parseNameAddr(value)?.params;
  const expires = params?.get('expires');
  const q = params?.get('q');
  if (expires !== undefined && (expires === null || !isDelta(expires))) return false;
  return q === undefined || (q !== null && /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q));
}

function isBracketedNameAddr(value: string): boolean {
  return isNameAddr(value) && parseNameAddr(value)?.bracketed === true;
}

function isVia(value: string): boolean {
  const via = parseVia(value);
  if (via === null) return false;
  const ttl = via.params.get('ttl');
  return ttl === undefined || parseDecimal(ttl ?? '', 255) !== null;
}

const tokenWithParams = (value: string) => isToken(head(value));
const token: HeaderGrammar = { expects: 'a token', accepts: (value) => isToken(value.trim()) };
const tokens: HeaderGrammar = { ...token, mayBeEmpty: true };
const nameAddr: HeaderGrammar = { expects: 'a name-addr or addr-spec with a valid URI', accepts: isNameAddr };
const route: HeaderGrammar = { expects: 'a URI in angle brackets', accepts: isBracketedNameAddr };
const seconds: HeaderGrammar = { expects: 'seconds below 2^32', accepts: isDelta };
const credentials: HeaderGrammar = {
  expects: 'a scheme and its parameters',
  accepts: (value) => (parseAuthentication(value)?.scheme ?? '') !== '',
};
const mediaType: HeaderGrammar = { expects: 'a media type', accepts: (value) => parseContentType(value) !== null };

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const SIP_DATE = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d{2} (?:${MONTHS}) \\d{4} \\d{2}:\\d{2}:\\d{2} GMT$`);
const WORD = '[A-Za-z0-9.!%*_+`\'~()<>:\\\\"/[\\]?{}-]+';
const CALL_ID = new RegExp(`^${WORD}(?:@${WORD})?$`);

/** The grammars that are checked, by long header name. What is not here is taken as text. */
export const headerGrammars: ReadonlyMap<string, HeaderGrammar> = new Map<string, HeaderGrammar>([
  ['Accept', { ...mediaType, mayBeEmpty: true }],
  ['Accept-Contact', { expects: '"*" with parameters', accepts: (value) => head(value) === '*' }],
  ['Accept-Encoding', { expects: 'a coding', accepts: tokenWithParams, mayBeEmpty: true }],
  ['Accept-Language', { expects: 'a language range', accepts: tokenWithParams, mayBeEmpty: true }],
  ['Allow', tokens],
  ['Allow-Events', token],
  ['Authorization', credentials],
  ['Call-ID', { expects: 'word or word@word', accepts: (value) => CALL_ID.test(value) }],
  ['Contact', { expects: '"*" or a name-addr with valid parameters', accepts: isContact }],
  ['Content-Disposition', { expects: 'a disposition type', accepts: tokenWithParams }],
  ['Content-Encoding', token],
  ['Content-Type', mediaType],
  ['CSeq', { expects: 'a number below 2^31 and a method', accepts: (value) => parseCSeq(value) !== null }],
  ['Date', { expects: 'a date of RFC 1123 in GMT', accepts: (value) => SIP_DATE.test(value) }],
  ['Event', { expects: 'an event type', accepts: tokenWithParams }],
  ['Expires', seconds],
  ['Feature-Caps', { expects: '"*" with parameters', accepts: (value) => head(value) === '*' }],
  ['From', nameAddr],
  ['Geolocation', route],
  ['History-Info', route],
  ['MIME-Version', { expects: 'two numbers', accepts: (value) => /^\d{1,9}\.\d{1,9}$/.test(value) }],
  ['Min-Expires', seconds],
  ['Min-SE', { expects: 'seconds below 2^32', accepts: (value) => parseSessionExpires(value) !== null }],
  ['P-Access-Network-Info', { expects: 'an access type with parameters', accepts: tokenWithParams }],
  ['P-Asserted-Identity', nameAddr],
  ['P-Associated-URI', { ...route, mayBeEmpty: true }],
  ['P-Called-Party-ID', nameAddr],
  ['P-Charging-Vector', { expects: 'parameters', accepts: (value) => parseChargingVector(value) !== null }],
  ['P-Early-Media', { ...token, mayBeEmpty: true }],
  ['P-Preferred-Identity', nameAddr],
  ['P-Profile-Key', nameAddr],
  ['P-Served-User', nameAddr],
  ['P-User-Database', { expects: 'a URI in angle brackets', accepts: (value) => /^<[^<>]+>/.test(value) }],
  ['Path', route],
  ['Priority', token],
  [
    'Privacy',
    {
      expects: 'tokens separated by semicolons',
      accepts: (value) => value.split(';').every((part) => isToken(part.trim())),
    },
  ],
  ['Proxy-Authenticate', credentials],
  ['Proxy-Authorization', credentials],
  ['Proxy-Require', token],
  ['RAck', { expects: 'two numbers and a method', accepts: (value) => parseRAck(value) !== null }],
  ['RSeq', { expects: 'a number from 1 to 2^32 - 1', accepts: (value) => isDelta(value) && !/^0+$/.test(value) }],
  ['Reason', { expects: 'a protocol with parameters', accepts: (value) => parseReason(value) !== null }],
  ['Record-Route', route],
  ['Refer-To', nameAddr],
  ['Referred-By', nameAddr],
  ['Reply-To', nameAddr],
  ['Require', token],
  ['Retry-After', { expects: 'seconds below 2^32', accepts: (value) => isDelta(/^\s*(\d*)/.exec(value)?.[1] ?? '') }],
  ['Route', route],
  ['Service-Route', route],
  ['Security-Client', { expects: 'a mechanism', accepts: tokenWithParams }],
  ['Security-Server', { expects: 'a mechanism', accepts: tokenWithParams }],
  ['Security-Verify', { expects: 'a mechanism', accepts: tokenWithParams }],
  [
    'Session-Expires',
    { expects: 'seconds and a refresher uac or uas', accepts: (value) => parseSessionExpires(value) !== null },
  ],
  ['Subscription-State', { expects: 'a state', accepts: (value) => parseSubscriptionState(value) !== null }],
  ['Supported', tokens],
  [
    'Timestamp',
    {
      expects: 'seconds',
      accepts: (value) => /^\d{1,20}(?:\.\d{0,20})?(?:[ \t]+\d{0,20}(?:\.\d{0,20})?)?$/.test(value),
    },
  ],
  ['To', nameAddr],
  ['Unsupported', token],
  ['Via', { expects: 'SIP/2.0/transport host[:port] with valid parameters', accepts: isVia }],
  [
    'Warning',
    { expects: 'a code of three digits, an agent and a quoted text', accepts: (v) => /^\d{3} \S+ "/.test(v) },
  ],
  ['WWW-Authenticate', credentials],
]);

/** Headers whose value is free text, where quotes need no partner. */
export const freeText: ReadonlySet<string> = new Set(['Subject', 'Organization', 'User-Agent', 'Server', 'Call-ID']);
