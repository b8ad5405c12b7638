import type { Defect } from '../defect.js';
import type { Attribute, Bandwidth, Connection, Origin, Sdp, SdpLine, SdpMedia, SdpSection, Timing } from './sdp.js';

/** More than any real description has; what is beyond is not read, and told. */
const MAX_OCTETS = 256 * 1024;
const MAX_LINES = 4096;
const MAX_MEDIA = 256;

/** Order of the lines, RFC 8866 §5 (the same in RFC 4566 §5). A letter's place is its position; z and k belong to the session too. */
const SESSION_ORDER = ['v', 'o', 's', 'i', 'u', 'e', 'p', 'c', 'b', 't', 'r', 'z', 'k', 'a'] as const;
const MEDIA_ORDER = ['m', 'i', 'c', 'b', 'k', 'a'] as const;
const KNOWN = new Set<string>([...SESSION_ORDER, 'm']);
/** `t r t r` may alternate, RFC 8866 §5.10. */
const SESSION_RANK: ReadonlyMap<string, number> = new Map(
  SESSION_ORDER.map((type, index) => [type, type === 'r' ? SESSION_ORDER.indexOf('t') : index]),
);
const MEDIA_RANK: ReadonlyMap<string, number> = new Map(MEDIA_ORDER.map((type, index) => [type, index]));
const ONCE = new Set(['v', 'o', 's', 'i', 'u', 'k']);

/** Reads a session description. Never throws; what is wrong is in `defects`, and the lines stay as they are. */
export function parseSdp(source: Uint8Array | string): Sdp {
  const octets = typeof source === 'string' ? Buffer.from(source, 'utf8') : source;
  const defects: Defect[] = [];
  const flaw: Flaw = (code, line, text, clause) =>
    defects.push({ code, offset: typeof line === 'number' ? line : line.start, text, clause });
  const lines = splitLines(octets, flaw);

  const firstMedia = lines.findIndex((line) => line.type === 'm');
  const sessionLines = firstMedia < 0 ? lines : lines.slice(0, firstMedia);
  const groups: SdpLine[][] = [];
  for (const line of firstMedia < 0 ? [] : lines.slice(firstMedia)) {
    if (line.type === 'm') {
      if (groups.length === MAX_MEDIA) {
        flaw('sdp-too-many-media', line, `At most ${MAX_MEDIA} media descriptions are read.`, 'RFC 8866 §5.14');
        break;
      }
      groups.push([line]);
    } else {
      groups.at(-1)?.push(line);
    }
  }

  checkOrder(sessionLines, SESSION_RANK, 'session', flaw);
  for (const group of groups) checkOrder(group, MEDIA_RANK, 'media', flaw);
  const required = [
    ['v', '§5.1'],
    ['o', '§5.2'],
    ['s', '§5.3'],
    ['t', '§5.9'],
  ] as const;
  for (const [type, clause] of required) {
    if (!sessionLines.some((line) => line.type === type)) {
      flaw('sdp-line-missing', 0, `A session description has a ${type}= line; there is none.`, `RFC 8866 ${clause}`);
    }
  }

  const versionLine = sessionLines.find((line) => line.type === 'v');
  if (versionLine !== undefined && versionLine.value !== '0') {
    flaw('sdp-version', versionLine, `The version is 0; here it is "${versionLine.value}".`, 'RFC 8866 §5.1');
  }
  const originLine = sessionLines.find((line) => line.type === 'o');
  const media = groups.flatMap((group, index) => {
    const first = group[0];
    return first === undefined ? [] : [readMedia(group, first, index, flaw)];
  });
  const session = new Section(sessionLines, flaw);
  for (const item of media) {
    if (item.port !== 0 && item.connection === null && session.connection === null) {
      flaw(
        'sdp-connection-missing',
        item.line,
        'A media description without a c= line needs one in the session part.',
        'RFC 8866 §5.7',
      );
    }
  }
  return {
    octets,
    lines,
    version: versionLine?.value ?? null,
    origin: originLine === undefined ? null : readOrigin(originLine, flaw),
    sessionName: sessionLines.find((line) => line.type === 's')?.value ?? null,
    timing: sessionLines.filter((line) => line.type === 't').flatMap((line) => readTiming(line, flaw)),
    session,
    media,
    defects,
  };
}

type Flaw = (code: string, line: SdpLine | number, text: string, clause: string) => void;

function splitLines(octets: Uint8Array, flaw: Flaw): SdpLine[] {
  const lines: SdpLine[] = [];
  const limit = Math.min(octets.length, MAX_OCTETS);
  if (octets.length > MAX_OCTETS) {
    flaw('sdp-too-long', MAX_OCTETS, `At most ${MAX_OCTETS} octets are read.`, 'RFC 8866 §5');
  }
  let bareEnds = 0;
  let start = 0;
  while (start < limit) {
    if (lines.length === MAX_LINES) {
      flaw('sdp-too-many-lines', start, `At most ${MAX_LINES} lines are read.`, 'RFC 8866 §5');
      break;
    }
    const feed = octets.indexOf(0x0a, start);
    const carriage = octets.subarray(start, feed < 0 ? limit : feed).indexOf(0x0d);
    let text: Uint8Array;
    let end: number;
    if (carriage >= 0 && start + carriage + 1 !== feed) {
      // A CR alone ends the line, as tolerant receivers read it.
      text = octets.subarray(start, start + carriage);
      end = start + carriage + 1;
      bareEnds += 1;
    } else if (feed < 0 || feed >= limit) {
      text = octets.subarray(start, limit);
      end = limit;
      flaw('sdp-last-line-end', start, 'Every line ends in CRLF; the last one has no line end.', 'RFC 8866 §5');
    } else {
      text = octets.subarray(start, carriage >= 0 ? feed - 1 : feed);
      end = feed + 1;
      if (carriage < 0) bareEnds += 1;
    }
    lines.push(readLine(text, start, end, lines.length + 1, flaw));
    start = end;
  }
  if (bareEnds > 0) {
    flaw(
      'sdp-line-end',
      0,
      `Lines end in CRLF; ${bareEnds} of ${lines.length} end in one of the two only.`,
      'RFC 8866 §5',
    );
  }
  return lines;
}

function readLine(octets: Uint8Array, start: number, end: number, line: number, flaw: Flaw): SdpLine {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('utf8');
  if (text === '') {
    flaw('sdp-blank-line', start, `A description has no blank line; line ${line} is one.`, 'RFC 8866 §5');
    return { type: '', value: text, start, end, line };
  }
  if (text.charAt(1) !== '=' || !/^[a-zA-Z]$/.test(text.charAt(0))) {
    flaw('sdp-line-form', start, `A line is a letter, "=" and a value; line ${line} is not.`, 'RFC 8866 §5');
    return { type: '', value: text, start, end, line };
  }
  if (/^[ \t]/.test(text.slice(2)) && text.charAt(0) !== 's') {
    flaw('sdp-space-after-equals', start + 2, `No white space follows "="; in line ${line} it does.`, 'RFC 8866 §5');
  }
  if (octets.includes(0)) {
    flaw('sdp-nul', start, `A value has no NUL octet; line ${line} has one.`, 'RFC 8866 §9');
  }
  return { type: text.charAt(0), value: text.slice(2), start, end, line };
}

function checkOrder(lines: readonly SdpLine[], ranks: ReadonlyMap<string, number>, part: string, flaw: Flaw): void {
  let highest = -1;
  let highestType = '';
  const seen = new Set<string>();
  for (const line of lines) {
    if (line.type === '') continue;
    if (!KNOWN.has(line.type)) {
      flaw('sdp-unknown-type', line, `No line type "${line.type}" is defined.`, 'RFC 8866 §5');
      continue;
    }
    const rank = ranks.get(line.type);
    if (rank === undefined) {
      flaw('sdp-line-order', line, `A ${line.type}= line has no place in the ${part} part.`, 'RFC 8866 §5');
      continue;
    }
    if (ONCE.has(line.type) && seen.has(line.type)) {
      flaw('sdp-line-twice', line, `A ${part} part has one ${line.type}= line; this is another.`, 'RFC 8866 §5');
    }
    seen.add(line.type);
    if (rank < highest) {
      flaw(
        'sdp-line-order',
        line,
        `A ${line.type}= line stands before ${highestType}= lines; here it follows one.`,
        'RFC 8866 §5',
      );
    } else {
      highest = rank;
      highestType = line.type;
    }
  }
}

class Section implements SdpSection {
  readonly lines: readonly SdpLine[];
  readonly connection: Connection | null;
  readonly bandwidth: readonly Bandwidth[];
  readonly attributes: readonly Attribute[];

  constructor(lines: readonly SdpLine[], flaw: Flaw) {
    this.lines = lines;
    const connection = lines.find((line) => line.type === 'c');
    this.connection = connection === undefined ? null : readConnection(connection, flaw);
    this.bandwidth = lines.filter((line) => line.type === 'b').flatMap((line) => readBandwidth(line, flaw));
    this.attributes = lines.filter((line) => line.type === 'a').map(readAttribute);
  }

  get(name: string): string | undefined {
    const found = this.attributes.find((attribute) => attribute.name === name);
    return found === undefined ? undefined : (found.value ?? '');
  }

  all(name: string): readonly string[] {
    return this.attributes.filter((attribute) => attribute.name === name).map((attribute) => attribute.value ?? '');
  }

  has(name: string): boolean {
    return this.attributes.some((attribute) => attribute.name === name);
  }
}

class Media extends Section implements SdpMedia {
  readonly index: number;
  readonly line: SdpLine;
  readonly kind: string;
  readonly port: number;
  readonly portCount: number;
  readonly proto: string;
  readonly formats: readonly string[];

  constructor(lines: readonly SdpLine[], line: SdpLine, index: number, flaw: Flaw) {
    super(lines, flaw);
    this.index = index;
    this.line = line;
    const [kind = '', portText = '', proto = '', ...formats] = line.value.split(' ').filter((word) => word !== '');
    const port = /^(\d{1,5})(?:\/(\d{1,5}))?$/.exec(portText);
    const number = port?.[1] === undefined ? -1 : Number(port[1]);
    this.kind = kind;
    this.port = number > 65535 ? -1 : number;
    this.portCount = port?.[2] === undefined ? 1 : Number(port[2]);
    this.proto = proto;
    this.formats = formats;
    if (kind === '' || proto === '' || formats.length === 0) {
      flaw('sdp-media-form', line, 'An m= line is media, port, proto and at least one format.', 'RFC 8866 §5.14');
    } else if (this.port < 0) {
      flaw('sdp-media-port', line, `A port is 0 to 65535; here it is "${portText}".`, 'RFC 8866 §5.14');
    } else if (/^ | $| {2}/.test(line.value)) {
      flaw('sdp-media-form', line, 'The fields of an m= line are separated by one space each.', 'RFC 8866 §5.14');
    }
  }
}

function readMedia(lines: readonly SdpLine[], line: SdpLine, index: number, flaw: Flaw): SdpMedia {
  return new Media(lines, line, index, flaw);
}

function readConnection(line: SdpLine, flaw: Flaw): Connection | null {
  const fields = line.value.split(' ');
  const [netType, addressType, target] = fields;
  if (
    fields.length !== 3 ||
    netType === undefined ||
    addressType === undefined ||
    target === undefined ||
    target === ''
  ) {
    flaw('sdp-connection-form', line, 'A c= line is nettype, addrtype and address.', 'RFC 8866 §5.7');
    return null;
  }
  checkAddress(line, netType, addressType, target.split('/')[0] ?? '', flaw);
  const slash = target.indexOf('/');
  return {
    netType,
    addressType,
    address: slash < 0 ? target : target.slice(0, slash),
    suffix: slash < 0 ? null : target.slice(slash + 1),
    line,
  };
}

function checkAddress(line: SdpLine, netType: string, addressType: string, address: string, flaw: Flaw): void {
  if (netType !== 'IN' || (addressType !== 'IP4' && addressType !== 'IP6')) {
    if (netType === 'IN')
      flaw('sdp-address-type', line, `The address type is IP4 or IP6; here it is "${addressType}".`, 'RFC 8866 §5.7');
    return;
  }
  const version = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) ? 'IP4' : address.includes(':') ? 'IP6' : null;
  if (version !== null && version !== addressType) {
    flaw('sdp-address-type', line, `${address} is not an ${addressType} address.`, 'RFC 8866 §5.7');
  }
}

function readOrigin(line: SdpLine, flaw: Flaw): Origin | null {
  const fields = line.value.split(' ');
  const [userName, sessionId, sessionVersion, netType, addressType, address] = fields;
  if (fields.length !== 6 || fields.includes('')) {
    flaw(
      'sdp-origin-form',
      line,
      `An o= line has six fields; here there are ${fields.filter((field) => field !== '').length}.`,
      'RFC 8866 §5.2',
    );
  } else if (!/^\d+$/.test(sessionId ?? '') || !/^\d+$/.test(sessionVersion ?? '')) {
    flaw('sdp-origin-form', line, 'Session id and version are decimal numbers.', 'RFC 8866 §5.2');
  } else {
    checkAddress(line, netType ?? '', addressType ?? '', address ?? '', flaw);
  }
  if (userName === undefined || sessionId === undefined || sessionVersion === undefined) return null;
  return {
    userName,
    sessionId,
    sessionVersion,
    netType: netType ?? '',
    addressType: addressType ?? '',
    address: address ?? '',
    line,
  };
}

function readBandwidth(line: SdpLine, flaw: Flaw): readonly Bandwidth[] {
  const match = /^([!-9;-~]+):(\d{1,15})$/.exec(line.value);
  if (match?.[1] === undefined) {
    flaw('sdp-bandwidth-form', line, 'A b= line is a type, ":" and a decimal number.', 'RFC 8866 §5.8');
    return [];
  }
  return [{ type: match[1], value: Number(match[2]), line }];
}

function readTiming(line: SdpLine, flaw: Flaw): readonly Timing[] {
  const match = /^(\d{1,15}) (\d{1,15})$/.exec(line.value);
  if (match === null) {
    flaw('sdp-timing-form', line, 'A t= line is two decimal numbers.', 'RFC 8866 §5.9');
    return [];
  }
  return [{ start: Number(match[1]), stop: Number(match[2]), line }];
}

function readAttribute(line: SdpLine): Attribute {
  const colon = line.value.indexOf(':');
  return colon < 0
    ? { name: line.value, value: null, line }
    : { name: line.value.slice(0, colon), value: line.value.slice(colon + 1), line };
}
