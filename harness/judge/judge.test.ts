import { expect, test } from '@playwright/test';
import { judge } from './judge.js';
import { goodCall } from './testing/call.js';
import { testProfile } from './testing/trace.js';

const PROFILES = [
  testProfile(),
  testProfile({ trust: false }),
  testProfile({ topologyHiding: true }),
  testProfile({ transport: 'udp' }),
];
const CALLS = [{}, { rejectedWith: 486 }, { cancelled: true }];

test('has nothing to say about well-behaved calls', () => {
  for (const profile of PROFILES) {
    for (const choice of CALLS) {
      const judgement = judge(goodCall({ ...choice, profile }).evidence(), profile);
      expect(judgement.findings).toEqual([]);
      expect(judgement.verdict).toBe('pass');
      expect(Object.keys(judgement.exercised).length).toBeGreaterThan(0);
    }
  }
});

test('gives no pass for nothing', () => {
  const profile = testProfile();
  const nothing = { frameCount: 3, messages: [], nodes: profile.nodes, integrity: [] };
  expect(judge(nothing, profile)).toMatchObject({ conformance: 'inconc', service: 'inconc', verdict: 'inconc' });
  expect(judge({ ...nothing, frameCount: 0 }, profile).verdict).toBe('error');
});
