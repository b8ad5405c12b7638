import { oneLine, wrap } from './plain-text.js';
import type { CaseEntry, FindingEntry, Summary, VerdictReport } from './verdict-report.js';

const WIDTH = 80;

/** Where the console writes, and what it may use there. */
export interface ConsoleStyle {
  readonly colour: boolean;
}

const COLOURS = { pass: 32, fail: 31, error: 35, inconc: 33, warn: 33, dim: 2, bold: 1 } as const;
type Colour = keyof typeof COLOURS;

/** Colours only where a terminal shows them and nobody asked for none (https://no-color.org). */
export function consoleStyle(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): ConsoleStyle {
  const refused = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return { colour: stream.isTTY === true && !refused };
}

function paint(style: ConsoleStyle, colour: Colour, text: string): string {
  return style.colour ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

/** What the progress line tells. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly counts: Pick<Summary, 'pass' | 'fail' | 'inconc' | 'error' | 'notApplicable' | 'notRun'>;
  readonly warnings: number;
  readonly elapsedMs: number;
  /** The case in flight, or the one that just ended. */
  readonly current: string;
}

/** `[ 41/148] pass 38  warn 4  fail 2  inconc 0  00:31  Q3953-INT-23 Forked call…`, at most 80 columns. */
export function progressLine(progress: Progress, width = WIDTH): string {
  const total = String(progress.total);
  const { pass, fail, inconc, error, notApplicable, notRun } = progress.counts;
  const parts = [
    `[${String(progress.done).padStart(total.length)}/${total}]`,
    `pass ${pass}`,
    `warn ${progress.warnings}`,
    `fail ${fail}`,
    `inconc ${inconc}`,
    ...(error > 0 ? [`error ${error}`] : []),
    ...(notApplicable + notRun > 0 ? [`skipped ${notApplicable + notRun}`] : []),
    clock(progress.elapsedMs),
  ];
  const head = `${parts.join('  ')}  `;
  return head.length >= width ? oneLine(head, width) : `${head}${oneLine(progress.current, width - head.length)}`;
}

/** `[ 41/148] pass  Q3953-INT-23 Forked call answered by the second UE`: for logs, one line a case. */
export function caseLine(done: number, total: number, entry: CaseEntry): string {
  const width = String(total).length;
  const head = `[${String(done).padStart(width)}/${total}] ${word(entry.verdict).padEnd(6)} `;
  return `${head}${oneLine(`${entry.key} ${entry.title}`, WIDTH - head.length)}`;
}

function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}

function word(verdict: CaseEntry['verdict']): string {
  return verdict === 'notApplicable' ? 'n/a' : verdict === 'notRun' ? 'notrun' : verdict;
}

/** The end of a run: what is wrong, what did not run and why, a table per group, and where the report is. */
export function summaryText(report: VerdictReport, folder: string, style: ConsoleStyle): string {
  const wrong = report.cases.filter((entry) => ['fail', 'error', 'inconc', 'none'].includes(entry.verdict));
  const alike = foldAlike(wrong);
  const blocks = alike.slice(0, 20).map(({ first, others }) => {
    const also = others.length === 0 ? [] : field('also', others.map((entry) => entry.key).join(', '));
    return [caseBlock(first, folder, style), ...also].join('\n');
  });
  if (alike.length > 20) blocks.push(`… and ${alike.length - 20} more; all of them are in the report`);
  const idle = notRunLines(report.cases);
  if (idle.length > 0) blocks.push(idle.join('\n'));
  blocks.push(groupTable(report.cases, style));
  if (report.run.interrupted)
    blocks.push('interrupted: the report holds the cases that were finished; go on with --resume');
  blocks.push(`report  ${folder}/index.html`);
  return `\n${blocks.join('\n\n')}\n`;
}

/** Variants of a case that fail in the same way are told once. */
function foldAlike(
  cases: readonly CaseEntry[],
): readonly { readonly first: CaseEntry; readonly others: CaseEntry[] }[] {
  const folded = new Map<string, { readonly first: CaseEntry; readonly others: CaseEntry[] }>();
  for (const entry of cases) {
    const ways = entry.findings.filter(isDecisive).map((finding) => `${finding.severity} ${finding.rule}`);
    const key = [entry.id, entry.verdict, entry.reason ?? '', ...new Set(ways)].join('\n');
    const known = folded.get(key);
    if (known === undefined) folded.set(key, { first: entry, others: [] });
    else known.others.push(entry);
  }
  return [...folded.values()];
}

function isDecisive(finding: FindingEntry): boolean {
  return finding.severity !== 'info' && finding.severity !== 'warn';
}

/** One case that is not as expected, with its findings as required, seen, usual cause and where to look. */
export function caseBlock(entry: CaseEntry, folder: string, style: ConsoleStyle): string {
  const colour: Colour = entry.verdict === 'fail' ? 'fail' : entry.verdict === 'inconc' ? 'inconc' : 'error';
  const head = `${word(entry.verdict).toUpperCase()} `;
  const lines = [
    `${paint(style, colour, head.trimEnd())} ${oneLine(`${entry.key}  ${entry.title}`, WIDTH - head.length)}`,
  ];
  if (entry.reason !== null) lines.push(...field('why', entry.reason));
  const told = entry.findings.filter(isDecisive);
  for (const [index, finding] of told.slice(0, 5).entries()) {
    if (index > 0) lines.push('');
    lines.push(...findingLines(finding));
  }
  if (told.length > 5) lines.push('', `  … and ${told.length - 5} more findings`);
  if (entry.evidence.pcapng !== null) {
    const frame = told.find((finding) => finding.frame !== null)?.frame;
    const at = frame == null ? '' : ` at frame ${frame}`;
    lines.push(
      ...field(
        'look',
        `${folder}/${entry.evidence.pcapng.replace(/[^/]*$/, '')} (ladder; the capture opens in Wireshark${at})`,
      ),
    );
  }
  return lines.join('\n');
}

/** A finding as `q3953 run` and `q3953 judge` print it. */
export function findingLines(finding: FindingEntry): readonly string[] {
  const where = [
    finding.frame === null ? null : `frame ${finding.frame}`,
    finding.line === undefined ? null : `line ${finding.line}`,
    finding.referencePoint,
    finding.attributedTo,
  ].filter((part) => part !== null);
  return [
    ...field('required', finding.required),
    ...field('', `${finding.clause}, rule ${finding.rule}`),
    ...field('seen', finding.seen),
    ...(where.length === 0 ? [] : field('', where.join(', '))),
    ...field('usually', finding.usualCause),
  ];
}

function field(name: string, text: string): readonly string[] {
  return wrap(text, WIDTH - 12).map((line, index) => `  ${(index === 0 ? name : '').padEnd(10)}${line}`);
}

function notRunLines(cases: readonly CaseEntry[]): readonly string[] {
  const reasons = new Map<string, number>();
  for (const entry of cases) {
    if (entry.verdict !== 'notRun' && entry.verdict !== 'notApplicable') continue;
    const text = `${entry.verdict === 'notRun' ? 'not run' : 'not applicable'}: ${entry.reason ?? 'no reason was given'}`;
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
  }
  return [...reasons].flatMap(([text, count]) => wrap(`${count} ${count === 1 ? 'case' : 'cases'} ${text}`, WIDTH));
}

const COLUMNS: readonly {
  readonly head: string;
  readonly colour: Colour | null;
  count(cases: readonly CaseEntry[]): number;
}[] = [
  { head: 'cases', colour: null, count: (cases) => cases.length },
  column('pass', 'pass', 'pass'),
  { head: 'warn', colour: 'warn', count: (cases) => cases.filter(warned).length },
  column('fail', 'fail', 'fail'),
  column('inconc', 'inconc', 'inconc', 'none'),
  column('error', 'error', 'error'),
  column('n/a', null, 'notApplicable'),
  column('not run', null, 'notRun'),
];

function column(head: string, colour: Colour | null, ...verdicts: readonly CaseEntry['verdict'][]) {
  return {
    head,
    colour,
    count: (cases: readonly CaseEntry[]) => cases.filter((entry) => verdicts.includes(entry.verdict)).length,
  };
}

function warned(entry: CaseEntry): boolean {
  return entry.findings.some((finding) => finding.severity === 'warn');
}

/** A row per group and a last one for all. `warn` counts the cases that have a warning, whatever their verdict. */
export function groupTable(cases: readonly CaseEntry[], style: ConsoleStyle): string {
  const groups = [...new Set(cases.map((entry) => entry.group))].sort();
  const row = (name: string, of: readonly CaseEntry[]): string =>
    name.padEnd(8) +
    COLUMNS.map(({ head, colour, count }) => {
      const number = count(of);
      const text = String(number).padStart(Math.max(head.length, 4) + 2);
      return number > 0 && colour !== null ? paint(style, colour, text) : text;
    }).join('');
  return [
    paint(
      style,
      'bold',
      'group'.padEnd(8) + COLUMNS.map(({ head }) => head.padStart(Math.max(head.length, 4) + 2)).join(''),
    ),
    ...groups.map((group) =>
      row(
        group,
        cases.filter((entry) => entry.group === group),
      ),
    ),
    ...(groups.length === 1 ? [] : [row('all', cases)]),
  ].join('\n');
}
