import { delay, type Timer } from '../net/clock.js';
import type { NetEnvironment } from '../net/environment.js';
import type { Endpoint } from '../net/socket-registry.js';
import { looksLikeRtcp, parseRtcp, type SenderInfo } from '../wire/rtp/rtcp.js';
import { buildRtcp, type RtcpParts } from '../wire/rtp/rtcp-writer.js';
import { parseRtp } from '../wire/rtp/rtp.js';
import { eventOfKey, keyOfEvent, parseTelephoneEvent } from '../wire/rtp/telephone-event.js';
import { isAmr } from '../wire/sdp/codecs.js';
import type { Direction } from '../wire/sdp/media-attributes.js';
import type { NegotiatedMedia } from '../wire/sdp/negotiated-media.js';
import { isEncoding } from '../wire/sdp/payload.js';
import type { Speaker } from './media/speech.js';
import type { MediaPortPair, MediaPorts } from './media-ports.js';
import { Reception, type ReceptionStatistics } from './media-reception.js';
import { MediaSource } from './media-source.js';

export interface MediaSessionOptions {
  readonly environment: NetEnvironment;
  readonly ports: MediaPorts;
  readonly speaker: Speaker;
  /** Canonical name of RTCP SDES, RFC 3550 §6.5.1: the same for all streams of one end. */
  readonly cname: string;
  /** Told of each key that is heard, once. */
  readonly onKey?: (key: string) => void;
}

/** What one end has sent and heard. */
export interface MediaStatistics {
  readonly sentPackets: number;
  readonly receivedPackets: number;
  readonly sentRtcp: number;
  readonly receivedRtcp: number;
  readonly ssrc: number;
  /** One entry for each source that was heard. */
  readonly received: readonly ReceptionStatistics[];
  /** Keys of the events that were heard, in order. */
  readonly digits: string;
  /** Packets with a payload type that was not negotiated, or that are no RTP at all. */
  readonly unexpected: number;
}

/** Seconds from 1900 to 1970, RFC 5905 §6. */
const NTP_OFFSET = 2_208_988_800;
/** A report at least every five seconds, RFC 3550 §6.2 and TS 26.114 §7.3; the first after half of it. */
const FIRST_REPORT_MS = 2_500;
const REPORT_MS = 4_000;
const REPORT_SPREAD_MS = 1_000;
const PLAIN_SOURCES_LIMIT = 31;
/** What a thumb needs between two keys, and more than any receiver does. */
const KEY_PAUSE_MS = 100;

/** The media of one call leg at one end: real RTP and RTCP between two ports, paced on the environment's clock. */
export class MediaSession {
  readonly #options: MediaSessionOptions;
  readonly #source: MediaSource;
  readonly #receptions = new Map<number, Reception>();
  readonly #waiting = new Set<{ readonly packets: number; readonly done: () => void }>();
  #pair: MediaPortPair | null = null;
  #media: NegotiatedMedia | null = null;
  #started = false;
  #tick: Timer | null = null;
  #report: Timer | null = null;
  #nextTick = 0;
  #receivedPackets = 0;
  #sentRtcp = 0;
  #receivedRtcp = 0;
  #unexpected = 0;
  #digits = '';
  #lastEvent: string | null = null;
  #sentSinceReport = false;

  private constructor(options: MediaSessionOptions) {
    this.#options = options;
    this.#source = new MediaSource(options.environment.random, options.speaker);
  }

  /** Opens a pair of ports; nothing is sent before `apply` and `start`. Rejects with a `NetError`. */
  static async open(options: MediaSessionOptions): Promise<MediaSession> {
    const session = new MediaSession(options);
    session.#pair = await options.ports.openPair({
      onRtp: (octets) => session.#onRtp(octets),
      onRtcp: (octets) => session.#onRtcp(octets),
    });
    return session;
  }

  /** The RTP address that the own SDP carries; RTCP is one port above. */
  get local(): Endpoint {
    const pair = this.#openPair();
    return { address: pair.address, port: pair.rtpPort };
  }

  /** What offer and answer say now: at the first answer, and again at each later one (hold, resume, another codec or far end). */
  apply(media: NegotiatedMedia): void {
    this.#media = media;
    if (this.#started) this.#schedule();
  }

  get direction(): Direction {
    return this.#media?.direction ?? 'inactive';
  }

  /**
   * Speech and reports begin, as far as the direction allows: when the call is answered, or for early media. On a skipping clock
   * the first packet waits until what is under way has arrived, the 200 for example; `now` sends it at once.
   */
  start(now = false): void {
    if (this.#started) return;
    this.#started = true;
    this.#schedule(now);
    if (this.#report === null && this.#media?.rtcpBandwidth !== 0) this.#scheduleReport(FIRST_REPORT_MS);
  }

  /** Speech ends; an RTCP BYE says so. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.#tick?.cancel();
    this.#report?.cancel();
    this.#tick = null;
    this.#report = null;
    this.#source.abandonEvents();
    if (this.#media !== null && this.#media.rtcpBandwidth !== 0) {
      this.#sendReport([{ kind: 'BYE', sources: [this.#source.ssrc], reason: null }]);
    }
  }

  /** Sends a key as telephone-event, RFC 4733; resolves with its last packet. False where no event format was negotiated. */
  sendKey(key: string, milliseconds = 100): Promise<boolean> {
    const event = eventOfKey(key);
    if (event === null) throw new Error(`"${key}" is no key of a DTMF keypad`);
    if (!this.#started || this.#media === null || this.#media.events === null) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#source.event(event, milliseconds, () => resolve(true));
    });
  }

  /** Sends keys one behind the other, with a pause behind each. False where no event format was negotiated. */
  async sendKeys(keys: string): Promise<boolean> {
    for (const key of keys) {
      if (!(await this.sendKey(key))) return false;
      await delay(this.#options.environment.clock, KEY_PAUSE_MS);
    }
    return true;
  }

  /** Resolves as soon as that many packets have been received in all. The caller guards it. */
  heard(packets: number): Promise<void> {
    if (this.#receivedPackets >= packets) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add({ packets, done: resolve });
    });
  }

  get statistics(): MediaStatistics {
    return {
      sentPackets: this.#source.packets,
      receivedPackets: this.#receivedPackets,
      sentRtcp: this.#sentRtcp,
      receivedRtcp: this.#receivedRtcp,
      ssrc: this.#source.ssrc,
      received: [...this.#receptions.values()].map((reception) => reception.statistics),
      digits: this.#digits,
      unexpected: this.#unexpected,
    };
  }

  /** Stops and gives the ports back. Idempotent. */
  async close(): Promise<void> {
    this.stop();
    const pair = this.#pair;
    this.#pair = null;
    await pair?.close();
  }

  #openPair(): MediaPortPair {
    if (this.#pair === null) throw new Error('the media session is closed');
    return this.#pair;
  }

  #schedule(now = false): void {
    if (this.#tick !== null || this.#media === null) return;
    const { clock } = this.#options.environment;
    this.#nextTick = clock.now();
    const run = (): void => {
      const media = this.#media;
      if (media === null || !this.#started) return;
      // There are samples of AMR and AMR-WB only: in any other codec silence is right, and their frames are not.
      const sends = (media.direction === 'sendrecv' || media.direction === 'sendonly') && isAmr(media.send);
      if (sends) {
        this.#pair?.sendRtp(this.#source.next(media), media.remote.rtp);
        this.#sentSinceReport = true;
      } else {
        this.#source.pause(media);
      }
      this.#nextTick += media.ptime;
      // While held nothing but the timestamp moves: the tick must not make a skipping clock run.
      this.#tick = clock.after(Math.max(0, this.#nextTick - clock.now()), run, { background: !sends });
    };
    if (now) run();
    else this.#tick = clock.after(0, run);
  }

  #scheduleReport(ms: number): void {
    const { clock, random } = this.#options.environment;
    this.#report = clock.after(
      ms,
      () => {
        this.#sendReport([]);
        this.#scheduleReport(REPORT_MS + random.integer(REPORT_SPREAD_MS));
      },
      { background: true },
    );
  }

  #sendReport(more: readonly RtcpParts[]): void {
    const media = this.#media;
    if (media === null || this.#pair === null) return;
    const at = this.#options.environment.clock.now();
    const { ssrc } = this.#source;
    const reports = [...this.#receptions.values()].slice(-PLAIN_SOURCES_LIMIT).map((reception) => reception.report(at));
    const first: RtcpParts = this.#sentSinceReport
      ? { kind: 'SR', ssrc, sender: this.#senderInfo(at, media.send.clockRate), reports }
      : { kind: 'RR', ssrc, reports };
    this.#sentSinceReport = false;
    const description: RtcpParts = {
      kind: 'SDES',
      chunks: [{ ssrc, items: [{ type: 1, text: this.#options.cname }] }],
    };
    const octets = buildRtcp([first, description, ...more]);
    this.#sentRtcp += 1;
    if (media.rtcpMux) this.#pair.sendRtp(octets, media.remote.rtp);
    else this.#pair.sendRtcp(octets, media.remote.rtcp);
  }

  /** RFC 3550 §6.4.1: the RTP timestamp is that of the same instant as the NTP timestamp, not of the last packet. */
  #senderInfo(at: number, clockRate: number): SenderInfo {
    const seconds = at / 1000 + NTP_OFFSET;
    const untilNext = Math.round(((this.#nextTick - at) * clockRate) / 1000);
    return {
      ntpSeconds: Math.floor(seconds) >>> 0,
      ntpFraction: Math.floor((seconds % 1) * 2 ** 32) >>> 0,
      rtpTimestamp: (this.#source.timestamp - untilNext) >>> 0,
      packetCount: this.#source.packets,
      octetCount: this.#source.octets,
    };
  }

  #onRtp(octets: Uint8Array): void {
    const media = this.#media;
    if (media?.rtcpMux === true && looksLikeRtcp(octets)) {
      this.#onRtcp(octets);
      return;
    }
    const packet = parseRtp(octets);
    const format = media?.receive.find((payload) => payload.payloadType === packet?.payloadType);
    if (packet === null || packet.version !== 2 || format === undefined) {
      this.#unexpected += 1;
      return;
    }
    const at = this.#options.environment.clock.now();
    let reception = this.#receptions.get(packet.ssrc);
    if (reception === undefined) {
      reception = new Reception(packet, format.clockRate, at);
      this.#receptions.set(packet.ssrc, reception);
    }
    reception.packet(packet, at);
    if (isEncoding(format, 'telephone-event')) this.#onEvent(packet.timestamp, packet.payload);
    this.#receivedPackets += 1;
    for (const waiting of this.#waiting) {
      if (this.#receivedPackets < waiting.packets) continue;
      this.#waiting.delete(waiting);
      waiting.done();
    }
  }

  /** One event is one timestamp and code, however many packets repeat it. RFC 4733 §2.2.1. */
  #onEvent(timestamp: number, payload: Uint8Array): void {
    const event = parseTelephoneEvent(payload);
    const key = event === null ? null : keyOfEvent(event.event);
    if (event === null || key === null) return;
    const identity = `${timestamp} ${event.event}`;
    if (this.#lastEvent === identity) return;
    this.#lastEvent = identity;
    this.#digits += key;
    this.#options.onKey?.(key);
  }

  #onRtcp(octets: Uint8Array): void {
    const packets = parseRtcp(octets);
    if (packets.length === 0) return;
    this.#receivedRtcp += 1;
    const at = this.#options.environment.clock.now();
    for (const packet of packets) {
      if (packet.kind === 'SR') this.#receptions.get(packet.ssrc)?.senderReport(packet, at);
    }
  }
}
