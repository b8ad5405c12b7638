import { oneLine } from './plain-text.js';
import type { VerdictReport } from './verdict-report.js';

/** A summary for a CI job page: counts, and a row per case that is not as expected. GitHub-flavoured Markdown. */
export function markdownSummary(report: VerdictReport): string {
  const { summary } = report;
  const lines = [
    '## q3953',
    '',
    '| cases | pass | fail | inconc | error | not applicable | not run |',
    '|---:|---:|---:|---:|---:|---:|---:|',
    `| ${summary.cases} | ${summary.pass} | ${summary.fail} | ${summary.inconc + summary.none} | ${summary.error} | ${summary.notApplicable} | ${summary.notRun} |`,
  ];
  const wrong = report.cases.filter((entry) => !['pass', 'notApplicable', 'notRun'].includes(entry.verdict));
  if (wrong.length > 0) lines.push('', '| case | verdict | rule | seen |', '|---|---|---|---|');
  for (const entry of wrong) {
    const worst =
      entry.findings.find((finding) => finding.severity === 'error' || finding.severity === 'fail') ??
      entry.findings[0];
    lines.push(
      `| ${cell(`${entry.key} ${entry.title}`)} | ${entry.verdict} | ${cell(worst?.rule ?? '')} | ${cell(entry.reason ?? worst?.seen ?? '')} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Text that stays inside its table cell and is shown as it is: no markup, no link, no image. */
function cell(text: string): string {
  return oneLine(text, 160)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/([\\`*_{}[\]()#+!|~@])/g, '\\$1');
}
