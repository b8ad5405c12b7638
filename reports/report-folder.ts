import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Profile } from '../harness/profile/profile.js';
import { writeAtomically } from './atomic-file.js';
import {
  assembleReport,
  type CaseEntry,
  caseEntry,
  type RunHead,
  runHead,
  type VerdictReport,
} from './verdict-report.js';

/** Files of a report folder. `cases.jsonl` grows case by case; the others are made from it. */
export const REPORT_FILES = {
  run: 'run.json',
  cases: 'cases.jsonl',
  verdicts: 'verdicts.json',
  html: 'index.html',
  junit: 'junit.xml',
  allure: 'allure-results',
  caseFolders: 'cases',
  profile: 'profile.lock.json',
} as const;

/** What a folder holds: the run's head, and every case that was finished. */
export interface ReportContent {
  readonly head: RunHead;
  readonly cases: readonly CaseEntry[];
}

/** Makes the folder ready for a new run: what an earlier run of ours left is removed, anything else stays. */
export function clearReport(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, REPORT_FILES.run)) && !existsSync(join(folder, REPORT_FILES.verdicts))) return;
  for (const name of Object.values(REPORT_FILES)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Makes the folder ready to go on with a run: only whole lines stay in `cases.jsonl`, so that the next one starts on its own. */
export function resumeReport(folder: string, cases: readonly CaseEntry[]): void {
  const lines = cases.map((entry) => `${JSON.stringify(entry)}\n`);
  writeAtomically(join(folder, REPORT_FILES.cases), lines.join(''));
}

export function writeHead(folder: string, head: RunHead): void {
  writeAtomically(join(folder, REPORT_FILES.run), `${JSON.stringify(head, null, 2)}\n`);
}

/** Writes `profile.lock.json`: the profile that was used. A profile holds no secrets; they live with the provider. */
export function writeProfileLock(folder: string, source: string | null, profile: Profile): void {
  const content = { source: source ?? 'embedded networks, default options', profile };
  writeAtomically(join(folder, REPORT_FILES.profile), `${JSON.stringify(content, null, 2)}\n`);
}

/** Appends one finished case; one write, so that a kill leaves at most a half last line. */
export function appendCase(folder: string, entry: CaseEntry): void {
  appendFileSync(join(folder, REPORT_FILES.cases), `${JSON.stringify(entry)}\n`);
}

/** Reads what a run left, finished or killed; null where the folder holds no run. A half last line is left out. */
export function readReport(folder: string): ReportContent | null {
  const headFile = join(folder, REPORT_FILES.run);
  if (!existsSync(headFile)) return null;
  const head = runHead.parse(JSON.parse(readFileSync(headFile, 'utf8')));
  const casesFile = join(folder, REPORT_FILES.cases);
  const cases = new Map<string, CaseEntry>();
  const lines = existsSync(casesFile) ? readFileSync(casesFile, 'utf8').split('\n') : [];
  for (const line of lines) {
    const entry = parseLine(line);
    if (entry !== null) cases.set(entry.key, entry);
  }
  return { head, cases: [...cases.values()] };
}

function parseLine(line: string): CaseEntry | null {
  if (line === '') return null;
  try {
    return caseEntry.parse(JSON.parse(line));
  } catch {
    // The last line of a killed run; whatever else is unreadable was not finished either.
    return null;
  }
}

/** Writes `verdicts.json`. */
export function writeVerdicts(folder: string, content: ReportContent): VerdictReport {
  const report = assembleReport(content.head, content.cases);
  writeAtomically(join(folder, REPORT_FILES.verdicts), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}
