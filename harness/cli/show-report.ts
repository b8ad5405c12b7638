import { resolve } from 'node:path';
import { summaryText } from '../../reports/console.js';
import { finishReport } from '../../reports/finish-report.js';
import { markdownSummary } from '../../reports/markdown.js';
import { readEarlierRun } from './earlier-run.js';
import { exitCodeOf, UsageError } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** `q3953 show-report [folder]`: makes the report anew from the cases that were finished, also of a killed run, and tells it. */
export function showReport(
  folder: string,
  flags: { readonly json?: boolean; readonly summary?: boolean },
  terminal: Terminal,
): number {
  const content = readEarlierRun(resolve(terminal.folder, folder));
  if (content === null) throw new UsageError(`${folder} holds no report; 'q3953 run' makes one`);
  const report = finishReport(resolve(terminal.folder, folder), content);
  if (flags.json === true) terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  else if (flags.summary === true) terminal.out(markdownSummary(report));
  else terminal.out(summaryText(report, folder, terminal.style));
  return exitCodeOf(report);
}
