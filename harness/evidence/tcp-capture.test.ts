import { expect, test } from '@playwright/test';
import { TCP_FLAGS, tcpPacket, udpPacket } from '../wire/capture/ip-packet.js';
import { Stream } from '../wire/capture/testing/layers.js';
import { buildDns } from '../wire/dns/build.js';
import { frameDns } from '../wire/dns/framing.js';
import { NO_FLAGS } from '../wire/dns/message.js';
import type { Evidence } from './model.js';
import { A_SIDE, B_SIDE, invite, ok } from './testing/border.js';
import { AT, protocols, read, type Timed } from './testing/read-frames.js';

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
