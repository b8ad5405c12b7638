import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import type { VerdictReport } from '../../reports/verdict-report.js';
import { packageRoot } from '../catalogue/package-root.js';
import { testTerminal } from './testing/test-terminal.js';

const CONFIG = join(packageRoot(), 'harness', 'cli', 'testing', 'development.config.ts');
const QUICK = 'Q3953-(INT-0[12]|REG-0[1-8])$|Q3953-(INT-0[12]|REG-0[1-8]) ';

test.describe.configure({ timeout: 60_000 });

test('writes every case with its own verdict, whatever the runner thought of the test', async () => {
  const folder = test.info().outputPath('report');
  const terminal = testTerminal({ Q3953_CONFIG: CONFIG });
  expect(await terminal.q3953('run', '--out', folder, '--grep', QUICK, '--json')).toBe(3);
  const report = JSON.parse(terminal.stdout()) as VerdictReport;
  expect(JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8'))).toEqual(report);
  expect(report.cases.map((entry) => [entry.key, entry.verdict])).toEqual([
    ['Q3953-INT-01', 'pass'],
    ['Q3953-INT-01.udp.ipv6', 'pass'],
    ['Q3953-INT-02', 'fail'],
    ['Q3953-REG-01', 'pass'],
    ['Q3953-REG-03', 'error'],
    ['Q3953-REG-04', 'notRun'],
    ['Q3953-REG-06', 'error'],
    ['Q3953-REG-07', 'notRun'],
    ['Q3953-REG-08', 'error'],
  ]);
  expect(report.summary).toEqual({
    cases: 9,
    pass: 3,
    inconc: 0,
    fail: 1,
    error: 3,
    none: 0,
    notApplicable: 0,
    notRun: 2,
  });
  expect(report.cases.find((entry) => entry.id === 'Q3953-REG-06')?.reason).toContain('the bed broke');
  expect(report.cases.find((entry) => entry.id === 'Q3953-REG-07')?.reason).toBe('needs a container engine');
  expect(report.run).toMatchObject({ tool: 'q3953', tier: 'embedded', interrupted: false });
  expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('tests="9" failures="1" errors="3" skipped="2"');

  const shown = testTerminal();
  expect(await shown.q3953('show-report', folder)).toBe(3);
  expect(shown.stdout()).toContain('no Security-* header and no sec-agree crosses the border');
  for (const line of shown.stdout().split('\n'))
    expect([...line].length, line).toBeLessThanOrEqual(Math.max(80, folder.length + 20));
});

test('exits with 0 as expected, 1 on a fail, 4 where nothing matches', async () => {
  const folder = test.info().outputPath('report');
  const pass = testTerminal({ Q3953_CONFIG: CONFIG });
  expect(
    await pass.q3953('run', '--out', folder, '--grep', '^Q3953-INT-01 ', '--transport', 'tcp', '--repeat', '2'),
  ).toBe(0);
  expect(pass.stdout()).toContain('report  ');
  const keys = (JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as VerdictReport).cases.map(
    (one) => one.key,
  );
  expect(keys).toEqual(['Q3953-INT-01', 'Q3953-INT-01.repeat-2']);
  const fail = testTerminal({ Q3953_CONFIG: CONFIG });
  expect(await fail.q3953('run', '--out', folder, '--grep', 'released? by called party')).toBe(1);
  expect(fail.stdout()).toContain('FAIL');
  const none = testTerminal({ Q3953_CONFIG: CONFIG });
  expect(await none.q3953('run', '--out', folder, '--grep', 'no such case')).toBe(4);
  expect(none.stderr()).toContain('nothing was run');
  const lists = testTerminal({ Q3953_CONFIG: CONFIG });
  expect(await lists.q3953('run', '--list', '--ip', '6')).toBe(0);
  expect(lists.stdout().trim().split('\n')).toHaveLength(1);
});

test('keeps what was finished when it is killed, and goes on from there', async () => {
  const folder = test.info().outputPath('report');
  mkdirSync(folder);
  const first = testTerminal({ Q3953_CONFIG: CONFIG });
  expect(await first.q3953('run', '--out', folder, '--grep', '^Q3953-INT-01 ')).toBe(0);
  const cases = join(folder, 'cases.jsonl');
  const lines = readFileSync(cases, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  writeFileSync(cases, `${lines[0]}\n${lines[1]?.slice(0, 100)}`);
  const shown = testTerminal();
  expect(await shown.q3953('show-report', folder, '--json')).toBe(0);
  expect((JSON.parse(shown.stdout()) as VerdictReport).cases).toHaveLength(1);
  const resumed = testTerminal({ Q3953_CONFIG: CONFIG });
  expect(await resumed.q3953('run', '--out', folder, '--grep', '^Q3953-INT-01 ', '--resume', '--json')).toBe(0);
  expect((JSON.parse(resumed.stdout()) as VerdictReport).cases).toHaveLength(2);
  expect(resumed.stderr()).not.toContain('2/2');
});

test('stops in order on SIGTERM: the report holds what was finished', async () => {
  const main = join(packageRoot(), 'dist', 'harness', 'cli', 'main.js');
  test.skip(!existsSync(main), 'needs the built command line: npm run build');
  const folder = test.info().outputPath('report');
  const environment = { ...testTerminal().environment, Q3953_CONFIG: CONFIG };
  const child = spawn(process.execPath, [main, 'run', '--out', folder, '--grep', 'INT-0|REG-09', '--workers', '1'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let progress = '';
  child.stderr.on('data', (chunk: Buffer) => {
    progress += chunk.toString('utf8');
    if (progress.includes('[3/4]')) child.kill('SIGTERM');
  });
  try {
    expect(await ended).toBe(143);
  } finally {
    child.kill('SIGKILL');
  }
  const report = JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as VerdictReport;
  expect(report.cases).toHaveLength(3);
  expect(report.run.interrupted).toBe(true);
});

test('tells a mistake of the caller in one line and exits with 2', async () => {
  for (const args of [
    ['run', '--grep', '('],
    ['run', '--transport', 'pigeon'],
    ['run', '--workers', '0'],
    ['run', '--profile', 'no-such-profile.yaml'],
    ['run', '--resume', '--out', test.info().outputPath('nothing')],
    ['show-report', test.info().outputPath('nothing')],
    ['fly'],
    ['run', '--colour', 'blue'],
  ]) {
    const terminal = testTerminal();
    expect(await terminal.q3953(...args), args.join(' ')).toBe(2);
    expect(terminal.stderr(), args.join(' ')).not.toBe('');
    expect(terminal.stdout(), args.join(' ')).toBe('');
    expect(terminal.stderr()).not.toContain('    at ');
  }
});
