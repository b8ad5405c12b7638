import { expect, test } from '@playwright/test';
import { AMR_FRAME_BITS, AMR_WB_FRAME_BITS, buildAmr, frameBits, parseAmr } from './amr.js';
import { parseEvs } from './evs.js';
import { parseH264 } from './h264.js';
import { looksLikeRtcp, parseRtcp, type ReportBlock } from './rtcp.js';
import { buildRtcp } from './rtcp-writer.js';
import { buildRtp, extensionElements, looksLikeRtp, parseRtp } from './rtp.js';
import { buildSpeechFile, parseSpeechFile } from './storage.js';
import { buildTelephoneEvent, eventOfKey, keyOfEvent, parseTelephoneEvent } from './telephone-event.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Repeatable octets for the tests that feed anything to a decoder. */
function* noise(seed: number): Generator<Uint8Array> {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
  for (let i = 0; i < 2000; i++) yield Uint8Array.from({ length: next() % 90 }, next);
}

test('reads a packet with everything in it, and writes the same octets', () => {
  const octets = hex('b2 e1 fffe fffffff0 01020304 0000000a 0000000b bede 0001 10aa 0000 010203 00 00 03');
  const packet = parseRtp(octets);
  expect(packet).toMatchObject({
    version: 2,
    marker: true,
    payloadType: 97,
    sequenceNumber: 0xfffe,
    timestamp: 0xfffffff0,
    ssrc: 0x01020304,
    csrc: [10, 11],
    paddingLength: 3,
    defects: [],
  });
  expect(Buffer.from(packet?.payload ?? []).toString('hex')).toBe('010203');
  if (packet?.extension === null || packet?.extension === undefined) throw new Error('no extension');
  expect(extensionElements(packet.extension)).toEqual([{ id: 1, data: hex('aa') }]);
  const again = buildRtp({ ...packet, extension: packet.extension });
  expect(Buffer.from(again.octets).toString('hex')).toBe(octets.toString('hex'));
});

test('tells RTP from RTCP and from neither', () => {
  expect(looksLikeRtp(hex('8061 0001 00000001 00000002'))).toBe(true);
  expect(looksLikeRtp(hex('80c8 0001 00000001 00000002'))).toBe(false);
  expect(looksLikeRtcp(hex('80c9 0001 00000001'))).toBe(true);
  expect(looksLikeRtp(hex('0001 0000 2112a442 000000000000000000000000'))).toBe(false);
  expect(parseRtp(hex('8061 0001'))).toBeNull();
  expect(parseRtcp(hex('80c9'))).toEqual([]);
});

test('names what a packet lacks', () => {
  const codes = (text: string) => parseRtp(hex(text))?.defects.map((defect) => defect.code);
  expect(codes('4061 0001 00000001 00000002')).toEqual(['rtp-version']);
  expect(codes('8f61 0001 00000001 00000002 00000003')).toEqual(['rtp-truncated']);
  expect(codes('9061 0001 00000001 00000002 bede')).toEqual(['rtp-truncated']);
  expect(codes('9061 0001 00000001 00000002 bede ffff 00000000')).toEqual(['rtp-truncated']);
  expect(codes('a061 0001 00000001 00000002 000009')).toEqual(['rtp-padding']);
});

test('carries every kind of RTCP there and back', () => {
  const block: ReportBlock = {
    ssrc: 7,
    fractionLost: 255,
    cumulativeLost: -3,
    highestSequence: 0x0001fffe,
    jitter: 12,
    lastSenderReport: 0xdeadbeef,
    delaySinceLastSenderReport: 65536,
  };
  const sender = { ntpSeconds: 0xe0000000, ntpFraction: 0x80000000, rtpTimestamp: 1, packetCount: 2, octetCount: 3 };
  const octets = buildRtcp([
    { kind: 'SR', ssrc: 1, sender, reports: [block] },
    { kind: 'RR', ssrc: 1, reports: [] },
    { kind: 'SDES', chunks: [{ ssrc: 1, items: [{ type: 1, text: 'ue@häme' }] }] },
    { kind: 'RTPFB', senderSsrc: 1, mediaSsrc: 2, format: 1, information: hex('0001 8001') },
    { kind: 'PSFB', senderSsrc: 1, mediaSsrc: 2, format: 1, information: hex('') },
    { kind: 'PSFB', senderSsrc: 1, mediaSsrc: 0, format: 4, information: hex('00000002 05000000') },
    { kind: 'APP', ssrc: 1, subtype: 3, name: 'TEST', data: hex('01020304') },
    { kind: 'BYE', sources: [1], reason: 'end' },
  ]);
  const packets = parseRtcp(octets);
  expect(packets.flatMap((packet) => packet.defects)).toEqual([]);
  expect(packets.map((packet) => packet.kind)).toEqual(['SR', 'RR', 'SDES', 'RTPFB', 'PSFB', 'PSFB', 'APP', 'BYE']);
  expect(packets[0]).toMatchObject({ ssrc: 1, sender, reports: [block] });
  expect(packets[2]).toMatchObject({ chunks: [{ ssrc: 1, items: [{ type: 1, text: 'ue@häme' }] }] });
  expect(packets[3]).toMatchObject({ message: 'nack', nacks: [{ packetId: 1, bitmask: 0x8001 }] });
  expect(packets[4]).toMatchObject({ message: 'pli' });
  expect(packets[5]).toMatchObject({ message: 'fir', firs: [{ ssrc: 2, sequenceNumber: 5 }] });
  expect(packets[7]).toMatchObject({ sources: [1], reason: 'end' });
  for (let cut = 1; cut < octets.length; cut++) {
    expect(parseRtcp(octets.subarray(0, cut)).length > 0).toBe(cut >= 4);
  }
});

test('packs AMR as RFC 4867 §4.3 and §4.4 show it', () => {
  const frame = { type: 7, quality: true, speech: Uint8Array.from({ length: 31 }, (_, i) => (i === 30 ? 0x50 : i)) };
  const efficient = buildAmr([frame], { wideband: false, octetAligned: false });
  // CMR 1111, F 0, FT 0111, Q 1: f3 and the first two bits of c0.
  expect(efficient.length).toBe(32);
  expect(efficient[0]).toBe(0xf3);
  expect((efficient[1] ?? 0) & 0xc0).toBe(0xc0);
  const aligned = buildAmr([frame], { wideband: false, octetAligned: true });
  expect(Buffer.from(aligned.subarray(0, 4)).toString('hex')).toBe('f03c0001');
  for (const wideband of [false, true]) {
    const bits = wideband ? AMR_WB_FRAME_BITS : AMR_FRAME_BITS;
    for (const octetAligned of [false, true]) {
      const frames = bits.flatMap((size, type) => {
        if (size < 0) return [];
        const speech = new Uint8Array(Math.ceil(size / 8)).fill(0xff);
        if (size % 8 !== 0) speech[speech.length - 1] = 0xff << (8 - (size % 8));
        return [{ type, quality: type % 2 === 0, speech }];
      });
      const read = parseAmr(buildAmr(frames, { wideband, octetAligned }, 2), { wideband, octetAligned });
      expect(read).toEqual({ cmr: 2, frames, defects: [] });
    }
  }
});

test('names what breaks an AMR payload', () => {
  const wb = { wideband: true, octetAligned: false };
  const codes = (text: string, format = wb) => parseAmr(hex(text), format).defects.map((defect) => defect.code);
  expect(codes('')).toEqual(['amr-empty']);
  expect(codes('c7c0')).toEqual(['amr-cmr']);
  expect(codes('f5c0')).toEqual(['amr-frame-type']);
  expect(codes('f7c0 00')).toEqual(['amr-trailing-octets']);
  expect(codes('f1 40 00')).toEqual(['amr-speech-truncated']);
  expect(codes('ff')).toContain('amr-toc-truncated');
  expect(codes('f1 7c', { wideband: true, octetAligned: true })).toEqual(['amr-reserved-bits']);
  const endless = new Uint8Array(65_000).fill(0xff);
  expect(parseAmr(endless, wb).defects.map((defect) => defect.code)).toContain('amr-too-many-frames');
});

test('reads files of speech and tells where they break off', () => {
  const frames = [2, 9, 15].map((type) => ({
    type,
    quality: true,
    speech: new Uint8Array(Math.ceil((frameBits(type, true) ?? 0) / 8)),
  }));
  const file = buildSpeechFile(frames, true);
  expect(parseSpeechFile(file)).toEqual({ wideband: true, frames, defects: [] });
  expect(parseSpeechFile(file.subarray(0, 20))).toMatchObject({ frames: [], defects: [{ code: 'amr-frame' }] });
  expect(parseSpeechFile(Buffer.from('RIFF'))).toMatchObject({ defects: [{ code: 'amr-magic' }] });
});

test('reads EVS by its protected sizes and by its headers', () => {
  expect(parseEvs(new Uint8Array(33))).toMatchObject({ format: 'compact', frames: [{ mode: 'primary', rate: 13.2 }] });
  expect(parseEvs(new Uint8Array(32))).toMatchObject({ frames: [{ mode: 'amr-wb-io', rate: 12.65 }] });
  expect(parseEvs(new Uint8Array(6))).toMatchObject({ frames: [{ kind: 'sid', rate: 2.4 }] });
  expect(parseEvs(new Uint8Array(7).fill(0x80))).toMatchObject({ frames: [{ mode: 'amr-wb-io', kind: 'sid' }] });
  const full = Buffer.concat([hex('c4 04'), new Uint8Array(33)]);
  expect(parseEvs(full)).toMatchObject({
    format: 'header-full',
    cmr: { type: 4, definition: 4 },
    frames: [{ mode: 'primary', rate: 13.2 }],
    defects: [],
  });
  expect(parseEvs(hex('0d')).defects.map((defect) => defect.code)).toEqual(['evs-frame-type']);
  expect(parseEvs(hex('44')).defects.map((defect) => defect.code)).toContain('evs-toc-truncated');
});

test('reads the H.264 structures of VoLTE video', () => {
  expect(parseH264(hex('67 42e00c'))).toMatchObject({ structure: 'single', units: [{ type: 7 }], defects: [] });
  expect(parseH264(hex('78 0002 6742 0001 68'))).toMatchObject({
    structure: 'STAP-A',
    units: [{ type: 7 }, { type: 8 }],
  });
  expect(parseH264(hex('7c 85 aa'))).toMatchObject({
    structure: 'FU-A',
    start: true,
    end: false,
    units: [{ type: 5 }],
  });
  expect(parseH264(hex('7c c5 aa')).defects.map((defect) => defect.code)).toEqual(['h264-fragment-whole']);
  expect(parseH264(hex('78 ffff 67')).defects.map((defect) => defect.code)).toEqual(['h264-aggregate-truncated']);
  expect(parseH264(hex('')).defects.map((defect) => defect.code)).toEqual(['h264-empty']);
});

test('reads and writes keys', () => {
  const event = { event: 11, end: true, volume: 10, duration: 1600 };
  expect(parseTelephoneEvent(buildTelephoneEvent(event))).toEqual({ ...event, reserved: false });
  expect(parseTelephoneEvent(hex('0b8a'))).toBeNull();
  expect([...'0123456789*#ABCD'].map((key) => keyOfEvent(eventOfKey(key) ?? 99)).join('')).toBe('0123456789*#ABCD');
  expect(eventOfKey('x')).toBeNull();
});

test('never throws, whatever comes', () => {
  const formats = [false, true].flatMap((wideband) =>
    [false, true].map((octetAligned) => ({ wideband, octetAligned })),
  );
  for (const octets of noise(3953)) {
    parseRtcp(octets);
    const packet = parseRtp(octets);
    if (packet?.extension) extensionElements(packet.extension);
    for (const format of formats) parseAmr(octets, { ...format, crc: octets.length % 2 === 0, robustSorting: true });
    parseEvs(octets);
    parseEvs(octets, true);
    parseH264(octets);
    parseSpeechFile(Buffer.concat([Buffer.from('#!AMR\n'), octets]));
    parseTelephoneEvent(octets);
  }
});
