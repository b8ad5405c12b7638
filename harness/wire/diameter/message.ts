import type { Defect } from '../defect.js';

/** Header flags of a Diameter message, RFC 6733 §3. */
export interface DiameterFlags {
  readonly request: boolean;
  readonly proxiable: boolean;
  readonly error: boolean;
  /** The T bit: potentially retransmitted. */
  readonly retransmitted: boolean;
}

/** Flags of an AVP, RFC 6733 §4.1. */
export interface AvpFlags {
  readonly vendorSpecific: boolean;
  readonly mandatory: boolean;
  readonly protected: boolean;
}

/**
 * The value by the dictionary's type: text for UTF8String, DiameterIdentity, DiameterURI, IPFilterRule and Address (printed);
 * number for 32-bit types, Enumerated and Float32/64; bigint for 64-bit integers; milliseconds since the epoch for Time; octets for OctetString and for
 * everything that the dictionary does not know or that does not decode; null for Grouped (see `avps`).
 */
export type AvpValue = string | number | bigint | Uint8Array | null;

/** One attribute-value pair as it was on the wire. */
export interface Avp {
  readonly code: number;
  /** 0 where the V bit is clear. */
  readonly vendorId: number;
  readonly flags: AvpFlags;
  /** The data without padding. */
  readonly data: Uint8Array;
  /** Name in the dictionary, where it has one. */
  readonly name?: string;
  readonly value: AvpValue;
  /** Members of a Grouped AVP; empty for every other type. */
  readonly avps: readonly Avp[];
  /** Offset of the AVP's first octet in the message. */
  readonly offset: number;
}

/** A Diameter message: the octets, and a view of them. RFC 6733 §3. */
export interface DiameterMessage {
  readonly version: number;
  /** The length that the header says. */
  readonly length: number;
  readonly flags: DiameterFlags;
  readonly commandCode: number;
  readonly applicationId: number;
  readonly hopByHop: number;
  readonly endToEnd: number;
  readonly avps: readonly Avp[];
  /** Exactly what was, or will be, on the wire. */
  readonly octets: Uint8Array;
  readonly defects: readonly Defect[];
}
