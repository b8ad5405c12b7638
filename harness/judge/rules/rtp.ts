import type { RecordedMessage, RecordedRtcp, RecordedRtp } from '../../evidence/model.js';
import { rtcpAttribute } from '../../wire/sdp/media-attributes.js';
import { isRtp } from '../../wire/sdp/payload.js';
import { bandwidthOf } from '../../wire/sdp/sdp.js';
import type { RuleContext } from '../context.js';
import { atLine, type Described, descriptionRule, descriptionsAtIci, exchangesAtIci } from '../media-description.js';
import { announcedSockets, type MediaStream, mediaStreams, rtcpAtIzi, socketOf } from '../media-stream.js';
import type { Rule, Violation } from '../rule.js';
import { type Complaint, each, rule } from '../sip-rule.js';
import { GRACE, releases } from './dlg-media.js';

/** Microseconds. RFC 3550 §6.3.1 spreads an interval of five seconds up to one and a half of it. */
const REPORT_INTERVAL = 5_000_000;
const LONGEST_INTERVAL = 1.5 * REPORT_INTERVAL;
const TOLD = 3;

/** Both directions of one path between two sockets, whatever their SSRCs. */
function directions(context: RuleContext): readonly (readonly MediaStream[])[] {
  const byPath = new Map<string, MediaStream[]>();
  for (const stream of mediaStreams(context)) {
    const key = `${stream.source} ${stream.destination}`;
    const list = byPath.get(key);
    if (list === undefined) byPath.set(key, [stream]);
    else list.push(stream);
  }
  return [...byPath.values()];
}

function defectsOf(packet: RecordedRtp | RecordedRtcp): readonly string[] {
  const defects = packet.protocol === 'rtp' ? packet.rtp.defects : packet.rtcp.flatMap((one) => one.defects);
  return defects.map((defect) => defect.text);
}

/** Datagrams at an announced media socket that no codec claims; STUN and DTLS have their own first octets, RFC 7983 §7. */
function strangers(context: RuleContext): readonly Violation[] {
  const sockets = announcedSockets(context);
  return context.evidence.messages.flatMap((message) => {
    if (message.protocol !== 'unknown' || message.transport !== 'udp' || !sockets.has(socketOf(message.to))) return [];
    const [first = 0] = message.octets;
    if (message.octets.length === 0 || first <= 3 || (first >= 20 && first <= 63)) return [];
    return [{ message, seen: `${message.octets.length} octets that are no RTP at ${socketOf(message.to)}` }];
  });
}

/** Whether RTCP is wanted at a socket: `b=RR:0` with `b=RS:0` switches it off, RFC 3556 §2. */
function wantsReports(stream: MediaStream, context: RuleContext): boolean {
  const announced = announcedSockets(context).get(stream.destination) ?? [];
  const last = announced.at(-1)?.media;
  if (last === undefined) return true;
  return bandwidthOf(last, 'RR') !== 0;
}

/** RTCP at Izi by the addresses of both ends. */
function reportsByAddresses(context: RuleContext): ReadonlyMap<string, readonly RecordedRtcp[]> {
  return context.memo('RTCP by addresses', () => {
    const byAddresses = new Map<string, RecordedRtcp[]>();
    for (const report of rtcpAtIzi(context)) {
      const key = `${report.from.address} ${report.to.address}`;
      const list = byAddresses.get(key);
      if (list === undefined) byAddresses.set(key, [report]);
      else list.push(report);
    }
    return byAddresses;
  });
}

/** A report at another port (a=rtcp) belongs to a stream by its SSRC. */
function speaksFor(report: RecordedRtcp, streams: readonly MediaStream[]): boolean {
  return report.rtcp.some(
    (packet) => (packet.kind === 'SR' || packet.kind === 'RR') && streams.some(({ ssrc }) => ssrc === packet.ssrc),
  );
}

function judgeReports(streams: readonly MediaStream[], context: RuleContext): readonly Violation[] | undefined {
  const packets = streams.flatMap((stream) => stream.packets);
  const [stream] = streams;
  const first = packets[0];
  const last = packets.reduce<RecordedRtp | undefined>((a, b) => (a === undefined || b.at > a.at ? b : a), undefined);
  if (stream === undefined || first === undefined || last === undefined) return undefined;
  if (last.at - first.at < LONGEST_INTERVAL || !wantsReports(stream, context)) return undefined;
  const reports = (reportsByAddresses(context).get(`${first.from.address} ${first.to.address}`) ?? []).filter(
    (report) => Math.abs(report.from.port - first.from.port) <= 1 || speaksFor(report, streams),
  );
  const times = [
    first.at,
    ...reports.map((report) => report.at).filter((at) => at > first.at && at < last.at),
    last.at,
  ];
  const gap = Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
  if (gap <= LONGEST_INTERVAL) return [];
  const seconds = (gap / 1_000_000).toFixed(1);
  return [{ message: first, seen: `no RTCP for ${seconds} s from ${stream.source} while it sends RTP` }];
}

function judgePorts(described: Described): readonly Complaint[] | undefined {
  const streams = described.sdp.media.filter((media) => media.port > 0 && isRtp(media));
  if (streams.length === 0) return undefined;
  const complaints: Complaint[] = [];
  for (const media of streams) {
    const muxed = media.has('rtcp-mux');
    if (media.port % 2 === 1 && rtcpAttribute(media) === null && !muxed) {
      complaints.push(atLine(described, media.line, `RTP at the odd port ${media.port} without a=rtcp`));
    }
    const offered = described.counterparts[0]?.sdp.media[media.index];
    if (described.part === 'answer' && muxed && offered?.has('rtcp-mux') === false) {
      complaints.push(atLine(described, media.line, 'a=rtcp-mux in the answer was not offered'));
    }
  }
  return complaints;
}

/** Sockets that were announced in a call, by Call-ID. */
function socketsOfCalls(context: RuleContext): ReadonlyMap<string, ReadonlySet<string>> {
  return context.memo('media sockets of calls', () => {
    const calls = new Map<string, Set<string>>();
    for (const [socket, announced] of announcedSockets(context)) {
      for (const { described } of announced) {
        const { callId } = described.view;
        calls.set(callId, (calls.get(callId) ?? new Set<string>()).add(socket));
      }
    }
    return calls;
  });
}

/** Media from a socket of a call to one that nobody in that call announced. */
function astray(stream: MediaStream, context: RuleContext): readonly Violation[] | undefined {
  const [first] = stream.packets;
  const calls = [...socketsOfCalls(context).values()].filter((sockets) => sockets.has(stream.source));
  if (first === undefined || calls.length === 0) return undefined;
  const others = [...new Set(calls.flatMap((sockets) => [...sockets]))].filter((socket) => socket !== stream.source);
  return others.length === 0
    ? undefined
    : [{ message: first, seen: `RTP to ${stream.destination}; announced for receiving: ${others.join(', ')}` }];
}

function judgeSource(stream: MediaStream, context: RuleContext): readonly Violation[] | undefined {
  if (stream.callId === null) return astray(stream, context);
  const sockets = stream.callId === null ? undefined : socketsOfCalls(context).get(stream.callId);
  const own = [...(sockets ?? [])].filter((socket) => socket !== stream.destination);
  const [first] = stream.packets;
  if (own.length === 0 || first === undefined) return undefined;
  if (own.includes(stream.source)) return [];
  return [{ message: first, seen: `RTP from ${stream.source}; announced for receiving: ${own.join(', ')}` }];
}

interface CallSetup {
  /** The first 2xx to the INVITE; null where the call was not answered. */
  readonly answered: RecordedMessage | null;
  /** Early media was authorised before it (RFC 5009). */
  readonly early: boolean;
}

const AUTHORISES = /sendrecv|sendonly|recvonly|gated/i;

function callSetups(context: RuleContext): ReadonlyMap<string, CallSetup> {
  return context.memo('call set-up for media', () => {
    const calls = new Map<string, CallSetup>();
    for (const transaction of context.iciTransactions) {
      if (transaction.method !== 'INVITE' || transaction.request?.inDialog !== false) continue;
      const answered = transaction.responses.find((response) => response.status >= 200 && response.status < 300);
      const early = transaction.responses.some(
        (response) => response.status < 200 && AUTHORISES.test(response.get('P-Early-Media') ?? ''),
      );
      calls.set(transaction.callId, { answered: answered?.record ?? null, early });
    }
    return calls;
  });
}

/** The called side talks at once, while its 200 is still on the way to the Ici: that is no early media. */
const ANSWER_UNDER_WAY = 500_000;

function judgeEarly(stream: MediaStream, context: RuleContext): readonly Violation[] | undefined {
  const setup = stream.callId === null ? undefined : callSetups(context).get(stream.callId);
  const [first] = stream.packets;
  // Without trust P-Early-Media does not cross the border, so nobody can tell what was authorised.
  if (setup === undefined || first === undefined || setup.early || !context.trusts('P-Early-Media')) return undefined;
  const { answered } = setup;
  if (answered === null || first.index > answered.index) return [];
  const toCaller = announcedSockets(context)
    .get(stream.destination)
    ?.some(({ described }) => described.part === 'offer' && described.view.inDialog === false);
  if (toCaller === true && answered.at - first.at <= ANSWER_UNDER_WAY) return [];
  const before = stream.packets.filter((packet) => packet.index < answered.index).length;
  return [{ message: first, seen: `${before} packets before the 200 to INVITE, without P-Early-Media` }];
}

/** Moments at which the source of a call's media may change: a new description at the Ici, or the answer behind early media. */
function renegotiations(callId: string | null, context: RuleContext): readonly number[] {
  const calls = context.memo('renegotiations', () => {
    const byCall = new Map<string, number[]>();
    for (const { answer } of exchangesAtIci(context)) {
      const { callId: call, record } = answer.view;
      byCall.set(call, [...(byCall.get(call) ?? []), record.index]);
    }
    for (const [call, { answered }] of callSetups(context)) {
      if (answered !== null) byCall.set(call, [...(byCall.get(call) ?? []), answered.index]);
    }
    return byCall;
  });
  return callId === null ? [] : (calls.get(callId) ?? []);
}

function judgeSsrc(streams: readonly MediaStream[], context: RuleContext): readonly Violation[] | undefined {
  const [earliest] = streams;
  if (earliest === undefined || descriptionsAtIci(context).length === 0) return undefined;
  const ordered = [...streams].sort((a, b) => (a.packets[0]?.index ?? 0) - (b.packets[0]?.index ?? 0));
  return ordered.slice(1).flatMap((stream, index) => {
    const before = ordered[index]?.packets[0];
    const first = stream.packets[0];
    if (before === undefined || first === undefined) return [];
    const excused = renegotiations(stream.callId, context).some((at) => at > before.index && at < first.index);
    const otherCall = ordered[index]?.callId !== stream.callId;
    const released = stream.callId === null ? undefined : releases(context).get(stream.callId);
    // What comes after the call is DLG-07's, whatever its source.
    const over = released !== undefined && first.at > released + GRACE;
    if (excused || otherCall || over) return [];
    const hex = (ssrc: number) => `0x${ssrc.toString(16).padStart(8, '0')}`;
    return [{ message: first, seen: `SSRC ${hex(before.rtp.ssrc)} became ${hex(stream.ssrc)} within one stream` }];
  });
}

/** RTP and RTCP at Izi, TS 29.165 §7.2, RFC 3550. */
export const RTP: readonly Rule[] = [
  rule({
    id: 'RTP-01',
    says: 'Media at Izi is RTP over UDP: every datagram at an announced socket is a whole packet of version 2, and RTCP next to it likewise.',
    clause: 'TS 29.165 table 7.2.1; RFC 3550 §5.1, §6.4',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'encrypted or other media is sent to the socket, or a device cuts packets',
    check: (context) => {
      const packets = [...mediaStreams(context).flatMap((stream) => stream.packets), ...rtcpAtIzi(context)];
      const wrong = packets.flatMap((message) => defectsOf(message).map((seen): Violation => ({ message, seen })));
      const others = strangers(context);
      return { applied: packets.length + others.length, violations: [...wrong, ...others] };
    },
  }),
  rule({
    id: 'RTP-03',
    says: 'While RTP is sent, RTCP reports come in the same direction about every five seconds, also on hold.',
    clause: 'GSMA IR.92 §3.2.4; TS 26.114 §7.3',
    strength: 'should',
    provenance: 'E',
    usualCause: 'the TrGW relays RTP only, or the odd port is not open',
    check: (context) => each(directions(context), (streams) => judgeReports(streams, context)),
  }),
  descriptionRule({
    id: 'RTP-04',
    says: 'RTP uses an even port and RTCP the next odd one, unless a=rtcp says otherwise or a=rtcp-mux was offered and answered.',
    clause: 'RFC 3550 §11; RFC 3605 §2; RFC 5761 §5.1.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the media gateway allocates single ports instead of pairs',
    judge: judgePorts,
  }),
  rule({
    id: 'RTP-05',
    says: 'RTP is sent from the address and port that its sender announced for receiving, to those that its peer announced.',
    clause: 'RFC 4961 §3; RFC 3264 §5.1; TS 26.114 §7.2',
    strength: 'should',
    provenance: 'E',
    usualCause: 'the gateway sends from another interface or port, which a filter at the other border drops',
    check: (context) => each(mediaStreams(context), (stream) => judgeSource(stream, context)),
  }),
  rule({
    id: 'RTP-06',
    says: 'No RTP passes before the call is answered, except early media that P-Early-Media authorises.',
    clause: 'TS 24.229 §5.10.5; TS 24.628 §4',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'the gate is opened with the first answer of the session description instead of with the 200',
    check: (context) => each(mediaStreams(context), (stream) => judgeEarly(stream, context)),
  }),
  rule({
    id: 'RTP-07',
    says: 'A stream keeps its SSRC until a new offer and answer.',
    clause: 'RFC 3550 §8',
    strength: 'should',
    provenance: 'E',
    usualCause: 'an announcement or another media server is put into the path without a re-INVITE',
    check: (context) => each(directions(context), (streams) => judgeSsrc(streams, context)?.slice(0, TOLD)),
  }),
];
