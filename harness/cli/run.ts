import { availableParallelism } from 'node:os';
import { isAbsolute, relative, resolve } from 'node:path';
import { summaryText } from '../../reports/console.js';
import { finishReport } from '../../reports/finish-report.js';
import { plainText } from '../../reports/plain-text.js';
import { clearReport, readReport, resumeReport, writeHead, writeProfileLock } from '../../reports/report-folder.js';
import type { RunHead } from '../../reports/verdict-report.js';
import { caseKey, DIRECTIONS, optionsWith, TRANSPORTS } from '../catalogue/case-options.js';
import { DEFAULT_RUN_OPTIONS, type ListedTest, type RunOptions } from '../catalogue/run-options.js';
import { FAULTS, faultOf } from '../faults/catalogue.js';
import { readEarlierRun } from './earlier-run.js';
import { EXIT, exitCodeOf, UsageError } from './exit-code.js';
import { grepOf } from './list.js';
import { makeOutFolder } from './out-folder.js';
import { loadProfile } from './profile-file.js';
import { embeddedProfile, headOf } from './run-head.js';
import { runSuites } from './runner.js';
import type { Terminal } from './terminal.js';

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
  const options = optionsOf(flags, terminal);
  const profile = options.profile === null ? embeddedProfile() : await loadProfile(options.profile);
  const playwright = playwrightArguments(flags);
  if (flags.list === true) return listTests(options, playwright, terminal);

  const earlier = flags.resume === true ? readEarlierRun(out) : null;
  if (flags.resume === true && earlier === null) throw new UsageError(`--resume: ${out} holds no run to go on with`);
  const head: RunHead = {
    ...headOf(options, argv, profile),
    ...(earlier === null ? {} : { startedAt: earlier.head.startedAt }),
  };
  makeOutFolder(out);
  if (earlier === null) clearReport(out);
  else resumeReport(out, earlier.cases);
  writeHead(out, head);
  writeProfileLock(out, options.profile, profile);

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

function optionsOf(flags: RunFlags, terminal: Terminal): RunOptions {
  grepOf(flags.grep);
  if (flags.fault !== undefined && faultOf(flags.fault) === undefined) {
    throw new UsageError(
      `--fault: there is no fault '${flags.fault}'; ${FAULTS.length} there are: ${nearest(flags.fault)} …`,
    );
  }
  return {
    ...DEFAULT_RUN_OPTIONS,
    seed: flags.seed ?? DEFAULT_RUN_OPTIONS.seed,
    fault: flags.fault ?? null,
    profile: flags.profile === undefined ? null : resolve(terminal.folder, flags.profile),
    grep: flags.grep ?? null,
    only: carrierOf(flags),
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
    // Playwright would take half of the processors; the networks of a case never use more than one.
    `--workers=${count('--workers', flags.workers ?? String(availableParallelism()))}`,
    ...(flags.repeat === undefined ? [] : [`--repeat-each=${count('--repeat', flags.repeat)}`]),
  ];
}

/** A fault without any other choice of cases runs in the case that carries it, under the options that it needs. */
function carrierOf(flags: RunFlags): string[] | null {
  const fault = flags.fault === undefined ? undefined : faultOf(flags.fault);
  const { grep, transport, ip, topologyHiding, trust, direction } = flags;
  const chosen = [grep, transport, ip, topologyHiding, trust, direction].some((flag) => flag !== undefined);
  return fault === undefined || chosen ? null : [caseKey(fault.carrier, optionsWith(fault.options ?? {}))];
}

/** A few names to choose from, those first that share the most with what was typed. */
function nearest(typed: string): string {
  const words = new Set(typed.split('-'));
  const shared = (name: string): number => name.split('-').filter((word) => words.has(word)).length;
  return [...FAULTS]
    .sort((a, b) => shared(b.name) - shared(a.name))
    .slice(0, 4)
    .map((fault) => fault.name)
    .join(', ');
}
