import type { Defect } from '../defect.js';
import { sipDefect } from './defect-codes.js';
import { parseContentType } from './headers.js';
import type { SipMessage } from './message.js';

/** A body or one part of a multipart body, RFC 2046 §5.1. */
export interface BodyPart {
  /** Type and subtype in lower case; `text/plain` where a part has no Content-Type (RFC 2046 §5.2). */
  readonly type: string;
  /** The Content-Type as written, with its parameters. */
  readonly contentType: string;
  readonly contentDisposition: string | null;
  readonly contentId: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly octets: Uint8Array;
}

const MAX_PARTS = 256;
const MAX_DEPTH = 4;
const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;

/** Cuts a multipart body at its boundary. Parts that are multipart themselves come out whole. */
export function parseMultipart(
  body: Uint8Array,
  contentType: string,
): { readonly parts: readonly BodyPart[]; readonly defects: readonly Defect[] } {
  const boundary = parseContentType(contentType)?.params.get('boundary');
  if (boundary === undefined || boundary === null || boundary === '' || boundary.length > 70) {
    return {
      parts: [],
      defects: [sipDefect('sip-multipart-boundary', 0, 'a multipart Content-Type without a usable boundary')],
    };
  }
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: BodyPart[] = [];
  const defects: Defect[] = [];
  let partStart = -1;
  let at = 0;
  let closed = false;
  while (!closed && (at = buffer.indexOf(delimiter, at)) >= 0) {
    const lineStart = at;
    at += delimiter.length;
    if (lineStart > 0 && buffer[lineStart - 1] !== LF) continue;
    let end = at;
    const closing = buffer[end] === DASH && buffer[end + 1] === DASH;
    if (closing) end += 2;
    while (buffer[end] === 0x20 || buffer[end] === 0x09) end += 1;
    if (buffer[end] === CR) end += 1;
    if (end < buffer.length && buffer[end] !== LF) continue;
    if (partStart >= 0) {
      let partEnd = lineStart - 1;
      if (partEnd > partStart && buffer[partEnd - 1] === CR) partEnd -= 1;
      parts.push(readPart(buffer.subarray(partStart, Math.max(partStart, partEnd))));
    }
    if (parts.length >= MAX_PARTS) {
      defects.push(sipDefect('sip-multipart-too-many', lineStart, `more than ${MAX_PARTS} parts`));
      return { parts, defects };
    }
    at = Math.min(end + 1, buffer.length);
    partStart = at;
    closed = closing;
  }
  if (!closed) {
    if (partStart >= 0) parts.push(readPart(buffer.subarray(partStart)));
    defects.push(sipDefect('sip-multipart-not-closed', body.length, `no closing delimiter --${boundary}--`));
  }
  return { parts, defects };
}

function readPart(octets: Buffer): BodyPart {
  const headers: [string, string][] = [];
  let at = 0;
  while (at < octets.length) {
    const newline = octets.indexOf(LF, at);
    const end = newline < 0 ? octets.length : newline;
    const line = octets.toString('utf8', at, end > at && octets[end - 1] === CR ? end - 1 : end);
    at = newline < 0 ? octets.length : newline + 1;
    if (line === '') break;
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  const value = (name: string) => headers.find(([header]) => header.toLowerCase() === name)?.[1] ?? null;
  return part(value('content-type') ?? value('c') ?? 'text/plain', headers, octets.subarray(at), value);
}

function part(
  contentType: string,
  headers: BodyPart['headers'],
  octets: Uint8Array,
  value: (name: string) => string | null,
): BodyPart {
  const parsed = parseContentType(contentType);
  return {
    type: parsed === null ? '' : `${parsed.type}/${parsed.subtype}`,
    contentType,
    contentDisposition: value('content-disposition'),
    contentId: value('content-id'),
    headers,
    octets,
  };
}

export interface NewBodyPart {
  readonly contentType: string;
  readonly octets: Uint8Array | string;
  /** Further headers of the part: Content-Disposition, Content-ID … */
  readonly headers?: readonly (readonly [string, string])[];
}

/** Writes a multipart body; the boundary must occur in no part. */
export function buildMultipart(
  parts: readonly NewBodyPart[],
  boundary: string,
  subtype = 'mixed',
): { readonly body: Uint8Array; readonly contentType: string } {
  const chunks: Uint8Array[] = [];
  for (const { contentType, octets, headers = [] } of parts) {
    const lines = [['Content-Type', contentType] as const, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
    chunks.push(Buffer.from(`--${boundary}\r\n${lines.join('')}\r\n`, 'utf8'));
    chunks.push(typeof octets === 'string' ? Buffer.from(octets, 'utf8') : octets, Buffer.from('\r\n'));
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`));
  return { body: Buffer.concat(chunks), contentType: `multipart/${subtype};boundary="${boundary}"` };
}

/** The bodies of a message: a plain body is one part, a multipart is opened (nested ones too, up to four deep). */
export function bodyParts(message: SipMessage): readonly BodyPart[] {
  if (message.body.length === 0) return [];
  const contentType = message.get('Content-Type') ?? '';
  const headers = message.headers
    .filter((field) => field.canonical.startsWith('Content-'))
    .map((field) => [field.canonical, field.value] as const);
  return open(
    part(contentType, headers, message.body, (name) => message.get(name) ?? null),
    0,
  );
}

function open(body: BodyPart, depth: number): readonly BodyPart[] {
  if (!body.type.startsWith('multipart/') || depth >= MAX_DEPTH) return [body];
  return parseMultipart(body.octets, body.contentType).parts.flatMap((inner) => open(inner, depth + 1));
}

/** The first body of the media type (`application/sdp`), looked for in multiparts too; null without one. */
export function bodyOfType(message: SipMessage, type: string): Uint8Array | null {
  const wanted = type.toLowerCase();
  return bodyParts(message).find((body) => body.type === wanted)?.octets ?? null;
}
