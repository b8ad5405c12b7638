import { expect, test } from '@playwright/test';
import { LINK_TYPES } from '../wire/capture/capture-file.js';
import { ipPacketAround, udpPacket } from '../wire/capture/ip-packet.js';
import { PcapngWriter } from '../wire/capture/pcapng-writer.js';
import { sctpDataPacket } from '../wire/capture/sctp.js';
import { espNull, fragments4, fragments6, gtpU, Stream } from '../wire/capture/testing/layers.js';
import { writeUpperPdu } from '../wire/capture/upper-pdu.js';
import { buildDns } from '../wire/dns/build.js';
import { NO_FLAGS } from '../wire/dns/message.js';
import { captureFromTap } from './capture-from-tap.js';
import { evidenceFromCapture } from './evidence-from-capture.js';
import { A_SIDE, B_SIDE, invite, ok, profile, rtp } from './testing/border.js';

/** One frame of everything that is read. */
function everything(): { readonly capture: Uint8Array; readonly frames: number } {
  const writer = new PcapngWriter({
    comments: ['a foreign capture'],
    interfaces: [{ linkType: LINK_TYPES.raw }, { linkType: LINK_TYPES.upperPdu }],
    names: new Map([[A_SIDE.address, ['border.example']]]),
  });
  const stream = new Stream({ ...A_SIDE, port: 40_000 }, B_SIDE);
  const plain = udpPacket(A_SIDE, B_SIDE, invite({ callId: 'plain' }), 1);
  const six = udpPacket({ address: '2001:db8::1', port: 5060 }, { address: '2001:db8::2', port: 5060 }, ok());
  const query = buildDns({
    ...{ id: 1, response: false, opcode: 0, flags: NO_FLAGS, rcode: 0, answers: [], authorities: [], additionals: [] },
    questions: [{ name: 'example.net', type: 'A', typeNumber: 1, class: 1 }],
  });
  const packets = [
    plain,
    ...fragments4(udpPacket(A_SIDE, B_SIDE, invite({ callId: 'cut' }), 2), 400),
    ...fragments6(six, 200),
    gtpU(plain, { source: '10.0.0.1', destination: '10.0.0.2' }),
    espNull(plain, 12),
    stream.syn(),
    stream.data(0, invite({ callId: 'tcp' }).subarray(0, 500)),
    stream.data(500, invite({ callId: 'tcp' }).subarray(500)),
    ipPacketAround(A_SIDE.address, B_SIDE.address, 132, sctpDataPacket(5060, 5060, 1, ok())),
    udpPacket({ ...A_SIDE, port: 40_001 }, { ...B_SIDE, port: 53 }, query, 3),
    udpPacket({ address: '192.0.2.11', port: 20_000 }, { address: '198.51.100.11', port: 30_000 }, rtp(1), 4),
  ];
  for (const [i, octets] of packets.entries()) writer.frame({ interfaceIndex: 0, at: 1e15 + i * 1e6, octets });
  const lifted = { dissector: 'sip', carrier: 'tcp', source: A_SIDE, destination: B_SIDE, payload: ok() } as const;
  writer.frame({ interfaceIndex: 1, at: 2e15, octets: writeUpperPdu(lifted), comments: ['decrypted'] });
  return { capture: writer.done(), frames: packets.length + 1 };
}

test('everything is read where nothing is wrong', () => {
  const { capture, frames } = everything();
  const { evidence } = evidenceFromCapture(capture);
  expect(evidence.frameCount).toBe(frames);
  expect(evidence.integrity).toEqual([]);
  expect(evidence.messages.map((message) => `${message.protocol}/${message.transport}`)).toEqual([
    ...['sip/udp', 'sip/udp', 'sip/udp', 'sip/udp', 'sip/udp', 'sip/tcp', 'sip/sctp', 'dns/udp', 'rtp/udp', 'sip/tls'],
  ]);
});

test('flipped octets anywhere never throw', () => {
  const { capture, frames } = everything();
  let seed = 7;
  for (let at = 0; at < capture.length; at += 1 + (seed % 13)) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    const flipped = Uint8Array.from(capture);
    flipped[at] = (flipped[at] ?? 0) ^ (1 + (seed % 255));
    const { evidence } = evidenceFromCapture(flipped);
    expect(evidence.frameCount).toBeLessThanOrEqual(frames);
  }
});

test('a capture cut anywhere keeps the messages of its whole frames', () => {
  const { capture } = everything();
  const whole = evidenceFromCapture(capture).evidence.messages.length;
  let most = 0;
  for (let length = 0; length < capture.length; length += 11) {
    const { evidence } = evidenceFromCapture(capture.subarray(0, length));
    expect(evidence.messages.length).toBeGreaterThanOrEqual(most);
    most = evidence.messages.length;
  }
  expect(most).toBe(whole - 1);
});

test('a header of ours that is damaged makes the capture a foreign one', () => {
  const records = [
    { at: 1e15, transport: 'udp', protocol: 'sip', source: A_SIDE, destination: B_SIDE, octets: invite() } as const,
  ];
  const octets = Buffer.from(captureFromTap(records, { profile: profile() }));
  for (const [text, replacement] of [
    ['"version":1', '"version":7'],
    ['"profile":', '"profile"!'],
    ['"trust":true', '"trust":"ye"'],
    ['"role":"ibcf"', '"role":123456'],
  ] as const) {
    const damaged = Buffer.from(octets);
    damaged.write(replacement, damaged.indexOf(text), 'latin1');
    const { inferred, profile: found } = evidenceFromCapture(damaged);
    expect(inferred.length).toBeGreaterThan(0);
    expect(found.version).toBe(1);
  }
});

test('a large profile goes through the header in pieces', () => {
  const small = profile();
  const nodes = Array.from({ length: 2000 }, (_, i) => ({
    name: `ue-${i}.home-ä`,
    network: 'home-ä',
    role: 'ue' as const,
    endpoints: [{ address: `10.0.${i >> 8}.${i & 255}` }],
    hosts: [`ue-${i}.example`],
  }));
  const large = { ...small, nodes: [...small.nodes, ...nodes] };
  expect(evidenceFromCapture(captureFromTap([], { profile: large })).profile).toEqual(large);
});

test('an empty capture is an error of integrity', () => {
  const { evidence } = evidenceFromCapture(captureFromTap([], { profile: profile() }));
  expect(evidence.integrity).toMatchObject([{ code: 'no-frames', severity: 'error' }]);
});
