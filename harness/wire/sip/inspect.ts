import { isUtf8 } from 'node:buffer';
import type { Defect } from '../defect.js';
import { sipDefect } from './defect-codes.js';
import { freeText, headerGrammars } from './grammar.js';
import { isToken, parseCSeq, parseDecimal, parseNameAddr, parseVia } from './headers.js';
import { type LineIndex, NOT_ASCII } from './line-index.js';
import { endOfQuoted, findEmptiness, splitList } from './list-value.js';
import type { HeaderField, SipMessage } from './message.js';
import { knownHeader } from './names.js';
import { readStartLine } from './start-line.js';
import { parseUri } from './uri.js';

/** A hostile message has a defect a line; more than this are not told. */
const MAX_DEFECTS = 200;

type Add = (code: string, offset: number, text: string, clause?: string) => void;

/** Everything that is wrong with the octets of a message by itself (not with its place in a call). */
export function inspect(message: SipMessage, lines: LineIndex): readonly Defect[] {
  const defects: Defect[] = [];
  const add: Add = (code, offset, text, clause) => {
    if (defects.length < MAX_DEFECTS) defects.push(sipDefect(code, offset, text, clause));
  };
  inspectStartLine(message, lines, add);
  if (message.kind === 'request' && message.method === '') return defects;
  inspectLineEnds(lines, add);
  for (const field of message.headers) inspectLine(field, lines, add, () => defects.length);
  inspectRepetition(message, add);
  inspectPresence(message, lines, add);
  inspectTransaction(message, add);
  inspectBody(message, lines, add);
  return defects;
}

/** Seen text for a sentence: short, and without controls. */
function show(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, ' ');
  return plain.length > 80 ? `"${plain.slice(0, 77)}…"` : `"${plain}"`;
}

function inspectStartLine(message: SipMessage, lines: LineIndex, add: Add): void {
  const { text, startLineFrom: at, startLineTo } = lines;
  if (at > 0) add('sip-leading-crlf', 0, `${at} octets of line ends before the start line`);
  const start = readStartLine(text, at, startLineTo);
  const line = show(text.slice(at, startLineTo));
  if (start.kind === 'unreadable') {
    add('sip-start-line', at, `a request line or status line is required, seen ${line}`);
    return;
  }
  if (start.version !== 'SIP/2.0') add('sip-version', at, `SIP/2.0 is required, seen ${show(start.version)}`);
  if (!start.tidy) add('sip-start-line-spacing', at, `single spaces between the parts are required, seen ${line}`);
  if (message.kind === 'response') {
    if (message.status < 100 || message.status > 699) {
      add('sip-status-code', at, `a status code from 100 to 699 is required, seen ${message.status}`, 'RFC 3261 §7.2');
    }
    return;
  }
  if (!isToken(message.method)) add('sip-method-token', at, `the method must be a token, seen ${show(message.method)}`);
  const uriAt = at + message.method.length + 1;
  if (/^<.*>$/.test(message.requestUri)) {
    add('sip-request-uri-brackets', uriAt, `a bare URI is required, seen ${show(message.requestUri)}`);
  } else if (parseUri(message.requestUri) === null) {
    add('sip-request-uri', uriAt, `a URI is required, seen ${show(message.requestUri)}`);
  }
}

function inspectLineEnds(lines: LineIndex, add: Add): void {
  const { text, bodyStart } = lines;
  const headers = Math.min(bodyStart, text.length);
  for (let at = text.indexOf('\n', lines.startLineFrom); at >= 0 && at < headers; at = text.indexOf('\n', at + 1)) {
    if (text.charCodeAt(at - 1) === 0x0d) continue;
    add('sip-bare-lf', at, 'lines must end with CRLF, seen LF alone');
    break;
  }
  for (let at = text.indexOf('\r', lines.startLineFrom); at >= 0 && at < headers; at = text.indexOf('\r', at + 1)) {
    if (text.charCodeAt(at + 1) === 0x0a) continue;
    add('sip-bare-cr', at, 'CR must be followed by LF');
    break;
  }
  if (lines.complete) return;
  if (lines.octets.length > text.length)
    add('sip-headers-too-long', text.length, `more than ${text.length} octets of headers`);
  else add('sip-no-empty-line', text.length, 'an empty line must end the header section, seen the end of the octets');
}

/** A control character that no backslash makes a quoted pair; octets beyond ASCII are a matter of UTF-8. */
const CONTROL = /(?<!\\)(?![\t\r\n\x80-\x9f])\p{Cc}/u;

/**
 * Lines in which nothing was wrong. Most lines of a trace (Contact, Allow, Route …) are there many times, and what is wrong with a
 * line depends on nothing but the line. Bounded, and only of short messages, as a line keeps the text of its message alive.
 */
const cleanLines = new Set<string>();
const MAX_CLEAN_LINES = 4096;
const SHORT_MESSAGE = 4096;

function inspectLine(field: HeaderField, lines: LineIndex, add: Add, told: () => number): void {
  const raw = lines.text.slice(field.start, field.end);
  if (cleanLines.has(raw)) return;
  const before = told();
  inspectField(field, raw, lines, add);
  if (told() > before || before >= MAX_DEFECTS || lines.text.length > SHORT_MESSAGE) return;
  if (cleanLines.size >= MAX_CLEAN_LINES) cleanLines.clear();
  cleanLines.add(raw);
}

function inspectField(field: HeaderField, raw: string, lines: LineIndex, add: Add): void {
  const { start, end, canonical, value } = field;
  const colon = raw.indexOf(':');
  if (colon < 0) {
    add('sip-header-without-colon', start, `"name: value" is required, seen ${show(field.name)}`);
    return;
  }
  if (!isToken(field.name))
    add('sip-header-name-token', start, `a header name must be a token, seen ${show(field.name)}`);
  if (colon > field.name.length)
    add('sip-space-before-colon', start + field.name.length, `white space behind ${field.name}`);
  const folded = raw.search(/\n[ \t]/);
  if (folded >= 0) add('sip-folded-line', start + folded + 1, `${canonical} is folded`);
  const control = raw.search(CONTROL);
  if (control >= 0) add('sip-control-character', start + control, `a control character in ${canonical}`);
  if (NOT_ASCII.test(raw) && !isUtf8(lines.octets.subarray(start, end))) {
    add('sip-not-utf8', start + raw.search(NOT_ASCII), `${canonical} must be UTF-8`);
  }
  if (!freeText.has(canonical) && hasOpenQuote(value)) {
    add('sip-unbalanced-quote', start, `a quoted string in ${canonical} is not closed`);
    return;
  }
  inspectValue(field, add);
}

function hasOpenQuote(value: string): boolean {
  for (let at = value.indexOf('"'); at >= 0; ) {
    const end = endOfQuoted(value, at);
    if (end - at < 2 || value.charCodeAt(end - 1) !== 0x22 || isEscaped(value, at, end - 1)) return true;
    at = value.indexOf('"', end);
  }
  return false;
}

/** Is the quote at `at` the second half of a quoted pair of the string that starts at `from`? */
function isEscaped(value: string, from: number, at: number): boolean {
  let backslashes = 0;
  while (at - 1 - backslashes > from && value.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}

function inspectValue(field: HeaderField, add: Add): void {
  const { canonical, value, start } = field;
  const grammar = headerGrammars.get(canonical);
  const known = knownHeader(canonical);
  if (grammar === undefined || known === undefined) return;
  if (value === '') {
    if (grammar.mayBeEmpty !== true)
      add('sip-empty-header', start, `${canonical} must be ${grammar.expects}, seen nothing`, known.clause);
    return;
  }
  const list = known.shape === 'list';
  const elements = list ? splitList(value) : [value];
  const empty = findEmptiness(value, list);
  if (empty.element) add('sip-empty-list-element', start, `an empty element in ${canonical}`);
  if (empty.parameter) add('sip-empty-parameter', start, `an empty parameter in ${canonical}`);
  const wrong = elements.find((element) => !grammar.accepts(element));
  if (wrong === undefined) return;
  add('sip-header-value', start, `${canonical} must be ${grammar.expects}, seen ${show(wrong)}`, known.clause);
}

function inspectRepetition(message: SipMessage, add: Add): void {
  const seen = new Set<string>();
  for (const field of message.headers) {
    const known = knownHeader(field.canonical);
    if (known?.shape !== 'single') continue;
    if (seen.has(known.name)) add('sip-duplicate-header', field.start, `one ${known.name} is allowed, seen another`);
    seen.add(known.name);
  }
}

const everyMessage = [
  ['Via', 'RFC 3261 §8.1.1.7'],
  ['From', 'RFC 3261 §8.1.1.3'],
  ['To', 'RFC 3261 §8.1.1.2'],
  ['Call-ID', 'RFC 3261 §8.1.1.4'],
  ['CSeq', 'RFC 3261 §8.1.1.5'],
] as const;

/** Headers that a method's requests cannot do without. */
const methodHeaders: readonly (readonly [method: string, header: string, clause: string])[] = [
  ['INVITE', 'Contact', 'RFC 3261 §8.1.1.8'],
  ['SUBSCRIBE', 'Contact', 'RFC 6665 §4.1.2.1'],
  ['SUBSCRIBE', 'Event', 'RFC 6665 §4.1.2.1'],
  ['NOTIFY', 'Event', 'RFC 6665 §4.2.2'],
  ['NOTIFY', 'Subscription-State', 'RFC 6665 §4.2.2'],
  ['REFER', 'Refer-To', 'RFC 3515 §2.4.1'],
  ['PRACK', 'RAck', 'RFC 3262 §7.2'],
  ['PUBLISH', 'Event', 'RFC 3903 §4.1'],
];

function inspectPresence(message: SipMessage, lines: LineIndex, add: Add): void {
  const at = lines.startLineFrom;
  for (const [name, clause] of everyMessage) {
    if (!message.has(name)) add('sip-mandatory-header-missing', at, `${name} is required, seen none`, clause);
  }
  if (message.kind !== 'request') return;
  if (!message.has('Max-Forwards')) {
    add('sip-mandatory-header-missing', at, 'Max-Forwards is required, seen none', 'RFC 3261 §8.1.1.6');
  }
  for (const [method, name, clause] of methodHeaders) {
    if (message.method === method && !message.has(name)) {
      add('sip-header-missing', at, `${name} is required in ${method}, seen none`, clause);
    }
  }
}

function inspectTransaction(message: SipMessage, add: Add): void {
  const offset = (name: string) => message.fields(name)[0]?.start ?? 0;
  const cseq = parseCSeq(message.get('CSeq') ?? '');
  if (message.kind === 'request' && cseq !== null && cseq.method !== message.method) {
    add('sip-cseq-method', offset('CSeq'), `CSeq must name ${show(message.method)}, seen ${show(cseq.method)}`);
  }
  const via = parseVia(message.get('Via') ?? '');
  if (message.kind === 'request' && via !== null && !/^z9hG4bK./i.test(via.branch ?? '')) {
    add(
      'sip-branch-without-cookie',
      offset('Via'),
      `a branch of z9hG4bK and an identifier is required, seen ${show(via.branch ?? '')}`,
    );
  }
  const from = parseNameAddr(message.get('From') ?? '');
  if (from !== null && !from.params.has('tag'))
    add('sip-from-tag-missing', offset('From'), 'From must have a tag, seen none');
  const to = parseNameAddr(message.get('To') ?? '');
  if (message.kind === 'response' && message.status > 100 && to !== null && !to.params.has('tag')) {
    add('sip-to-tag-missing', offset('To'), `To must have a tag in a ${message.status}, seen none`);
  }
  const maxForwards = message.get('Max-Forwards');
  if (maxForwards !== undefined && parseDecimal(maxForwards, 255) === null) {
    add('sip-max-forwards', offset('Max-Forwards'), `a number from 0 to 255 is required, seen ${show(maxForwards)}`);
  }
}

function inspectBody(message: SipMessage, lines: LineIndex, add: Add): void {
  const present = lines.octets.length - lines.bodyStart;
  const written = message.get('Content-Length');
  const at = message.fields('Content-Length')[0]?.start ?? lines.bodyStart;
  if (written !== undefined) {
    const length = parseDecimal(written);
    if (length === null) add('sip-content-length', at, `Content-Length must be a number, seen ${show(written)}`);
    else if (length > present)
      add('sip-content-length-too-large', at, `Content-Length is ${length}, seen a body of ${present}`);
    else if (length < present)
      add('sip-content-length-too-small', at, `Content-Length is ${length}, seen ${present} octets`);
  }
  if (message.body.length > 0 && !message.has('Content-Type')) {
    add('sip-content-type-missing', lines.bodyStart, 'a body needs a Content-Type, seen none');
  }
}
