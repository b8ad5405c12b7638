import { expect, test } from '@playwright/test';
import { judge } from './judge.js';
import { goodCall } from './testing/call.js';
import { testProfile } from './testing/trace.js';

test('has nothing to say about well-behaved calls', () => {
  for (const choice of [{}, { rejectedWith: 486 }, { cancelled: true }]) {
    const { profile, ...trace } = { profile: testProfile(), evidence: goodCall(choice).evidence() };
    const judgement = judge(trace.evidence, profile);
    expect(judgement.findings).toEqual([]);
    expect(judgement.verdict).toBe('pass');
    expect(Object.keys(judgement.exercised).length).toBeGreaterThan(0);
  }
});

test('gives no pass for nothing', () => {
  const profile = testProfile();
  const nothing = { frameCount: 3, messages: [], nodes: profile.nodes, integrity: [] };
  expect(judge(nothing, profile)).toMatchObject({ conformance: 'inconc', service: 'inconc', verdict: 'inconc' });
  expect(judge({ ...nothing, frameCount: 0 }, profile).verdict).toBe('error');
});
