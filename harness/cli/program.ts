import { Command, CommanderError } from 'commander';
import { doctor } from './doctor.js';
import { BedError, EXIT, UsageError } from './exit-code.js';
import { judgeFile } from './judge.js';
import { list } from './list.js';
import { prove } from './prove.js';
import { type RunFlags, run } from './run.js';
import { showReport } from './show-report.js';
import type { Terminal } from './terminal.js';
import { toolVersion } from './version.js';

/** Runs one verb; resolves to the exit code. Mistakes of the caller are one message on the error stream and code 2. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.asExpected;
  const program = new Command('q3953')
    .description('Open conformance test harness for the interconnection of VoLTE/ViLTE networks (ITU-T Q.3953)')
    .version(toolVersion())
    .option('--json', 'print the result as JSON and nothing else on standard output')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError(`(q3953 --help lists the verbs)`);
  const json = (): { json: boolean } => ({ json: program.opts<{ json?: boolean }>().json === true });
  const verb = (name: string, description: string): Command =>
    program.command(name).description(description).option('--json', 'print the result as JSON and nothing else');

  verb('run', 'run the cases against the networks and write the report')
    .option('--grep <expression>', 'only cases whose id, title, @priority or @group matches')
    .option('--fault <name>', 'inject one fault, to see what a failing report looks like')
    .option('--profile <file>', 'who is who, what was agreed, which side is under test')
    .option('--transport <list>', 'udp, tcp, tls: only these')
    .option('--ip <list>', '4, 6: only these')
    .option('--topology-hiding <list>', 'on, off: only these')
    .option('--trust <list>', 'on, off: only these')
    .option('--direction <list>', 'a-to-b, b-to-a: only these')
    .option('--workers <count>', 'how many cases run at once')
    .option('--out <folder>', 'folder of the report', 'q3953-report')
    .option('--repeat <count>', 'run each case so many times')
    .option('--seed <text>', 'seed of everything random')
    .option('--resume', 'go on with the run in the report folder')
    .option('--list', 'tell what would be run, and run nothing')
    .action(async (flags: RunFlags) => {
      code = await run({ ...flags, json: flags.json ?? json().json }, argv, terminal);
    });
  verb('list', 'the cases of the catalogue, and which of them are automated')
    .option('--grep <expression>', 'only cases whose id, title, @priority or @group matches')
    .action((flags: { grep?: string; json?: boolean }) => {
      code = list({ ...flags, json: flags.json ?? json().json }, terminal);
    });
  verb('judge', 'judge a capture, ours or anybody else’s; exit 0 where the verdict is pass')
    .argument('<file>', 'a pcap or pcapng file')
    .option('--profile <file>', 'who is who; without it, it is inferred from the messages')
    .action(async (file: string, flags: { profile?: string; json?: boolean }) => {
      code = await judgeFile(file, { ...flags, json: flags.json ?? json().json }, terminal);
    });
  verb('prove', 'inject every fault and tell which rule caught it')
    .option('--rule <id>', 'only the faults of this rule')
    .option('--list', 'tell the names of the faults and what must catch them, and inject nothing')
    .action(async (flags: { rule?: string; list?: boolean; json?: boolean }) => {
      code = await prove({ ...flags, json: flags.json ?? json().json }, argv, terminal);
    });
  verb('doctor', 'check everything that a run stands on, and name the first broken link')
    .option('--profile <file>', 'check this profile too')
    .action(async (flags: { profile?: string; json?: boolean }) => {
      code = await doctor({ ...flags, json: flags.json ?? json().json }, terminal);
    });
  verb('show-report', 'make the report of a run anew, also of a killed one, and tell it')
    .argument('[folder]', 'folder of the report', 'q3953-report')
    .option('--summary', 'as Markdown, for the job page of a CI server')
    .action((folder: string, flags: { json?: boolean; summary?: boolean }) => {
      code = showReport(folder, { ...flags, json: flags.json ?? json().json }, terminal);
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.asExpected : EXIT.usage;
    if (error instanceof UsageError) return told(error, EXIT.usage, terminal);
    if (error instanceof BedError) return told(error, EXIT.bed, terminal);
    throw error;
  }
}

function told(error: Error, code: number, terminal: Terminal): number {
  terminal.err(`${error.message}\n`);
  return code;
}
