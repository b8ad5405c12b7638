import type { CaptureProblem } from '../wire/capture/capture-file.js';
import type { Endpoint } from '../wire/capture/ip-packet.js';
import type { StreamChunk, StreamListener } from '../wire/capture/tcp-streams.js';
import type { Defect } from '../wire/defect.js';
import { DiameterFramer } from '../wire/diameter/framing.js';
import { looksLikeDiameter, parseDiameter } from '../wire/diameter/parse.js';
import { DnsFramer } from '../wire/dns/framing.js';
import { looksLikeDns, parseDns } from '../wire/dns/parse.js';
import { SipFramer } from '../wire/sip/framing.js';
import { looksLikeSip, parseSip } from '../wire/sip/parse.js';
import { resemblesSip } from './datagram-sorter.js';
import type { Transport } from './model.js';
import type { SightingSink, SocketProtocol } from './sighting.js';

/** What one push into a framer gave. */
interface Cut {
  readonly kind: 'message' | 'keep-alive' | 'garbage';
  readonly octets: Uint8Array;
  readonly defect?: Defect;
}

interface Framer {
  push(octets: Uint8Array): readonly Cut[];
  end(): readonly Cut[];
}

type StreamProtocol = 'sip' | 'diameter' | 'dns';

export interface MessageStreamOptions {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly transport: Transport;
  readonly midStream: boolean;
  /** What the ports let expect. */
  readonly expected: SocketProtocol | undefined;
  /** The capture holds all that was sent: an unfinished message is its sender's fault, not the capture's. */
  readonly complete: boolean;
  readonly sink: SightingSink;
  readonly problem: (problem: CaptureProblem) => void;
}

/** Octets that are waited for before an unknown stream is given up: the longest start line that `looksLikeSip` takes. */
const UNDECIDED_OCTETS = 2048;
/** Enough to see a SIP start line's version or a Diameter header with its first AVP. */
const DECIDING_OCTETS = 28;

/** Cuts one direction of a stream into messages, whatever protocol it turns out to carry. */
export class MessageStream implements StreamListener {
  private protocol: StreamProtocol | 'other' | null = null;
  private framer: Framer | null = null;
  private undecided: StreamChunk[] = [];
  /** Frames that hold the beginning of a message whose end has not come. */
  private openFrames: number[] = [];
  private pending = 0;
  private last: StreamChunk | null = null;
  /** Behind a gap or garbage, or in mid-stream: chunks are skipped until one begins as a message does. */
  private searching: boolean;

  constructor(private readonly options: MessageStreamOptions) {
    this.searching = options.midStream;
  }

  chunk(chunk: StreamChunk): void {
    this.last = chunk;
    if (this.protocol === 'other') return;
    if (this.protocol === null) this.decide(chunk);
    else if (this.searching) this.resume(chunk);
    else this.feed(chunk);
  }

  gap(missing: number, frame: number): void {
    const speaks = this.protocol !== null && this.protocol !== 'other';
    if (speaks || this.options.expected !== undefined) {
      this.options.problem({
        code: 'tcp-gap',
        severity: 'error',
        text: `${missing} octets of the TCP stream from ${this.options.source.address} port ${this.options.source.port} are not in the capture.`,
        frame,
      });
    }
    this.forget();
    this.searching = true;
  }

  end(cause: 'closed' | 'capture-over'): void {
    if (this.protocol === null) this.settle();
    if (!this.framer || !this.last) return;
    const left = this.framer.end();
    const last = this.last;
    this.framer = null;
    for (const cut of left) {
      if (cut.kind !== 'garbage') continue;
      if (cause === 'closed' || this.options.complete) this.emit(cut, last, this.openFrames);
      else
        this.options.problem({
          code: 'tcp-gap',
          severity: 'info',
          text: 'The capture ends inside a message of a stream.',
          frame: last.frame,
        });
    }
  }

  private decide(chunk: StreamChunk): void {
    if (this.searching) {
      const protocol = beginning(chunk.octets, this.options.expected);
      if (protocol === null) {
        if (isTls(chunk.octets)) this.encrypted(chunk.frame);
        return;
      }
      this.begin(protocol);
      this.feed(chunk);
      return;
    }
    this.undecided.push(chunk);
    const size = this.undecided.reduce((sum, part) => sum + part.octets.length, 0);
    const octets =
      this.undecided.length === 1 ? chunk.octets : Buffer.concat(this.undecided.map((part) => part.octets));
    const protocol = beginning(octets, this.options.expected);
    if (protocol !== null) {
      this.begin(protocol);
      this.release();
    } else if (isTls(octets)) {
      this.encrypted(chunk.frame);
    } else if (this.options.expected === 'sip' && hasLine(octets)) {
      this.settle();
    } else if (size >= UNDECIDED_OCTETS || (size >= DECIDING_OCTETS && !isText(octets))) {
      this.settle();
    }
  }

  /** The content says nothing: the port decides, or nobody is interested. */
  private settle(): void {
    const { expected } = this.options;
    if (this.undecided.length === 0) return;
    if (expected === 'sip' || expected === 'diameter' || expected === 'dns') {
      this.begin(expected);
      this.release();
    } else {
      this.protocol = 'other';
      this.undecided = [];
    }
  }

  private begin(protocol: StreamProtocol): void {
    this.protocol = protocol;
    this.framer = framerOf(protocol);
    this.searching = false;
  }

  private release(): void {
    const chunks = this.undecided;
    this.undecided = [];
    for (const chunk of chunks) this.feed(chunk);
  }

  private resume(chunk: StreamChunk): void {
    const protocol = beginning(chunk.octets, this.options.expected);
    if (protocol === null || protocol !== this.protocol) return;
    this.begin(protocol);
    this.feed(chunk);
  }

  private forget(): void {
    this.framer = this.framer && this.protocol && this.protocol !== 'other' ? framerOf(this.protocol) : this.framer;
    this.undecided = [];
    this.openFrames = [];
    this.pending = 0;
  }

  private encrypted(frame: number): void {
    this.protocol = 'other';
    this.undecided = [];
    if (this.options.expected === undefined) return;
    this.options.problem({
      code: 'undecodable-frame',
      severity: 'info',
      text: `The stream between ${this.options.source.address} and ${this.options.destination.address} is TLS; export its decrypted PDUs to have them judged.`,
      frame,
    });
  }

  private feed(chunk: StreamChunk): void {
    if (!this.framer) return;
    if (this.searching) {
      this.resume(chunk);
      return;
    }
    let frames = [...this.openFrames, ...chunk.frames];
    this.pending += chunk.octets.length;
    const cuts = this.framer.push(chunk.octets);
    for (const cut of cuts) {
      this.pending -= cut.octets.length;
      if (cut.kind !== 'keep-alive') this.emit(cut, chunk, frames);
      // A later message in the same segment began in this very segment.
      frames = [...chunk.frames];
      if (cut.kind === 'garbage') {
        this.forget();
        this.searching = true;
        return;
      }
    }
    this.openFrames = this.pending > 0 ? frames : [];
  }

  private emit(cut: Cut, chunk: StreamChunk, frames: readonly number[]): void {
    const { source, destination, transport, sink } = this.options;
    const { octets } = cut;
    const base = {
      transport,
      frame: chunk.frame,
      frames: frames.length === 1 ? frames : [...new Set(frames)],
      at: chunk.at,
      source,
      destination,
      octets,
      framingDefects: cut.defect ? [cut.defect] : [],
    };
    const whole = cut.kind === 'message';
    if (this.protocol === 'sip' && (whole || resemblesSip(octets))) {
      sink({ ...base, protocol: 'sip', sip: parseSip(octets) });
    } else if (this.protocol === 'diameter' && whole) {
      sink({ ...base, protocol: 'diameter', diameter: parseDiameter(octets) });
    } else if (this.protocol === 'dns' && whole) {
      sink({ ...base, protocol: 'dns', dns: parseDns(octets) });
    } else {
      sink({ ...base, protocol: 'unknown' });
    }
  }
}

function framerOf(protocol: StreamProtocol): Framer {
  if (protocol === 'sip') return new SipFramer();
  if (protocol === 'diameter') return new DiameterFramer();
  return new DnsStream();
}

/** RFC 1035 §4.2.2 as the other framers give it: the length octets count to their message. */
class DnsStream implements Framer {
  private readonly framer = new DnsFramer();

  push(octets: Uint8Array): readonly Cut[] {
    return this.framer.push(octets).map((message) => ({ kind: 'message', octets: message }));
  }

  end(): readonly Cut[] {
    return [];
  }
}

/** The protocol whose message begins here, or null. */
function beginning(octets: Uint8Array, expected: SocketProtocol | undefined): StreamProtocol | null {
  if (looksLikeSip(octets)) return 'sip';
  if (looksLikeDiameter(octets)) return 'diameter';
  const length = ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
  if (expected === 'dns' && octets.length > 14 && length + 2 <= octets.length) {
    return looksLikeDns(octets.subarray(2, 2 + length)) ? 'dns' : null;
  }
  return null;
}

/** A TLS record header of any version: handshake or application data. RFC 8446 §5.1. */
function isTls(octets: Uint8Array): boolean {
  return (octets[0] === 0x16 || octets[0] === 0x17) && octets[1] === 3 && (octets[2] ?? 9) <= 4;
}

/** A line has ended behind the CRLFs that may stand in front: whatever it is, it is a start line. */
function hasLine(octets: Uint8Array): boolean {
  const first = octets.findIndex((octet) => octet !== 13 && octet !== 10);
  return first >= 0 && octets.indexOf(10, first) > 0;
}

function isText(octets: Uint8Array): boolean {
  return octets.subarray(0, 64).every((octet) => octet >= 0x20 || octet === 9 || octet === 10 || octet === 13);
}
