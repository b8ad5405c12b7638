import type { Profile } from '../profile/profile.js';
import type { ReferencePoint } from '../profile/reference-point.js';
import { LINK_TYPES } from '../wire/capture/capture-file.js';
import { ConversationWriter } from '../wire/capture/conversation-writer.js';
import { type Endpoint, ipPacketAround, udpPacket } from '../wire/capture/ip-packet.js';
import { PcapngWriter } from '../wire/capture/pcapng-writer.js';
import { sctpDataPacket } from '../wire/capture/sctp.js';
import { writeUpperPdu } from '../wire/capture/upper-pdu.js';
import { canonicalAddress } from '../wire/ip-address.js';
import { writeCaptureHeader } from './capture-header.js';
import type { Transport } from './model.js';
import { NodeDirectory } from './node-directory.js';
import { referencePointOf } from './reference-points.js';
import { type SocketProtocol, socketKey } from './sighting.js';

/** One write or datagram as a tap saw it; the tap's own records fit. */
export interface CaptureRecord {
  /** Microseconds since the epoch. */
  readonly at: number;
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly octets: Uint8Array;
  readonly protocol: SocketProtocol;
}

export interface CaptureOptions {
  readonly profile: Profile;
  readonly caseId?: string;
  /** Comments by index of the record; they stand at the last frame of the record. */
  readonly annotations?: ReadonlyMap<number, readonly string[]>;
  /** Lines for the human reader in front of the machine-readable header. */
  readonly comments?: readonly string[];
}

/** Largest payload that one IP packet of either version carries in UDP. */
const MAX_UDP_PAYLOAD = 65_507;

/**
 * Writes what a tap saw as pcapng: UDP and TCP as raw IP with right checksums and handshakes, decrypted TLS as exported PDUs,
 * one interface per reference point, names of the nodes, and a header by which the file is judged like the live run.
 */
export function captureFromTap(records: readonly CaptureRecord[], options: CaptureOptions): Uint8Array {
  return tapCapture(records, options).octets;
}

/** A capture of what a tap saw, and for each record the number of the frame that completes it; 0 for a write of nothing. */
export interface TapCapture {
  readonly octets: Uint8Array;
  readonly lastFrames: readonly number[];
}

/** As `captureFromTap`, for those who want to find their records again. */
export function tapCapture(records: readonly CaptureRecord[], options: CaptureOptions): TapCapture {
  const { sockets, interfaces, taken } = pathsOf(records, options.profile);
  const header = {
    profile: options.profile,
    sockets,
    ...(options.caseId === undefined ? {} : { caseId: options.caseId }),
  };
  const writer = new PcapngWriter({
    application: 'q3953',
    comments: [...(options.comments ?? []), ...writeCaptureHeader(header)],
    interfaces: [...interfaces.values()],
    names: nodeNames(options.profile),
  });
  const conversations = new ConversationWriter();
  const lastFrames: number[] = [];
  let written = 0;
  records.forEach(({ at, octets: content }, index) => {
    const path = taken[index];
    const frames = path === undefined ? [] : framesOf(path, content, conversations);
    const comments = options.annotations?.get(index);
    frames.forEach((octets, i) => {
      const frame = { at, interfaceIndex: path?.interfaceIndex ?? 0, octets };
      writer.frame(comments !== undefined && i === frames.length - 1 ? { ...frame, comments } : frame);
    });
    written += frames.length;
    lastFrames.push(frames.length === 0 ? 0 : written);
  });
  return { octets: writer.done(), lastFrames };
}

/** What the records between two sockets share: canonical addresses, and the interface that they are shown at. */
interface Path {
  readonly protocol: SocketProtocol;
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly lifted: boolean;
  readonly interfaceIndex: number;
}

interface Paths {
  /** The path that each record takes. */
  readonly taken: readonly Path[];
  /** What was spoken last on each socket. */
  readonly sockets: ReadonlyMap<string, SocketProtocol>;
  readonly interfaces: ReadonlyMap<string, { readonly linkType: number; readonly name: string }>;
}

/** Works each path out once: a call has thousands of records on a few dozen of them. */
function pathsOf(records: readonly CaptureRecord[], profile: Profile): Paths {
  const directory = new NodeDirectory(profile.nodes);
  const sockets = new Map<string, SocketProtocol>();
  const interfaces = new Map<string, { linkType: number; name: string; index: number }>();
  const known = new Map<string, Path>();
  const taken = records.map((record): Path => {
    const { protocol, transport } = record;
    const key = `${protocol} ${transport} ${socketKey(record.source)} ${socketKey(record.destination)}`;
    let path = known.get(key);
    if (path === undefined) {
      const source = canonical(record.source);
      const destination = canonical(record.destination);
      const point = interfaceName(protocol, directory, source, destination);
      // One IP packet cannot join an IPv4 and an IPv6 socket; such a record is kept as an exported PDU all the same.
      const mixed = source.address.includes(':') !== destination.address.includes(':');
      const lifted = transport === 'tls' || mixed;
      const name = lifted ? `${point}-${transport}-pdu` : point;
      let described = interfaces.get(name);
      if (!described) {
        described = { linkType: lifted ? LINK_TYPES.upperPdu : LINK_TYPES.raw, name, index: interfaces.size };
        interfaces.set(name, described);
      }
      path = { protocol, transport, source, destination, lifted, interfaceIndex: described.index };
      known.set(key, path);
    }
    sockets.set(socketKey(path.source), protocol);
    sockets.set(socketKey(path.destination), protocol);
    return path;
  });
  return { taken, sockets, interfaces };
}

function framesOf(path: Path, octets: Uint8Array, conversations: ConversationWriter): readonly Uint8Array[] {
  const { protocol, transport, source, destination } = path;
  if (path.lifted) {
    const carrier = transport === 'tls' ? 'tcp' : transport;
    const pdu = { dissector: protocol, carrier, source, destination, payload: octets } as const;
    return [writeUpperPdu(pdu, `${protocol.toUpperCase()}/${transport.toUpperCase()}`)];
  }
  switch (transport) {
    case 'udp': {
      const payload = octets.subarray(0, MAX_UDP_PAYLOAD);
      return [udpPacket(source, destination, payload, conversations.nextIdentification())];
    }
    case 'tcp':
      return conversations.write(source, destination, octets);
    default: {
      const sequence = conversations.nextIdentification();
      const chunk = sctpDataPacket(source.port, destination.port, sequence, octets);
      return [ipPacketAround(source.address, destination.address, 132, chunk, sequence)];
    }
  }
}

function canonical(endpoint: Endpoint): Endpoint {
  return { address: canonicalAddress(endpoint.address), port: endpoint.port };
}

function interfaceName(
  protocol: SocketProtocol,
  directory: NodeDirectory,
  source: Endpoint,
  destination: Endpoint,
): string {
  const from = directory.party(source);
  const to = directory.party(destination);
  if (protocol === 'dns') return 'DNS';
  const point: ReferencePoint = referencePointOf(protocol, from, to);
  return point === 'unknown' ? `other-${protocol}` : point;
}

/** Names for Wireshark's address column; an address that nodes share by ports has none. */
function nodeNames(profile: Profile): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const node of profile.nodes) {
    for (const { address, ports } of node.endpoints) if (!ports) names.set(canonicalAddress(address), [node.name]);
  }
  return names;
}
