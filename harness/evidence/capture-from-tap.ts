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
  const directory = new NodeDirectory(options.profile.nodes);
  const sockets = new Map<string, SocketProtocol>();
  const interfaces = new Map<string, { linkType: number; name: string; index: number }>();
  const placed = records.map((record) => {
    const source = canonical(record.source);
    const destination = canonical(record.destination);
    sockets.set(socketKey(source), record.protocol);
    sockets.set(socketKey(destination), record.protocol);
    const point = interfaceName(record.protocol, directory, source, destination);
    // One IP packet cannot join an IPv4 and an IPv6 socket; such a record is kept as an exported PDU all the same.
    const mixed = source.address.includes(':') !== destination.address.includes(':');
    const lifted = record.transport === 'tls' || mixed;
    const name = lifted ? `${point}-${record.transport}-pdu` : point;
    let described = interfaces.get(name);
    if (!described) {
      described = { linkType: lifted ? LINK_TYPES.upperPdu : LINK_TYPES.raw, name, index: interfaces.size };
      interfaces.set(name, described);
    }
    return { ...record, source, destination, lifted, interfaceIndex: described.index };
  });
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
  for (const [index, record] of placed.entries()) {
    const frames = framesOf(record, conversations);
    for (const [i, octets] of frames.entries()) {
      const comments = i === frames.length - 1 ? options.annotations?.get(index) : undefined;
      const { at, interfaceIndex } = record;
      writer.frame({ at, interfaceIndex, octets, ...(comments === undefined ? {} : { comments }) });
    }
  }
  return writer.done();
}

function framesOf(
  record: CaptureRecord & { readonly lifted: boolean },
  conversations: ConversationWriter,
): readonly Uint8Array[] {
  const { source, destination, octets, transport } = record;
  if (record.lifted) {
    const carrier = transport === 'tls' ? 'tcp' : transport;
    const pdu = { dissector: record.protocol, carrier, source, destination, payload: octets } as const;
    return [writeUpperPdu(pdu, `${record.protocol.toUpperCase()}/${transport.toUpperCase()}`)];
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
