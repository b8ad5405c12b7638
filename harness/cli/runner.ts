import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../catalogue/package-root.js';
import { formatRunOptions, RUN_VARIABLE, type RunnerMessage, type RunOptions } from '../catalogue/run-options.js';
import { BedError } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** Another Playwright configuration with a project `suites`, for cases of one's own. */
export const CONFIG_VARIABLE = 'Q3953_CONFIG';
const GRACE_MS = 10_000;

/** How the suites ended. */
export interface RunnerResult {
  /** How many tests the runner started on; null: it broke before it knew. */
  readonly total: number | null;
  readonly stopped: 'SIGINT' | 'SIGTERM' | null;
  readonly stdout: string;
  /** What the runner said on its standard error while it did not run a test. */
  readonly exitCode: number | null;
}

/**
 * Runs the suites with Playwright Test in a process of its own, with our reporter. SIGINT and SIGTERM stop it in order: the case in
 * flight is given up, what was finished is in the report folder. Throws a BedError where the runner or its configuration is missing.
 */
export async function runSuites(
  options: RunOptions,
  playwrightArguments: readonly string[],
  terminal: Terminal,
): Promise<RunnerResult> {
  const require = createRequire(import.meta.url);
  const built = import.meta.filename.endsWith('.js');
  const root = built ? join(packageRoot(), 'dist') : packageRoot();
  const extension = built ? 'js' : 'ts';
  const config = terminal.environment[CONFIG_VARIABLE] ?? join(root, `playwright.config.${extension}`);
  if (!existsSync(config))
    throw new BedError(`${config} is missing: the package is not built, 'npm run build' makes it`);
  const scratch = mkdtempSync(join(tmpdir(), 'q3953-'));
  try {
    const child = spawn(
      process.execPath,
      [
        require.resolve('@playwright/test/cli'),
        'test',
        `--config=${config}`,
        '--project=suites',
        `--reporter=${join(root, 'reports', `playwright-reporter.${extension}`)}`,
        `--output=${join(scratch, 'results')}`,
        ...playwrightArguments,
      ],
      {
        env: { ...terminal.environment, [RUN_VARIABLE]: formatRunOptions(options), FORCE_COLOR: '0' },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    return await follow(child, terminal);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function follow(child: ChildProcess, terminal: Terminal): Promise<RunnerResult> {
  let total: number | null = null;
  let stopped: RunnerResult['stopped'] = null;
  const stdout: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => terminal.err(chunk.toString('utf8')));
  child.on('message', (message: RunnerMessage) => {
    total = message.total;
  });
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (stopped === null) setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
    stopped ??= signal;
    child.kill('SIGINT');
  };
  const onInterrupt = (): void => stop('SIGINT');
  const onTerminate = (): void => stop('SIGTERM');
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code));
    });
    return { total, stopped, stdout: Buffer.concat(stdout).toString('utf8'), exitCode };
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  }
}
