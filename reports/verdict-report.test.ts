import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packageRoot } from '../harness/catalogue/package-root.js';
import { finishReport } from './finish-report.js';
import { readReport, writeHead } from './report-folder.js';
import { SAMPLE_HEAD, sampleReport } from './testing/sample-report.js';
import { SCHEMA_ID, verdictSchema } from './verdict-report.js';

const PUBLISHED = join(packageRoot(), 'reports', 'schema', 'verdicts.schema.json');

test('publishes the schema that the code checks with', () => {
  const wanted = `${JSON.stringify(verdictSchema(), null, 2)}\n`;
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(PUBLISHED, wanted);
  expect(JSON.parse(readFileSync(PUBLISHED, 'utf8')), 'renew it with UPDATE_SCHEMA=1').toEqual(JSON.parse(wanted));
  expect(verdictSchema()).toMatchObject({ $id: SCHEMA_ID, $schema: 'https://json-schema.org/draft/2020-12/schema' });
});

test('writes what the published schema allows, and the schema refuses what is not a report', () => {
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(readFileSync(PUBLISHED, 'utf8')));
  const folder = test.info().outputPath('report');
  const report = finishReport(folder, sampleReport(folder));
  const written: unknown = JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8'));
  expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
  expect(report.summary).toEqual({
    cases: 6,
    pass: 1,
    inconc: 1,
    fail: 1,
    error: 1,
    none: 0,
    notApplicable: 1,
    notRun: 1,
  });
  for (const broken of [
    { ...report, schemaVersion: '9' },
    { ...report, summary: undefined },
    { ...report, cases: [{ ...report.cases[0], verdict: 'maybe' }] },
    { ...report, cases: [{ ...report.cases[0], findings: [{}] }] },
    {
      ...report,
      cases: [{ ...report.cases[0], evidence: { pcapng: 'cases/../x', ladder: null, messages: null, log: null } }],
    },
  ]) {
    expect(validate(JSON.parse(JSON.stringify(broken)))).toBe(false);
  }
});

test('reads nothing where there is no run', () => {
  const folder = test.info().outputPath('report');
  expect(readReport(folder)).toBeNull();
  writeHead(folder, SAMPLE_HEAD);
  expect(readReport(folder)).toEqual({ head: SAMPLE_HEAD, cases: [] });
});
