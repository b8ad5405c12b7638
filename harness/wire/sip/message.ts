import type { Defect } from '../defect.js';

/** One header field line as it was on the wire, folded continuation lines included. */
export interface HeaderField {
  /** The name in the octets: case and compact form kept. */
  readonly name: string;
  /** The long form in its registered case, for example `Via` for `v`; an unknown name keeps its own case. */
  readonly canonical: string;
  /** The value, unfolded (RFC 3261 §7.3.1) and without surrounding white space. */
  readonly value: string;
  /** Octet offsets of the field in the message: first octet of the name, and just behind the last line's CRLF. */
  readonly start: number;
  readonly end: number;
  /** 1-based line in the message on which the field starts. */
  readonly line: number;
}

interface SipMessageBase {
  /** Exactly what was, or will be, on the wire. */
  readonly octets: Uint8Array;
  readonly headers: readonly HeaderField[];
  /** The octets behind the empty line, cut at Content-Length where the transport says so. */
  readonly body: Uint8Array;
  readonly defects: readonly Defect[];
  /** The first value of a header (any case, long or compact name), comma lists split where the grammar is a list. */
  get(name: string): string | undefined;
  /** Every value in order; a comma list counts as several values where the grammar is a list (never for Authorization and its kin). */
  all(name: string): readonly string[];
  has(name: string): boolean;
  /** The lines of a header, unsplit. */
  fields(name: string): readonly HeaderField[];
}

export interface SipRequest extends SipMessageBase {
  readonly kind: 'request';
  readonly method: string;
  readonly requestUri: string;
}

export interface SipResponse extends SipMessageBase {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

/** A SIP message: the octets, and a read-only view of them that keeps order, case, compact forms and folding. RFC 3261 §7. */
export type SipMessage = SipRequest | SipResponse;
