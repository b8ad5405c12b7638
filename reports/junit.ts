import type { CaseEntry, FindingEntry, VerdictReport } from './verdict-report.js';
import { xmlText } from './xml-text.js';

/**
 * `junit.xml` in the form that CI servers read: one suite per group, `failure` for fail, `error` for inconc and error (with the
 * verdict as its type), `skipped` for notApplicable and notRun.
 */
export function junitXml(report: VerdictReport): string {
  const groups = new Map<string, CaseEntry[]>();
  for (const entry of report.cases) {
    const group = groups.get(entry.group);
    if (group === undefined) groups.set(entry.group, [entry]);
    else group.push(entry);
  }
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="q3953" ${counts(report.cases)}>`];
  for (const [group, cases] of groups) {
    const first = cases
      .map((entry) => entry.startedAt ?? '')
      .filter((at) => at !== '')
      .sort()[0];
    const timestamp = first === undefined ? '' : ` timestamp="${xmlText(first)}"`;
    lines.push(`  <testsuite name="${xmlText(group)}" ${counts(cases)}${timestamp}>`);
    for (const entry of cases) lines.push(...testcase(entry));
    lines.push('  </testsuite>');
  }
  lines.push('</testsuites>', '');
  return lines.join('\n');
}

function counts(cases: readonly CaseEntry[]): string {
  const of = (...verdicts: readonly CaseEntry['verdict'][]): number =>
    cases.filter((entry) => verdicts.includes(entry.verdict)).length;
  const seconds = cases.reduce((sum, entry) => sum + entry.durationMs, 0) / 1000;
  return `tests="${cases.length}" failures="${of('fail')}" errors="${of('inconc', 'error', 'none')}" skipped="${of('notApplicable', 'notRun')}" time="${seconds.toFixed(3)}"`;
}

function testcase(entry: CaseEntry): readonly string[] {
  const head = `    <testcase classname="q3953.${xmlText(entry.group)}" name="${xmlText(`${entry.key} ${entry.title}`)}" time="${(entry.durationMs / 1000).toFixed(3)}"`;
  const body = outcome(entry);
  const properties = [
    '      <properties>',
    ...Object.entries({
      verdict: entry.verdict,
      service: entry.service,
      conformance: entry.conformance,
      clauses: entry.clauses.join('; '),
      ...Object.fromEntries(Object.entries(entry.options).map(([name, value]) => [name, String(value)])),
    }).map(([name, value]) => `        <property name="${xmlText(name)}" value="${xmlText(value)}"/>`),
    '      </properties>',
  ];
  return [`${head}>`, ...properties, ...body, '    </testcase>'];
}

function outcome(entry: CaseEntry): readonly string[] {
  const told = entry.findings.filter((finding) => finding.severity !== 'info');
  const text = [entry.reason ?? '', ...told.map(findingText)].filter((part) => part !== '').join('\n\n');
  const worst =
    told.find((finding) => finding.severity === 'error') ??
    told.find((finding) => finding.severity === 'fail') ??
    told[0];
  const message = entry.reason ?? (worst === undefined ? entry.verdict : `${worst.rule}: ${worst.seen}`);
  switch (entry.verdict) {
    case 'pass':
      return told.length === 0 ? [] : [`      <system-out>${xmlText(text)}</system-out>`];
    case 'fail':
      return [`      <failure type="fail" message="${xmlText(message)}">${xmlText(text)}</failure>`];
    case 'notApplicable':
    case 'notRun':
      return [
        `      <skipped message="${xmlText(`${entry.verdict === 'notRun' ? 'not run' : 'not applicable'}: ${message}`)}"/>`,
      ];
    default:
      return [`      <error type="${entry.verdict}" message="${xmlText(message)}">${xmlText(text)}</error>`];
  }
}

function findingText(finding: FindingEntry): string {
  const where = [
    finding.frame === null ? null : `frame ${finding.frame}`,
    finding.referencePoint,
    finding.attributedTo,
  ];
  return [
    `${finding.severity} ${finding.rule} (${finding.clause})`,
    `  required  ${finding.required}`,
    `  seen      ${finding.seen}`,
    `  usually   ${finding.usualCause}`,
    `  where     ${where.filter((part) => part !== null).join(', ')}`,
  ].join('\n');
}
