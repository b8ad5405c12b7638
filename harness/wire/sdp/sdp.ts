import type { Defect } from '../defect.js';

/** One line of a session description as it was on the wire. */
export interface SdpLine {
  /** The letter in front of `=`; '' where the line has no such form. */
  readonly type: string;
  /** What follows the `=`, without the line end; the whole line where `type` is ''. */
  readonly value: string;
  /** Octet offsets: first octet of the line, and just behind its line end. */
  readonly start: number;
  readonly end: number;
  /** 1-based line in the session description. */
  readonly line: number;
}

/** `c=<nettype> <addrtype> <address>`, RFC 8866 §5.7. A multicast `/ttl` is kept apart. */
export interface Connection {
  readonly netType: string;
  readonly addressType: string;
  readonly address: string;
  readonly suffix: string | null;
  readonly line: SdpLine;
}

/** `o=`, RFC 8866 §5.2. Ids stay text: they are up to 19 digits long and beyond a number's precision. */
export interface Origin {
  readonly userName: string;
  readonly sessionId: string;
  readonly sessionVersion: string;
  readonly netType: string;
  readonly addressType: string;
  readonly address: string;
  readonly line: SdpLine;
}

/** `b=<type>:<value>`: AS and CT in kbit/s (RFC 8866 §5.8), RS and RR in bit/s (RFC 3556), TIAS in bit/s (RFC 3890). */
export interface Bandwidth {
  readonly type: string;
  readonly value: number;
  readonly line: SdpLine;
}

/** `t=<start> <stop>`, NTP seconds, RFC 8866 §5.9. */
export interface Timing {
  readonly start: number;
  readonly stop: number;
  readonly line: SdpLine;
}

/** `a=<name>` (value null) or `a=<name>:<value>`, RFC 8866 §5.13. */
export interface Attribute {
  readonly name: string;
  readonly value: string | null;
  readonly line: SdpLine;
}

/** The session part or one media part. Attribute names are compared case-sensitively, as RFC 8866 §6 says. */
export interface SdpSection {
  readonly lines: readonly SdpLine[];
  readonly connection: Connection | null;
  readonly bandwidth: readonly Bandwidth[];
  readonly attributes: readonly Attribute[];
  /** Value of the first attribute of that name: '' for a property attribute, undefined where there is none. */
  get(name: string): string | undefined;
  /** Values of all attributes of that name. */
  all(name: string): readonly string[];
  has(name: string): boolean;
}

/** One media description, RFC 8866 §5.14. */
export interface SdpMedia extends SdpSection {
  readonly index: number;
  /** The `m=` line. */
  readonly line: SdpLine;
  /** `audio`, `video`, `message`, …; '' where the line could not be read. */
  readonly kind: string;
  /** 0: rejected or to be removed; -1 where unreadable. */
  readonly port: number;
  /** `<port>/<count>`; 1 without. */
  readonly portCount: number;
  readonly proto: string;
  readonly formats: readonly string[];
}

/** A session description (RFC 8866, RFC 4566): the octets, and a read-only view that keeps every line in its place. */
export interface Sdp {
  readonly octets: Uint8Array;
  readonly lines: readonly SdpLine[];
  readonly version: string | null;
  readonly origin: Origin | null;
  readonly sessionName: string | null;
  readonly timing: readonly Timing[];
  readonly session: SdpSection;
  readonly media: readonly SdpMedia[];
  readonly defects: readonly Defect[];
}

/** The connection that holds for a media description: its own, else the session's. */
export function connectionOf(sdp: Sdp, media: SdpMedia): Connection | null {
  return media.connection ?? sdp.session.connection;
}

/** Value of the first `b=` line of that type (any case), or null. */
export function bandwidthOf(section: SdpSection, type: string): number | null {
  const wanted = type.toUpperCase();
  return section.bandwidth.find((line) => line.type.toUpperCase() === wanted)?.value ?? null;
}
