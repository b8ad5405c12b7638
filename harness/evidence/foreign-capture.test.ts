import { expect, test } from '@playwright/test';
import { LINK_TYPES } from '../wire/capture/capture-file.js';
import { ipPacketAround, udpPacket } from '../wire/capture/ip-packet.js';
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
import { evidenceFromCapture } from './evidence-from-capture.js';
import { A_SIDE, B_SIDE, invite, profile, rtp } from './testing/border.js';
import { AT, protocols, read, texts } from './testing/read-frames.js';

const SIX_A = { address: '2001:db8::a', port: 5060 };
const SIX_B = { address: '2001:db8::b', port: 5060 };

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

  test('VXLAN, ERSPAN and bridged Ethernet in GRE, as mirrors send frames', () => {
    const inner = (id: number): Buffer => ethernet(udpPacket(A_SIDE, B_SIDE, INVITE, id), [100]);
    const gre = (header: readonly number[], id: number): Buffer =>
      ipPacketAround('10.1.1.1', '10.1.1.2', 47, Buffer.concat([Buffer.from(header), inner(id)]));
    const vxlan = Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 7, 0]), inner(1)]);
    const evidence = read([
      udpPacket({ address: '10.1.1.1', port: 50_000 }, { address: '10.1.1.2', port: 4789 }, vxlan, 9),
      gre([0, 0, 0x65, 0x58], 2),
      gre([0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, ...new Array<number>(8).fill(1)], 3),
      gre([0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, ...new Array<number>(12).fill(1)], 4),
    ]);
    expect(protocols(evidence)).toEqual(['sip', 'sip', 'sip', 'sip']);
    expect(evidence.messages[3]?.from.address).toBe(A_SIDE.address);
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

  test('octets that are no RTP on a negotiated socket are unknown, elsewhere nothing', () => {
    const from = { address: '192.0.2.11', port: 20_000 };
    const to = { address: '203.0.113.5', port: 7078 };
    const broken = Uint8Array.from(rtp(1));
    broken[0] = 0x40;
    const noise = udpPacket({ ...from, port: 4444 }, to, broken, 3);
    expect(protocols(read([PLAIN, udpPacket(from, to, broken, 2), noise]))).toEqual(['sip', 'unknown']);
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
