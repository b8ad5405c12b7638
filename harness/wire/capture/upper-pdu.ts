import { ipOctets, ipv4Text, ipv6Text } from '../ip-address.js';
import type { Endpoint } from './ip-packet.js';
import { padding } from './pcapng-reader.js';

/** Tags of LINKTYPE_WIRESHARK_UPPER_PDU; all numbers are big-endian, each value is padded to four octets. */
const TAG = {
  end: 0,
  dissector: 12,
  heuristicDissector: 13,
  ipv4Source: 20,
  ipv4Destination: 21,
  ipv6Source: 22,
  ipv6Destination: 23,
  portType: 24,
  sourcePort: 25,
  destinationPort: 26,
  protocolColumn: 33,
} as const;

const PORT_TYPES: ReadonlyMap<number, UpperPdu['carrier']> = new Map([
  [1, 'sctp'],
  [2, 'tcp'],
  [3, 'udp'],
]);

/** A protocol message that was lifted out of its transport, for example out of TLS. */
export interface UpperPdu {
  /** Wireshark's name of the dissector: `sip`, `diameter`, `dns`, … */
  readonly dissector: string;
  readonly carrier: 'tcp' | 'udp' | 'sctp' | 'none';
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly payload: Uint8Array;
}

/** Reads a frame of link type 252, or null where its tags are broken. */
export function readUpperPdu(octets: Uint8Array): UpperPdu | null {
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  let dissector = '';
  let carrier: UpperPdu['carrier'] = 'none';
  const source = { address: '', port: 0 };
  const destination = { address: '', port: 0 };
  let at = 0;
  for (;;) {
    if (at + 4 > view.length) return null;
    const tag = view.readUInt16BE(at);
    const length = view.readUInt16BE(at + 2);
    const value = at + 4;
    if (value + length > view.length) return null;
    at = value + length;
    if (tag === TAG.end) break;
    if ((tag === TAG.dissector || tag === TAG.heuristicDissector) && dissector === '') {
      dissector = view.toString('latin1', value, at).split('\0')[0] ?? '';
    } else if (tag === TAG.ipv4Source && length >= 4) source.address = ipv4Text(view, value);
    else if (tag === TAG.ipv4Destination && length >= 4) destination.address = ipv4Text(view, value);
    else if (tag === TAG.ipv6Source && length >= 16) source.address = ipv6Text(view, value);
    else if (tag === TAG.ipv6Destination && length >= 16) destination.address = ipv6Text(view, value);
    else if (tag === TAG.portType && length >= 4) carrier = PORT_TYPES.get(view.readUInt32BE(value)) ?? 'none';
    else if (tag === TAG.sourcePort && length >= 4) source.port = view.readUInt32BE(value) & 0xffff;
    else if (tag === TAG.destinationPort && length >= 4) destination.port = view.readUInt32BE(value) & 0xffff;
  }
  return { dissector, carrier, source, destination, payload: octets.subarray(at) };
}

/** Writes a frame of link type 252. `column` is what Wireshark shows as the protocol. @throws RangeError on an address that is no literal. */
export function writeUpperPdu(pdu: UpperPdu, column?: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const tag = (number: number, value: Uint8Array): void => {
    const header = Buffer.alloc(4);
    header.writeUInt16BE(number, 0);
    header.writeUInt16BE(value.length + padding(value.length), 2);
    parts.push(header, value, new Uint8Array(padding(value.length)));
  };
  const number = (value: number): Buffer => {
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(value, 0);
    return octets;
  };
  const address = (text: string, four: number, six: number): void => {
    const octets = ipOctets(text);
    if (!octets) throw new RangeError(`not an address: ${text}`);
    tag(octets.length === 4 ? four : six, octets);
  };
  tag(TAG.dissector, Buffer.from(pdu.dissector, 'latin1'));
  address(pdu.source.address, TAG.ipv4Source, TAG.ipv6Source);
  address(pdu.destination.address, TAG.ipv4Destination, TAG.ipv6Destination);
  const type = [...PORT_TYPES].find(([, carrier]) => carrier === pdu.carrier)?.[0] ?? 0;
  tag(TAG.portType, number(type));
  tag(TAG.sourcePort, number(pdu.source.port));
  tag(TAG.destinationPort, number(pdu.destination.port));
  if (column !== undefined) tag(TAG.protocolColumn, Buffer.from(column, 'utf8'));
  parts.push(number(0), pdu.payload);
  return new Uint8Array(Buffer.concat(parts));
}
