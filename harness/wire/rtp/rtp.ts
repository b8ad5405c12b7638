import type { Defect } from '../defect.js';

/** The header extension of an RTP packet, RFC 3550 §5.3.1. `data` is the extension without its four octet header. */
export interface RtpHeaderExtension {
  readonly profile: number;
  readonly data: Uint8Array;
}

/** One element of a header extension in the one-byte or two-byte form of RFC 8285. */
export interface RtpExtensionElement {
  readonly id: number;
  readonly data: Uint8Array;
}

/** An RTP packet, RFC 3550 §5.1. */
export interface RtpPacket {
  /** Exactly what was, or will be, on the wire. */
  readonly octets: Uint8Array;
  readonly version: number;
  readonly padding: boolean;
  readonly marker: boolean;
  /** 0 to 127. */
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequenceNumber: number;
  /** 32 bits, in units of the payload's clock rate. */
  readonly timestamp: number;
  readonly ssrc: number;
  readonly csrc: readonly number[];
  readonly extension: RtpHeaderExtension | null;
  /** Without header, extension and padding. */
  readonly payload: Uint8Array;
  /** Octets of padding, the count octet included. */
  readonly paddingLength: number;
  readonly defects: readonly Defect[];
}

/** What `buildRtp` needs; everything else is 0, empty or absent. */
export interface RtpParts {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
  readonly marker?: boolean;
  readonly csrc?: readonly number[];
  readonly extension?: RtpHeaderExtension;
  /** Octets of padding to add, the count octet included, at most 255. */
  readonly paddingLength?: number;
}

const FIXED_HEADER = 12;

/**
 * Tells whether octets can be an RTP packet: version 2, room for the header, and not one of the RTCP packet types that share a
 * port under RFC 5761 §4 (192 to 223 in the second octet).
 */
export function looksLikeRtp(octets: Uint8Array): boolean {
  const first = octets[0];
  const second = octets[1];
  if (octets.length < FIXED_HEADER || first === undefined || second === undefined) return false;
  return first >> 6 === 2 && (second < 192 || second > 223) && octets.length >= FIXED_HEADER + 4 * (first & 0x0f);
}

/** Reads one packet; null where there is not even room for the fixed header of twelve octets. RFC 3550 §5.1. */
export function parseRtp(octets: Uint8Array): RtpPacket | null {
  if (octets.length < FIXED_HEADER) return null;
  const defects: Defect[] = [];
  const flaw = (code: string, offset: number, text: string, clause: string) =>
    defects.push({ code, offset, text, clause });
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const first = view.getUint8(0);
  const second = view.getUint8(1);
  const version = first >> 6;
  if (version !== 2) flaw('rtp-version', 0, `The RTP version is 2; here it is ${version}.`, 'RFC 3550 §5.1');

  let offset = FIXED_HEADER;
  const csrc: number[] = [];
  const csrcCount = first & 0x0f;
  for (let i = 0; i < csrcCount; i++) {
    if (offset + 4 > octets.length) {
      flaw('rtp-truncated', offset, `The header announces ${csrcCount} CSRCs; ${i} fit.`, 'RFC 3550 §5.1');
      offset = octets.length;
      break;
    }
    csrc.push(view.getUint32(offset));
    offset += 4;
  }

  let extension: RtpHeaderExtension | null = null;
  if ((first & 0x10) !== 0) {
    if (offset + 4 > octets.length) {
      flaw('rtp-truncated', offset, 'The extension bit is set; its header does not fit.', 'RFC 3550 §5.3.1');
      offset = octets.length;
    } else {
      const profile = view.getUint16(offset);
      const length = 4 * view.getUint16(offset + 2);
      const start = offset + 4;
      if (start + length > octets.length) {
        const left = octets.length - start;
        flaw('rtp-truncated', offset, `The extension announces ${length} octets; ${left} are left.`, 'RFC 3550 §5.3.1');
      }
      offset = Math.min(octets.length, start + length);
      extension = { profile, data: octets.subarray(start, offset) };
    }
  }

  let paddingLength = 0;
  const padding = (first & 0x20) !== 0;
  if (padding) {
    const last = octets[octets.length - 1] ?? 0;
    if (last === 0 || last > octets.length - offset) {
      const room = octets.length - offset;
      flaw(
        'rtp-padding',
        octets.length - 1,
        `Padding is 1 to ${room} octets; the count says ${last}.`,
        'RFC 3550 §5.1',
      );
    } else {
      paddingLength = last;
    }
  }

  return {
    octets,
    version,
    padding,
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequenceNumber: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    csrc,
    extension,
    payload: octets.subarray(offset, octets.length - paddingLength),
    paddingLength,
    defects,
  };
}

/** Writes one packet, RFC 3550 §5.1. A header extension is filled up to whole words. */
export function buildRtp(parts: RtpParts): RtpPacket {
  const csrc = (parts.csrc ?? []).slice(0, 15);
  const paddingLength = Math.max(0, Math.min(255, Math.trunc(parts.paddingLength ?? 0)));
  const extensionLength = parts.extension === undefined ? 0 : 4 + 4 * Math.ceil(parts.extension.data.length / 4);
  const payloadStart = FIXED_HEADER + 4 * csrc.length + extensionLength;
  const octets = new Uint8Array(payloadStart + parts.payload.length + paddingLength);
  const view = new DataView(octets.buffer);
  view.setUint8(0, 0x80 | (paddingLength > 0 ? 0x20 : 0) | (extensionLength > 0 ? 0x10 : 0) | csrc.length);
  view.setUint8(1, (parts.marker === true ? 0x80 : 0) | (parts.payloadType & 0x7f));
  view.setUint16(2, parts.sequenceNumber & 0xffff);
  view.setUint32(4, parts.timestamp >>> 0);
  view.setUint32(8, parts.ssrc >>> 0);
  csrc.forEach((source, index) => {
    view.setUint32(FIXED_HEADER + 4 * index, source >>> 0);
  });
  let extension: RtpHeaderExtension | null = null;
  if (parts.extension !== undefined) {
    const start = FIXED_HEADER + 4 * csrc.length;
    view.setUint16(start, parts.extension.profile & 0xffff);
    view.setUint16(start + 2, (extensionLength - 4) / 4);
    octets.set(parts.extension.data, start + 4);
    extension = { profile: parts.extension.profile & 0xffff, data: octets.subarray(start + 4, payloadStart) };
  }
  octets.set(parts.payload, payloadStart);
  if (paddingLength > 0) octets[octets.length - 1] = paddingLength;
  return {
    octets,
    version: 2,
    padding: paddingLength > 0,
    marker: parts.marker === true,
    payloadType: parts.payloadType & 0x7f,
    sequenceNumber: parts.sequenceNumber & 0xffff,
    timestamp: parts.timestamp >>> 0,
    ssrc: parts.ssrc >>> 0,
    csrc: csrc.map((source) => source >>> 0),
    extension,
    payload: octets.subarray(payloadStart, payloadStart + parts.payload.length),
    paddingLength,
    defects: [],
  };
}

/** The elements of a header extension, RFC 8285 §4.2 (profile 0xBEDE) and §4.3 (0x1000 to 0x100F); empty for other profiles. */
export function extensionElements(extension: RtpHeaderExtension): readonly RtpExtensionElement[] {
  const oneByte = extension.profile === 0xbede;
  const twoByte = (extension.profile & 0xfff0) === 0x1000;
  if (!oneByte && !twoByte) return [];
  const { data } = extension;
  const elements: RtpExtensionElement[] = [];
  let offset = 0;
  while (offset < data.length) {
    const head = data[offset] ?? 0;
    if (head === 0) {
      offset += 1;
      continue;
    }
    if (oneByte) {
      const id = head >> 4;
      // RFC 8285 §4.2: the local identifier 15 stops the processing of the whole extension.
      if (id === 15) break;
      const length = (head & 0x0f) + 1;
      elements.push({ id, data: data.subarray(offset + 1, offset + 1 + length) });
      offset += 1 + length;
    } else {
      const length = data[offset + 1] ?? 0;
      elements.push({ id: head, data: data.subarray(offset + 2, offset + 2 + length) });
      offset += 2 + length;
    }
  }
  return elements;
}
