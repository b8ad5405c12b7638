import { test } from '@playwright/test';
import { caseEntryOf } from '../../../reports/case-entry.js';
import { DEFAULT_CASE_OPTIONS } from '../../catalogue/case-options.js';
import { CASE_ANNOTATION, CASE_ATTACHMENT } from '../../catalogue/run-options.js';

const planned = { id: 'Q3953-INT-01', options: DEFAULT_CASE_OPTIONS };
const annotation = { type: CASE_ANNOTATION, description: JSON.stringify(planned) };

for (let i = 0; i < Number(process.env['Q3953_BENCH_TESTS']); i += 1) {
  test(`Q3953-INT-01 an empty case ${i}`, { annotation }, async () => {
    const info = test.info();
    const entry = caseEntryOf({
      ...planned,
      repetition: info.repeatEachIndex,
      verdict: 'inconc',
      service: 'none',
      conformance: 'none',
      findings: [],
      rulesExercised: 0,
      startedAt: new Date().toISOString(),
      durationMs: 0,
      reason: 'nothing was done, to measure what doing nothing costs',
    });
    await info.attach(CASE_ATTACHMENT, { body: JSON.stringify(entry), contentType: 'application/json' });
  });
}
