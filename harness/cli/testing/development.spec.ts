import { test } from '@playwright/test';
import { type CaseOutcome, caseEntryOf } from '../../../reports/case-entry.js';
import { type CaseOptions, DEFAULT_CASE_OPTIONS, optionsWith } from '../../catalogue/case-options.js';
import { CASE_ANNOTATION, CASE_ATTACHMENT, readRunOptions } from '../../catalogue/run-options.js';
import type { Finding } from '../../judge/finding.js';

/** Cases without a network, whose only purpose is to test the reporter and the command line. */
const finding: Finding = {
  rule: 'HDR-04',
  clause: 'TS 29.165 table A.1',
  severity: 'fail',
  attributedTo: 'ibcf.home-b',
  required: 'no Security-* header and no sec-agree crosses the border',
  seen: 'Require: sec-agree, precondition',
  usualCause: 'the P-CSCF forwards Require unchanged and the border has no header policy',
  referencePoint: 'Ici',
  frame: 118,
  message: 40,
  line: 12,
};

function ends(id: string, options: CaseOptions, outcome: Partial<CaseOutcome>): void {
  const annotation = { type: CASE_ANNOTATION, description: JSON.stringify({ id, options }) };
  test(`${id} ${JSON.stringify(options)}`, { annotation }, async () => {
    const entry = caseEntryOf({
      id,
      options,
      repetition: test.info().repeatEachIndex,
      verdict: 'pass',
      service: 'pass',
      conformance: 'pass',
      findings: [],
      rulesExercised: 3,
      startedAt: new Date().toISOString(),
      durationMs: 1,
      fault: readRunOptions(process.env).fault,
      ...outcome,
    });
    await test.info().attach(CASE_ATTACHMENT, { body: JSON.stringify(entry), contentType: 'application/json' });
  });
}

ends('Q3953-INT-01', DEFAULT_CASE_OPTIONS, {});
ends('Q3953-INT-01', optionsWith({ transport: 'udp', ipVersion: '6' }), {});
ends('Q3953-INT-02', DEFAULT_CASE_OPTIONS, { verdict: 'fail', conformance: 'fail', findings: [finding] });
ends('Q3953-REG-01', DEFAULT_CASE_OPTIONS, { findings: [{ ...finding, severity: 'warn' }] });
ends('Q3953-REG-03', DEFAULT_CASE_OPTIONS, {
  verdict: 'error',
  reason: 'port 5060 of 127.0.1.1 is in use',
  errorKind: 'bed',
});
ends('Q3953-REG-04', DEFAULT_CASE_OPTIONS, { verdict: 'notRun', reason: 'no IPv6 loopback; enable it with sysctl' });

test('Q3953-REG-06 throws', () => {
  throw new Error('the bed broke\u001b[31m');
});
test('Q3953-REG-07 is skipped', () => {
  test.skip(true, 'needs a container engine');
});
test('Q3953-REG-08 gives no verdict', () => {});
test('Q3953-REG-09 never ends', async () => {
  test.setTimeout(0);
  await new Promise(() => {});
});
