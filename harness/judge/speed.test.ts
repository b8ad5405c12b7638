import { expect, test } from '@playwright/test';
import { judge } from './judge.js';
import { goodCall } from './testing/call.js';
import { evidenceOf, type TraceRecord, testProfile } from './testing/trace.js';

/** The same call over and over, each with identifiers of its own. */
function busyTrace(messages: number): readonly TraceRecord[] {
  const { records } = goodCall();
  const copies: TraceRecord[] = [];
  for (let round = 0; copies.length < messages; round += 1) {
    for (const record of records) {
      const text = Buffer.from(record.octets).toString('latin1');
      const own = text
        .replaceAll('c0ffee-1', `call-${round}`)
        .replaceAll('z9hG4bK', `z9hG4bK${round}`)
        .replaceAll('AyretyU0dm', `icid${round}`);
      copies.push({ ...record, at: record.at + round * 20_000_000, octets: Buffer.from(own, 'latin1') });
    }
  }
  return copies;
}

test('judges ten thousand messages in seconds, linearly', () => {
  const profile = testProfile();
  const evidence = evidenceOf(busyTrace(10_000), profile);
  const started = process.hrtime.bigint();
  const judgement = judge(evidence, profile);
  const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
  test.info().annotations.push({ type: 'milliseconds', description: milliseconds.toFixed(0) });
  expect(judgement.findings).toEqual([]);
  // A generous guard against what is not linear, not a measurement: CI machines differ.
  expect(milliseconds).toBeLessThan(10_000);
});
