import type { Profile } from '../profile/profile.js';
import { MAX_OPTION } from '../wire/capture/pcapng-writer.js';
import { canonicalAddress } from '../wire/ip-address.js';
import type { SocketHints, SocketProtocol } from './sighting.js';

/** What a capture of ours says about itself in the comments of its section header. */
export interface CaptureHeader {
  readonly profile: Profile;
  readonly caseId?: string;
  readonly sockets: SocketHints;
}

/** Every comment that carries a piece of the header begins so; the pieces joined in order are one JSON object. */
const MARK = 'q3953/1 ';
const PIECE = MAX_OPTION - MARK.length - 1;
const PROTOCOLS: ReadonlySet<string> = new Set(['sip', 'diameter', 'dns', 'rtp', 'rtcp'] satisfies SocketProtocol[]);

/** The section comments that make a capture judge itself: who is who, what was agreed, which case. Never secrets: a `Profile` has none. */
export function writeCaptureHeader(header: CaptureHeader): string[] {
  const sockets: Record<string, string[]> = {};
  for (const [key, protocol] of header.sockets) (sockets[protocol] ??= []).push(key);
  const json = JSON.stringify({
    ...(header.caseId === undefined ? {} : { case: header.caseId }),
    profile: header.profile,
    sockets,
  });
  // Escaped to ASCII, so that a piece never ends inside a character.
  const text = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += PIECE) pieces.push(`${MARK}${text.slice(at, at + PIECE)}`);
  return pieces;
}

/** Reads it back; null where the capture is somebody else's, or its header is damaged. */
export function readCaptureHeader(comments: readonly string[]): CaptureHeader | null {
  const pieces = comments.filter((comment) => comment.startsWith(MARK)).map((comment) => comment.slice(MARK.length));
  if (pieces.length === 0) return null;
  let value: unknown;
  try {
    value = JSON.parse(pieces.join(''));
  } catch {
    return null;
  }
  if (!isObject(value) || !isProfile(value['profile'])) return null;
  const caseId = value['case'];
  return {
    profile: value['profile'],
    sockets: readSockets(value['sockets']),
    ...(typeof caseId === 'string' ? { caseId } : {}),
  };
}

function readSockets(value: unknown): SocketHints {
  const sockets = new Map<string, SocketProtocol>();
  if (!isObject(value)) return sockets;
  for (const [protocol, keys] of Object.entries(value)) {
    if (!isSocketProtocol(protocol) || !Array.isArray(keys)) continue;
    for (const key of keys) {
      if (typeof key !== 'string') continue;
      const [address = '', port = ''] = key.split('|');
      sockets.set(`${canonicalAddress(address)}|${port}`, protocol);
    }
  }
  return sockets;
}

function isSocketProtocol(text: string): text is SocketProtocol {
  return PROTOCOLS.has(text);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function every(value: unknown, check: (item: Readonly<Record<string, unknown>>) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && check(item));
}

/** The shape that the judge relies on; a capture comes from anywhere, so nothing of it is believed unread. */
function isProfile(value: unknown): value is Profile {
  if (!isObject(value) || value['version'] !== 1) return false;
  const { operators, nodes, sut, agreement, timers, enumSuffix } = value;
  if (!isObject(agreement) || !isObject(timers) || typeof enumSuffix !== 'string' || !isTexts(sut)) return false;
  const text = (item: Readonly<Record<string, unknown>>, ...names: string[]): boolean =>
    names.every((name) => typeof item[name] === 'string');
  return (
    Object.values(timers).every((time) => typeof time === 'number') &&
    typeof agreement['trust'] === 'boolean' &&
    isTexts(agreement['codecs']) &&
    isObject(agreement['options']) &&
    every(
      operators,
      (item) =>
        text(item, 'name', 'domain', 'mcc', 'mnc', 'ioi') &&
        isTexts(item['numberPrefixes']) &&
        typeof item['topologyHiding'] === 'boolean',
    ) &&
    every(
      nodes,
      (item) =>
        text(item, 'name', 'network', 'role') &&
        isTexts(item['hosts']) &&
        every(item['endpoints'], (end) => text(end, 'address') && isPortRange(end['ports'])),
    )
  );
}

function isPortRange(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.length === 2 && value.every((port) => Number.isInteger(port));
}
