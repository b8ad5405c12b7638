import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { caseBlock, groupTable, progressLine, summaryText } from './console.js';
import { finishReport } from './finish-report.js';
import { junitXml } from './junit.js';
import { ladderSvg } from './ladder.js';
import { ladderModel } from './ladder-model.js';
import { markdownSummary } from './markdown.js';
import { HOSTILE_TEXTS } from './testing/hostile.js';
import { sampleFinding, sampleMaterial, sampleReport } from './testing/sample-report.js';
import { assembleReport } from './verdict-report.js';

const PLAIN = { colour: false };

function sample() {
  const folder = test.info().outputPath('report');
  const content = sampleReport(folder);
  return { folder, report: assembleReport(content.head, content.cases) };
}

test('junit.xml is well formed and counts like verdicts.json', () => {
  const { report } = sample();
  const text = junitXml(report);
  expect(XMLValidator.validate(text)).toBe(true);
  const parsed = new XMLParser({ ignoreAttributes: false }).parse(text);
  expect(parsed.testsuites).toMatchObject({ '@_tests': '6', '@_failures': '1', '@_errors': '2', '@_skipped': '2' });
  expect(text).not.toContain('<script');
  expect(text).toContain('no Security-* header and no sec-agree crosses the border');
});

test('the ladder has a lane for each node in path order and folds retransmissions', () => {
  const { evidence } = sampleMaterial();
  const model = ladderModel(evidence, [sampleFinding()]);
  expect(model.lanes.map((lane) => lane.name)).toEqual([
    'p-cscf.home-a',
    's-cscf.home-a',
    'ibcf.home-a',
    'ibcf.home-b',
  ]);
  const arrows = model.rows.filter((row) => row.kind === 'arrow');
  expect(arrows[0]).toMatchObject({ from: 0, to: 1, label: 'INVITE', referencePoint: 'Mw', severity: null, count: 1 });
  expect(arrows[1]).toMatchObject({ from: 2, to: 3, referencePoint: 'Ici', severity: 'fail' });
  expect(arrows.at(-1)).toMatchObject({ count: 2 });
});

test('the ladder is an SVG that can do nothing but be looked at', () => {
  const { evidence } = sampleMaterial();
  const svg = ladderSvg(
    { ...evidence, messages: evidence.messages.slice(-3) },
    [sampleFinding()],
    HOSTILE_TEXTS.join(),
  );
  expect(XMLValidator.validate(svg)).toBe(true);
  const { elements, attributes } = namesIn(new XMLParser({ ignoreAttributes: false }).parse(svg));
  expect([...elements].sort()).toEqual(['a', 'g', 'line', 'path', 'rect', 'style', 'svg', 'text', 'title', 'tspan']);
  for (const [name, value] of attributes) {
    expect(name).not.toMatch(/^on/i);
    if (name === 'href') expect(value).toMatch(/^#message-\d+$/);
  }
  expect(ladderSvg(evidence, [], 'x')).toContain('data-message="1"');
});

test('no secret and no markup of the wire reaches any file', () => {
  const folder = test.info().outputPath('report');
  finishReport(folder, sampleReport(folder));
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const scripts = [...html.matchAll(/<script\b[^>]*>/g)].map((match) =>
    match[0].replace(/data-case="[^"]*"/, 'data-case'),
  );
  expect(scripts).toEqual([
    '<script type="application/json" id="report">',
    '<script type="application/octet-stream" data-case>',
    '<script type="application/octet-stream" data-case>',
    '<script>',
  ]);
  expect(html).toMatch(
    /default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[A-Za-z0-9+/=]+'; img-src data:/,
  );
  const body = html.slice(html.indexOf('<body>'), html.indexOf('<script>'));
  expect(body).not.toMatch(/<(img|svg|style|link|meta|a|iframe)\b/i);
  for (const name of ['cases/Q3953-INT-02/messages.json', 'cases/Q3953-INT-02/log.txt', 'verdicts.json']) {
    const text = readFileSync(join(folder, name), 'utf8');
    expect(text).not.toContain('0123456789abcdef0123456789abcdef');
    expect(text).not.toContain('465b5ce8b199b49faa5f0a2ee238a6bc');
  }
  expect(readFileSync(join(folder, 'cases/Q3953-INT-02/messages.json'), 'utf8')).toContain('nonce=\\"stays\\"');
});

test('the console keeps to 80 columns and lets no control character through', () => {
  const { report } = sample();
  const text = summaryText(report, 'q3953-report', PLAIN);
  for (const line of text.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what is tested
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text).toContain('not run: no IPv6 on this machine');
  expect(groupTable(report.cases, PLAIN).split('\n').at(-1)).toMatch(/^all\s+6\s+1\s+1\s+1\s+1\s+1\s+1\s+1$/);
  const failed = report.cases.find((entry) => entry.verdict === 'fail');
  expect(failed && caseBlock(failed, 'q3953-report', PLAIN)).toContain('q3953-report/cases/Q3953-INT-02/');
  expect(summaryText(report, 'q3953-report', { colour: true })).toContain('\u001b[31mFAIL\u001b[0m');
  const counts = { pass: 38, fail: 2, inconc: 0, error: 0, notApplicable: 0, notRun: 0 };
  const line = progressLine({
    done: 41,
    total: 148,
    counts,
    warnings: 4,
    elapsedMs: 31_000,
    current: 'Q3953-INT-23 Forked call answered by the second UE',
  });
  expect(line).toBe('[ 41/148]  pass 38  warn 4  fail 2  inconc 0  00:31  Q3953-INT-23 Forked call a…');
});

test('Allure results have one result per case, with its verdict, labels and files', () => {
  const folder = test.info().outputPath('report');
  const report = finishReport(folder, sampleReport(folder));
  finishReport(folder, sampleReport(folder));
  const names = readdirSync(join(folder, 'allure-results'));
  const results = names
    .filter((name) => name.endsWith('-result.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, 'allure-results', name), 'utf8')));
  expect(results).toHaveLength(report.cases.length);
  const statusOf = (verdict: string) =>
    results.find((one) =>
      one.labels.some((label: { name: string; value: string }) => label.name === 'verdict' && label.value === verdict),
    );
  expect(statusOf('pass').status).toBe('passed');
  expect(statusOf('fail').status).toBe('failed');
  expect(statusOf('inconc')).toMatchObject({
    status: 'broken',
    statusDetails: { message: expect.stringMatching(/^\[inconc\] /) },
  });
  expect(statusOf('error')).toMatchObject({ status: 'broken', statusDetails: { message: '[error] the tap is dead' } });
  expect(statusOf('notRun').status).toBe('skipped');
  expect(statusOf('notApplicable').status).toBe('skipped');
  const failed = statusOf('fail');
  expect(failed.labels).toContainEqual({ name: 'clause', value: 'TS 24.229 §5.1.5' });
  expect(failed.labels).toContainEqual({ name: 'network', value: 'home-a' });
  expect(failed.steps).toHaveLength(1);
  expect(failed.attachments).toContainEqual(expect.objectContaining({ type: 'application/vnd.tcpdump.pcap' }));
  for (const { source } of failed.attachments) expect(names).toContain(source);
  expect(names).toContain('environment.properties');
  expect(names).toContain('categories.json');
});

test('the Markdown summary shows text as text', () => {
  const { report } = sample();
  const text = markdownSummary(report);
  expect(text).toContain('| 6 | 1 | 1 | 1 | 1 | 1 | 1 |');
  expect(text).not.toContain('<script');
  expect(text).not.toMatch(/(?<!\\)\]\(/);
});

function namesIn(parsed: unknown): { elements: Set<string>; attributes: [string, string][] } {
  const elements = new Set<string>();
  const attributes: [string, string][] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        if (name.startsWith('@_')) attributes.push([name.slice(2), String(inner)]);
        else if (name !== '#text') elements.add(name);
        walk(inner);
      }
    }
  };
  walk(parsed);
  return { elements, attributes };
}
