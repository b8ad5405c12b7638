import { connectionOf, type Sdp, type SdpLine, type SdpMedia, type SdpSection } from './sdp.js';

/** RFC 8866 §6.7. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export const DIRECTIONS: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

/** The same direction as seen from the other side. */
export const MIRRORED: Readonly<Record<Direction, Direction>> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
};

/** Direction attributes of one level, in order. */
export function directionLines(section: SdpSection): readonly SdpLine[] {
  return section.attributes
    .filter((attribute) => attribute.value === null && isDirection(attribute.name))
    .map((attribute) => attribute.line);
}

function isDirection(text: string): text is Direction {
  return (DIRECTIONS as readonly string[]).includes(text);
}

/** Direction of a media description: its own, else the session's, else sendrecv. RFC 3264 §5.1. */
export function directionOf(sdp: Sdp, media: SdpMedia): Direction {
  const own = directionLines(media)[0]?.value ?? directionLines(sdp.session)[0]?.value;
  return own !== undefined && isDirection(own) ? own : 'sendrecv';
}

/** `a=ptime` or `a=maxptime` in milliseconds, null where absent or unreadable. RFC 8866 §6.4, §6.5. */
export function packetTime(media: SdpMedia, name: 'ptime' | 'maxptime'): number | null {
  const value = media.get(name)?.trim();
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : null;
}

/** Where an end listens. */
export interface MediaEndpoint {
  readonly address: string;
  readonly port: number;
}

/** Where RTP of this media description is expected; null without connection or with port 0. */
export function rtpEndpoint(sdp: Sdp, media: SdpMedia): MediaEndpoint | null {
  const connection = connectionOf(sdp, media);
  return connection === null || media.port <= 0 ? null : { address: connection.address, port: media.port };
}

/** Where RTCP is expected: `a=rtcp` (RFC 3605), with `mux` the RTP port (RFC 5761), else the port above it. */
export function rtcpEndpoint(sdp: Sdp, media: SdpMedia, mux = false): MediaEndpoint | null {
  const rtp = rtpEndpoint(sdp, media);
  if (rtp === null || mux) return rtp;
  const explicit = rtcpAttribute(media);
  if (explicit !== null) return { address: explicit.address ?? rtp.address, port: explicit.port };
  return rtp.port === 65535 ? null : { address: rtp.address, port: rtp.port + 1 };
}

/** `a=rtcp:<port> [IN IP4 <address>]`, RFC 3605 §2.1. */
export function rtcpAttribute(media: SdpMedia): { readonly port: number; readonly address: string | null } | null {
  const match = /^(\d{1,5})(?: +IN +IP[46] +(\S+))?$/.exec(media.get('rtcp')?.trim() ?? '');
  if (match?.[1] === undefined || Number(match[1]) > 65535) return null;
  return { port: Number(match[1]), address: match[2] ?? null };
}

/** One `a=rtcp-fb` line, RFC 4585 §4.2. */
export interface RtcpFeedback {
  /** Payload type, or `*` for all. */
  readonly format: string;
  /** `nack`, `ccm`, `trr-int`, `ack`, … */
  readonly type: string;
  readonly parameter: string | null;
}

export function rtcpFeedbackOf(media: SdpMedia): readonly RtcpFeedback[] {
  return media.all('rtcp-fb').flatMap((value) => {
    const [format, type, ...rest] = value.trim().split(/ +/);
    if (format === undefined || type === undefined) return [];
    return [{ format, type, parameter: rest.length === 0 ? null : rest.join(' ') }];
  });
}

/** One `a=ssrc:<id> <attribute>[:<value>]` line, RFC 5576 §4.1. */
export interface SsrcAttribute {
  readonly ssrc: number;
  readonly attribute: string;
  readonly value: string | null;
}

export function ssrcsOf(media: SdpMedia): readonly SsrcAttribute[] {
  return media.all('ssrc').flatMap((text) => {
    const match = /^(\d{1,10}) ([^:]+)(?::(.*))?$/.exec(text);
    if (match?.[1] === undefined || match[2] === undefined) return [];
    return [{ ssrc: Number(match[1]), attribute: match[2], value: match[3] ?? null }];
  });
}

/** One `a=candidate` line, RFC 8839 §5.1. */
export interface Candidate {
  readonly foundation: string;
  readonly component: number;
  readonly transport: string;
  readonly priority: number;
  readonly address: string;
  readonly port: number;
  readonly type: string;
}

export function candidatesOf(media: SdpMedia): readonly Candidate[] {
  return media.all('candidate').flatMap((text) => {
    const [foundation, component, transport, priority, address, port, typ, type] = text.trim().split(/ +/);
    if (foundation === undefined || transport === undefined || address === undefined) return [];
    if (typ !== 'typ' || type === undefined) return [];
    const numbers = [Number(component), Number(priority), Number(port)] as const;
    if (numbers.some((number) => !Number.isInteger(number))) return [];
    const [componentId, priorityValue, portNumber] = numbers;
    return [
      { foundation, component: componentId, transport, priority: priorityValue, address, port: portNumber, type },
    ];
  });
}

/** One `a=crypto` line, RFC 4568 §4. The key parameters are kept out: they are secret. */
export interface Crypto {
  readonly tag: number;
  readonly suite: string;
}

export function cryptosOf(section: SdpSection): readonly Crypto[] {
  return section.all('crypto').flatMap((text) => {
    const match = /^(\d{1,9}) (\S+) /.exec(text);
    return match?.[2] === undefined ? [] : [{ tag: Number(match[1]), suite: match[2] }];
  });
}

/** `a=content:` values (`slides`, `speaker`, `g.3gpp.cat`, …), RFC 4796 §4. */
export function contentOf(media: SdpMedia): readonly string[] {
  return (media.get('content') ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
