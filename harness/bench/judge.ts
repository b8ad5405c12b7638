import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { evidenceFromCapture } from '../evidence/evidence-from-capture.js';
import { judge } from '../judge/judge.js';
import { cpuMilliseconds } from './cpu.js';
import { type JudgeLoad, playLoad } from './judge-load.js';
import { median } from './rounds.js';
import type { Section } from './section.js';

const MESSAGES = 10_000;
const ROUNDS = 7;
const PROCESS_ROUNDS = 5;

/** The judge's own command line as it is built. */
const CLI = join(import.meta.dirname, '..', 'cli', 'main.js');
/** tshark reading the same file and printing what one would look at first. */
const TSHARK = ['-Y', 'sip', '-T', 'fields', '-e', 'sip.Method', '-e', 'sip.Status-Code', '-e', 'sip.Call-ID'];

/** Reading and judging 10,000 SIP messages, in this process and as a process beside tshark. */
export async function judging(): Promise<Section> {
  const load = await playLoad(MESSAGES);
  const folder = mkdtempSync(join(tmpdir(), 'q3953-bench-'));
  try {
    const file = join(folder, 'load.pcapng');
    writeFileSync(file, load.capture);
    return {
      title: 'Judging a capture',
      note:
        `${load.sipMessages} SIP messages (${load.messages} with Diameter and DNS) of ${load.calls} calls over every reference point, ` +
        `${(load.capture.length / 1e6).toFixed(1)} MB of pcapng, media left out.`,
      tables: [],
      facts: [...inProcess(load), ...asProcess(file)],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function inProcess(load: JudgeLoad): readonly string[] {
  const reading: number[] = [];
  const judged: number[] = [];
  const wall: number[] = [];
  let findings = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    const begin = cpuMilliseconds();
    const { evidence, profile } = evidenceFromCapture(load.capture);
    const read = cpuMilliseconds();
    findings = judge(evidence, profile).findings.length;
    judged.push(cpuMilliseconds() - read);
    reading.push(read - begin);
    wall.push(performance.now() - start);
  }
  const [first = Number.NaN] = wall;
  return [
    `In this process: **${median(wall).toFixed(0)} ms** (median of ${ROUNDS}; the first time ${first.toFixed(0)} ms). ` +
      `CPU: ${median(reading).toFixed(0)} ms to read the file as evidence, ${median(judged).toFixed(0)} ms to judge it with every rule; ${findings} findings.`,
  ];
}

interface ProcessCost {
  readonly cpu: number;
  readonly wall: number;
}

function asProcess(file: string): readonly string[] {
  const ours = () => processCost(process.execPath, [CLI, 'judge', file, '--json']);
  const theirs = () => processCost('tshark', ['-n', '-r', file, ...TSHARK]);
  const rows: { ours: ProcessCost | null; theirs: ProcessCost | null }[] = [];
  for (let round = 0; round < PROCESS_ROUNDS; round += 1) rows.push({ ours: ours(), theirs: theirs() });
  const of = (who: 'ours' | 'theirs', what: keyof ProcessCost): number =>
    median(rows.flatMap((row) => row[who]?.[what] ?? []));
  const own = `\`q3953 judge\`: **${of('ours', 'wall').toFixed(0)} ms** wall, ${of('ours', 'cpu').toFixed(0)} ms CPU`;
  if (rows.some((row) => row.ours === null)) return ['`q3953 judge` could not be run: build the package first'];
  if (rows.some((row) => row.theirs === null)) return [`Whole process: ${own}. tshark is not installed here.`];
  const ratio = (what: keyof ProcessCost): string => (of('theirs', what) / of('ours', what)).toFixed(2);
  return [
    `Whole process: ${own}; tshark printing method, status and Call-ID of the same file: ${of('theirs', 'wall').toFixed(0)} ms wall, ` +
      `${of('theirs', 'cpu').toFixed(0)} ms CPU. Ours is **${ratio('wall')}×** as fast by the clock, ${ratio('cpu')}× by CPU.`,
  ];
}

/** CPU and time of one process; null where there is no such program or it broke. Our verdict may be any. */
function processCost(program: string, words: readonly string[]): ProcessCost | null {
  const start = performance.now();
  // `time` of the shell, because Node tells the CPU of its children to nobody.
  const result = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1', 'bash', program, ...words], {
    encoding: 'utf8',
  });
  const wall = performance.now() - start;
  if (result.error !== undefined || result.status === null || result.status > 1) return null;
  const [user = Number.NaN, system = Number.NaN] = result.stderr.trim().split(/\s+/).slice(-2).map(Number);
  return { cpu: (user + system) * 1000, wall };
}
