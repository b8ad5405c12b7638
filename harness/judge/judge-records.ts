import { type CaptureRecord, tapCapture } from '../evidence/capture-from-tap.js';
import { evidenceFromCapture } from '../evidence/evidence-from-capture.js';
import type { Evidence } from '../evidence/model.js';
import type { Profile } from '../profile/profile.js';
import type { Judgement } from './judge.js';
import { judgeCase } from './judge-case.js';

/** A judged trace: what was recorded as a capture, what was read back from it, and what the judge says. */
export interface JudgedRecords {
  readonly capture: Uint8Array;
  /** For each record the number of the frame that completes it. */
  readonly lastFrames: readonly number[];
  readonly evidence: Evidence;
  readonly judgement: Judgement;
}

/**
 * Judges what a tap recorded by way of the capture that is kept of it: written as pcapng, read back, judged. So a live run and a
 * later `q3953 judge` of its capture cannot differ. `comments` are lines for who opens the capture.
 */
export function judgeRecords(
  records: readonly CaptureRecord[],
  profile: Profile,
  caseId?: string,
  comments: readonly string[] = [],
): JudgedRecords {
  const options = { profile, comments, ...(caseId === undefined ? {} : { caseId }) };
  const { octets: capture, lastFrames } = tapCapture(records, options);
  const reading = evidenceFromCapture(capture);
  return { capture, lastFrames, evidence: reading.evidence, judgement: judgeCase(reading.evidence, reading.profile) };
}
