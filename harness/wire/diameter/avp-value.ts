import type { AvpDefinition, AvpType } from './dictionary.js';
import { enumeratedValue } from './dictionary.js';
import type { AvpValue } from './message.js';

/** Seconds from 1900-01-01 (NTP) to 1970-01-01, RFC 6733 §4.3.1 (Time). */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;

type NumberType = Exclude<
  AvpType,
  | 'OctetString'
  | 'Grouped'
  | 'Address'
  | 'UTF8String'
  | 'DiameterIdentity'
  | 'DiameterURI'
  | 'IPFilterRule'
  | 'QoSFilterRule'
>;

/** Octets that the type always has. RFC 6733 §4.2, §4.3. */
const FIXED_LENGTH: Partial<Record<AvpType, number>> = {
  Integer32: 4,
  Integer64: 8,
  Unsigned32: 4,
  Unsigned64: 8,
  Float32: 4,
  Float64: 8,
  Enumerated: 4,
  Time: 4,
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What was read, and what is wrong with the data where something is. */
export interface DecodedValue {
  readonly value: AvpValue;
  readonly problem?: string;
}

/** Reads the data of an AVP by its type; what does not decode stays octets, with the problem told. */
export function decodeAvpValue(type: AvpType, data: Uint8Array): DecodedValue {
  const fixed = FIXED_LENGTH[type];
  if (fixed !== undefined && data.length !== fixed) {
    return { value: data, problem: `${type} is ${fixed} octets long, here ${data.length}` };
  }
  switch (type) {
    case 'OctetString':
      return { value: data };
    case 'Grouped':
      return { value: null };
    case 'Address':
      return decodeAddress(data);
    case 'UTF8String':
    case 'DiameterIdentity':
    case 'DiameterURI':
    case 'IPFilterRule':
    case 'QoSFilterRule':
      return decodeText(type, data);
    default:
      return decodeNumber(type, new DataView(data.buffer, data.byteOffset, data.byteLength));
  }
}

/** The data has the length of the type. */
function decodeNumber(type: NumberType, view: DataView): DecodedValue {
  switch (type) {
    case 'Unsigned32':
      return { value: view.getUint32(0) };
    case 'Integer32':
      return { value: view.getInt32(0) };
    // Enumerated is an Integer32, but the tables write values beyond 2^31 without a sign.
    case 'Enumerated':
      return { value: view.getUint32(0) };
    case 'Integer64':
      return { value: view.getBigInt64(0) };
    case 'Unsigned64':
      return { value: view.getBigUint64(0) };
    case 'Float32':
      return { value: view.getFloat32(0) };
    case 'Float64':
      return { value: view.getFloat64(0) };
    case 'Time':
      return { value: ntpToUnixMilliseconds(view.getUint32(0)) };
  }
}

/** A plain value as it may be given to the builder. Text is allowed for Enumerated (the value's name) and Address. */
export type PlainValue = string | number | bigint | Uint8Array;

/** Writes a plain value as the type asks. Throws TypeError on a value that the type cannot hold: a mistake of the caller, not of a peer. */
export function encodeAvpValue(definition: AvpDefinition, value: PlainValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const octets = Buffer.alloc(FIXED_LENGTH[definition.type] ?? 0);
  switch (definition.type) {
    case 'Unsigned32':
      octets.writeUInt32BE(numberOf(definition, value));
      return octets;
    case 'Integer32':
      octets.writeInt32BE(numberOf(definition, value));
      return octets;
    case 'Enumerated':
      octets.writeUInt32BE(enumeratedOf(definition, value) >>> 0);
      return octets;
    case 'Integer64':
      octets.writeBigInt64BE(BigInt(value));
      return octets;
    case 'Unsigned64':
      octets.writeBigUInt64BE(BigInt(value));
      return octets;
    case 'Float32':
      octets.writeFloatBE(numberOf(definition, value));
      return octets;
    case 'Float64':
      octets.writeDoubleBE(numberOf(definition, value));
      return octets;
    case 'Time':
      octets.writeUInt32BE((Math.floor(numberOf(definition, value) / 1000) + NTP_TO_UNIX_SECONDS) % 2 ** 32);
      return octets;
    case 'Address':
      return encodeAddress(String(value));
    case 'Grouped':
      throw new TypeError(`${definition.name} is Grouped: give its members`);
    default:
      return Buffer.from(String(value), 'utf8');
  }
}

function numberOf(definition: AvpDefinition, value: string | number | bigint): number {
  const number = Number(value);
  if (!Number.isFinite(number)) throw new TypeError(`${definition.name} takes a number, not ${String(value)}`);
  return number;
}

function enumeratedOf(definition: AvpDefinition, value: string | number | bigint): number {
  if (typeof value !== 'string') return Number(value);
  const number = enumeratedValue(definition, value);
  if (number === undefined) throw new TypeError(`${definition.name} has no value ${value}`);
  return number;
}

/** RFC 5905 §6 era rule as RFC 6733 §4.3.1 asks: values below the half are of the era that begins in 2036. */
function ntpToUnixMilliseconds(seconds: number): number {
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0;
  return (seconds + era - NTP_TO_UNIX_SECONDS) * 1000;
}

function decodeText(type: AvpType, data: Uint8Array): DecodedValue {
  if (isAscii(data)) return { value: Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1') };
  try {
    return { value: utf8.decode(data) };
  } catch {
    return { value: data, problem: `${type} is UTF-8, here it is not` };
  }
}

/** Nearly every text of Diameter: worth a way around the decoder. */
function isAscii(data: Uint8Array): boolean {
  for (let index = 0; index < data.length; index += 1) if ((data[index] ?? 0) > 0x7f) return false;
  return true;
}

function decodeAddress(data: Uint8Array): DecodedValue {
  const family = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
  if (family === 1 && data.length === 6) return { value: data.subarray(2).join('.') };
  if (family === 2 && data.length === 18) return { value: printIPv6(data.subarray(2)) };
  if (family === 1 || family === 2 || data.length < 2) {
    return { value: data, problem: `an Address of family ${family} does not have ${data.length} octets` };
  }
  return { value: data };
}

function encodeAddress(text: string): Uint8Array {
  if (text.includes(':')) return Buffer.concat([Uint8Array.of(0, 2), parseIPv6(text)]);
  return Uint8Array.of(0, 1, ...parseIPv4(text));
}

/** Four octets of a dotted address. Throws TypeError where it is none. */
export function parseIPv4(text: string): Uint8Array {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    throw new TypeError(`not an IPv4 address: ${text}`);
  }
  return Uint8Array.from(parts);
}

/** Sixteen octets of an IPv6 address, `::` and a dotted end allowed. Throws TypeError where it is none. */
export function parseIPv6(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = dotted?.[2] === undefined ? undefined : parseIPv4(dotted[2]);
  const plain =
    last === undefined
      ? text
      : `${dotted?.[1] ?? ''}${Buffer.from(last)
          .toString('hex')
          .replace(/^(.{4})/, '$1:')}`;
  const halves = plain.split('::');
  const groups = (half: string | undefined): string[] => (half === undefined || half === '' ? [] : half.split(':'));
  const head = groups(halves[0]);
  const tail = groups(halves[1]);
  const missing = 8 - head.length - tail.length;
  const all = halves.length === 2 ? [...head, ...new Array<string>(Math.max(missing, 0)).fill('0'), ...tail] : head;
  if (halves.length > 2 || all.length !== 8 || all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) {
    throw new TypeError(`not an IPv6 address: ${text}`);
  }
  const octets = Buffer.alloc(16);
  for (const [index, group] of all.entries()) octets.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return new Uint8Array(octets);
}

/** RFC 5952: lower case, the longest run of zero groups shortened. */
export function printIPv6(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  );
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
