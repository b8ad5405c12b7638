import type { Defect } from '../defect.js';

/** What a defect of SIP octets means: the clause it breaks, and whether it breaks it at all. */
export interface SipDefectCode {
  readonly code: string;
  readonly clause: string;
  /** `violation`: the sender breaks the clause; `note`: legal, but so unusual that receivers stumble over it. */
  readonly severity: 'violation' | 'note';
  readonly meaning: string;
}

type Row = readonly [code: string, severity: SipDefectCode['severity'], clause: string, meaning: string];

const rows: readonly Row[] = [
  ['sip-start-line', 'violation', 'RFC 3261 §7', 'the first line is neither a request line nor a status line'],
  [
    'sip-start-line-spacing',
    'violation',
    'RFC 3261 §7.1',
    'the parts of the start line are not separated by single spaces',
  ],
  ['sip-version', 'violation', 'RFC 3261 §7.1', 'the version is not SIP/2.0 in upper case'],
  ['sip-method-token', 'violation', 'RFC 3261 §25.1', 'the method is not a token'],
  ['sip-request-uri', 'violation', 'RFC 3261 §7.1', 'the Request-URI is not a URI'],
  ['sip-request-uri-brackets', 'violation', 'RFC 3261 §7.1', 'the Request-URI stands in angle brackets'],
  ['sip-status-code', 'violation', 'RFC 3261 §7.2', 'the status code is not three digits from 100 to 699'],
  ['sip-leading-crlf', 'note', 'RFC 3261 §7.5', 'empty lines before the start line'],
  ['sip-bare-lf', 'violation', 'RFC 3261 §7', 'a line ends with LF alone'],
  ['sip-bare-cr', 'violation', 'RFC 3261 §25.1', 'a CR that no LF follows'],
  ['sip-folded-line', 'note', 'RFC 3261 §7.3.1', 'a header field is folded over several lines'],
  ['sip-no-empty-line', 'violation', 'RFC 3261 §7', 'no empty line ends the header section'],
  ['sip-headers-too-long', 'violation', 'RFC 3261 §7.3', 'the header section is longer than is read'],
  ['sip-header-without-colon', 'violation', 'RFC 3261 §7.3.1', 'a header line has no colon'],
  ['sip-header-name-token', 'violation', 'RFC 3261 §7.3.1', 'a header name is not a token'],
  ['sip-space-before-colon', 'note', 'RFC 3261 §7.3.1', 'white space between header name and colon'],
  ['sip-control-character', 'violation', 'RFC 3261 §25.1', 'a control character in a header'],
  ['sip-not-utf8', 'violation', 'RFC 3261 §7', 'octets that are not UTF-8 in a header'],
  ['sip-mandatory-header-missing', 'violation', 'RFC 3261 §8.1.1', 'a header that every message carries is missing'],
  ['sip-header-missing', 'violation', 'RFC 3261 §20', 'a header that this kind of message carries is missing'],
  ['sip-duplicate-header', 'violation', 'RFC 3261 §7.3.1', 'a header that may appear once appears again'],
  ['sip-empty-header', 'violation', 'RFC 3261 §25.1', 'a header without the value that its grammar demands'],
  ['sip-header-value', 'violation', 'RFC 3261 §25.1', 'a header value breaks its grammar'],
  ['sip-unbalanced-quote', 'violation', 'RFC 3261 §25.1', 'a quoted string is not closed'],
  ['sip-empty-list-element', 'violation', 'RFC 3261 §25.1', 'a comma list with an empty element'],
  ['sip-empty-parameter', 'violation', 'RFC 3261 §25.1', 'a semicolon without a parameter'],
  ['sip-cseq-method', 'violation', 'RFC 3261 §8.1.1.5', 'the method of CSeq is not that of the request'],
  ['sip-branch-without-cookie', 'violation', 'RFC 3261 §8.1.1.7', 'the branch of the topmost Via lacks z9hG4bK'],
  ['sip-from-tag-missing', 'violation', 'RFC 3261 §8.1.1.3', 'From has no tag'],
  ['sip-to-tag-missing', 'violation', 'RFC 3261 §8.2.6.2', 'To of a response other than 100 has no tag'],
  ['sip-max-forwards', 'violation', 'RFC 3261 §20.22', 'Max-Forwards is not a number from 0 to 255'],
  ['sip-content-length-missing', 'violation', 'RFC 3261 §20.14', 'no (single, readable) Content-Length on a stream'],
  ['sip-content-length', 'violation', 'RFC 3261 §20.14', 'Content-Length is not a number'],
  ['sip-content-length-too-large', 'violation', 'RFC 3261 §18.3', 'Content-Length is larger than the body'],
  ['sip-content-length-too-small', 'note', 'RFC 3261 §18.3', 'octets beyond Content-Length, which are discarded'],
  ['sip-content-type-missing', 'violation', 'RFC 3261 §20.15', 'a body without Content-Type'],
  ['sip-multipart-boundary', 'violation', 'RFC 2046 §5.1.1', 'a multipart type without a usable boundary'],
  ['sip-multipart-not-closed', 'violation', 'RFC 2046 §5.1.1', 'the closing delimiter of a multipart body is missing'],
  ['sip-multipart-too-many', 'violation', 'RFC 2046 §5.1', 'more parts than are read'],
  ['sip-stream-lost', 'violation', 'RFC 3261 §18.3', 'octets behind a message boundary that was lost'],
  ['sip-stream-truncated', 'violation', 'RFC 3261 §18.3', 'the stream ended inside a message'],
  ['sip-message-too-long', 'violation', 'RFC 3261 §18.3', 'a message longer than is read'],
];

/** Every code that this codec gives. */
export const sipDefectCodes: ReadonlyMap<string, SipDefectCode> = new Map(
  rows.map(([code, severity, clause, meaning]) => [code, { code, severity, clause, meaning }]),
);

/** A defect of the table; `clause` where the octets break a more particular one (the header's own). */
export function sipDefect(code: string, offset: number, text: string, clause?: string): Defect {
  return { code, offset, text, clause: clause ?? sipDefectCodes.get(code)?.clause ?? 'RFC 3261 §7' };
}
