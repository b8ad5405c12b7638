/** A telephone-event payload, RFC 4733 §2.3. */
export interface TelephoneEvent {
  /** 0 to 9, 10 `*`, 11 `#`, 12 to 15 A to D, 16 flash; others RFC 4733 §3.2 and the IANA list. */
  readonly event: number;
  /** The E bit: this packet ends the event. */
  readonly end: boolean;
  readonly reserved: boolean;
  /** Power in -dBm0, 0 to 63. */
  readonly volume: number;
  /** So far, in timestamp units. */
  readonly duration: number;
}

/** Null where the payload is shorter than one event. */
export function parseTelephoneEvent(payload: Uint8Array): TelephoneEvent | null {
  const [event, flags, high, low] = payload;
  if (event === undefined || flags === undefined || high === undefined || low === undefined) return null;
  return {
    event,
    end: (flags & 0x80) !== 0,
    reserved: (flags & 0x40) !== 0,
    volume: flags & 0x3f,
    duration: (high << 8) | low,
  };
}

export function buildTelephoneEvent(event: Omit<TelephoneEvent, 'reserved'>): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt8(event.event & 0xff, 0);
  octets.writeUInt8((event.end ? 0x80 : 0) | (event.volume & 0x3f), 1);
  octets.writeUInt16BE(event.duration & 0xffff, 2);
  return octets;
}

const KEYS = '0123456789*#ABCD';

/** The event code of a key, null for anything that is not on a DTMF keypad. */
export function eventOfKey(key: string): number | null {
  const code = KEYS.indexOf(key.toUpperCase());
  return key.length !== 1 || code < 0 ? null : code;
}

export function keyOfEvent(event: number): string | null {
  return KEYS[event] ?? null;
}
