import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { LINK_TYPES } from './capture-file.js';
import { udpPacket } from './ip-packet.js';
import { writePcap } from './pcap-writer.js';
import { PcapngWriter } from './pcapng-writer.js';
import { readCapture } from './read-capture.js';

const AT = 1_790_000_000_123_456;
const PACKET = udpPacket({ address: '192.0.2.1', port: 1 }, { address: '192.0.2.2', port: 2 }, Buffer.from('abc'), 1);

/** Blocks of either octet order, as other writers make them. */
class Blocks {
  readonly parts: Buffer[] = [];

  constructor(private readonly little: boolean) {}

  u16(value: number): Buffer {
    const octets = Buffer.alloc(2);
    if (this.little) octets.writeUInt16LE(value);
    else octets.writeUInt16BE(value);
    return octets;
  }

  u32(value: number): Buffer {
    const octets = Buffer.alloc(4);
    if (this.little) octets.writeUInt32LE(value);
    else octets.writeUInt32BE(value);
    return octets;
  }

  option(code: number, value: Uint8Array): Buffer {
    return Buffer.concat([this.u16(code), this.u16(value.length), padded(value)]);
  }

  block(type: number, ...body: Uint8Array[]): this {
    const content = padded(Buffer.concat(body));
    const length = this.u32(content.length + 12);
    this.parts.push(this.u32(type), length, content, length);
    return this;
  }

  section(comment?: string): this {
    const unknown = this.u32(0xffffffff);
    const options = comment === undefined ? [] : [this.option(1, Buffer.from(comment)), this.u32(0)];
    return this.block(0x0a0d0d0a, this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), unknown, unknown, ...options);
  }

  interface(linkType: number, resolution?: number): this {
    const options = resolution === undefined ? [] : [this.option(9, Buffer.from([resolution])), this.u32(0)];
    return this.block(1, this.u16(linkType), this.u16(0), this.u32(0), ...options);
  }

  packet(interfaceId: number, ticks: bigint, octets: Uint8Array, original = octets.length): this {
    const high = this.u32(Number(ticks >> 32n));
    const low = this.u32(Number(ticks & 0xffffffffn));
    const lengths = [this.u32(octets.length), this.u32(original)];
    return this.block(6, this.u32(interfaceId), high, low, ...lengths, padded(octets));
  }

  done(): Buffer {
    return Buffer.concat(this.parts);
  }
}

function padded(octets: Uint8Array): Buffer {
  return Buffer.concat([octets, Buffer.alloc((4 - (octets.length % 4)) % 4)]);
}

function sample(): Uint8Array {
  const writer = new PcapngWriter({
    comments: ['one', 'zwei ü'],
    application: 'test',
    interfaces: [{ linkType: LINK_TYPES.raw, name: 'Ici' }, { linkType: LINK_TYPES.ethernet }],
    names: new Map([
      ['192.0.2.1', ['ibcf.home-a']],
      ['2001:db8::1', ['ibcf.home-b']],
    ]),
  });
  writer.frame({ interfaceIndex: 0, at: AT, octets: PACKET, comments: ['first', 'second'] });
  writer.frame({ interfaceIndex: 1, at: AT + 1, octets: Buffer.from([1, 2, 3]), originalLength: 90 });
  return writer.done();
}

test('what the writer wrote is read back: times, comments, names, interfaces', () => {
  const capture = readCapture(sample());
  expect(capture).toMatchObject({
    format: 'pcapng',
    comments: ['one', 'zwei ü'],
    interfaces: [
      { linkType: 101, name: 'Ici' },
      { linkType: 1, name: null },
    ],
    frames: [
      { number: 1, at: AT, linkType: 101, comments: ['first', 'second'] },
      { number: 2, at: AT + 1, linkType: 1, originalLength: 90, comments: [] },
    ],
    problems: [],
  });
  expect([...capture.names]).toEqual([
    ['192.0.2.1', ['ibcf.home-a']],
    ['2001:db8::1', ['ibcf.home-b']],
  ]);
  expect(Buffer.from(capture.frames[0]?.octets ?? [])).toEqual(PACKET);
});

for (const little of [true, false]) {
  test(`pcapng, ${little ? 'little' : 'big'}-endian: sections, resolutions, simple packets, unknown blocks`, () => {
    const micro = BigInt(AT);
    const file = new Blocks(little)
      .section('a')
      .interface(101)
      .interface(1, 9)
      .interface(1, 0x80 | 10)
      .packet(0, micro, PACKET)
      .packet(1, micro * 1000n + 789n, PACKET)
      .packet(2, 1024n * 5n + 512n, PACKET)
      .block(0x0000000a, Buffer.alloc(12, 9))
      .block(0x80000001, Buffer.alloc(8))
      .block(5, Buffer.alloc(12))
      .block(3, Buffer.alloc(4).fill(new Blocks(little).u32(PACKET.length)), PACKET)
      .section('b')
      .interface(228)
      .packet(0, micro, PACKET)
      .done();
    const capture = readCapture(file);
    expect(capture.problems).toEqual([]);
    expect(capture.comments).toEqual(['a', 'b']);
    expect(capture.frames.map((frame) => [frame.number, frame.at, frame.linkType])).toEqual([
      [1, AT, 101],
      [2, AT + 0.75, 1],
      [3, 5_500_000, 1],
      [4, 5_500_000, 101],
      [5, AT, 228],
    ]);
    for (const frame of capture.frames) expect(Buffer.from(frame.octets)).toEqual(PACKET);
  });

  test(`pcap, ${little ? 'little' : 'big'}-endian, microseconds and nanoseconds`, () => {
    for (const [magic, fraction] of [
      [0xa1b2c3d4, 250],
      [0xa1b23c4d, 250_000],
    ] as const) {
      const build = new Blocks(little);
      const header = [magic, 0x00020004, 0, 0, 65_535, 101].map((value) => build.u32(value));
      const file = Buffer.concat([
        ...header,
        build.u32(1_790_000_000),
        build.u32(fraction),
        build.u32(31),
        build.u32(31),
        PACKET,
      ]);
      expect(readCapture(file)).toMatchObject({
        format: 'pcap',
        problems: [],
        frames: [{ number: 1, at: 1_790_000_000_000_250, linkType: 101 }],
      });
    }
  });
}

test('a file cut anywhere keeps every whole frame and says that it is cut', () => {
  const pcap = writePcap(LINK_TYPES.raw, [
    { at: AT, octets: PACKET },
    { at: AT, octets: PACKET },
  ]);
  for (const file of [sample(), pcap]) {
    const whole = readCapture(file);
    for (let length = 0; length < file.length; length += 1) {
      const capture = readCapture(file.subarray(0, length));
      expect(capture.frames.length).toBeLessThan(whole.frames.length);
      expect(whole.frames.slice(0, capture.frames.length)).toEqual(capture.frames);
      const { problems } = capture;
      // A cut between two frames cannot be seen: such a file is whole.
      if (problems.length > 0) expect(problems).toMatchObject([{ code: 'truncated-file', severity: 'error' }]);
      else expect(boundaries(file)).toContain(length);
    }
  }
});

/** Lengths at which a file of these two ends between blocks or records. */
function boundaries(file: Uint8Array): number[] {
  const view = Buffer.from(file);
  const ends: number[] = [];
  const pcapng = view.readUInt32BE(0) === 0x0a0d0d0a;
  let at = pcapng ? 0 : 24;
  if (!pcapng) ends.push(at);
  while (at < view.length) {
    at += pcapng ? view.readUInt32LE(at + 4) : 16 + view.readUInt32LE(at + 8);
    ends.push(at);
  }
  return ends;
}

test('flipped octets never throw, never hang', () => {
  const file = sample();
  for (let at = 0; at < file.length; at += 1) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const flipped = Uint8Array.from(file);
      flipped[at] = (flipped[at] ?? 0) ^ mask;
      expect(readCapture(flipped).frames.length).toBeLessThanOrEqual(2);
    }
  }
});

test('what is no capture is told as such', () => {
  expect(readCapture(Buffer.from('INVITE sip:a SIP/2.0')).problems).toMatchObject([{ code: 'truncated-file' }]);
  expect(readCapture(Buffer.from([0x1f, 0x8b, 8, 0])).problems[0]?.text).toContain('gzip');
  expect(readCapture(new Uint8Array(0)).problems).toHaveLength(1);
});

test('files that Wireshark writes are read alike in every format', () => {
  try {
    execFileSync('editcap', ['--version'], { stdio: 'ignore' });
  } catch {
    test.skip(true, 'editcap is not installed: apt-get install wireshark-common');
  }
  const directory = mkdtempSync(join(tmpdir(), 'q3953-editcap-'));
  try {
    const source = join(directory, 'source.pcap');
    writeFileSync(
      source,
      writePcap(
        LINK_TYPES.raw,
        [0, 1, 2].map((i) => ({ at: AT + i * 1e6, octets: PACKET })),
      ),
    );
    for (const format of ['pcapng', 'pcap', 'nsecpcap']) {
      const target = join(directory, format);
      execFileSync('editcap', ['-F', format, source, target], { stdio: 'ignore' });
      const capture = readCapture(readFileSync(target));
      expect(capture.problems).toEqual([]);
      expect(capture.frames.map((frame) => frame.at)).toEqual([AT, AT + 1e6, AT + 2e6]);
      expect(capture.frames.map((frame) => frame.linkType)).toEqual([101, 101, 101]);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
