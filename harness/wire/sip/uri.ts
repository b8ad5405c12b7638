import { isIpv6Literal } from './ip-literal.js';
import { formatParams, noParams, type Params, parseParams } from './params.js';

/** A SIP or SIPS URI, RFC 3261 §19.1. Parts stand as written (escapes kept); `host` is an IPv6 literal without its brackets. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly text: string;
  readonly user: string | null;
  /** The user part before its first `;`: the telephone number of a `user=phone` URI. */
  readonly number: string | null;
  /** Parameters inside the user part (those of the telephone-subscriber). */
  readonly userParams: Params;
  readonly password: string | null;
  readonly host: string;
  readonly port: number | null;
  readonly params: Params;
  readonly headers: Params;
}

/** A tel URI, RFC 3966; `number` keeps `+` and visual separators. */
export interface TelUri {
  readonly scheme: 'tel';
  readonly text: string;
  readonly number: string;
  readonly global: boolean;
  readonly params: Params;
}

/** A URN, RFC 8141; `nid` in lower case. */
export interface UrnUri {
  readonly scheme: 'urn';
  readonly text: string;
  readonly nid: string;
  readonly nss: string;
}

/** An absolute URI of another scheme, not looked into. */
export interface OtherUri {
  readonly scheme: 'other';
  readonly text: string;
  /** The scheme as written, in lower case. */
  readonly name: string;
}

export type Uri = SipUri | TelUri | UrnUri | OtherUri;

const MAX_URI = 65_536;
const NOT_URI = /[\p{Cc} "<>\\^`{}]/u;
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/;
const TEL_GLOBAL = /^\+[0-9().-]+$/;
const TEL_LOCAL = /^[0-9A-Fa-f*#().-]+$/;

/** Reads an absolute URI; null where it breaks its scheme's grammar. */
export function parseUri(text: string): Uri | null {
  const colon = text.indexOf(':');
  if (colon <= 0 || text.length > MAX_URI || NOT_URI.test(text)) return null;
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(text, scheme, colon + 1);
  if (scheme === 'tel') return parseTelUri(text);
  if (scheme === 'urn') {
    const nidEnd = text.indexOf(':', colon + 1);
    const nid = text.slice(colon + 1, nidEnd);
    if (nidEnd < 0 || !/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/.test(nid) || nidEnd + 1 >= text.length) return null;
    return { scheme: 'urn', text, nid: nid.toLowerCase(), nss: text.slice(nidEnd + 1) };
  }
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme) || colon + 1 >= text.length) return null;
  return { scheme: 'other', text, name: scheme };
}

function parseSipUri(text: string, scheme: 'sip' | 'sips', from: number): SipUri | null {
  const at = text.indexOf('@', from);
  let user: string | null = null;
  let password: string | null = null;
  let hostFrom = from;
  if (at >= 0) {
    const userInfo = text.slice(from, at);
    const colon = userInfo.indexOf(':');
    user = colon < 0 ? userInfo : userInfo.slice(0, colon);
    password = colon < 0 ? null : userInfo.slice(colon + 1);
    if (user === '' || badEscape(userInfo)) return null;
    hostFrom = at + 1;
  }
  let hostEnd: number;
  let host: string;
  if (text.charCodeAt(hostFrom) === 0x5b) {
    const close = text.indexOf(']', hostFrom);
    if (close < 0) return null;
    host = text.slice(hostFrom + 1, close);
    hostEnd = close + 1;
    if (!isIpv6Literal(host)) return null;
  } else {
    hostEnd = hostFrom;
    for (; hostEnd < text.length; hostEnd++) {
      const c = text.charCodeAt(hostEnd);
      if (c === 0x3a || c === 0x3b || c === 0x3f) break;
    }
    host = text.slice(hostFrom, hostEnd);
    if (!HOST_NAME.test(host)) return null;
  }
  let port: number | null = null;
  let i = hostEnd;
  if (text.charCodeAt(i) === 0x3a) {
    let portEnd = i + 1;
    while (portEnd < text.length && text.charCodeAt(portEnd) >= 0x30 && text.charCodeAt(portEnd) <= 0x39) portEnd += 1;
    port = portEnd === i + 1 || portEnd > i + 10 ? -1 : Number(text.slice(i + 1, portEnd));
    if (port < 0 || port > 65_535) return null;
    i = portEnd;
  }
  const query = text.indexOf('?', i);
  const paramsEnd = query < 0 ? text.length : query;
  if (i < paramsEnd && text.charCodeAt(i) !== 0x3b) return null;
  const semicolon = user === null ? -1 : user.indexOf(';');
  return {
    scheme,
    text,
    user,
    number: user === null || semicolon < 0 ? user : user.slice(0, semicolon),
    userParams: user === null || semicolon < 0 ? noParams : parseParams(user.slice(semicolon), { raw: true }),
    password,
    host,
    port,
    params: i < paramsEnd ? parseParams(text.slice(i, paramsEnd), { raw: true }) : noParams,
    headers: query < 0 ? noParams : parseParams(text.slice(query + 1), { raw: true, separator: '&' }),
  };
}

function badEscape(text: string): boolean {
  return text.indexOf('%') >= 0 && /%(?![0-9A-Fa-f]{2})/.test(text);
}

function parseTelUri(text: string): TelUri | null {
  const semicolon = text.indexOf(';');
  const number = text.slice(4, semicolon < 0 ? undefined : semicolon);
  const global = number.startsWith('+');
  if (!(global ? TEL_GLOBAL : TEL_LOCAL).test(number) || plainNumber(number).length < (global ? 2 : 1)) return null;
  const params = semicolon < 0 ? noParams : parseParams(text.slice(semicolon), { raw: true });
  return { scheme: 'tel', text, number, global, params };
}

/** The number without visual separators (RFC 3966 §3). */
export function plainNumber(number: string): string {
  return number.replace(/[().-]/g, '');
}

/** The parts that `formatSipUri` writes; `user` is written as it stands. */
export interface SipUriParts {
  readonly scheme?: 'sip' | 'sips';
  readonly user?: string | null;
  readonly password?: string | null;
  readonly host: string;
  readonly port?: number | null;
  readonly params?: Params | Readonly<Record<string, string | null>>;
  readonly headers?: Params | Readonly<Record<string, string | null>>;
}

function asParams(params: Params | Readonly<Record<string, string | null>> | undefined): Params {
  if (params === undefined) return noParams;
  return params instanceof Map ? params : new Map(Object.entries(params as Readonly<Record<string, string | null>>));
}

/** Writes a SIP URI without angle brackets. */
export function formatSipUri(parts: SipUriParts): string {
  const { scheme = 'sip', user = null, password = null, host, port = null } = parts;
  const userInfo = user === null ? '' : password === null ? `${user}@` : `${user}:${password}@`;
  const hostText = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const headers = [...asParams(parts.headers)].map(([name, value]) => `${name}=${value ?? ''}`).join('&');
  const params = formatParams(asParams(parts.params));
  return `${scheme}:${userInfo}${hostText}${port === null ? '' : `:${port}`}${params}${headers === '' ? '' : `?${headers}`}`;
}

/** Characters that compare equal escaped and unescaped: all but the reserved set, RFC 3261 §19.1.4. */
function normaliseEscapes(text: string): string {
  if (text.indexOf('%') < 0) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (written, hex: string) => {
    const c = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-_.!~*'()]/.test(c) ? c : written.toUpperCase();
  });
}

/** Parameters that never match when only one of the URIs has them, RFC 3261 §19.1.4. */
const decisiveParams = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** URI equality: RFC 3261 §19.1.4 for SIP, RFC 3966 §4 for tel, RFC 8141 §3.1 for urn; other schemes octet by octet. */
export function sameUri(a: Uri | string, b: Uri | string): boolean {
  const left = typeof a === 'string' ? parseUri(a) : a;
  const right = typeof b === 'string' ? parseUri(b) : b;
  if (left === null || right === null) return false;
  if (left.scheme === 'tel' && right.scheme === 'tel') {
    return (
      plainNumber(left.number).toLowerCase() === plainNumber(right.number).toLowerCase() &&
      sameParams(left.params, right.params)
    );
  }
  if (left.scheme === 'urn' && right.scheme === 'urn') return left.nid === right.nid && left.nss === right.nss;
  if (left.scheme === 'other' && right.scheme === 'other') return left.text === right.text;
  if ((left.scheme === 'sip' || left.scheme === 'sips') && left.scheme === right.scheme) return sameSip(left, right);
  return false;
}

function sameSip(a: SipUri, b: SipUri): boolean {
  const part = (text: string | null) => (text === null ? null : normaliseEscapes(text));
  if (part(a.user) !== part(b.user) || part(a.password) !== part(b.password)) return false;
  if (a.host.toLowerCase() !== b.host.toLowerCase() || a.port !== b.port) return false;
  for (const [name, value] of a.params) {
    if (b.params.has(name) ? !sameValue(value, b.params.get(name) ?? null) : decisiveParams.includes(name))
      return false;
  }
  if (decisiveParams.some((name) => b.params.has(name) && !a.params.has(name))) return false;
  return sameParams(a.headers, b.headers);
}

function sameParams(a: Params, b: Params): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) if (!b.has(name) || !sameValue(value, b.get(name) ?? null)) return false;
  return true;
}

function sameValue(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return a === b;
  return normaliseEscapes(a).toLowerCase() === normaliseEscapes(b).toLowerCase();
}
