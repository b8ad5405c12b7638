import { DEFAULT_CASE_OPTIONS, optionsWith } from '../../harness/catalogue/case-options.js';
import type { Finding } from '../../harness/judge/finding.js';
import { trace } from '../../harness/judge/testing/trace.js';
import type { CaseOutcome } from '../case-entry.js';
import { type CaseMaterial, reportCase } from '../case-files.js';
import type { ReportContent } from '../report-folder.js';
import type { CaseEntry, RunHead } from '../verdict-report.js';
import { HOSTILE_TEXTS } from './hostile.js';

export const SAMPLE_HEAD: RunHead = {
  tool: 'q3953',
  version: '0.1.0',
  node: '20.20.2',
  os: 'linux 6.1',
  tier: 'embedded',
  profileHash: null,
  seed: 'sample',
  argv: ['run'],
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  interrupted: false,
};

/** An outcome that passed; `change` makes it another. */
export function sampleOutcome(change: Partial<CaseOutcome> = {}): CaseOutcome {
  return {
    id: 'Q3953-INT-01',
    options: DEFAULT_CASE_OPTIONS,
    verdict: 'pass',
    service: 'pass',
    conformance: 'pass',
    findings: [],
    rulesExercised: 12,
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 31.5,
    steps: [{ title: 'UE_A calls UE_B', at: 0, durationMs: 12 }],
    ...change,
  };
}

/** A finding on the second message's fourth line. */
export function sampleFinding(change: Partial<Finding> = {}): Finding {
  return {
    rule: 'HDR-04',
    clause: 'TS 29.165 table A.1',
    severity: 'fail',
    attributedTo: 'ibcf.home-a',
    required: 'no Security-* header and no sec-agree crosses the border',
    seen: 'Require: sec-agree, precondition',
    usualCause: 'the border has no header policy',
    referencePoint: 'Ici',
    frame: 2,
    message: 1,
    line: 4,
    ...change,
  };
}

function invite(extra: string): string {
  return `INVITE sip:+46701740605@ims.mnc002.mcc001.3gppnetwork.org;user=phone SIP/2.0
Via: SIP/2.0/TCP 192.0.2.15:5060;branch=z9hG4bK${Buffer.from(extra).toString('hex').slice(0, 12)}
Max-Forwards: 66
Subject: ${extra}
From: <sip:+447700900101@ims.mnc001.mcc001.3gppnetwork.org>;tag=a1
To: <sip:+46701740605@ims.mnc002.mcc001.3gppnetwork.org>
Call-ID: sample
CSeq: 1 INVITE
Authorization: Digest username="u", response="0123456789abcdef0123456789abcdef", nonce="stays"
Content-Length: *

`;
}

/** A short trace over the border, with a hostile Subject in every INVITE. */
export function sampleMaterial(): CaseMaterial {
  const sample = trace()
    .message('p-cscf.home-a', 's-cscf.home-a', invite('harmless'))
    .message('ibcf.home-a', 'ibcf.home-b', invite('harmless'));
  for (const text of HOSTILE_TEXTS) sample.message('ibcf.home-a', 'ibcf.home-b', invite(text));
  const last = invite('again');
  sample.message('ibcf.home-a', 'ibcf.home-b', last).message('ibcf.home-a', 'ibcf.home-b', last);
  return { evidence: sample.evidence(), pcapng: Buffer.from('capture'), log: 'k=465b5ce8b199b49faa5f0a2ee238a6bc\n' };
}

/** The content of a report folder with one case of each kind, hostile texts in every free field; writes the case files. */
export function sampleReport(folder: string): ReportContent {
  const material = sampleMaterial();
  const hostile = HOSTILE_TEXTS.map((text) =>
    sampleFinding({ severity: 'warn', seen: text, required: text, usualCause: text, clause: text, rule: 'GEN-01' }),
  );
  const cases: readonly CaseEntry[] = [
    reportCase(folder, sampleOutcome(), material),
    reportCase(
      folder,
      sampleOutcome({
        id: 'Q3953-INT-02',
        verdict: 'fail',
        conformance: 'fail',
        findings: [sampleFinding(), ...hostile],
      }),
      material,
    ),
    reportCase(
      folder,
      sampleOutcome({ id: 'Q3953-REG-01', verdict: 'inconc', service: 'inconc', reason: HOSTILE_TEXTS.join(' ') }),
      null,
    ),
    reportCase(
      folder,
      sampleOutcome({ id: 'Q3953-REG-03', verdict: 'error', errorKind: 'tap', reason: 'the tap is dead' }),
      null,
    ),
    reportCase(
      folder,
      sampleOutcome({ id: 'Q3953-REG-04', verdict: 'notRun', reason: 'no IPv6 on this machine' }),
      null,
    ),
    reportCase(
      folder,
      sampleOutcome({
        id: 'Q3953-REG-06',
        verdict: 'notApplicable',
        options: optionsWith({ ipVersion: '6', trust: 'off' }),
        reason: 'PICS',
      }),
      null,
    ),
  ];
  return { head: SAMPLE_HEAD, cases };
}
