import type { Random } from '../net/random.js';
import { type AmrFrame, buildAmr, NO_DATA } from '../wire/rtp/amr.js';
import { buildRtp } from '../wire/rtp/rtp.js';
import { buildTelephoneEvent } from '../wire/rtp/telephone-event.js';
import { amrParameters, isAmr } from '../wire/sdp/codecs.js';
import type { NegotiatedMedia } from '../wire/sdp/negotiated-media.js';
import { isEncoding, type Payload } from '../wire/sdp/payload.js';
import { type Speaker, speechFrames } from './media/speech.js';

const FRAME_MS = 20;
/** The last packet of an event is sent three times in all, RFC 4733 §2.5.1.4. */
const END_PACKETS = 3;
const VOLUME = 10;

interface EventInProgress {
  readonly event: number;
  readonly timestamp: number;
  readonly duration: number;
  readonly done: () => void;
  packets: number;
  ends: number;
}

/**
 * What one end sends: speech of a sample in a loop, and events in between, in one stream with one SSRC. The owner calls `next`
 * once per packet time; sequence number, timestamp and SSRC begin at random, RFC 3550 §5.1.
 */
export class MediaSource {
  readonly ssrc: number;
  readonly #speaker: Speaker;
  #sequence: number;
  #timestamp: number;
  #frame = 0;
  #talking = false;
  #event: EventInProgress | null = null;
  readonly #queue: { readonly event: number; readonly milliseconds: number; readonly done: () => void }[] = [];
  packets = 0;
  octets = 0;

  constructor(random: Random, speaker: Speaker) {
    this.#speaker = speaker;
    this.ssrc = random.integer(0x1_0000_0000);
    this.#sequence = random.integer(0x1_0000);
    this.#timestamp = random.integer(0x1_0000_0000);
  }

  /** Timestamp of the next packet of speech. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** Queues an event of RFC 4733; `done` is called when its last packet was handed out. */
  event(event: number, milliseconds: number, done: () => void): void {
    this.#queue.push({ event, milliseconds, done });
  }

  /** Ends everything that waits, as the stream ends. */
  abandonEvents(): void {
    this.#event?.done();
    this.#event = null;
    for (const { done } of this.#queue.splice(0)) done();
  }

  /** Time passes without sending (hold): the timestamp goes on, the next packet begins a talkspurt. */
  pause(media: NegotiatedMedia): void {
    this.#advance(media);
    this.#talking = false;
  }

  /** The next packet in octets. */
  next(media: NegotiatedMedia): Uint8Array {
    const waiting = this.#event === null && media.events !== null ? this.#queue.shift() : undefined;
    if (waiting !== undefined && media.events !== null) {
      this.#event = {
        event: waiting.event,
        timestamp: this.#timestamp,
        duration: Math.min(0xffff, Math.round((waiting.milliseconds * media.events.clockRate) / 1000)),
        done: waiting.done,
        packets: 0,
        ends: 0,
      };
    }
    const packet =
      this.#event !== null && media.events !== null
        ? this.#eventPacket(this.#event, media.events, media.ptime)
        : this.#speechPacket(media);
    this.#advance(media);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packets += 1;
    return packet;
  }

  #speechPacket(media: NegotiatedMedia): Uint8Array {
    const frames: AmrFrame[] = [];
    const count = Math.max(1, Math.round(media.ptime / FRAME_MS));
    for (let i = 0; i < count; i++) frames.push(this.#nextFrame(media.send));
    const { wideband, octetAligned } = amrParameters(media.send);
    const payload = buildAmr(frames, { wideband, octetAligned });
    const marker = !this.#talking;
    this.#talking = true;
    return this.#packet(media.send.payloadType, payload, this.#timestamp, marker);
  }

  #eventPacket(event: EventInProgress, format: Payload, ptime: number): Uint8Array {
    const elapsed = Math.round(((event.packets + 1) * ptime * format.clockRate) / 1000);
    const end = elapsed >= event.duration;
    const duration = Math.min(elapsed, event.duration);
    const payload = buildTelephoneEvent({ event: event.event, end, volume: VOLUME, duration });
    const marker = event.packets === 0;
    event.packets += 1;
    if (end && ++event.ends === END_PACKETS) {
      this.#event = null;
      this.#talking = false;
      event.done();
    }
    return this.#packet(format.payloadType, payload, event.timestamp, marker);
  }

  #packet(payloadType: number, payload: Uint8Array, timestamp: number, marker: boolean): Uint8Array {
    this.octets += payload.length;
    const { ssrc } = this;
    return buildRtp({ payloadType, sequenceNumber: this.#sequence, timestamp, ssrc, payload, marker }).octets;
  }

  #nextFrame(send: Payload): AmrFrame {
    const codec = isEncoding(send, 'AMR-WB') ? 'AMR-WB' : 'AMR';
    const frames = speechFrames(this.#speaker, codec);
    const frame = frames[this.#frame++ % frames.length];
    const { modeSet } = amrParameters(send);
    // The sample has one mode; where the peer does not take it, an empty frame is right and speech in a forbidden mode is not.
    if (frame === undefined || !isAmr(send) || (modeSet !== null && !modeSet.includes(frame.type))) {
      return { type: NO_DATA, quality: true, speech: new Uint8Array() };
    }
    return frame;
  }

  #advance(media: NegotiatedMedia): void {
    this.#timestamp = (this.#timestamp + Math.round((media.ptime * media.send.clockRate) / 1000)) >>> 0;
  }
}
