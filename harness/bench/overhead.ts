import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { standUp } from '../../fixtures/bed.js';
import { DEFAULT_CASE_OPTIONS } from '../catalogue/case-options.js';
import { packageRoot } from '../catalogue/package-root.js';
import { DEFAULT_RUN_OPTIONS, formatRunOptions, RUN_VARIABLE } from '../catalogue/run-options.js';
import { cpuMilliseconds } from './cpu.js';
import { median } from './rounds.js';
import type { Section } from './section.js';

const FEW = 50;
const MANY = 450;
const ROUNDS = 3;
const BEDS = 60;

/** What a case costs besides what it does: its report under Playwright, and its networks. */
export async function overhead(): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), 'q3953-bench-'));
  try {
    const reporter = join(packageRoot(), 'dist', 'reports', 'playwright-reporter.js');
    const empty: number[] = [];
    const reported: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      empty.push(perTest('empty', 'dot', folder));
      reported.push(perTest('reported', reporter, folder));
    }
    const more = median(reported) - median(empty);
    return {
      title: 'Overhead of a case',
      note: `Under Playwright Test with one worker: what each of ${MANY - FEW} more tests in a file costs by the clock; median of ${ROUNDS}.`,
      tables: [],
      facts: [
        `an empty test: ${median(empty).toFixed(2)} ms; an empty case (its entry made, handed over, checked, appended to the report): ` +
          `${median(reported).toFixed(2)} ms; so the case costs **${more.toFixed(2)} ms** more.`,
        await bedCost(),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds that one more test takes. */
function perTest(name: string, reporter: string, folder: string): number {
  return (elapsed(name, reporter, folder, MANY) - elapsed(name, reporter, folder, FEW)) / (MANY - FEW);
}

function elapsed(name: string, reporter: string, folder: string, times: number): number {
  const playwright = createRequire(import.meta.url).resolve('@playwright/test/cli');
  const cases = join(import.meta.dirname, 'cases');
  const words = ['test', `--config=${cases}`, `--reporter=${reporter}`, '--workers=1'];
  const options = { ...DEFAULT_RUN_OPTIONS, out: folder, progress: 'none' as const };
  const begin = performance.now();
  const result = spawnSync(process.execPath, [playwright, ...words, `--output=${join(folder, 'results')}`, name], {
    // Tests, not repetitions: Playwright gives each repetition a worker of its own.
    env: {
      ...process.env,
      Q3953_BENCH_TESTS: String(times),
      [RUN_VARIABLE]: formatRunOptions(options),
      FORCE_COLOR: '0',
    },
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (result.status !== 0) throw new Error(`Playwright ended with ${result.status}: ${result.stdout}${result.stderr}`);
  return performance.now() - begin;
}

/** CPU of both networks standing up and going down, every socket opened and every Diameter peer greeted, without a call. */
async function bedCost(): Promise<string> {
  const costs: number[] = [];
  for (let i = 0; i < BEDS; i += 1) {
    const begin = cpuMilliseconds();
    const bed = await standUp(DEFAULT_CASE_OPTIONS, { seed: 'bench' });
    await bed.start();
    await bed.stop();
    costs.push(cpuMilliseconds() - begin);
  }
  const warm = median(costs.slice(BEDS / 2));
  return `both home networks and the IPX stood up and taken down, no call between: **${warm.toFixed(1)} ms** of CPU (the first time ${costs[0]?.toFixed(0)} ms).`;
}
