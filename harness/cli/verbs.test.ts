import { createSocket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { stringify } from 'yaml';
import { captureFromTap } from '../evidence/capture-from-tap.js';
import { FAULTS } from '../faults/catalogue.js';
import { goodCall } from '../judge/testing/call.js';
import type { CheckResult } from './doctor.js';
import { DOCTOR_BLOCK } from './doctor-probe.js';
import type { JudgeReport } from './judge.js';
import { listCases } from './list.js';
import { testTerminal } from './testing/test-terminal.js';

/** A capture of one well-behaved call at the border, in a file. */
function captureFile(change?: (octets: Uint8Array) => Uint8Array): string {
  const call = goodCall();
  const octets = captureFromTap(call.records, { profile: call.profile });
  const file = test.info().outputPath('call.pcapng');
  writeFileSync(file, change === undefined ? octets : change(octets));
  return file;
}

test('judge tells what a capture holds, what was found, and exits by the verdict', async () => {
  const file = captureFile();
  const json = testTerminal();
  const code = await json.q3953('judge', file, '--json');
  const report = JSON.parse(json.stdout()) as JudgeReport;
  expect(report.sessions).toBe(1);
  expect(report.messages).toMatchObject({ diameter: 0, dns: 0, rtp: 0, rtcp: 0, unknown: 0 });
  expect(report.messages.sip).toBe(goodCall().records.length);
  expect(report.frames).toBeGreaterThan(report.messages.sip);
  expect(code).toBe(report.verdict.verdict === 'pass' ? 0 : 1);
  const text = testTerminal();
  expect(await text.q3953('judge', file)).toBe(code);
  expect(text.stdout()).toContain(`verdict ${report.verdict.verdict}`);
  for (const line of text.stdout().split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
});

test('judge exits with 1 on a message that breaks a rule, and names the frame', async () => {
  const call = goodCall();
  const records = call.records.map((record) => ({
    ...record,
    octets: Buffer.from(
      Buffer.from(record.octets)
        .toString('latin1')
        .replace(/^Max-Forwards:.*\r\n/m, ''),
      'latin1',
    ),
  }));
  const file = test.info().outputPath('bad.pcapng');
  writeFileSync(file, captureFromTap(records, { profile: call.profile }));
  const terminal = testTerminal();
  expect(await terminal.q3953('judge', file, '--json')).toBe(1);
  const report = JSON.parse(terminal.stdout()) as JudgeReport;
  const failed = report.findings.filter((finding) => finding.severity === 'fail');
  expect(failed.length).toBeGreaterThan(0);
  expect(failed[0]?.frame).toBeGreaterThan(0);
});

test('judge takes the profile that it is given', async () => {
  const file = test.info().outputPath('profile.yaml');
  writeFileSync(file, stringify(goodCall().profile, { aliasDuplicateObjects: false }));
  const terminal = testTerminal();
  await terminal.q3953('judge', captureFile(), '--profile', file, '--json');
  expect((JSON.parse(terminal.stdout()) as JudgeReport).inferred).toEqual([]);
  writeFileSync(file, 'version: 1\nsut: []\n');
  const wrong = testTerminal();
  expect(await wrong.q3953('judge', captureFile(), '--profile', file)).toBe(2);
  expect(wrong.stderr()).toContain(`${file}:1:1: operators is missing; expected a list`);
});

test('judge exits with 2 and one clear line on what is no whole capture', async () => {
  const folder = test.info().outputPath('folder');
  mkdirSync(folder);
  const text = test.info().outputPath('text.pcap');
  writeFileSync(text, 'this is no capture');
  for (const file of [folder, text, join(folder, 'missing.pcap')]) {
    const terminal = testTerminal();
    expect(await terminal.q3953('judge', file), file).toBe(2);
    expect(terminal.stderr().trimEnd().split('\n'), file).toHaveLength(1);
    expect(terminal.stderr()).toContain('expected a pcap or pcapng file');
  }
  const cut = testTerminal();
  expect(
    await cut.q3953(
      'judge',
      captureFile((octets) => octets.subarray(0, octets.length - 7)),
      '--json',
    ),
  ).toBe(2);
  expect((JSON.parse(cut.stdout()) as JudgeReport).verdict.verdict).toBe('error');
  expect(cut.stderr()).toContain('Expected a whole capture');
});

test('list tells which cases a suite runs', async () => {
  const terminal = testTerminal();
  expect(await terminal.q3953('--json', 'list', '--grep', '^Q3953-INT-')).toBe(0);
  const cases = JSON.parse(terminal.stdout()) as ReturnType<typeof listCases>;
  expect(cases.find((one) => one.id === 'Q3953-INT-01')).toMatchObject({
    status: 'automated',
    reason: null,
    priority: 'P1',
  });
  expect(cases.every((one) => one.id.startsWith('Q3953-INT-'))).toBe(true);
  expect(listCases(null)).toHaveLength(549);
  const text = testTerminal();
  await text.q3953('list');
  for (const line of text.stdout().split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
});

test('help and version are no mistakes', async () => {
  for (const args of [['--help'], ['--version'], ['run', '--help']]) {
    const terminal = testTerminal();
    expect(await terminal.q3953(...args)).toBe(0);
    expect(terminal.stdout()).not.toBe('');
  }
});

test('an unknown fault or rule is a mistake that names what there is', async () => {
  const fault = testTerminal();
  expect(await fault.q3953('run', '--fault', 'no-such-fault')).toBe(2);
  expect(fault.stderr()).toContain(String(FAULTS.length));
  const rule = testTerminal();
  expect(await rule.q3953('prove', '--rule', 'XYZ-99')).toBe(2);
  expect(rule.stderr()).toContain('XYZ-99');
});

test.describe('doctor', () => {
  test.describe.configure({ mode: 'serial' });

  test('finds every link whole, up to an answer from the border', async () => {
    const terminal = testTerminal();
    expect(await terminal.q3953('doctor', '--json'), terminal.stdout()).toBe(0);
    const { checks } = JSON.parse(terminal.stdout()) as { checks: readonly CheckResult[] };
    expect(checks.find((check) => check.name === 'networks')?.detail).toMatch(/→ tcp 127\.\S+, OPTIONS 200 in \d+ ms/);
  });

  test('names the first broken link and who mends it', async () => {
    const address = `127.${DOCTOR_BLOCK}.1.14`;
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind({ address, port: 5060, exclusive: true }, resolve));
    try {
      const terminal = testTerminal();
      expect(await terminal.q3953('doctor')).toBe(3);
      expect(terminal.stdout()).toMatch(/✗ ports/);
      expect(terminal.stdout()).toContain(address);
      expect(terminal.stdout()).toMatch(/usually: /);
      expect(terminal.stdout()).toMatch(/Owner: /);
    } finally {
      await new Promise<void>((resolve) => taken.close(() => resolve()));
    }
  });
});

test('judge says what a file is that is no capture', async () => {
  for (const [octets, text] of [
    ['', 'is empty (0 octets)'],
    ['1f8b0800', 'gzip archive'],
    ['fd377a585a0000', 'xz archive'],
    ['28b52ffd00', 'zstd archive'],
    ['00112233', 'is no capture;'],
  ] as const) {
    const file = test.info().outputPath('other.pcap');
    writeFileSync(file, Buffer.from(octets, 'hex'));
    const terminal = testTerminal();
    expect(await terminal.q3953('judge', file, '--json')).toBe(2);
    expect(terminal.stderr()).toContain(text);
    expect(terminal.stderr().trim().split('\n')).toHaveLength(1);
    expect(terminal.stdout()).toBe('');
  }
});

test('run tells an output folder that cannot be made, and never waits for it', async () => {
  const file = test.info().outputPath('a-file');
  writeFileSync(file, '');
  for (const out of [file, join(file, 'below'), '/proc/q3953/report']) {
    const terminal = testTerminal();
    expect(await terminal.q3953('run', '--grep', 'Q3953-INT-01', '--out', out), out).toBe(2);
    expect(terminal.stderr()).toContain('--out: ');
    expect(terminal.stderr().trim().split('\n')).toHaveLength(1);
  }
});

test('prove --list names every fault and what must catch it', async () => {
  const terminal = testTerminal();
  expect(await terminal.q3953('prove', '--list')).toBe(0);
  const lines = terminal.stdout().trim().split('\n');
  expect(lines).toHaveLength(FAULTS.length);
  for (const [i, fault] of FAULTS.entries()) expect(lines[i]).toMatch(new RegExp(`^${fault.name} +${fault.catches} `));
});

test('a damaged head of a run is one message and exit 2', async () => {
  const folder = test.info().outputPath('report');
  mkdirSync(folder);
  for (const head of ['{bad', '{}', '']) {
    writeFileSync(join(folder, 'run.json'), head);
    for (const args of [
      ['show-report', folder],
      ['run', '--resume', '--out', folder],
    ]) {
      const terminal = testTerminal();
      expect(await terminal.q3953(...args)).toBe(2);
      expect(terminal.stderr()).toContain('run.json is damaged');
      expect(terminal.stderr().trim().split('\n')).toHaveLength(1);
    }
  }
});
