import { parseSdp } from './parse.js';
import type { Sdp, SdpLine } from './sdp.js';

/** The session part, or the media description with that index. */
export type SdpLevel = 'session' | number;

/** Fluent changes; lines that are not touched keep their octets, their order and their line ends. */
export interface SdpEdit {
  /** `o=` gets the next session version, RFC 3264 §8. */
  raiseVersion(): SdpEdit;
  /** Changes fields of `o=`. */
  origin(change: { readonly userName?: string; readonly sessionVersion?: string; readonly address?: string }): SdpEdit;
  /** Sets `c=` of a level: replaces the one that is there, else puts it in its place. */
  connection(level: SdpLevel, address: string): SdpEdit;
  /** Port of an `m=` line. */
  port(index: number, port: number): SdpEdit;
  proto(index: number, proto: string): SdpEdit;
  /** The formats of an `m=` line; `rtpmap`, `fmtp` and `rtcp-fb` of formats that are gone go too. */
  formats(index: number, formats: readonly string[]): SdpEdit;
  /** Sets `b=<type>:<value>`; null removes it. */
  bandwidth(level: SdpLevel, type: string, value: number | null): SdpEdit;
  /** Replaces the first attribute of that name, or appends it; null is a property attribute without value. */
  attribute(level: SdpLevel, name: string, value: string | null): SdpEdit;
  /** Appends an attribute at the end of the level. */
  addAttribute(level: SdpLevel, name: string, value: string | null): SdpEdit;
  /** Removes the attributes of that name, or those of them whose value the test accepts. */
  removeAttribute(level: SdpLevel, name: string, test?: (value: string) => boolean): SdpEdit;
  /** Puts the direction attribute, whatever was there before, RFC 8866 §6.7. */
  direction(level: SdpLevel, direction: string): SdpEdit;
  /** Every line once, `type=value`; a string replaces it (without line end), null removes it, undefined keeps it. */
  mapLines(change: (text: string, line: SdpLine) => string | null | undefined): SdpEdit;
  done(): Sdp;
}

interface Entry {
  type: string;
  value: string;
  /** Octets of an untouched line, its line end included. */
  octets: Uint8Array | null;
  readonly source: SdpLine | null;
}

/** Order in which lines stand within one level, RFC 8866 §5. */
const ORDER = 'mvosiuepcbtrzka';
const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

/** Starts a change of a session description. */
export function editSdp(sdp: Sdp): SdpEdit {
  return new Editor(sdp);
}

/** The octets of a description: what was parsed or built, unchanged. */
export function formatSdp(sdp: Sdp): Uint8Array {
  return sdp.octets;
}

/** A description out of lines without line ends (`v=0`, `o=…`); each gets CRLF. */
export function buildSdp(lines: readonly string[]): Sdp {
  return parseSdp(lines.map((line) => `${line}\r\n`).join(''));
}

class Editor implements SdpEdit {
  /** Level 0 is the session part, level n+1 the media description n. */
  private readonly levels: Entry[][] = [[]];

  constructor(sdp: Sdp) {
    for (const source of sdp.lines) {
      if (source.type === 'm') this.levels.push([]);
      const octets = sdp.octets.subarray(source.start, source.end);
      this.levels.at(-1)?.push({ type: source.type, value: source.value, octets, source });
    }
  }

  raiseVersion(): SdpEdit {
    return this.changeOrigin((fields) => {
      const version = fields[2];
      if (version !== undefined && /^\d+$/.test(version)) fields[2] = String(BigInt(version) + 1n);
    });
  }

  origin(change: { readonly userName?: string; readonly sessionVersion?: string; readonly address?: string }): SdpEdit {
    return this.changeOrigin((fields) => {
      if (change.userName !== undefined) fields[0] = change.userName;
      if (change.sessionVersion !== undefined) fields[2] = change.sessionVersion;
      if (change.address !== undefined) {
        fields[4] = addressType(change.address);
        fields[5] = change.address;
      }
    });
  }

  connection(level: SdpLevel, address: string): SdpEdit {
    return this.setLine(level, 'c', () => true, `IN ${addressType(address)} ${address}`);
  }

  port(index: number, port: number): SdpEdit {
    return this.changeMedia(index, (fields) => {
      fields[1] = String(port);
    });
  }

  proto(index: number, proto: string): SdpEdit {
    return this.changeMedia(index, (fields) => {
      fields[2] = proto;
    });
  }

  formats(index: number, formats: readonly string[]): SdpEdit {
    this.changeMedia(index, (fields) => {
      fields.splice(3, fields.length, ...formats);
    });
    for (const name of ['rtpmap', 'fmtp', 'rtcp-fb']) {
      this.removeAttribute(index, name, (value) => {
        const format = value.split(' ')[0] ?? '';
        return format !== '*' && !formats.includes(format);
      });
    }
    return this;
  }

  bandwidth(level: SdpLevel, type: string, value: number | null): SdpEdit {
    const matches = (text: string) => text.toUpperCase().startsWith(`${type.toUpperCase()}:`);
    if (value !== null) return this.setLine(level, 'b', matches, `${type}:${value}`);
    return this.removeLines(level, 'b', matches);
  }

  attribute(level: SdpLevel, name: string, value: string | null): SdpEdit {
    return this.setLine(level, 'a', (text) => nameOf(text) === name, value === null ? name : `${name}:${value}`);
  }

  addAttribute(level: SdpLevel, name: string, value: string | null): SdpEdit {
    this.level(level)?.push(fresh('a', value === null ? name : `${name}:${value}`));
    return this;
  }

  removeAttribute(level: SdpLevel, name: string, test: (value: string) => boolean = () => true): SdpEdit {
    return this.removeLines(level, 'a', (text) => nameOf(text) === name && test(text.slice(name.length + 1)));
  }

  direction(level: SdpLevel, direction: string): SdpEdit {
    const others = this.level(level)?.filter((entry) => entry.type === 'a' && DIRECTIONS.includes(entry.value)) ?? [];
    if (others.length === 0) return this.addAttribute(level, direction, null);
    return this.mapLevel(level, (entry) => {
      if (!others.includes(entry)) return entry;
      return entry === others[0] ? fresh('a', direction) : null;
    });
  }

  mapLines(change: (text: string, line: SdpLine) => string | null | undefined): SdpEdit {
    for (let level = 0; level < this.levels.length; level++) {
      this.mapLevel(level - 1 < 0 ? 'session' : level - 1, (entry) => {
        if (entry.source === null) return entry;
        const text = entry.type === '' ? entry.value : `${entry.type}=${entry.value}`;
        const changed = change(text, entry.source);
        if (changed === undefined || changed === text) return entry;
        if (changed === null) return null;
        const hasType = changed.charAt(1) === '=';
        return fresh(hasType ? changed.charAt(0) : '', hasType ? changed.slice(2) : changed);
      });
    }
    return this;
  }

  done(): Sdp {
    const entries = this.levels.flat();
    const parts = entries.map((entry) => {
      if (entry.octets !== null) return entry.octets;
      return Buffer.from(`${entry.type === '' ? '' : `${entry.type}=`}${entry.value}\r\n`, 'utf8');
    });
    return parseSdp(Buffer.concat(parts));
  }

  private level(level: SdpLevel): Entry[] | undefined {
    return this.levels[level === 'session' ? 0 : level + 1];
  }

  private mapLevel(level: SdpLevel, change: (entry: Entry) => Entry | null): SdpEdit {
    const entries = this.level(level);
    if (entries !== undefined) {
      const kept = entries.map(change).filter((entry) => entry !== null);
      entries.splice(0, entries.length, ...kept);
    }
    return this;
  }

  private removeLines(level: SdpLevel, type: string, test: (value: string) => boolean): SdpEdit {
    return this.mapLevel(level, (entry) => (entry.type === type && test(entry.value) ? null : entry));
  }

  private setLine(level: SdpLevel, type: string, test: (value: string) => boolean, value: string): SdpEdit {
    const entries = this.level(level);
    if (entries === undefined) return this;
    const at = entries.findIndex((entry) => entry.type === type && test(entry.value));
    if (at >= 0) {
      entries[at] = fresh(type, value);
      return this;
    }
    const rank = ORDER.indexOf(type);
    const behind = entries.findIndex((entry) => ORDER.indexOf(entry.type) > rank);
    entries.splice(behind < 0 ? entries.length : behind, 0, fresh(type, value));
    return this;
  }

  private changeOrigin(change: (fields: string[]) => void): SdpEdit {
    return this.changeFields('session', 'o', change);
  }

  private changeMedia(index: number, change: (fields: string[]) => void): SdpEdit {
    return this.changeFields(index, 'm', change);
  }

  private changeFields(level: SdpLevel, type: string, change: (fields: string[]) => void): SdpEdit {
    const entries = this.level(level) ?? [];
    const at = entries.findIndex((entry) => entry.type === type);
    const entry = entries[at];
    if (entry === undefined) return this;
    const fields = entry.value.split(' ');
    change(fields);
    const value = fields.join(' ');
    if (value !== entry.value) entries[at] = fresh(type, value);
    return this;
  }
}

function fresh(type: string, value: string): Entry {
  return { type, value, octets: null, source: null };
}

function nameOf(value: string): string {
  const colon = value.indexOf(':');
  return colon < 0 ? value : value.slice(0, colon);
}

/** `IP4` or `IP6`, RFC 8866 §5.7. */
export function addressType(address: string): 'IP4' | 'IP6' {
  return address.includes(':') ? 'IP6' : 'IP4';
}
