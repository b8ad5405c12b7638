import { expect, test } from '@playwright/test';
import { LINK_TYPES } from '../wire/capture/capture-file.js';
import { ipPacketAround, TCP_FLAGS, tcpPacket, udpPacket } from '../wire/capture/ip-packet.js';
import { writePcap } from '../wire/capture/pcap-writer.js';
import { sctpDataPacket } from '../wire/capture/sctp.js';
import {
  espNull,
  ethernet,
  fragment4,
  fragments4,
  fragments6,
  gtpU,
  linuxCooked,
  linuxCooked2,
  loopback,
  Stream,
} from '../wire/capture/testing/layers.js';
import { buildDns } from '../wire/dns/build.js';
import { frameDns } from '../wire/dns/framing.js';
import { NO_FLAGS } from '../wire/dns/message.js';
import { evidenceFromCapture } from './evidence-from-capture.js';
import type { Evidence } from './model.js';
import { A_SIDE, B_SIDE, invite, ok, profile, rtp } from './testing/border.js';

const AT = 1_790_000_000_000_000;
const SIX_A = { address: '2001:db8::a', port: 5060 };
const SIX_B = { address: '2001:db8::b', port: 5060 };

interface Timed {
  readonly at: number;
  readonly octets: Uint8Array;
  readonly originalLength?: number;
}

function read(frames: readonly (Uint8Array | Timed)[], linkType: number = LINK_TYPES.raw): Evidence {
  const timed = frames.map((frame, i) => ('octets' in frame ? frame : { at: AT + i * 1000, octets: frame }));
  return evidenceFromCapture(writePcap(linkType, timed), { profile: profile() }).evidence;
}

const protocols = (evidence: Evidence): string[] => evidence.messages.map((message) => message.protocol);
const texts = (evidence: Evidence): string[] =>
  evidence.messages.map((message) => Buffer.from(message.octets).toString('latin1'));
const INVITE = invite();
const PLAIN = udpPacket(A_SIDE, B_SIDE, INVITE, 7);
const PLAIN_6 = udpPacket(SIX_A, SIX_B, INVITE);

test.describe('link layers', () => {
  const cases: readonly (readonly [string, number, Uint8Array])[] = [
    ['Ethernet', LINK_TYPES.ethernet, ethernet(PLAIN)],
    ['802.1Q', LINK_TYPES.ethernet, ethernet(PLAIN, [100])],
    ['802.1ad and 802.1Q', LINK_TYPES.ethernet, ethernet(PLAIN_6, [200, 100])],
    ['Linux cooked', LINK_TYPES.linuxCooked, linuxCooked(PLAIN)],
    ['Linux cooked v2', LINK_TYPES.linuxCooked2, linuxCooked2(PLAIN_6)],
    ['raw IP', LINK_TYPES.raw, PLAIN],
    ['raw IP of BSD, 12', 12, PLAIN],
    ['raw IP of BSD, 14', 14, PLAIN],
    ['IPv4', LINK_TYPES.ipv4, PLAIN],
    ['IPv6', LINK_TYPES.ipv6, PLAIN_6],
    ['loopback, little-endian', LINK_TYPES.null, loopback(PLAIN, 2, true)],
    ['loopback, big-endian', LINK_TYPES.loop, loopback(PLAIN_6, 24, false)],
  ];
  for (const [name, linkType, frame] of cases) {
    test(name, () => {
      const evidence = read([frame], linkType);
      expect(texts(evidence)).toEqual([INVITE.toString('latin1')]);
      expect(evidence.integrity).toEqual([]);
    });
  }

  test('a frame without IP is passed over; a link type nobody reads is told', () => {
    const arp = Buffer.concat([Buffer.alloc(12), Buffer.from([0x08, 0x06]), Buffer.alloc(46)]);
    expect(read([arp, ethernet(PLAIN)], LINK_TYPES.ethernet)).toMatchObject({ frameCount: 2, integrity: [] });
    expect(read([PLAIN], 147).integrity).toMatchObject([{ code: 'undecodable-frame', severity: 'error', frame: 1 }]);
  });
});

test.describe('tunnels', () => {
  test('GTP-U with extension header and the user IP inside', () => {
    const outer = { source: '10.9.9.1', destination: '10.9.9.2' };
    const evidence = read([gtpU(PLAIN, outer), gtpU(PLAIN_6, outer)]);
    expect(texts(evidence)).toEqual([INVITE.toString('latin1'), INVITE.toString('latin1')]);
    expect(evidence.messages[0]?.from.address).toBe(A_SIDE.address);
    expect(evidence.messages[1]?.from.address).toBe(SIX_A.address);
  });

  for (const icv of [12, 16, 32]) {
    test(`ESP with null encryption and an ICV of ${icv} octets, over UDP and TCP, IPv4 and IPv6`, () => {
      const segment = new Stream(A_SIDE, B_SIDE).data(0, invite({ callId: 'tcp' }));
      const evidence = read([espNull(PLAIN, icv), espNull(PLAIN_6, icv), espNull(segment, icv)]);
      expect(protocols(evidence)).toEqual(['sip', 'sip', 'sip']);
      expect(evidence.messages.map((message) => message.transport)).toEqual(['udp', 'udp', 'tcp']);
    });
  }

  test('ESP that is encrypted, and GTP-U with ESP inside', () => {
    const noise = Buffer.from(Array.from({ length: 200 }, (_, i) => (i * i * 31 + 7 * i + 13) & 0xff));
    const encrypted = ipPacketAround(A_SIDE.address, B_SIDE.address, 50, noise);
    const outer = { source: '10.9.9.1', destination: '10.9.9.2' };
    expect(protocols(read([encrypted, gtpU(espNull(PLAIN, 12), outer)]))).toEqual(['sip']);
  });

  test('IP in IP, GRE, and tunnels without end', () => {
    const inIp = ipPacketAround('10.1.1.1', '10.1.1.2', 4, PLAIN);
    const gre = ipPacketAround(
      '10.1.1.1',
      '10.1.1.2',
      47,
      Buffer.concat([Buffer.from([0x20, 0, 8, 0, 0, 0, 0, 1]), udpPacket(A_SIDE, B_SIDE, INVITE, 8)]),
    );
    let deep: Buffer = PLAIN;
    for (let i = 0; i < 50; i += 1) deep = ipPacketAround('10.1.1.1', '10.1.1.2', 4, deep);
    expect(protocols(read([inIp, gre, deep]))).toEqual(['sip', 'sip']);
  });
});

test.describe('fragments', () => {
  const long = udpPacket(A_SIDE, B_SIDE, invite({ padding: 4000 }), 7);
  const whole = long.subarray(28).toString('latin1');

  test('in order, in reverse, and twice', () => {
    const parts = fragments4(long, 1480);
    for (const order of [parts, [...parts].reverse(), [...parts, ...parts]]) {
      const evidence = read(order);
      expect(texts(evidence)[0]).toBe(whole);
      expect(evidence.messages).toHaveLength(1);
    }
    expect(read([...parts].reverse()).messages[0]?.frames).toEqual([1, 2, 3, 4]);
  });

  test('overlapping: the octets that came first hold', () => {
    const payload = long.subarray(20);
    const forged = Buffer.from(payload.subarray(800, 2400)).fill(0x7a);
    const evidence = read([
      fragment4(long, 0, payload.subarray(0, 1600)),
      fragment4(long, 800, forged),
      fragment4(long, 1600, payload.subarray(1600)),
    ]);
    const text = texts(evidence)[0] ?? '';
    expect(text.slice(0, 1592)).toBe(whole.slice(0, 1592));
    expect(text.slice(1592, 2392)).toBe('z'.repeat(800));
    expect(text.slice(2392)).toBe(whole.slice(2392));
  });

  test('of IPv6, mixed with those of another datagram', () => {
    const one = fragments6(udpPacket(SIX_A, SIX_B, invite({ padding: 3000 })), 1232, 1);
    const two = fragments6(udpPacket(SIX_A, SIX_B, invite({ padding: 3000, callId: 'two' })), 1232, 2);
    const mixed = one.flatMap((part, i) => [part, two[two.length - 1 - i] ?? part]);
    const evidence = read(mixed);
    expect(protocols(evidence)).toEqual(['sip', 'sip']);
    expect(evidence.integrity).toEqual([]);
  });

  test('one missing is told, and nothing is made up', () => {
    const evidence = read(fragments4(long, 1480).slice(1));
    expect(evidence.messages).toEqual([]);
    expect(evidence.integrity).toMatchObject([{ code: 'missing-fragment', severity: 'error', frame: 3 }]);
  });

  test('offsets beyond a datagram are refused', () => {
    const beyond = fragment4(long, 65_528, Buffer.alloc(800));
    expect(read([beyond]).integrity).toMatchObject([{ code: 'missing-fragment' }]);
  });
});

test.describe('TCP', () => {
  const stream = Buffer.concat([
    invite({ callId: 'one' }),
    invite({ callId: 'two', padding: 2000 }),
    Buffer.from('\r\n\r\n'),
    invite({ callId: 'three' }),
  ]);
  const tcp = new Stream({ ...A_SIDE, port: 40_000 }, B_SIDE);
  const cut = (...at: number[]): Buffer[] =>
    [0, ...at].map((from, i) => tcp.data(from, stream.subarray(from, at[i] ?? stream.length)));
  const callIds = (evidence: Evidence): string[] =>
    evidence.messages.map((message) =>
      message.protocol === 'sip' ? (message.sip.get('Call-ID') ?? '') : message.protocol,
    );

  test('three messages in one segment', () => {
    const evidence = read([tcp.syn(), ...cut()]);
    expect(callIds(evidence)).toEqual(['one', 'two', 'three']);
    expect(evidence.messages.map((message) => message.frames)).toEqual([[2], [2], [2]]);
  });

  test('one message over several segments, cut anywhere', () => {
    for (let at = 1; at < stream.length; at += 97) {
      expect(callIds(read([tcp.syn(), ...cut(at)]))).toEqual(['one', 'two', 'three']);
    }
    const evidence = read([tcp.syn(), ...cut(300, 1200, 1500, 2000)]);
    expect(callIds(evidence)).toEqual(['one', 'two', 'three']);
    expect(evidence.messages[0]?.frames).toEqual([2, 3]);
    expect(evidence.messages[1]?.frames.at(-1)).toBe(6);
  });

  test('out of order, retransmitted and overlapping', () => {
    const [first, second, third, fourth] = cut(900, 1800, 2700);
    if (!first || !second || !third || !fourth) throw new Error('four segments');
    const overlap = tcp.data(700, stream.subarray(700, 2000));
    const evidence = read([tcp.syn(), first, first, third, fourth, overlap, second]);
    expect(callIds(evidence)).toEqual(['one', 'two', 'three']);
    expect(evidence.integrity).toEqual([]);
    expect(evidence.messages.map((message) => message.frame)).toEqual([2, 6, 6]);
  });

  test('sequence numbers that wrap, and a SYN that is seen twice', () => {
    const wrapping = new Stream({ ...A_SIDE, port: 40_001 }, B_SIDE, 0xffffff00);
    const evidence = read([
      wrapping.syn(),
      wrapping.syn(),
      wrapping.data(600, stream.subarray(600)),
      wrapping.data(0, stream.subarray(0, 600)),
    ]);
    expect(callIds(evidence)).toEqual(['one', 'two', 'three']);
  });

  test('a gap is told once, and the next message that begins a segment is read', () => {
    const start = stream.indexOf('INVITE sip:', stream.indexOf('Call-ID: two'));
    const evidence = read([
      tcp.syn(),
      tcp.data(0, stream.subarray(0, 1000)),
      tcp.data(1500, stream.subarray(1500, start)),
      tcp.data(start, stream.subarray(start)),
    ]);
    expect(callIds(evidence)).toEqual(['one', 'three']);
    expect(evidence.integrity).toMatchObject([{ code: 'tcp-gap', severity: 'error', frame: 3 }]);
  });

  test('a gap that the receiver acknowledged does not hold the stream up until the end', () => {
    const back = (at: number, acknowledgement: number): Timed => ({
      at,
      octets: tcpPacket(
        B_SIDE,
        { ...A_SIDE, port: 40_000 },
        { sequence: 1, acknowledgement, flags: TCP_FLAGS.ack },
        Buffer.alloc(0),
      ),
    });
    const evidence = read([
      { at: AT, octets: tcp.syn() },
      { at: AT + 1, octets: tcp.data(100, invite({ callId: 'behind' })) },
      back(AT + 2, 9000),
      back(AT + 500_000, 9000),
      { at: AT + 600_000, octets: udpPacket(A_SIDE, B_SIDE, invite({ callId: 'later' }), 3) },
    ]);
    expect(callIds(evidence)).toEqual(['behind', 'later']);
  });

  test('a connection that began before the capture, both directions', () => {
    const back = new Stream(B_SIDE, { ...A_SIDE, port: 40_000 });
    const middle = stream.indexOf('INVITE sip:', 100);
    const evidence = read([
      tcp.data(300, stream.subarray(300, middle)),
      back.data(0, ok({ callId: 'back' })),
      tcp.data(middle, stream.subarray(middle)),
    ]);
    expect(callIds(evidence)).toEqual(['back', 'two', 'three']);
    expect(evidence.integrity).toEqual([]);
  });

  test('ports used again after FIN, and after RST', () => {
    const again = new Stream({ ...A_SIDE, port: 40_000 }, B_SIDE, 5_000_000);
    const half = stream.subarray(0, 300);
    for (const flag of [TCP_FLAGS.fin, TCP_FLAGS.rst]) {
      const evidence = read([
        tcp.syn(),
        tcp.data(0, invite({ callId: 'first' }), flag),
        again.syn(),
        again.data(0, half),
        again.data(300, stream.subarray(300)),
      ]);
      expect(callIds(evidence)).toEqual(['first', 'one', 'two', 'three']);
    }
  });

  test('half a message in front of a FIN is recorded with its defect', () => {
    const evidence = read([tcp.syn(), tcp.data(0, stream.subarray(0, 400), TCP_FLAGS.fin)]);
    expect(evidence.messages).toHaveLength(1);
    expect(evidence.messages[0]?.defects.map((defect) => defect.code)).toContain('sip-stream-truncated');
  });

  test('the end of the capture inside a message is the capture, not the sender', () => {
    const evidence = read([tcp.syn(), tcp.data(0, stream.subarray(0, 400))]);
    expect(evidence.messages).toEqual([]);
    expect(evidence.integrity).toMatchObject([{ code: 'tcp-gap', severity: 'info' }]);
  });

  test('TLS, HTTP and noise are no SIP; DNS on TCP is DNS', () => {
    const open = (port: number, octets: Uint8Array): Buffer[] => {
      const other = new Stream({ ...A_SIDE, port: 41_000 + port }, { ...B_SIDE, port });
      return [other.syn(), other.data(0, octets)];
    };
    const query = buildDns({
      id: 1,
      response: false,
      opcode: 0,
      flags: NO_FLAGS,
      rcode: 0,
      questions: [{ name: '1.0.1.0.0.9.e164enum.net', type: 'NAPTR', typeNumber: 35, class: 1 }],
      answers: [],
      authorities: [],
      additionals: [],
    });
    const evidence = read([
      ...open(5061, Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, ...new Array<number>(190).fill(7)])),
      ...open(80, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')),
      ...open(9999, Buffer.alloc(4000, 0xee)),
      ...open(53, frameDns(query)),
    ]);
    expect(protocols(evidence)).toEqual(['dns']);
    expect(evidence.messages[0]?.referencePoint).toBe('ENUM');
    expect(evidence.integrity).toMatchObject([{ code: 'undecodable-frame', severity: 'info' }]);
  });

  test('ten thousand segments of one octet, backwards, take linear time', () => {
    const long = invite({ padding: 9000 });
    const began = process.cpuUsage();
    const segments = Array.from(long, (octet, i) => tcp.data(i, Uint8Array.of(octet)));
    const evidence = read([tcp.syn(), ...segments.reverse()]);
    expect(evidence.frameCount).toBe(segments.length + 1);
    expect(process.cpuUsage(began).user / 1e6).toBeLessThan(10);
  });
});

test.describe('datagrams', () => {
  test('a mirrored datagram counts once with both frames, a retransmission twice', () => {
    const mirrored = ethernet(PLAIN, [5]);
    const evidence = evidenceFromCapture(
      writePcap(LINK_TYPES.ethernet, [
        { at: AT, octets: ethernet(PLAIN) },
        { at: AT + 50, octets: mirrored },
        { at: AT + 500_000, octets: ethernet(udpPacket(A_SIDE, B_SIDE, INVITE, 8)) },
        { at: AT + 500_060, octets: ethernet(udpPacket(A_SIDE, B_SIDE, INVITE, 8), [5]) },
      ]),
      { profile: profile() },
    ).evidence;
    expect(evidence.messages.map((message) => message.frames)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('two sendings of the same octets in a row are two messages', () => {
    const evidence = read([udpPacket(A_SIDE, B_SIDE, INVITE, 1), udpPacket(A_SIDE, B_SIDE, INVITE, 2)]);
    expect(evidence.messages).toHaveLength(2);
  });

  test('keep-alives, STUN and other noise are no messages; octets on a SIP port that nothing claims are unknown', () => {
    const send = (octets: Uint8Array, port = 5060): Buffer =>
      udpPacket({ ...A_SIDE, port }, { ...B_SIDE, port }, octets, 1);
    const stun = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), Buffer.alloc(12, 9)]);
    const evidence = read([
      send(Buffer.from('\r\n\r\n')),
      send(Buffer.alloc(1)),
      send(stun),
      send(Buffer.from('NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n'), 1900),
      send(Buffer.alloc(40, 0xcc), 7777),
      send(Buffer.alloc(40, 0x11)),
    ]);
    expect(protocols(evidence)).toEqual(['unknown']);
    expect(evidence.messages[0]?.frame).toBe(6);
  });

  test('a SIP message with a broken start line is SIP with defects', () => {
    const broken = Buffer.from(INVITE.toString('latin1').replace('SIP/2.0\r\n', '\r\n'), 'latin1');
    const evidence = read([udpPacket(A_SIDE, B_SIDE, broken, 1)]);
    expect(protocols(evidence)).toEqual(['sip']);
    expect(evidence.messages[0]?.defects.length).toBeGreaterThan(0);
  });

  test('RTP before its session description, without any, and RTCP beside it', () => {
    const from = { address: '192.0.2.11', port: 20_000 };
    const to = { address: '203.0.113.5', port: 7078 };
    const media = Array.from({ length: 5 }, (_, i) => udpPacket(from, to, rtp(i), i + 10));
    const report = Buffer.alloc(28);
    report.set([0x80, 200, 0, 6]);
    const control = udpPacket({ ...from, port: 20_001 }, { ...to, port: 7079 }, report, 90);
    expect(protocols(read([...media, control, PLAIN]))).toEqual([...new Array<string>(5).fill('rtp'), 'rtcp', 'sip']);
    expect(protocols(read([...media, control]))).toEqual([...new Array<string>(5).fill('rtp'), 'rtcp']);
    expect(protocols(read(media.slice(0, 2)))).toEqual([]);
  });

  test('a message that the snap length cut is told', () => {
    const evidence = read([{ at: AT, octets: PLAIN.subarray(0, 300), originalLength: PLAIN.length }]);
    expect(evidence.integrity).toMatchObject([{ code: 'cut-frame', severity: 'error', frame: 1 }]);
    expect(protocols(evidence)).toEqual(['sip']);
  });

  test('SCTP carries SIP, whole and in fragments', () => {
    const whole = sctpDataPacket(5060, 5060, 10, INVITE);
    const cut = INVITE.length >> 1;
    const begin = Buffer.from(sctpDataPacket(5060, 5060, 11, INVITE.subarray(0, cut)));
    const end = Buffer.from(sctpDataPacket(5060, 5060, 12, INVITE.subarray(cut)));
    begin[13] = 2;
    end[13] = 1;
    const send = (octets: Uint8Array): Buffer => ipPacketAround(A_SIDE.address, B_SIDE.address, 132, octets);
    const evidence = read([send(whole), send(whole), send(end), send(begin)]);
    expect(evidence.messages.map((message) => message.transport)).toEqual(['sctp', 'sctp']);
    expect(evidence.messages[1]?.frames).toEqual([4, 3]);
  });
});
