import type { CaptureProblem } from '../wire/capture/capture-file.js';
import type { UdpDatagram } from '../wire/capture/transport.js';
import { looksLikeDns, parseDns } from '../wire/dns/parse.js';
import { looksLikeRtcp } from '../wire/rtp/rtcp.js';
import { looksLikeRtp } from '../wire/rtp/rtp.js';
import { looksLikeSip, parseSip } from '../wire/sip/parse.js';
import { expectedProtocol, type SightingSink, type SocketHints } from './sighting.js';

const STUN_COOKIE = 0x2112a442;
/** Multicast DNS and its kin are no part of an interconnection. */
const LOCAL_NAME_PORTS: ReadonlySet<number> = new Set([137, 5353, 5355]);

/** Says of each UDP datagram what protocol it is. */
export class DatagramSorter {
  constructor(
    private readonly hints: SocketHints,
    private readonly sink: SightingSink,
    private readonly problem: (problem: CaptureProblem) => void,
  ) {}

  add(datagram: UdpDatagram, frames: readonly number[]): void {
    const { payload, source, destination } = datagram;
    if (payload.length === 0 || isKeepAlive(payload) || isStun(payload)) return;
    const base = {
      transport: 'udp',
      frame: datagram.frame,
      frames,
      at: datagram.at,
      source,
      destination,
      octets: payload,
      framingDefects: [],
    } as const;
    const expected = expectedProtocol(source, destination, this.hints);
    const media = looksLikeRtp(payload) || looksLikeRtcp(payload);
    if (!media && looksLikeSip(payload)) {
      if (datagram.cut) this.cut(datagram, 'SIP message');
      this.sink({ ...base, protocol: 'sip', sip: parseSip(payload) });
    } else if ((expected === 'dns' && payload.length >= 12) || this.isStrayDns(datagram, expected)) {
      if (datagram.cut) this.cut(datagram, 'DNS message');
      this.sink({ ...base, protocol: 'dns', dns: parseDns(payload) });
    } else if (expected === 'rtp' || expected === 'rtcp' || (media && expected !== 'sip')) {
      this.sink({ ...base, protocol: 'media' });
    } else if (expected === 'sip' && resemblesSip(payload)) {
      this.sink({ ...base, protocol: 'sip', sip: parseSip(payload) });
    } else {
      // On a socket that a session description names, even octets that are no RTP are told.
      this.sink({ ...base, protocol: expected === undefined ? 'media' : 'unknown' });
    }
  }

  private isStrayDns(datagram: UdpDatagram, expected: string | undefined): boolean {
    if (expected !== undefined && expected !== 'dns') return false;
    if (LOCAL_NAME_PORTS.has(datagram.destination.port) || LOCAL_NAME_PORTS.has(datagram.source.port)) return false;
    return looksLikeDns(datagram.payload);
  }

  private cut(datagram: UdpDatagram, what: string): void {
    this.problem({
      code: 'cut-frame',
      severity: 'error',
      text: `The snap length cut a ${what} in frame ${datagram.frame}.`,
      frame: datagram.frame,
    });
  }
}

/** CRLFs (RFC 5626 §3.5.1), NULs, or the single octets that handsets keep NAT bindings open with. */
function isKeepAlive(payload: Uint8Array): boolean {
  if (payload.length > 8) return false;
  return payload.every((octet) => octet === 13 || octet === 10 || octet === 0 || octet === 0xff || octet === 0x20);
}

function isStun(payload: Uint8Array): boolean {
  if (payload.length < 20 || (payload[0] ?? 0) > 3) return false;
  const cookie = Buffer.from(payload.buffer, payload.byteOffset + 4, 4).readUInt32BE(0);
  return cookie === STUN_COOKIE;
}

/** Text with a header line or a version: a SIP message whose start line is broken is judged as one. */
export function resemblesSip(payload: Uint8Array): boolean {
  const head = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, 4096)).toString('latin1');
  return /SIP\/2\.0|^(?:via|v|call-id|i|cseq)[ \t]*:/im.test(head);
}
