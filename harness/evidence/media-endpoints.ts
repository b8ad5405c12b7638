import type { Endpoint } from '../wire/capture/ip-packet.js';
import { canonicalAddress } from '../wire/ip-address.js';
import { looksLikeRtcp, parseRtcp } from '../wire/rtp/rtcp.js';
import { looksLikeRtp, parseRtp } from '../wire/rtp/rtp.js';
import type { SipMessage } from '../wire/sip/message.js';
import { type Sighting, type SocketHints, socketKey } from './sighting.js';

/** What a session description says is received at a socket. */
export type MediaUse = 'rtp' | 'rtcp' | 'unknown';

/** Packets of one stream that must agree before a stream without session description counts as RTP. */
const ENOUGH_PACKETS = 4;
/** Sequence numbers of neighbouring packets in such a stream are at most this far apart. */
const NEAR = 16;

/**
 * Decides which UDP datagrams are RTP and RTCP: those to or from a socket that any session description of the capture names
 * (RFC 4566 §5.7, §5.14; RTCP by RFC 3605, RFC 5761 or port + 1), and streams whose packets agree among themselves.
 */
export class MediaEndpoints {
  private readonly uses = new Map<string, 'rtp' | 'rtcp'>();

  /** `hints` are sure: what is sent there is media, however broken. */
  constructor(private readonly hints: SocketHints) {}

  /** Learns the sockets that a message's session descriptions name; the body is scanned, so multiparts need no unpacking. */
  learn(sip: SipMessage): void {
    if (sip.body.length < 8) return;
    const body = Buffer.from(sip.body.buffer, sip.body.byteOffset, sip.body.byteLength).toString('latin1');
    if (!body.includes('m=')) return;
    let session = '';
    let media: { address: string; port: number; rtcp: Endpoint | null } | null = null;
    const flush = (): void => {
      if (media && media.port > 0) this.name(media.address || session, media.port, media.rtcp);
      media = null;
    };
    for (const line of body.split('\n')) {
      const kind = line.slice(0, 2);
      if (kind === 'v=') {
        flush();
        session = '';
      } else if (kind === 'c=') {
        const address = canonicalAddress(line.trim().split(/\s+/)[2]?.split('/')[0] ?? '');
        if (media) media.address = address;
        else session = address;
      } else if (kind === 'm=') {
        flush();
        const port = /^m=\S+\s+(\d{1,5})/.exec(line)?.[1];
        media = { address: '', port: Number(port ?? 0), rtcp: null };
      } else if (media && line.startsWith('a=rtcp:')) {
        const match = /^a=rtcp:(\d{1,5})(?:\s+IN\s+IP[46]\s+(\S+))?/i.exec(line);
        if (match) media.rtcp = { port: Number(match[1]), address: match[2] ? canonicalAddress(match[2]) : '' };
      }
    }
    flush();
  }

  /** The protocol of each `media` sighting; a sighting that is missing here is something else. */
  decide(candidates: readonly Sighting[]): ReadonlyMap<Sighting, MediaUse> {
    const decided = new Map<Sighting, MediaUse>();
    const streams = new Map<string, Sighting[]>();
    for (const sighting of candidates) {
      const use = this.useOf(sighting);
      if (use !== null) {
        decided.set(sighting, use);
      } else if (looksLikeRtcp(sighting.octets)) {
        if (isWholeReport(sighting.octets)) decided.set(sighting, 'rtcp');
      } else if (looksLikeRtp(sighting.octets) && sighting.source.port >= 1024 && sighting.destination.port >= 1024) {
        const ssrc = Buffer.from(sighting.octets.subarray(8, 12)).toString('hex');
        const key = `${socketKey(sighting.source)} ${socketKey(sighting.destination)} ${ssrc}`;
        const stream = streams.get(key);
        if (stream) stream.push(sighting);
        else streams.set(key, [sighting]);
      }
    }
    for (const stream of streams.values()) {
      if (isRtpStream(stream)) for (const sighting of stream) decided.set(sighting, 'rtp');
    }
    return decided;
  }

  /** What a datagram on a named socket is; null where nobody named its sockets. */
  private useOf({ source, destination, octets }: Sighting): MediaUse | null {
    const there = socketKey(destination);
    const here = socketKey(source);
    const hint = this.hints.get(there) ?? this.hints.get(here);
    const sure = hint === 'rtp' || hint === 'rtcp' ? hint : null;
    const named = this.uses.get(there) ?? this.uses.get(here);
    if (sure === null && named === undefined) return null;
    if (looksLikeRtcp(octets)) return 'rtcp';
    if (looksLikeRtp(octets)) return 'rtp';
    // Other protocols may share a negotiated socket (RFC 7983 §7); one of ours carries nothing else.
    return sure ?? 'unknown';
  }

  private name(address: string, port: number, rtcp: Endpoint | null): void {
    if (address === '') return;
    this.uses.set(`${address}|${port}`, 'rtp');
    const control = rtcp ? `${rtcp.address || address}|${rtcp.port}` : `${address}|${port + 1}`;
    if (!this.uses.has(control)) this.uses.set(control, 'rtcp');
  }
}

/** One SSRC, a payload type or two, sequence numbers that go up: chance does not do that four times. */
function isRtpStream(stream: readonly Sighting[]): boolean {
  if (stream.length < ENOUGH_PACKETS) return false;
  const types = new Set<number>();
  let near = 0;
  let previous = -1;
  for (const { octets } of stream) {
    types.add((octets[1] ?? 0) & 0x7f);
    const sequence = ((octets[2] ?? 0) << 8) | (octets[3] ?? 0);
    const step = (sequence - previous) & 0xffff;
    if (previous >= 0 && step > 0 && step <= NEAR) near += 1;
    previous = sequence;
  }
  const first = stream[0];
  return types.size <= 4 && near >= (stream.length - 1) * 0.9 && first !== undefined && parseRtp(first.octets) !== null;
}

/** A compound packet that begins with a report and fills the datagram exactly. RFC 3550 §6.1. */
function isWholeReport(octets: Uint8Array): boolean {
  const first = octets[1];
  if ((first !== 200 && first !== 201) || octets.length % 4 !== 0) return false;
  const packets = parseRtcp(octets);
  return packets.length > 0 && packets.every((packet) => packet.defects.length === 0);
}
