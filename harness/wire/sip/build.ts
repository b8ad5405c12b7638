import { parseNameAddr } from './headers.js';
import type { HeaderField, SipRequest, SipResponse } from './message.js';
import { canonicalName } from './names.js';
import { parseSip } from './parse.js';
import { reasonPhrase } from './status.js';

export { reasonPhrase } from './status.js';

type HeaderLines = readonly (readonly [string, string])[];

export interface RequestParts {
  readonly method: string;
  readonly requestUri: string;
  readonly headers: HeaderLines;
  readonly body?: Uint8Array | string;
  readonly contentType?: string;
}

export interface ResponseParts {
  readonly reason?: string;
  /** Added to To where the request's To has none. */
  readonly toTag?: string;
  readonly headers?: HeaderLines;
  readonly body?: Uint8Array | string;
  readonly contentType?: string;
}

const CONTROLS = /(?:(?!\t)\p{Cc})+/gu;

/** A value that stays on its line: line ends and other controls become spaces. */
export function oneLine(value: string): string {
  return value.replace(CONTROLS, ' ');
}

function headerText(headers: HeaderLines): string {
  let text = '';
  for (const [name, value] of headers) text += `${name}: ${oneLine(value)}\r\n`;
  return text;
}

function bodyOctets(body: Uint8Array | string | undefined): Uint8Array {
  if (body === undefined) return new Uint8Array(0);
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
}

function bodyHeaders(headers: HeaderLines, body: Uint8Array, contentType: string | undefined): string {
  const given = new Set(headers.map(([name]) => canonicalName(name)));
  let text = '';
  if (contentType !== undefined && !given.has('Content-Type')) text += `Content-Type: ${oneLine(contentType)}\r\n`;
  if (!given.has('Content-Length')) text += `Content-Length: ${body.length}\r\n`;
  return text;
}

/** Writes a request: the headers in the order given, then Content-Type (where given) and Content-Length. */
export function buildRequest(parts: RequestParts): SipRequest {
  const body = bodyOctets(parts.body);
  const head = `${parts.method} ${oneLine(parts.requestUri)} SIP/2.0\r\n${headerText(parts.headers)}`;
  const text = `${head}${bodyHeaders(parts.headers, body, parts.contentType)}\r\n`;
  const message = parseSip(Buffer.concat([Buffer.from(text, 'utf8'), body]));
  if (message.kind !== 'request' || message.method !== parts.method) {
    throw new TypeError(`not a request line: "${parts.method} ${parts.requestUri} SIP/2.0"`);
  }
  return message;
}

/** Requests whose 18x and 2xx create a dialog: RFC 3261 §12.1, RFC 6665 §4.4.1, RFC 3515 §3. */
const dialogCreating: readonly string[] = ['INVITE', 'SUBSCRIBE', 'REFER'];

function fieldOctets(request: SipRequest, field: HeaderField): Uint8Array {
  const octets = request.octets.subarray(field.start, field.end);
  return octets.at(-1) === 0x0a ? octets : Buffer.concat([octets, Buffer.from('\r\n')]);
}

function withTag(octets: Uint8Array, toTag: string): Uint8Array {
  let end = octets.length;
  while (end > 0 && [0x0a, 0x0d, 0x20, 0x09].includes(octets[end - 1] ?? 0)) end -= 1;
  return Buffer.concat([octets.subarray(0, end), Buffer.from(`;tag=${toTag}\r\n`)]);
}

/**
 * Writes a response as RFC 3261 §8.2.6 has it: Via, From, To, Call-ID and CSeq are the request's octets. Record-Route goes into
 * 18x and 2xx that create a dialog (§12.1.1), Timestamp into 100 (§8.2.6.1).
 */
export function buildResponse(request: SipRequest, status: number, parts: ResponseParts = {}): SipResponse {
  const { headers = [], toTag } = parts;
  const chunks: Uint8Array[] = [
    Buffer.from(`SIP/2.0 ${status} ${oneLine(parts.reason ?? reasonPhrase(status))}\r\n`, 'utf8'),
  ];
  const copyAll = (name: string) => {
    for (const field of request.fields(name)) chunks.push(fieldOctets(request, field));
  };
  const copyFirst = (name: string, change: (octets: Uint8Array) => Uint8Array = (octets) => octets) => {
    const field = request.fields(name)[0];
    if (field !== undefined) chunks.push(change(fieldOctets(request, field)));
  };
  copyAll('Via');
  const to = parseNameAddr(request.get('To') ?? '');
  const inDialog = to?.params.has('tag') === true;
  const createsDialog = dialogCreating.includes(request.method) && !inDialog && status > 100 && status < 300;
  if (createsDialog && !headers.some(([name]) => canonicalName(name) === 'Record-Route')) copyAll('Record-Route');
  copyFirst('From');
  copyFirst('To', (octets) => (toTag === undefined || inDialog ? octets : withTag(octets, toTag)));
  copyFirst('Call-ID');
  copyFirst('CSeq');
  if (status === 100) copyFirst('Timestamp');
  const body = bodyOctets(parts.body);
  chunks.push(Buffer.from(`${headerText(headers)}${bodyHeaders(headers, body, parts.contentType)}\r\n`, 'utf8'), body);
  const message = parseSip(Buffer.concat(chunks));
  if (message.kind !== 'response') throw new TypeError(`not a status code: ${status}`);
  return message;
}
