import { type ConsoleStyle, consoleStyle } from '../../reports/console.js';

/** The outside of a verb: where it writes, what it may know. Tests give their own. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** The verb's result: text or JSON. */
  out(text: string): void;
  /** Progress and error messages. */
  err(text: string): void;
  readonly style: ConsoleStyle;
  /** Progress may be one line that is rewritten. */
  readonly interactive: boolean;
}

/** This process' own terminal. A reader that has gone (`q3953 list | head -1`) ends the output, not with an error. */
export function processTerminal(): Terminal {
  const quietly = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
  };
  process.stdout.on('error', quietly);
  process.stderr.on('error', quietly);
  return {
    environment: process.env,
    folder: process.cwd(),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    style: consoleStyle(process.stdout, process.env),
    interactive: process.stderr.isTTY === true && process.env['TERM'] !== 'dumb',
  };
}
