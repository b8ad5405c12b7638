import { type Endpoint, TCP_FLAGS } from './ip-packet.js';
import type { TcpSegment } from './transport.js';

/** Octets of one direction, in order and each once. */
export interface StreamChunk {
  readonly octets: Uint8Array;
  readonly frames: readonly number[];
  readonly frame: number;
  readonly at: number;
}

/** One direction of one TCP connection, told as it goes on. */
export interface StreamListener {
  chunk(chunk: StreamChunk): void;
  /** Octets are missing here; what follows may begin in the middle of a message. */
  gap(missing: number, frame: number): void;
  /** FIN, RST or a new connection on the same ports; or the capture is over before the connection is. */
  end(cause: 'closed' | 'capture-over'): void;
}

export interface StreamOrigin {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** The capture begins in the middle of the connection. */
  readonly midStream: boolean;
}

interface Waiting {
  readonly sequence: number;
  readonly segment: TcpSegment;
}

interface Direction {
  readonly listener: StreamListener;
  /** Sequence number of the next octet. */
  next: number;
  /** Segments that came before their time, by rising sequence number. */
  waiting: Waiting[];
  waitingOctets: number;
  /** When the oldest gap was first seen, microseconds. */
  gapSince: number;
  /** Highest number that the other side acknowledged. */
  acknowledged: number | null;
  finished: boolean;
}

const MAX_WAITING_OCTETS = 4 * 1024 * 1024;
const MAX_WAITING_SEGMENTS = 4096;
/** A gap that the receiver acknowledged was lost by the capture, not by the network; captures reorder by less than this. */
const ACKNOWLEDGED_GAP_PATIENCE = 200_000;
/** A gap nobody acknowledged is waited for through TCP's first retransmissions. RFC 6298. */
const GAP_PATIENCE = 15_000_000;

/**
 * Puts TCP streams together: out of order, retransmitted, overlapping segments (the first octets to come hold), sequence
 * numbers that wrap, connections that begin before the capture, ports used again. RFC 9293 §3.4.
 */
export class TcpStreams {
  private readonly directions = new Map<string, Direction>();

  constructor(private readonly open: (origin: StreamOrigin) => StreamListener) {}

  segment(segment: TcpSegment): void {
    const { source, destination } = segment;
    const there = `${source.address}|${source.port}|${destination.address}|${destination.port}`;
    const back = `${destination.address}|${destination.port}|${source.address}|${source.port}`;
    if ((segment.flags & TCP_FLAGS.syn) !== 0) {
      this.begin(there, segment);
      return;
    }
    this.acknowledge(back, segment);
    let direction = this.directions.get(there);
    if (!direction || (direction.finished && segment.payload.length > 0 && this.isNew(direction, segment))) {
      if (segment.payload.length === 0) return;
      direction = this.start(there, segment, segment.sequence, true);
    }
    this.data(direction, segment);
    if ((segment.flags & TCP_FLAGS.rst) !== 0) this.finish(direction, segment.frame);
    else if ((segment.flags & TCP_FLAGS.fin) !== 0 && direction.waiting.length === 0)
      this.finish(direction, segment.frame);
  }

  /** The capture is over. */
  end(): void {
    for (const direction of this.directions.values()) this.finish(direction, 0, 'capture-over');
    this.directions.clear();
  }

  private begin(key: string, segment: TcpSegment): void {
    const old = this.directions.get(key);
    // A SYN again with the number we know is a retransmission.
    if (old && !old.finished && old.next === (segment.sequence + 1) >>> 0) return;
    if (old) this.finish(old, segment.frame);
    this.start(key, segment, (segment.sequence + 1) >>> 0, false);
  }

  private start(key: string, segment: TcpSegment, next: number, midStream: boolean): Direction {
    const { source, destination } = segment;
    const direction: Direction = {
      listener: this.open({ source, destination, midStream }),
      next,
      waiting: [],
      waitingOctets: 0,
      gapSince: 0,
      acknowledged: null,
      finished: false,
    };
    this.directions.set(key, direction);
    return direction;
  }

  /** Data far from where a finished direction stood belongs to another connection. */
  private isNew(direction: Direction, segment: TcpSegment): boolean {
    const distance = (segment.sequence - direction.next) | 0;
    return distance > 0 || distance < -0x100000;
  }

  private acknowledge(key: string, segment: TcpSegment): void {
    const direction = this.directions.get(key);
    if (!direction || (segment.flags & TCP_FLAGS.ack) === 0) return;
    const known = direction.acknowledged;
    if (known === null || ((segment.acknowledgement - known) | 0) > 0) direction.acknowledged = segment.acknowledgement;
    if (direction.waiting.length > 0) this.skipOldGap(direction, segment.at, segment.frame);
  }

  private data(direction: Direction, segment: TcpSegment): void {
    if (segment.payload.length === 0 || direction.finished) return;
    const distance = (segment.sequence - direction.next) | 0;
    if (distance > 0) {
      this.hold(direction, segment);
      this.skipOldGap(direction, segment.at, segment.frame);
      return;
    }
    this.deliver(direction, segment, -distance);
    this.drain(direction, segment);
  }

  private deliver(direction: Direction, segment: TcpSegment, known: number, completing: TcpSegment = segment): void {
    if (known >= segment.payload.length) return;
    const octets = segment.payload.subarray(known);
    direction.next = (direction.next + octets.length) >>> 0;
    direction.listener.chunk({
      octets,
      frames: segment.frames,
      frame: Math.max(segment.frame, completing.frame),
      at: Math.max(segment.at, completing.at),
    });
  }

  private hold(direction: Direction, segment: TcpSegment): void {
    const { waiting } = direction;
    if (waiting.length === 0) direction.gapSince = segment.at;
    let place = waiting.length;
    // Segments mostly come in order, so the place is near the end.
    while (place > 0 && ((segment.sequence - (waiting[place - 1]?.sequence ?? 0)) | 0) < 0) place -= 1;
    waiting.splice(place, 0, { sequence: segment.sequence, segment });
    direction.waitingOctets += segment.payload.length;
    if (direction.waitingOctets > MAX_WAITING_OCTETS || waiting.length > MAX_WAITING_SEGMENTS) {
      this.skipGap(direction, segment.frame);
    }
  }

  /** Delivers the waiting segments that are due now. */
  private drain(direction: Direction, completing: TcpSegment): void {
    let taken = 0;
    for (const { sequence, segment } of direction.waiting) {
      const distance = (sequence - direction.next) | 0;
      if (distance > 0) break;
      taken += 1;
      direction.waitingOctets -= segment.payload.length;
      this.deliver(direction, segment, -distance, completing);
    }
    if (taken === 0) return;
    direction.waiting = direction.waiting.slice(taken);
    direction.gapSince = completing.at;
  }

  private skipOldGap(direction: Direction, at: number, frame: number): void {
    const first = direction.waiting[0];
    if (!first) return;
    const { acknowledged } = direction;
    const seenByReceiver = acknowledged !== null && ((acknowledged - first.sequence) | 0) >= 0;
    const patience = seenByReceiver ? ACKNOWLEDGED_GAP_PATIENCE : GAP_PATIENCE;
    if (at - direction.gapSince > patience) this.skipGap(direction, frame);
  }

  private skipGap(direction: Direction, frame: number): void {
    const first = direction.waiting[0];
    if (!first) return;
    const missing = (first.sequence - direction.next) | 0;
    direction.listener.gap(missing, first.segment.frame);
    direction.next = first.sequence;
    this.drain(direction, { ...first.segment, frame: Math.max(frame, first.segment.frame) });
  }

  private finish(direction: Direction, frame: number, cause: 'closed' | 'capture-over' = 'closed'): void {
    if (direction.finished) return;
    while (direction.waiting.length > 0) this.skipGap(direction, frame);
    direction.finished = true;
    direction.listener.end(cause);
  }
}
