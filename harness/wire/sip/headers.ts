import { isIpv6Literal } from './ip-literal.js';
import { endOfQuoted, splitList, unquote } from './list-value.js';
import { noParams, type Params, parseParams } from './params.js';

export { type Params, parseParams } from './params.js';

/** A name-addr or addr-spec with header parameters: From, To, Contact, Route, P-Asserted-Identity …, RFC 3261 §20.10. */
export interface NameAddr {
  /** Unquoted; null where there is none. */
  readonly displayName: string | null;
  readonly uri: string;
  readonly params: Params;
  /** False for a bare addr-spec, whose `;` parameters belong to the header. */
  readonly bracketed: boolean;
}

/** Reads one name-addr; null where there is no URI or the angle bracket is not closed. */
export function parseNameAddr(value: string): NameAddr | null {
  let i = 0;
  let displayName: string | null = null;
  while (value.charCodeAt(i) === 0x20 || value.charCodeAt(i) === 0x09) i += 1;
  if (value.charCodeAt(i) === 0x22) {
    const end = endOfQuoted(value, i);
    displayName = unquote(value.slice(i, end));
    i = end;
  }
  const open = value.indexOf('<', i);
  if (open < 0) {
    if (displayName !== null) return null;
    const semicolon = value.indexOf(';', i);
    const uri = value.slice(i, semicolon < 0 ? undefined : semicolon).trim();
    if (uri === '' || /[\s"]/.test(uri)) return null;
    return {
      displayName,
      uri,
      params: semicolon < 0 ? noParams : parseParams(value.slice(semicolon)),
      bracketed: false,
    };
  }
  const close = value.indexOf('>', open);
  if (close < 0) return null;
  const between = value.slice(i, open).trim();
  if (displayName !== null ? between !== '' : between.includes('"')) return null;
  if (displayName === null && between !== '') displayName = between;
  const uri = value.slice(open + 1, close).trim();
  if (uri === '') return null;
  const params = close + 1 < value.length ? parseParams(value.slice(close + 1)) : noParams;
  return { displayName, uri, params, bracketed: true };
}

/** One Via value, RFC 3261 §20.42; `host` is an IPv6 literal without its brackets, `transport` in upper case. */
export interface Via {
  readonly transport: string;
  readonly host: string;
  readonly port: number | null;
  readonly branch: string | null;
  readonly params: Params;
}

const SENT_PROTOCOL = /^SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*([A-Za-z0-9.!%*_+`'~-]{1,32})[ \t]+/i;

/** Reads one Via value; null where protocol, host or port break the grammar. */
export function parseVia(value: string): Via | null {
  const protocol = sentProtocol(value);
  if (protocol === null) return null;
  const { transport, end: from } = protocol;
  const semicolon = value.indexOf(';', from);
  const shown = value.slice(from, semicolon < 0 ? undefined : semicolon);
  // TS 24.229 §5.10.4.2: a border that hides its topology writes `token@domain;tokenized-by=domain`.
  const sentBy = value.includes('tokenized-by', from) ? shown.slice(shown.lastIndexOf('@') + 1) : shown;
  let host: string;
  let rest: string;
  if (sentBy.startsWith('[')) {
    const close = sentBy.indexOf(']');
    if (close < 0) return null;
    host = sentBy.slice(1, close);
    rest = sentBy.slice(close + 1).trim();
    if (!isIpv6Literal(host)) return null;
  } else {
    const colon = sentBy.indexOf(':');
    host = (colon < 0 ? sentBy : sentBy.slice(0, colon)).trim();
    rest = colon < 0 ? '' : sentBy.slice(colon).trim();
    if (!/^[A-Za-z0-9_.-]+$/.test(host)) return null;
  }
  let port: number | null = null;
  if (rest !== '') {
    if (!rest.startsWith(':')) return null;
    port = parseDecimal(rest.slice(1).trim(), 65_535);
    if (port === null) return null;
  }
  const params = semicolon < 0 ? noParams : parseParams(value.slice(semicolon));
  return { transport, host, port, branch: params.get('branch') ?? null, params };
}

const usualProtocols = ['UDP', 'TCP', 'TLS'].map((transport) => ({ transport, text: `SIP/2.0/${transport} ` }));

/** Transport of the sent-protocol and the offset behind it. */
function sentProtocol(value: string): { readonly transport: string; readonly end: number } | null {
  for (const { transport, text } of usualProtocols) {
    if (value.startsWith(text) && value.charCodeAt(text.length) > 0x20) return { transport, end: text.length };
  }
  const match = SENT_PROTOCOL.exec(value);
  return match === null ? null : { transport: (match[1] ?? '').toUpperCase(), end: match[0].length };
}

/** Digits only, at most `max`; null otherwise. */
export function parseDecimal(text: string, max = Number.MAX_SAFE_INTEGER): number | null {
  let from = 0;
  while (from < text.length - 1 && text.charCodeAt(from) === 0x30) from += 1;
  if (text.length === 0 || text.length - from > 15) return null;
  let number = 0;
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return null;
    number = 10 * number + digit;
  }
  return number <= max ? number : null;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** RFC 3261 §20.16: a number below 2^31 and a method. */
export function parseCSeq(value: string): CSeq | null {
  const words = splitWords(value, 3);
  const number = parseDecimal(words[0] ?? '', 2 ** 31 - 1);
  const method = words[1];
  if (number === null || method === undefined || words.length !== 2 || !isToken(method)) return null;
  return { number, method };
}

export interface RAck {
  readonly rseq: number;
  readonly cseq: number;
  readonly method: string;
}

/** RFC 3262 §7.2. */
export function parseRAck(value: string): RAck | null {
  const words = splitWords(value, 4);
  const rseq = parseDecimal(words[0] ?? '', 2 ** 32 - 1);
  const cseq = parseDecimal(words[1] ?? '', 2 ** 32 - 1);
  const method = words[2];
  if (rseq === null || cseq === null || method === undefined || words.length !== 3 || !isToken(method)) return null;
  return { rseq, cseq, method };
}

function splitWords(value: string, limit: number): readonly string[] {
  return value.trim().split(/[ \t]+/, limit);
}

export interface SessionExpires {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas' | null;
  readonly params: Params;
}

/** RFC 4028 §4; also reads Min-SE (§5). */
export function parseSessionExpires(value: string): SessionExpires | null {
  const { head, params } = headAndParams(value);
  const seconds = parseDecimal(head, 2 ** 32 - 1);
  if (seconds === null) return null;
  const refresher = params.get('refresher')?.toLowerCase() ?? null;
  if (refresher !== null && refresher !== 'uac' && refresher !== 'uas') return null;
  return { seconds, refresher, params };
}

function headAndParams(value: string, raw = false): { readonly head: string; readonly params: Params } {
  const semicolon = value.indexOf(';');
  if (semicolon < 0) return { head: value.trim(), params: noParams };
  return { head: value.slice(0, semicolon).trim(), params: parseParams(value.slice(semicolon), { raw }) };
}

export interface Reason {
  /** As written: `SIP`, `Q.850`, `preemption` … */
  readonly protocol: string;
  readonly cause: number | null;
  readonly text: string | null;
}

/** RFC 3326 §2. */
export function parseReason(value: string): Reason | null {
  const { head, params } = headAndParams(value);
  if (!isToken(head)) return null;
  const cause = params.get('cause');
  return { protocol: head, cause: parseDecimal(cause ?? ''), text: params.get('text') ?? null };
}

/** P-Charging-Vector, RFC 7315 §5.6 and TS 24.229 §7.2A.5: the common values unquoted, all of them raw in `params`. */
export interface ChargingVector {
  readonly icidValue: string | null;
  readonly icidGeneratedAt: string | null;
  readonly origIoi: string | null;
  readonly termIoi: string | null;
  readonly transitIoi: string | null;
  readonly relatedIcid: string | null;
  readonly params: Params;
}

/** Null only where no parameter can be read. */
export function parseChargingVector(value: string): ChargingVector | null {
  const params = parseParams(value, { raw: true });
  if (params.size === 0) return null;
  const read = (name: string) => {
    const raw = params.get(name);
    return raw === undefined || raw === null ? null : unquote(raw);
  };
  return {
    icidValue: read('icid-value'),
    icidGeneratedAt: read('icid-generated-at'),
    origIoi: read('orig-ioi'),
    termIoi: read('term-ioi'),
    transitIoi: read('transit-ioi'),
    relatedIcid: read('related-icid'),
    params,
  };
}

export interface Authentication {
  /** As written: `Digest`. Empty for Authentication-Info, which has none. */
  readonly scheme: string;
  readonly params: Params;
}

/** WWW-Authenticate, Authorization and kin (RFC 3261 §20.7, RFC 7616) and Authentication-Info. */
export function parseAuthentication(value: string): Authentication | null {
  const text = value.trim();
  const match = /^([A-Za-z0-9.!%*_+`'~-]+)[ \t]+(?=[^ \t=])/.exec(text);
  const params = parseParams(match === null ? text : text.slice(match[0].length), { separator: ',' });
  if (params.size === 0) return null;
  return { scheme: match?.[1] ?? '', params };
}

export interface SubscriptionState {
  /** In lower case: `active`, `pending`, `terminated` or an extension. */
  readonly state: string;
  readonly expires: number | null;
  readonly reason: string | null;
  readonly params: Params;
}

/** RFC 6665 §8.2.3. */
export function parseSubscriptionState(value: string): SubscriptionState | null {
  const { head, params } = headAndParams(value);
  if (!isToken(head)) return null;
  const expires = parseDecimal(params.get('expires') ?? '', 2 ** 32 - 1);
  return { state: head.toLowerCase(), expires, reason: params.get('reason') ?? null, params };
}

/** The priv-values in lower case, RFC 3323 §4.2; a comma is read as a separator too. */
export function parsePrivacy(value: string): readonly string[] {
  return value
    .split(/[;,]/)
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}

/** The tokens of a comma list, as written. */
export function parseTokens(value: string): readonly string[] {
  return splitList(value);
}

export interface ContentType {
  /** Type and subtype in lower case. */
  readonly type: string;
  readonly subtype: string;
  readonly params: Params;
}

/** RFC 3261 §20.15; also reads an Accept value. */
export function parseContentType(value: string): ContentType | null {
  const { head, params } = headAndParams(value);
  const slash = head.indexOf('/');
  const type = head.slice(0, Math.max(slash, 0)).trim();
  const subtype = head.slice(slash + 1).trim();
  if (slash < 0 || !isToken(type) || !isToken(subtype)) return null;
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), params };
}

const TOKEN = /^[A-Za-z0-9.!%*_+`'~-]+$/;

/** A token of RFC 3261 §25.1. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
