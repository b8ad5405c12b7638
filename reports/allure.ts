import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage, Status, type StepResult, type TestResult } from 'allure-js-commons';
import type { Category } from 'allure-js-commons/sdk';
import { FileSystemWriter } from 'allure-js-commons/sdk/reporter';
import { caseById } from '../harness/catalogue/catalogue.js';
import { plainText } from './plain-text.js';
import type { CaseEntry, FindingEntry, VerdictReport } from './verdict-report.js';

/** How each verdict reads in Allure, and what stands in front of its message so that categories can tell them apart. */
const STATUS: Readonly<Record<CaseEntry['verdict'], { readonly status: Status; readonly prefix: string }>> = {
  pass: { status: Status.PASSED, prefix: '' },
  fail: { status: Status.FAILED, prefix: '' },
  inconc: { status: Status.BROKEN, prefix: '[inconc] ' },
  error: { status: Status.BROKEN, prefix: '[error] ' },
  none: { status: Status.BROKEN, prefix: '[none] ' },
  notApplicable: { status: Status.SKIPPED, prefix: '[not applicable] ' },
  notRun: { status: Status.SKIPPED, prefix: '[not run] ' },
};

const CATEGORIES: readonly Category[] = [
  { name: 'Does not conform', matchedStatuses: [Status.FAILED] },
  { name: 'Inconclusive', matchedStatuses: [Status.BROKEN], messageRegex: '(?s)^\\[inconc\\].*' },
  { name: 'Error of the harness', matchedStatuses: [Status.BROKEN], messageRegex: '(?s)^\\[(error|none)\\].*' },
  { name: 'Not applicable', matchedStatuses: [Status.SKIPPED], messageRegex: '(?s)^\\[not applicable\\].*' },
  { name: 'Not run', matchedStatuses: [Status.SKIPPED], messageRegex: '(?s)^\\[not run\\].*' },
];

const ATTACHMENTS: readonly {
  readonly name: string;
  readonly type: string;
  readonly extension: string;
  path(entry: CaseEntry): string | null;
}[] = [
  { name: 'ladder.svg', type: 'image/svg+xml', extension: 'svg', path: (entry) => entry.evidence.ladder },
  {
    name: 'evidence.pcapng',
    type: 'application/vnd.tcpdump.pcap',
    extension: 'pcapng',
    path: (entry) => entry.evidence.pcapng,
  },
  { name: 'log.txt', type: 'text/plain', extension: 'txt', path: (entry) => entry.evidence.log },
];

/** Writes `allure-results/`: one result per case, environment and categories. What an earlier call left there is removed. */
export function writeAllure(folder: string, reportFolder: string, report: VerdictReport): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const writer = new FileSystemWriter({ resultsDir: folder });
  for (const entry of report.cases) {
    const result = resultOf(entry, report, { from: reportFolder, to: folder });
    // Not by the writer, which waits for the disk after each file: this folder can always be made again.
    writeFileSync(join(folder, `${result.uuid}-result.json`), JSON.stringify(result));
  }
  writer.writeCategoriesDefinitions([...CATEGORIES]);
  const { run } = report;
  writer.writeEnvironmentInfo({
    tool: `q3953 ${run.version}`,
    node: run.node,
    os: run.os,
    tier: run.tier,
    seed: run.seed,
    profile: run.profileHash ?? 'none',
  });
}

/** The same file in a second place; a copy where the file system has no links. */
function place(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

interface Folders {
  readonly from: string;
  readonly to: string;
}

function resultOf(entry: CaseEntry, report: VerdictReport, { from, to }: Folders): TestResult {
  const start = Date.parse(entry.startedAt ?? report.run.startedAt);
  const uuid = uuidOf(`${report.run.startedAt} ${entry.key}`);
  const { status, prefix } = STATUS[entry.verdict];
  const networks = [...new Set(entry.findings.flatMap((finding) => finding.attributedTo?.split('.').at(-1) ?? []))];
  return {
    uuid,
    historyId: hashOf(entry.key),
    testCaseId: hashOf(entry.id),
    fullName: `q3953.${entry.group}.${entry.key}`,
    name: `${entry.key} ${plainText(entry.title)}`,
    description: plainText(entry.purpose),
    status,
    statusDetails: detailsOf(entry, prefix),
    stage: Stage.FINISHED,
    start,
    stop: start + entry.durationMs,
    steps: entry.steps.map(
      (step): StepResult => ({
        name: plainText(step.title),
        status: Status.PASSED,
        statusDetails: {},
        stage: Stage.FINISHED,
        steps: [],
        attachments: [],
        parameters: [],
        start: start + step.at,
        stop: start + step.at + step.durationMs,
      }),
    ),
    attachments: ATTACHMENTS.flatMap(({ name, type, extension, path }) => {
      const relative = path(entry);
      if (relative === null || !existsSync(join(from, relative))) return [];
      const source = `${uuidOf(`${uuid} ${name}`)}-attachment.${extension}`;
      place(join(from, relative), join(to, source));
      return [{ name, type, source }];
    }),
    parameters: Object.entries(entry.options).map(([name, value]) => ({ name, value: String(value) })),
    labels: [
      { name: 'epic', value: entry.configuration },
      { name: 'feature', value: caseById(entry.id).groupTitle },
      { name: 'story', value: entry.id },
      { name: 'suite', value: entry.group },
      { name: 'framework', value: 'q3953' },
      { name: 'verdict', value: entry.verdict },
      ...(entry.priority === null ? [] : [{ name: 'priority', value: entry.priority }]),
      ...entry.clauses.map((clause) => ({ name: 'clause', value: plainText(clause) })),
      ...networks.map((network) => ({ name: 'network', value: plainText(network) })),
      ...[...new Set(entry.findings.map((finding) => finding.rule))].map((rule) => ({
        name: 'rule',
        value: plainText(rule),
      })),
    ],
    links: [],
  };
}

function detailsOf(entry: CaseEntry, prefix: string): TestResult['statusDetails'] {
  const told = entry.findings.filter((finding) => finding.severity !== 'info');
  const decisive = told.find((finding) => finding.severity === 'error' || finding.severity === 'fail') ?? told[0];
  if (entry.verdict === 'pass' && told.length === 0) return {};
  const message = entry.reason ?? (decisive === undefined ? entry.verdict : `${decisive.rule}: ${decisive.seen}`);
  return {
    message: plainText(`${prefix}${message}`),
    trace: plainText(told.map(findingText).join('\n\n')),
    ...(decisive === undefined ? {} : { expected: plainText(decisive.required), actual: plainText(decisive.seen) }),
  };
}

function findingText(finding: FindingEntry): string {
  const where = [
    finding.frame === null ? null : `frame ${finding.frame}`,
    finding.referencePoint,
    finding.attributedTo,
  ];
  return [
    `${finding.severity} ${finding.rule} (${finding.clause})`,
    `required: ${finding.required}`,
    `seen: ${finding.seen}`,
    `usual cause: ${finding.usualCause}`,
    `where: ${where.filter((part) => part !== null).join(', ')}`,
  ].join('\n');
}

function hashOf(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** The same run gives the same files, so that making a report anew replaces it. */
function uuidOf(text: string): string {
  return hashOf(text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
