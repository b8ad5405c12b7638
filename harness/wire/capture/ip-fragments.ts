/** A datagram that came in pieces, whole again. */
export interface Reassembled {
  readonly payload: Uint8Array;
  readonly frames: readonly number[];
}

export interface Fragment {
  /** Offset in the payload of the whole datagram, octets. */
  readonly offset: number;
  readonly more: boolean;
  readonly payload: Uint8Array;
  readonly frame: number;
  /** Microseconds since the epoch. */
  readonly at: number;
}

interface Partial {
  buffer: Uint8Array;
  /** One flag for each unit of eight octets that has come. */
  readonly units: Uint8Array;
  covered: number;
  /** Length of the whole, known when the last fragment came. */
  total: number;
  readonly frames: number[];
  readonly began: number;
}

const MAX_DATAGRAM = 65_535;
const UNITS = 8192;
const MAX_WAITING = 1024;
/** RFC 8200 §4.5: sixty seconds. */
const PATIENCE = 60_000_000;

/**
 * Puts IPv4 and IPv6 fragments together (RFC 791 §3.2, RFC 8200 §4.5), in any order. Where fragments overlap, the first one to come
 * holds. Bounded: 64 KiB a datagram, 1024 datagrams at once, sixty seconds of capture time each.
 */
export class FragmentStore {
  private readonly waiting = new Map<string, Partial>();

  /** `lost` is told the frames of every datagram that is given up. */
  constructor(private readonly lost: (frames: readonly number[]) => void) {}

  /** The whole datagram when this fragment completes it, else null. `key` names source, destination, protocol and identification. */
  add(key: string, fragment: Fragment): Reassembled | null {
    const end = fragment.offset + fragment.payload.length;
    if (end > MAX_DATAGRAM) {
      this.lost([fragment.frame]);
      return null;
    }
    const partial = this.partialFor(key, fragment);
    partial.frames.push(fragment.frame);
    // A fragment before the last one carries whole units of eight octets; a ragged end there is not covered.
    const lastUnit = fragment.more ? Math.floor(end / 8) : Math.ceil(end / 8);
    if (!fragment.more && partial.total < 0) {
      partial.total = end;
      partial.covered = partial.units.subarray(0, Math.ceil(end / 8)).reduce((sum, unit) => sum + unit, 0);
    }
    this.copy(partial, fragment, lastUnit);
    const wanted = partial.total < 0 ? -1 : Math.ceil(partial.total / 8);
    if (partial.covered < wanted || wanted < 0) return null;
    this.waiting.delete(key);
    return { payload: partial.buffer.subarray(0, partial.total), frames: partial.frames };
  }

  /** Gives up what is still incomplete. */
  end(): void {
    for (const partial of this.waiting.values()) this.lost(partial.frames);
    this.waiting.clear();
  }

  private partialFor(key: string, fragment: Fragment): Partial {
    const known = this.waiting.get(key);
    if (known && fragment.at - known.began <= PATIENCE) return known;
    if (known) this.giveUp(key, known);
    const oldest = this.waiting.entries().next();
    if (this.waiting.size >= MAX_WAITING && !oldest.done) this.giveUp(oldest.value[0], oldest.value[1]);
    const fresh: Partial = {
      buffer: new Uint8Array(4096),
      units: new Uint8Array(UNITS),
      covered: 0,
      total: -1,
      frames: [],
      began: fragment.at,
    };
    this.waiting.set(key, fresh);
    return fresh;
  }

  private giveUp(key: string, partial: Partial): void {
    this.waiting.delete(key);
    this.lost(partial.frames);
  }

  private copy(partial: Partial, fragment: Fragment, lastUnit: number): void {
    const end = fragment.offset + fragment.payload.length;
    if (end > partial.buffer.length) {
      const grown = new Uint8Array(Math.min(MAX_DATAGRAM + 8, Math.max(end, partial.buffer.length * 2)));
      grown.set(partial.buffer);
      partial.buffer = grown;
    }
    for (let unit = fragment.offset / 8; unit < lastUnit; unit += 1) {
      if (partial.units[unit] === 1) continue;
      partial.units[unit] = 1;
      if (partial.total < 0 || unit * 8 < partial.total) partial.covered += 1;
      const from = unit * 8 - fragment.offset;
      partial.buffer.set(fragment.payload.subarray(from, Math.min(from + 8, fragment.payload.length)), unit * 8);
    }
  }
}
