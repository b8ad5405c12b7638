import type { Endpoint } from '../wire/capture/ip-packet.js';
import type { Defect } from '../wire/defect.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import type { DnsMessage } from '../wire/dns/message.js';
import type { SipMessage } from '../wire/sip/message.js';
import type { Transport } from './model.js';

/** A message found in the capture, before anybody knows whose the addresses are. */
interface SightingBase {
  readonly transport: Transport;
  readonly frame: number;
  readonly frames: readonly number[];
  /** Microseconds since the epoch. */
  readonly at: number;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly octets: Uint8Array;
  /** What the framing found wrong; the codec's own defects are in the message. */
  readonly framingDefects: readonly Defect[];
}

export type Sighting = SightingBase &
  (
    | { readonly protocol: 'sip'; readonly sip: SipMessage }
    | { readonly protocol: 'diameter'; readonly diameter: DiameterMessage }
    | { readonly protocol: 'dns'; readonly dns: DnsMessage }
    /** A UDP datagram that may be media or nothing of interest; the session descriptions of the whole capture decide. */
    | { readonly protocol: 'media' }
    | { readonly protocol: 'unknown' }
  );

export type SightingSink = (sighting: Sighting) => void;

/** `address|port`, the key of everything that belongs to one socket. */
export function socketKey(endpoint: Endpoint): string {
  return `${endpoint.address}|${endpoint.port}`;
}

/** What is spoken on a socket, as the capture's own header tells. */
export type SocketProtocol = 'sip' | 'diameter' | 'dns' | 'rtp' | 'rtcp';
export type SocketHints = ReadonlyMap<string, SocketProtocol>;

/** Ports that IANA assigned to SIP, Diameter and DNS, cleartext and TLS. */
const WELL_KNOWN: ReadonlyMap<number, SocketProtocol> = new Map([
  [5060, 'sip'],
  [5061, 'sip'],
  [3868, 'diameter'],
  [5658, 'diameter'],
  [53, 'dns'],
]);

/** The protocol that is to be expected between two sockets; undefined where nothing tells. */
export function expectedProtocol(
  source: Endpoint,
  destination: Endpoint,
  hints: SocketHints,
): SocketProtocol | undefined {
  if (hints.size > 0) {
    const hint = hints.get(socketKey(destination)) ?? hints.get(socketKey(source));
    if (hint) return hint;
  }
  return WELL_KNOWN.get(destination.port) ?? WELL_KNOWN.get(source.port);
}
