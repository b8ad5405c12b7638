import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { platform, release } from 'node:os';
import { isAbsolute, relative, resolve } from 'node:path';
import { summaryText } from '../../reports/console.js';
import { finishReport } from '../../reports/finish-report.js';
import { plainText } from '../../reports/plain-text.js';
import { clearReport, readReport, resumeReport, writeHead } from '../../reports/report-folder.js';
import type { RunHead } from '../../reports/verdict-report.js';
import { DIRECTIONS, TRANSPORTS } from '../catalogue/case-options.js';
import { EXIT, exitCodeOf, UsageError } from './exit-code.js';
import { grepOf } from './list.js';
import { loadProfile } from './profile-file.js';
import { DEFAULT_RUN_OPTIONS, type ListedTest, type RunOptions } from './run-options.js';
import { runSuites } from './runner.js';
import type { Terminal } from './terminal.js';
import { toolVersion } from './version.js';

/** The flags of `q3953 run`, as commander hands them over. */
export interface RunFlags {
  readonly grep?: string;
  readonly fault?: string;
  readonly profile?: string;
  readonly transport?: string;
  readonly ip?: string;
  readonly topologyHiding?: string;
  readonly trust?: string;
  readonly direction?: string;
  readonly workers?: string;
  readonly out: string;
  readonly repeat?: string;
  readonly seed?: string;
  readonly resume?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** `q3953 run`: every case there is, or those that the flags choose; writes the report folder. */
export async function run(flags: RunFlags, argv: readonly string[], terminal: Terminal): Promise<number> {
  const out = resolve(terminal.folder, flags.out);
  const options = await optionsOf(flags, terminal);
  const playwright = playwrightArguments(flags);
  if (flags.list === true) return listTests(options, playwright, terminal);

  const earlier = flags.resume === true ? readReport(out) : null;
  if (flags.resume === true && earlier === null) throw new UsageError(`--resume: ${out} holds no run to go on with`);
  const profileText = options.profile === null ? null : readFileSync(options.profile);
  const head: RunHead = {
    tool: 'q3953',
    version: toolVersion(),
    node: process.versions.node,
    os: `${platform()} ${release()}`,
    tier: options.tier,
    profileHash: profileText === null ? null : createHash('sha256').update(profileText).digest('hex'),
    seed: options.seed,
    argv: [...argv],
    startedAt: earlier?.head.startedAt ?? new Date().toISOString(),
    finishedAt: null,
    interrupted: true,
  };
  if (earlier === null) clearReport(out);
  else resumeReport(out, earlier.cases);
  writeHead(out, head);

  const done = (earlier?.cases ?? []).filter((entry) => entry.verdict !== 'notRun').map((entry) => entry.key);
  const result = await runSuites({ ...options, out, done }, playwright, terminal);
  if (result.total === null && result.stopped === null) {
    terminal.err(plainText(result.stdout));
    terminal.err('the suites could not be started; what the runner said is above\n');
    return EXIT.bed;
  }
  const finished: RunHead = { ...head, finishedAt: new Date().toISOString(), interrupted: result.stopped !== null };
  writeHead(out, finished);
  const report = finishReport(out, { head: finished, cases: readReport(out)?.cases ?? [] });
  if (flags.json === true) terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  else if (report.cases.length > 0) terminal.out(summaryText(report, shown(out, terminal.folder), terminal.style));
  if (result.stopped !== null) return result.stopped === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
  if (report.cases.length === 0)
    terminal.err(`nothing was run: no case matches; 'q3953 run --list' shows what there is\n`);
  return exitCodeOf(report);
}

/** A path as the user would type it. */
function shown(path: string, from: string): string {
  const short = relative(from, path);
  return short === '' ? '.' : short.startsWith('..') || isAbsolute(short) ? path : short;
}

async function listTests(options: RunOptions, playwright: readonly string[], terminal: Terminal): Promise<number> {
  const result = await runSuites({ ...options, list: true }, [...playwright, '--list'], terminal);
  const lines = result.stdout.split('\n').filter((line) => line.startsWith('{'));
  for (const line of lines) {
    const test = JSON.parse(line) as ListedTest;
    terminal.out(`${test.key.padEnd(48)} ${test.title}\n`);
  }
  return lines.length === 0 ? EXIT.nothingRun : EXIT.asExpected;
}

async function optionsOf(flags: RunFlags, terminal: Terminal): Promise<RunOptions> {
  grepOf(flags.grep);
  if (flags.profile !== undefined) await loadProfile(resolve(terminal.folder, flags.profile));
  return {
    ...DEFAULT_RUN_OPTIONS,
    seed: flags.seed ?? DEFAULT_RUN_OPTIONS.seed,
    fault: flags.fault ?? null,
    profile: flags.profile === undefined ? null : resolve(terminal.folder, flags.profile),
    grep: flags.grep ?? null,
    transport: choices('--transport', flags.transport, Object.fromEntries(TRANSPORTS.map((name) => [name, name]))),
    ipVersion: choices('--ip', flags.ip, { '4': 4 as const, '6': 6 as const }),
    topologyHiding: choices('--topology-hiding', flags.topologyHiding, { on: true, off: false }),
    trust: choices('--trust', flags.trust, { on: true, off: false }),
    direction: choices('--direction', flags.direction, Object.fromEntries(DIRECTIONS.map((name) => [name, name]))),
    progress: terminal.interactive ? 'line' : flags.json === true ? 'none' : 'plain',
  };
}

/** A comma list of words that stand for values; null without the flag. Throws a UsageError on any other word. */
function choices<T>(flag: string, text: string | undefined, values: Readonly<Record<string, T>>): T[] | null {
  if (text === undefined) return null;
  return text.split(',').map((word) => {
    const value = Object.hasOwn(values, word.trim()) ? values[word.trim()] : undefined;
    if (value === undefined) throw new UsageError(`${flag}: '${word}' is none of ${Object.keys(values).join(', ')}`);
    return value;
  });
}

function playwrightArguments(flags: RunFlags): readonly string[] {
  const count = (flag: string, text: string): string => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`${flag}: '${text}' is not a number from 1`);
    return text;
  };
  return [
    ...(flags.workers === undefined ? [] : [`--workers=${count('--workers', flags.workers)}`]),
    ...(flags.repeat === undefined ? [] : [`--repeat-each=${count('--repeat', flags.repeat)}`]),
  ];
}
