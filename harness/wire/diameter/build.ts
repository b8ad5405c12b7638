import { encodeAvpValue, type PlainValue } from './avp-value.js';
import { avpByName, commandByAbbreviation } from './dictionary.js';
import { findAll } from './find.js';
import type { Avp, DiameterFlags, DiameterMessage } from './message.js';
import { parseDiameter } from './parse.js';

/** An AVP by its code, for what the dictionary does not know or for what is wrong on purpose. */
export interface RawAvp {
  readonly code: number;
  readonly vendorId: number;
  readonly mandatory: boolean;
  readonly data: Uint8Array;
}

/**
 * An AVP to build: name and plain value, members for a Grouped one, or octets as they are. An undefined value leaves the AVP out, so
 * that optional ones need no branch.
 */
export type AvpInput = readonly [name: string, value: AvpInputValue | undefined] | RawAvp;
export type AvpInputValue = PlainValue | readonly AvpInput[];

export interface DiameterRequestInput {
  /** Abbreviation of the command (`UAR`), or its code. */
  readonly command: string | number;
  /** Needed where several applications use the abbreviation (`RAR`), or for a code. */
  readonly applicationId?: number;
  readonly hopByHop?: number;
  readonly endToEnd?: number;
  readonly flags?: Partial<DiameterFlags>;
  readonly avps: readonly AvpInput[];
}

/** Builds a message from names and plain values. Throws TypeError on a name the dictionary does not have: a mistake of the caller. */
export function buildDiameter(input: DiameterRequestInput): DiameterMessage {
  const command =
    typeof input.command === 'string' ? commandByAbbreviation(input.command, input.applicationId) : undefined;
  if (typeof input.command === 'string' && command === undefined) {
    throw new TypeError(`no command ${input.command} in application ${input.applicationId ?? 'any'}`);
  }
  const flags = {
    request: command?.request ?? true,
    proxiable: command?.proxiable ?? true,
    error: false,
    retransmitted: false,
    ...input.flags,
  };
  return assemble(
    {
      flags,
      commandCode: command?.code ?? Number(input.command),
      applicationId: input.applicationId ?? command?.applicationId ?? 0,
      hopByHop: input.hopByHop ?? 0,
      endToEnd: input.endToEnd ?? 0,
    },
    input.avps.map(encodeAvp),
  );
}

/**
 * The answer to a request, RFC 6733 §6.2: same command, application, identifiers and P bit; Session-Id first and every Proxy-Info kept.
 * `error` sets the E bit, for 3xxx results only (§7.1.3).
 */
export function buildAnswer(
  request: DiameterMessage,
  avps: readonly AvpInput[],
  options: { readonly error?: boolean } = {},
): DiameterMessage {
  const copied = (name: string): Uint8Array[] => findAll(request, name).map(avpOctets);
  return assemble(
    {
      flags: {
        request: false,
        proxiable: request.flags.proxiable,
        error: options.error ?? false,
        retransmitted: false,
      },
      commandCode: request.commandCode,
      applicationId: request.applicationId,
      hopByHop: request.hopByHop,
      endToEnd: request.endToEnd,
    },
    [...copied('Session-Id').slice(0, 1), ...avps.map(encodeAvp), ...copied('Proxy-Info')],
  );
}

/** The same message with other identifiers, every other octet kept. */
export function withIdentifiers(
  message: DiameterMessage,
  hopByHop: number,
  endToEnd = message.endToEnd,
): DiameterMessage {
  const octets = Buffer.from(message.octets);
  octets.writeUInt32BE(hopByHop >>> 0, 12);
  octets.writeUInt32BE(endToEnd >>> 0, 16);
  return { ...message, hopByHop: hopByHop >>> 0, endToEnd: endToEnd >>> 0, octets: new Uint8Array(octets) };
}

interface HeaderInput {
  readonly flags: DiameterFlags;
  readonly commandCode: number;
  readonly applicationId: number;
  readonly hopByHop: number;
  readonly endToEnd: number;
}

/** Header and ready AVP octets put together and read back. */
export function assemble(header: HeaderInput, avps: readonly Uint8Array[]): DiameterMessage {
  const head = Buffer.alloc(20);
  const { flags } = header;
  head[4] =
    (flags.request ? 0x80 : 0) |
    (flags.proxiable ? 0x40 : 0) |
    (flags.error ? 0x20 : 0) |
    (flags.retransmitted ? 0x10 : 0);
  head.writeUIntBE(header.commandCode, 5, 3);
  head.writeUInt32BE(header.applicationId >>> 0, 8);
  head.writeUInt32BE(header.hopByHop >>> 0, 12);
  head.writeUInt32BE(header.endToEnd >>> 0, 16);
  const octets = Buffer.concat([head, ...avps]);
  octets[0] = 1;
  octets.writeUIntBE(octets.length, 1, 3);
  return parseDiameter(new Uint8Array(octets.buffer, octets.byteOffset, octets.length));
}

/** One AVP with its padding. */
export function encodeAvp(input: AvpInput): Uint8Array {
  if ('code' in input) return frameAvp(input.code, input.vendorId, input.mandatory, input.data);
  const [name, value] = input;
  if (value === undefined) return new Uint8Array(0);
  const definition = avpByName(name);
  if (definition === undefined) throw new TypeError(`no AVP ${name} in the dictionary`);
  const data = isMembers(value) ? Buffer.concat(value.map(encodeAvp)) : encodeAvpValue(definition, value);
  return frameAvp(definition.code, definition.vendorId, definition.mandatory === 'must', data);
}

/** An AVP of a message as it was on the wire, padding made new. */
export function avpOctets(avp: Avp): Uint8Array {
  const flags =
    (avp.flags.vendorSpecific ? 0x80 : 0) | (avp.flags.mandatory ? 0x40 : 0) | (avp.flags.protected ? 0x20 : 0);
  return frame(avp.code, avp.flags.vendorSpecific ? avp.vendorId : null, flags, avp.data);
}

function frameAvp(code: number, vendorId: number, mandatory: boolean, data: Uint8Array): Uint8Array {
  const flags = (vendorId === 0 ? 0 : 0x80) | (mandatory ? 0x40 : 0);
  return frame(code, vendorId === 0 ? null : vendorId, flags, data);
}

function frame(code: number, vendorId: number | null, flags: number, data: Uint8Array): Uint8Array {
  const headerLength = vendorId === null ? 8 : 12;
  const length = headerLength + data.length;
  const octets = Buffer.alloc(length + ((4 - (length % 4)) % 4));
  octets.writeUInt32BE(code >>> 0, 0);
  octets[4] = flags;
  octets.writeUIntBE(length, 5, 3);
  if (vendorId !== null) octets.writeUInt32BE(vendorId >>> 0, 8);
  octets.set(data, headerLength);
  return octets;
}

function isMembers(value: AvpInputValue): value is readonly AvpInput[] {
  return Array.isArray(value);
}
