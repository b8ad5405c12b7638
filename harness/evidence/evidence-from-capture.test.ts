import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { type CaptureRecord, captureFromTap } from './capture-from-tap.js';
import { evidenceFromCapture } from './evidence-from-capture.js';
import { A_SIDE, B_SIDE, invite, ok, profile, rtp } from './testing/border.js';

const AT = 1_790_000_000_000_000;

function record(part: Partial<CaptureRecord> & Pick<CaptureRecord, 'octets'>): CaptureRecord {
  return { at: AT, transport: 'udp', protocol: 'sip', source: A_SIDE, destination: B_SIDE, ...part };
}

const RECORDS: readonly CaptureRecord[] = [
  record({ octets: invite({ transport: 'UDP' }) }),
  record({ octets: ok(), source: B_SIDE, destination: A_SIDE, at: AT + 20_000 }),
  record({ octets: invite({ transport: 'TCP', callId: 'tcp', padding: 3000 }), transport: 'tcp', at: AT + 30_000 }),
  record({ octets: ok({ callId: 'tcp' }), transport: 'tcp', source: B_SIDE, destination: A_SIDE, at: AT + 40_000 }),
  record({ octets: invite({ transport: 'TLS', callId: 'tls' }), transport: 'tls', at: AT + 50_000 }),
  ...Array.from({ length: 6 }, (_, i) =>
    record({
      octets: rtp(i),
      protocol: 'rtp',
      source: { address: '192.0.2.11', port: 20_000 },
      destination: { address: '198.51.100.11', port: 30_000 },
      at: AT + 60_000 + i * 20_000,
    }),
  ),
];

test('a tap written as a capture reads as the same messages, with the profile that is in its header', () => {
  const octets = captureFromTap(RECORDS, { profile: profile(), caseId: 'Q3953-INT-01' });
  const { evidence, inferred, profile: found } = evidenceFromCapture(octets);
  expect(evidence.integrity).toEqual([]);
  expect(inferred).toEqual([]);
  expect(found).toEqual(profile());
  expect(evidence.caseId).toBe('Q3953-INT-01');
  expect(evidence.messages.map((message) => message.protocol)).toEqual(RECORDS.map((each) => each.protocol));
  expect(evidence.messages.map((message) => Buffer.from(message.octets).toString('hex'))).toEqual(
    RECORDS.map((each) => Buffer.from(each.octets).toString('hex')),
  );
  expect(evidence.messages.map((message) => message.transport)).toEqual(RECORDS.map((each) => each.transport));
  expect(evidence.messages.map((message) => message.at)).toEqual(RECORDS.map((each) => each.at));
  expect(new Set(evidence.messages.slice(0, 5).map((message) => message.referencePoint))).toEqual(new Set(['Ici']));
  expect(evidence.messages[5]?.referencePoint).toBe('Izi');
  expect(evidence.messages[0]?.from.node?.name).toBe('ibcf.home-a');
  // Three segments behind a handshake of three.
  expect(evidence.messages[2]?.frames).toHaveLength(3);
});

test('media that our own socket sent is media however broken it is', () => {
  const broken = Uint8Array.from(rtp(1));
  broken[0] = 0x40;
  const source = { address: '192.0.2.11', port: 20_000 };
  const destination = { address: '198.51.100.11', port: 30_000 };
  const records = [
    record({ octets: broken, protocol: 'rtp', source, destination }),
    record({ octets: Uint8Array.of(0x80), protocol: 'rtp', source, destination }),
  ];
  const { evidence } = evidenceFromCapture(captureFromTap(records, { profile: profile() }));
  expect(evidence.messages).toMatchObject([
    { protocol: 'rtp', referencePoint: 'Izi' },
    { protocol: 'unknown', referencePoint: 'Izi' },
  ]);
  expect(evidence.messages[0]?.defects.map((defect) => defect.code)).toEqual(['rtp-version']);
});

test('a record between an IPv4 and an IPv6 socket is kept', () => {
  const records = [
    record({ octets: invite(), destination: { address: '2001:db8::1', port: 5060 } }),
    record({ octets: ok(), source: { address: '::ffff:198.51.100.10', port: 5060 }, destination: A_SIDE }),
  ];
  const { evidence } = evidenceFromCapture(captureFromTap(records, { profile: profile() }));
  expect(evidence.messages).toMatchObject([
    { protocol: 'sip', transport: 'udp', to: { address: '2001:db8::1' } },
    { protocol: 'sip', transport: 'udp', from: { address: '198.51.100.10', node: { name: 'ibcf.home-b' } } },
  ]);
});

test('annotations stand at the last frame of their record', () => {
  const octets = captureFromTap(RECORDS, {
    profile: profile(),
    annotations: new Map([[2, ['step 1: the call is offered']]]),
  });
  const text = Buffer.from(octets).toString('latin1');
  expect(text.split('step 1: the call is offered')).toHaveLength(2);
});

test('tshark reads what a tap wrote without a malformed or error-level finding', () => {
  let version = '';
  try {
    version = execFileSync('tshark', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    test.skip(true, 'tshark is not installed: apt-get install tshark');
  }
  expect(version).toContain('TShark');
  const directory = mkdtempSync(join(tmpdir(), 'q3953-capture-'));
  try {
    const file = join(directory, 'evidence.pcapng');
    writeFileSync(file, captureFromTap(RECORDS, { profile: profile() }));
    const read = (...args: string[]): string =>
      execFileSync('tshark', ['-r', file, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    expect(read('-Y', '_ws.malformed || _ws.expert.severity==error')).toBe('');
    const checked = ['ip', 'udp', 'tcp'].flatMap((layer) => ['-o', `${layer}.check_checksum:TRUE`]);
    expect(read(...checked, '-Y', 'ip.checksum.status!=1 || udp.checksum.status!=1 || tcp.checksum.status!=1')).toBe(
      '',
    );
    expect(
      read(...checked, '-Y', 'udp.checksum.status==1 || tcp.checksum.status==1')
        .trim()
        .split('\n').length,
    ).toBe(15);
    const methods = read('-Y', 'sip', '-T', 'fields', '-e', 'sip.CSeq.method', '-e', 'frame.interface_name');
    expect(methods.trim().split('\n')).toEqual([
      'INVITE\tIci',
      'INVITE\tIci',
      'INVITE\tIci',
      'INVITE\tIci',
      'INVITE\tIci-tls-pdu',
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
