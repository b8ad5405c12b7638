import { runCli } from '../program.js';

/** The command line without a process: what it printed, and its exit code. */
export interface TestTerminal {
  q3953(...args: readonly string[]): Promise<number>;
  stdout(): string;
  stderr(): string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The variables by which Playwright's own worker processes know that they are some; a runner inside a test must not. */
const RUNNER_VARIABLES = /^(TEST_|PLAYWRIGHT_|PW_)/;

/** A terminal for self-tests: no colours, no TTY. */
export function testTerminal(environment: Readonly<Record<string, string>> = {}): TestTerminal {
  let stdout = '';
  let stderr = '';
  const inherited = Object.entries(process.env).filter(([name]) => !RUNNER_VARIABLES.test(name));
  const terminal = {
    environment: { ...Object.fromEntries(inherited), ...environment },
    folder: process.cwd(),
    out: (text: string) => {
      stdout += text;
    },
    err: (text: string) => {
      stderr += text;
    },
    style: { colour: false },
    interactive: false,
  };
  return {
    q3953: (...args) => runCli(args, terminal),
    stdout: () => stdout,
    stderr: () => stderr,
    environment: terminal.environment,
  };
}
