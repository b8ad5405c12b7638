import type { CaptureFile, CaptureProblem } from '../wire/capture/capture-file.js';
import { Dissector } from '../wire/capture/dissector.js';
import { SctpAssociations, type SctpMessage } from '../wire/capture/sctp.js';
import { TcpStreams } from '../wire/capture/tcp-streams.js';
import type { LiftedPdu, SctpPacket, TcpSegment, TransportSink, UdpDatagram } from '../wire/capture/transport.js';
import { DatagramSorter } from './datagram-sorter.js';
import { DuplicateFilter } from './duplicate-filter.js';
import { MessageStream } from './message-stream.js';
import type { Transport } from './model.js';
import { expectedProtocol, type Sighting, type SocketHints, type SocketProtocol, socketKey } from './sighting.js';

export interface Sightings {
  readonly messages: readonly Sighting[];
  readonly problems: readonly CaptureProblem[];
}

export interface SightingOptions {
  readonly hints: SocketHints;
  /** The capture is our own tap's: nothing is mirrored, nothing is missing at its end. */
  readonly complete: boolean;
}

/** Names of Wireshark's dissectors by the protocol they mean. */
const DISSECTORS: ReadonlyMap<string, SocketProtocol> = new Map([
  ['sip', 'sip'],
  ['sip.tcp', 'sip'],
  ['diameter', 'diameter'],
  ['dns', 'dns'],
  ['rtp', 'rtp'],
  ['rtcp', 'rtcp'],
]);

/** Finds every protocol message in a capture, in the order in which the capture completes them. */
export function sightingsOf(capture: CaptureFile, options: SightingOptions): Sightings {
  const collector = new Collector(options);
  for (const frame of capture.frames) collector.dissector.frame(frame);
  collector.end();
  const { messages, problems } = collector;
  // Held-back segments are delivered late; whole messages stay in order, and the sort is stable.
  const sorted = messages.every((message, i) => i === 0 || (messages[i - 1]?.frame ?? 0) <= message.frame);
  return { messages: sorted ? messages : [...messages].sort((a, b) => a.frame - b.frame), problems };
}

class Collector implements TransportSink {
  readonly messages: Sighting[] = [];
  readonly problems: CaptureProblem[] = [];
  readonly dissector = new Dissector(this);
  private readonly streams: TcpStreams;
  private readonly liftedStreams = new Map<string, MessageStream>();
  private readonly associations: SctpAssociations;
  private readonly datagrams: DatagramSorter;
  private readonly duplicates: DuplicateFilter | null;

  constructor(private readonly options: SightingOptions) {
    this.duplicates = options.complete ? null : new DuplicateFilter();
    this.datagrams = new DatagramSorter(options.hints, this.collect, this.report);
    this.streams = new TcpStreams((origin) => this.stream(origin, 'tcp', origin.midStream));
    this.associations = new SctpAssociations((message) => this.userMessage(message));
  }

  udp(datagram: UdpDatagram): void {
    const frames = this.duplicates ? this.duplicates.frames(datagram) : datagram.frames;
    if (frames) this.datagrams.add(datagram, frames);
  }

  tcp(segment: TcpSegment): void {
    this.streams.segment(segment);
  }

  sctp(packet: SctpPacket): void {
    this.associations.packet(packet);
  }

  lifted(pdu: LiftedPdu): void {
    if (pdu.carrier === 'udp') {
      this.udp({ ...pdu, identification: -1, cut: false });
      return;
    }
    const expected = DISSECTORS.get(pdu.dissector);
    const key = `${socketKey(pdu.source)} ${socketKey(pdu.destination)}`;
    let stream = this.liftedStreams.get(key);
    if (!stream) {
      stream = this.stream(pdu, pdu.carrier === 'sctp' ? 'sctp' : 'tls', false, expected);
      this.liftedStreams.set(key, stream);
    }
    stream.chunk({ octets: pdu.payload, frames: pdu.frames, frame: pdu.frame, at: pdu.at });
  }

  problem(problem: CaptureProblem): void {
    this.problems.push(problem);
  }

  end(): void {
    this.dissector.end();
    this.streams.end();
    for (const stream of this.liftedStreams.values()) stream.end('capture-over');
  }

  private readonly collect = (sighting: Sighting): void => {
    this.messages.push(sighting);
  };

  private readonly report = (problem: CaptureProblem): void => {
    this.problems.push(problem);
  };

  private stream(
    origin: Pick<Sighting, 'source' | 'destination'>,
    transport: Transport,
    midStream: boolean,
    known?: SocketProtocol,
  ): MessageStream {
    const { source, destination } = origin;
    return new MessageStream({
      source,
      destination,
      transport,
      midStream,
      expected: known ?? expectedProtocol(source, destination, this.options.hints),
      complete: this.options.complete,
      sink: this.collect,
      problem: this.report,
    });
  }

  /** SCTP keeps message boundaries: each user message stands for itself. */
  private userMessage(message: SctpMessage): void {
    const stream = this.stream(message, 'sctp', false);
    stream.chunk(message);
    stream.end('closed');
  }
}
