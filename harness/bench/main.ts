import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../catalogue/package-root.js';
import { completeCall } from './call.js';
import { growth } from './growth.js';
import { judging } from './judge.js';
import { memory } from './memory.js';
import { overhead } from './overhead.js';
import { markdown, type Section } from './section.js';
import { sipCodec } from './sip-codec.js';

/** Every benchmark by the name that `--only` takes. */
const BENCHMARKS: Readonly<Record<string, () => Section | Promise<Section>>> = {
  sip: sipCodec,
  judge: judging,
  call: completeCall,
  overhead,
  growth,
  memory: () => memory(callsWanted()),
};
const RESULTS = join(packageRoot(), 'harness', 'bench', 'RESULTS.md');

function flagValue(flag: string): string | undefined {
  const at = process.argv.indexOf(flag);
  return at < 0 ? undefined : process.argv[at + 1];
}

function callsWanted(): number {
  const calls = Number(flagValue('--calls') ?? 10_000);
  if (!Number.isInteger(calls) || calls < 2) throw new RangeError('--calls: a number from 2 is expected');
  return calls;
}

/** What it was measured on. */
function machine(): string {
  const processors = cpus();
  const commit = commitOf();
  return [
    `- ${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${(totalmem() / 1e9).toFixed(0)} GB`,
    `- Node ${process.versions.node} on ${process.platform} ${process.arch}`,
    `- ${new Date().toISOString().slice(0, 10)}${commit === null ? '' : `, commit ${commit}`}`,
  ].join('\n');
}

function commitOf(): string | null {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: packageRoot(), encoding: 'utf8' }).trim();
  } catch {
    // A package from the registry has no history.
    return null;
  }
}

async function main(): Promise<void> {
  const only = flagValue('--only')?.split(',') ?? Object.keys(BENCHMARKS);
  const parts = [
    `# What was measured\n\n${machine()}\n\nMade by \`npm run bench -- --write\`. Figures to trust are ratios within one run; a busy machine slows all of them.\n`,
  ];
  process.stdout.write(`${parts[0]}\n`);
  for (const name of only) {
    const benchmark = BENCHMARKS[name];
    if (benchmark === undefined) {
      process.stderr.write(`--only: '${name}' is none of ${Object.keys(BENCHMARKS).join(', ')}\n`);
      process.exitCode = 2;
      return;
    }
    const part = markdown(await benchmark());
    process.stdout.write(`${part}\n`);
    parts.push(part);
  }
  if (process.argv.includes('--write')) writeFileSync(RESULTS, parts.join('\n'));
}

await main();
