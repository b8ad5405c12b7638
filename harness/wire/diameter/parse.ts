import type { Defect } from '../defect.js';
import { decodeAvpValue } from './avp-value.js';
import { type AvpDefinition, avpByCode, commandOf } from './dictionary.js';
import type { Avp, AvpFlags, AvpValue, DiameterFlags, DiameterMessage } from './message.js';

export const HEADER_LENGTH = 20;
/** Grouped AVPs deeper than this are left undecoded: no 3GPP command nests deeper than six. */
const MAX_DEPTH = 16;
/** AVPs of one message, groups included: a message of 16 MiB could hold two million. */
const MAX_AVPS = 20_000;
/** Defects of one message that are told one by one. */
const MAX_DEFECTS = 200;

/**
 * Reads one Diameter message. Never throws: what is wrong becomes a defect, and everything that could be read is in the
 * result. `octets` should be one message as framed; RFC 6733 §3 and §4.
 */
export function parseDiameter(octets: Uint8Array): DiameterMessage {
  const defects: Defect[] = [];
  const reader = new Reader(octets, defects);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const at32 = (offset: number): number => (octets.length >= offset + 4 ? view.getUint32(offset) : 0);
  const version = octets[0] ?? 0;
  const length = at32(0) & 0xff_ffff;
  const flagOctet = octets[4] ?? 0;
  if (octets.length < HEADER_LENGTH) {
    reader.defect('diameter-truncated', 0, `the header has 20 octets, here are ${octets.length}`, 'RFC 6733 §3');
  } else {
    checkHeader(reader, octets, version, length, flagOctet);
  }
  const end = length >= HEADER_LENGTH ? Math.min(length, octets.length) : octets.length;
  return {
    version,
    length,
    flags: readFlags(flagOctet),
    commandCode: at32(4) & 0xff_ffff,
    applicationId: at32(8),
    hopByHop: at32(12),
    endToEnd: at32(16),
    avps: octets.length > HEADER_LENGTH ? reader.avps(HEADER_LENGTH, end, 0) : [],
    octets,
    defects,
  };
}

/**
 * Cheap test for captures and streams: version 1, a whole header, a length in multiples of four that fits 64 KiB or the octets,
 * reserved flag bits clear, and a first AVP that begins like one.
 */
export function looksLikeDiameter(octets: Uint8Array): boolean {
  if (octets.length < HEADER_LENGTH || octets[0] !== 1) return false;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const length = view.getUint32(0) & 0xff_ffff;
  const flags = octets[4] ?? 0;
  if (length < HEADER_LENGTH || length % 4 !== 0 || length > Math.max(65_536, octets.length)) return false;
  if ((flags & 0x0f) !== 0 || ((flags & 0x80) !== 0 && (flags & 0x20) !== 0)) return false;
  const code = view.getUint32(4) & 0xff_ffff;
  if (code === 0) return false;
  if (length === HEADER_LENGTH) return commandOf(code, (flags & 0x80) !== 0, view.getUint32(8)) !== undefined;
  if (octets.length < HEADER_LENGTH + 8) return true;
  const avpLength = view.getUint32(HEADER_LENGTH + 4) & 0xff_ffff;
  const avpFlags = octets[HEADER_LENGTH + 4] ?? 0;
  return (avpFlags & 0x1f) === 0 && avpLength >= 8 && HEADER_LENGTH + avpLength <= length;
}

function readFlags(octet: number): DiameterFlags {
  return {
    request: (octet & 0x80) !== 0,
    proxiable: (octet & 0x40) !== 0,
    error: (octet & 0x20) !== 0,
    retransmitted: (octet & 0x10) !== 0,
  };
}

function checkHeader(reader: Reader, octets: Uint8Array, version: number, length: number, flags: number): void {
  const clause = 'RFC 6733 §3';
  if (version !== 1) reader.defect('diameter-version', 0, `the version is 1, here ${version}`, clause);
  if (length !== octets.length || length % 4 !== 0) {
    reader.defect(
      'diameter-message-length',
      1,
      `Message Length counts the octets and is a multiple of 4: it says ${length}, there are ${octets.length}`,
      clause,
    );
  }
  if ((flags & 0x0f) !== 0) {
    reader.defect('diameter-reserved-flags', 4, 'the reserved command flags are zero, here they are not', clause);
  }
  if ((flags & 0xa0) === 0xa0) {
    reader.defect('diameter-error-bit-in-request', 4, 'a request never has the E bit, this one has', clause);
  }
  if ((flags & 0x90) === 0x10) {
    reader.defect('diameter-retransmit-bit-in-answer', 4, 'an answer never has the T bit, this one has', clause);
  }
}

/** Walks AVPs with the limits of one message. */
class Reader {
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #defects: Defect[];
  #count = 0;

  constructor(octets: Uint8Array, defects: Defect[]) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    this.#defects = defects;
  }

  defect(code: string, offset: number, text: string, clause: string): void {
    if (this.#defects.length < MAX_DEFECTS) this.#defects.push({ code, offset, text, clause });
  }

  /** The AVPs between two offsets of the message. */
  avps(start: number, end: number, depth: number): readonly Avp[] {
    const avps: Avp[] = [];
    let offset = start;
    while (offset < end) {
      if (this.#count >= MAX_AVPS) {
        this.defect('diameter-too-many-avps', offset, `more than ${MAX_AVPS} AVPs in one message`, 'RFC 6733 §4');
        break;
      }
      const next = this.#avp(offset, end, depth, avps);
      if (next === null) break;
      offset = next;
    }
    return avps;
  }

  /** Reads one AVP into `into`; the offset behind its padding, or null where the rest cannot be read. */
  #avp(offset: number, end: number, depth: number, into: Avp[]): number | null {
    if (end - offset < 8) {
      this.defect(
        'diameter-avp-truncated',
        offset,
        `${end - offset} octets are left, too few for an AVP`,
        'RFC 6733 §4.1',
      );
      return null;
    }
    const code = this.#view.getUint32(offset);
    const flagOctet = this.#octets[offset + 4] ?? 0;
    const length = this.#view.getUint32(offset + 4) & 0xff_ffff;
    const vendorSpecific = (flagOctet & 0x80) !== 0;
    const headerLength = vendorSpecific ? 12 : 8;
    if (length < headerLength || offset + length > end) {
      this.defect(
        'diameter-avp-length',
        offset + 5,
        `AVP ${code} says a length of ${length}; between ${headerLength} and ${end - offset} is possible here`,
        'RFC 6733 §4.1',
      );
      return null;
    }
    this.#count += 1;
    const vendorId = vendorSpecific ? this.#view.getUint32(offset + 8) : 0;
    const definition = avpByCode(code, vendorId);
    const flags = { vendorSpecific, mandatory: (flagOctet & 0x40) !== 0, protected: (flagOctet & 0x20) !== 0 };
    this.#checkFlags(offset, code, vendorId, flagOctet, flags, definition);
    const data = this.#octets.subarray(offset + headerLength, offset + length);
    const members =
      definition?.type === 'Grouped' ? this.#members(offset + headerLength, offset + length, depth, definition) : [];
    const value = this.#value(offset + headerLength, data, definition);
    into.push(
      definition === undefined
        ? { code, vendorId, flags, data, value, avps: members, offset }
        : { code, vendorId, flags, data, name: definition.name, value, avps: members, offset },
    );
    return this.#behindPadding(offset + length, end);
  }

  #members(start: number, end: number, depth: number, definition: AvpDefinition): readonly Avp[] {
    if (depth < MAX_DEPTH) return this.avps(start, end, depth + 1);
    this.defect('diameter-too-deep', start, `${definition.name} is nested deeper than ${MAX_DEPTH}`, 'RFC 6733 §4.4');
    return [];
  }

  #value(offset: number, data: Uint8Array, definition: AvpDefinition | undefined): AvpValue {
    if (definition === undefined) return data;
    const { value, problem } = decodeAvpValue(definition.type, data);
    if (problem !== undefined) {
      this.defect('diameter-avp-value', offset, `${definition.name}: ${problem}`, 'RFC 6733 §4.2');
    }
    return value;
  }

  #checkFlags(
    offset: number,
    code: number,
    vendorId: number,
    flagOctet: number,
    flags: AvpFlags,
    definition: AvpDefinition | undefined,
  ): void {
    if ((flagOctet & 0x1f) !== 0) {
      this.defect(
        'diameter-avp-reserved-flags',
        offset + 4,
        `AVP ${code}: the reserved bits are not zero`,
        'RFC 6733 §4.1',
      );
    }
    if (flags.vendorSpecific && vendorId === 0) {
      this.defect('diameter-vendor-zero', offset + 8, `AVP ${code} has the V bit and Vendor-ID 0`, 'RFC 6733 §4.1.1');
    }
    if (definition === undefined && flags.mandatory) {
      this.defect(
        'diameter-unknown-mandatory-avp',
        offset,
        `AVP ${code} of vendor ${vendorId} is not in the dictionary and has the M bit`,
        'RFC 6733 §4.1',
      );
    }
  }

  /** Padding is part of the message, not of the AVP; the last AVP's padding may be missing in a truncated message. */
  #behindPadding(offset: number, end: number): number {
    const padded = offset + ((4 - (offset % 4)) % 4);
    if (padded > end) {
      if (padded > this.#octets.length) {
        this.defect('diameter-padding-missing', offset, 'an AVP is padded to a multiple of four octets', 'RFC 6733 §4');
      }
      return end;
    }
    for (let index = offset; index < padded; index += 1) {
      if (this.#octets[index] === 0) continue;
      this.defect('diameter-padding', index, 'padding octets are zero, here they are not', 'RFC 6733 §4');
      break;
    }
    return padded;
  }
}
