import type {
  FullConfig,
  FullResult,
  Reporter,
  Suite,
  TestCase,
  TestError,
  TestResult,
  TestRun,
} from '@playwright/test/reporter';
import { caseKey, DEFAULT_CASE_OPTIONS } from '../harness/catalogue/case-options.js';
import { caseById } from '../harness/catalogue/catalogue.js';
import {
  CASE_ANNOTATION,
  CASE_ATTACHMENT,
  type ListedTest,
  type PlannedCase,
  plannedCase,
  type RunnerMessage,
  type RunOptions,
  readRunOptions,
  selects,
} from '../harness/catalogue/run-options.js';
import { caseEntryOf } from './case-entry.js';
import { caseLine, progressLine } from './console.js';
import { plainText } from './plain-text.js';
import { appendCase, readReport, writeVerdicts } from './report-folder.js';
import { scrub } from './scrub.js';
import { type CaseEntry, caseEntry, type Summary, summarise } from './verdict-report.js';

const VERDICTS_EVERY_MS = 500;

/**
 * Takes each case's entry from its `q3953-case` attachment and appends it to the report folder at once, so that a killed run keeps
 * what it had; chooses the tests that the run's options let through; shows progress. The verdict is the case's, not Playwright's.
 */
// biome-ignore lint/style/noDefaultExport: Playwright Test loads a reporter from the default export of its module
export default class Q3953Reporter implements Reporter {
  private readonly run: RunOptions = readRunOptions(process.env);
  private total = 0;
  private warnings = 0;
  private startedAt = 0;
  private stopping = false;
  private verdictsWrittenAt = 0;
  private readonly entries: CaseEntry[] = [];

  printsToStdio(): boolean {
    return true;
  }

  async preprocess({ suite, testRun }: { config: FullConfig; suite: Suite; testRun: TestRun }): Promise<void> {
    const grep = this.run.grep === null ? null : new RegExp(this.run.grep, 'i');
    const done = new Set(this.run.done);
    const only = this.run.only === null ? null : new Set(this.run.only);
    for (const test of suite.allTests()) {
      const planned = plannedOf(test);
      const wanted =
        planned !== null && (grep?.test(grepText(planned.id, test)) ?? true) && selects(this.run, planned.options);
      const key = planned === null ? '' : keyOf(test, planned);
      if (!wanted || done.has(key) || (only !== null && !only.has(key))) testRun.exclude(test);
    }
  }

  onBegin(_config: FullConfig, suite: Suite): void {
    this.total = suite.allTests().length;
    this.startedAt = Date.now();
    if (this.run.list) {
      printList(suite.allTests());
      return;
    }
    const begin: RunnerMessage = { type: 'begin', total: this.total };
    process.send?.(begin);
    process.once('SIGINT', () => {
      this.stopping = true;
    });
    // The parent is gone (killed): end the run, the report holds what was finished.
    process.on('disconnect', () => process.kill(process.pid, 'SIGINT'));
    process.channel?.unref();
  }

  onTestBegin(test: TestCase): void {
    if (this.run.progress === 'line') this.showProgress(titleOf(test));
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    // What a stopped run did not reach is not a result; `--resume` runs it.
    if (result.status === 'interrupted' || (this.stopping && result.status === 'skipped')) return;
    const entry = entryFrom(test, result);
    this.entries.push(entry);
    if (entry.findings.some((finding) => finding.severity === 'warn')) this.warnings += 1;
    if (this.run.out !== null) {
      appendCase(this.run.out, entry);
      this.writeVerdictsSometimes(this.run.out);
    }
    if (this.run.progress === 'line') this.showProgress(titleOf(test));
    if (this.run.progress === 'plain') process.stderr.write(`${caseLine(this.entries.length, this.total, entry)}\n`);
  }

  onError(error: TestError): void {
    process.stderr.write(
      `${plainText(scrub(error.message ?? error.value ?? 'the runner failed without a message'))}\n`,
    );
  }

  onStdOut(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  onEnd(_result: FullResult): void {
    if (this.run.progress === 'line') process.stderr.write('\r\u001b[K');
  }

  private writeVerdictsSometimes(folder: string): void {
    if (Date.now() - this.verdictsWrittenAt < VERDICTS_EVERY_MS) return;
    const content = readReport(folder);
    if (content !== null) writeVerdicts(folder, content);
    this.verdictsWrittenAt = Date.now();
  }

  private showProgress(current: string): void {
    const counts: Summary = summarise(this.entries);
    const line = progressLine(
      {
        done: this.entries.length,
        total: this.total,
        counts,
        warnings: this.warnings,
        elapsedMs: Date.now() - this.startedAt,
        current,
      },
      Math.min(process.stderr.columns ?? 80, 80),
    );
    process.stderr.write(`\r\u001b[K${line}`);
  }
}

/** What a grep is matched against: `id title @priority @group`, and the test's own title and tags. */
function grepText(id: string, test: TestCase): string {
  const known = caseById(id);
  return [
    id,
    known.title,
    known.priority === null ? '' : `@${known.priority}`,
    `@${known.group}`,
    test.title,
    ...test.tags,
  ].join(' ');
}

/** Which case a test is: by its annotation, else by the id at the start of its title; null: no case at all. */
function plannedOf(test: TestCase): PlannedCase | null {
  const annotation = test.annotations.find((one) => one.type === CASE_ANNOTATION);
  if (annotation?.description !== undefined) return plannedCase.parse(JSON.parse(annotation.description));
  const id = /^[A-Z0-9]+(?:-[A-Z0-9]+)*-\d+/.exec(test.title)?.[0];
  return id === undefined ? null : { id, options: DEFAULT_CASE_OPTIONS };
}

function printList(tests: readonly TestCase[]): void {
  for (const test of tests) {
    const planned = plannedOf(test);
    if (planned === null) continue;
    const listed: ListedTest = { key: keyOf(test, planned), title: caseById(planned.id).title, ...planned };
    process.stdout.write(`${JSON.stringify(listed)}\n`);
  }
}

function keyOf(test: TestCase, planned: PlannedCase): string {
  return caseKey(planned.id, planned.options, test.repeatEachIndex);
}

function titleOf(test: TestCase): string {
  const planned = plannedOf(test);
  return planned === null ? test.title : `${keyOf(test, planned)} ${caseById(planned.id).title}`;
}

/** The case's own entry; where it gave none, one that says so: a case without a verdict is never a pass. */
function entryFrom(test: TestCase, result: TestResult): CaseEntry {
  const attachment = result.attachments.find((one) => one.name === CASE_ATTACHMENT);
  if (attachment?.body !== undefined) {
    const parsed = caseEntry.safeParse(JSON.parse(attachment.body.toString('utf8')));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    return missingEntry(test, result, `the case entry is malformed at ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return missingEntry(test, result, null);
}

function missingEntry(test: TestCase, result: TestResult, problem: string | null): CaseEntry {
  const planned = plannedOf(test);
  if (planned === null) throw new Error(`'${test.title}' names no case of the catalogue`);
  const skip = result.status === 'skipped';
  const skipped = test.annotations
    .concat(result.annotations)
    .find((one) => one.type === 'skip' || one.type === 'fixme');
  const message = problem ?? result.error?.message ?? 'the case ended without a verdict';
  return caseEntryOf({
    ...planned,
    repetition: test.repeatEachIndex,
    verdict: skip ? 'notRun' : 'error',
    service: 'none',
    conformance: 'none',
    findings: [],
    rulesExercised: 0,
    startedAt: result.startTime.toISOString(),
    durationMs: result.duration,
    reason: skip ? (skipped?.description ?? 'skipped without a reason') : plainText(stripAnsi(message)),
    ...(skip ? {} : { errorKind: 'harness' as const }),
  });
}

function stripAnsi(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
