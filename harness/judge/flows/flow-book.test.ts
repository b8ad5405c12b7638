import { expect, test } from '@playwright/test';
import { judgeCase } from '../judge-case.js';
import { RULES } from '../rule-book.js';
import { goodCall } from '../testing/call.js';
import { testProfile } from '../testing/trace.js';
import { FLOW_BOOK } from './flow-book.js';

for (const flow of FLOW_BOOK.values()) {
  test(`the flow of ${flow.caseId} names steps and rules that there are`, () => {
    const seen = new Set<string>();
    for (const step of flow.steps) {
      expect(seen.has(step.id), `step ${step.id} is there twice`).toBe(false);
      for (const earlier of [...(step.after ?? []), ...(step.until === undefined ? [] : [step.until])]) {
        expect(seen.has(earlier), `step ${step.id} follows ${earlier}, which does not stand in front of it`).toBe(true);
      }
      seen.add(step.id);
    }
    const rules = new Set(RULES.map((rule) => rule.id));
    expect((flow.exercises ?? []).filter((id) => !rules.has(id))).toEqual([]);
  });
}

test('a case whose rules found nothing to look at proves nothing: inconclusive, and no network is blamed', () => {
  const profile = testProfile({ topologyHiding: false });
  const evidence = { ...goodCall({ profile }).evidence(), caseId: 'Q3953-NNI-10' };
  const { conformance, findings } = judgeCase(evidence, profile);
  const unseen = findings.filter(({ required }) => required === 'the case exercises the rule THG-02');
  expect(unseen).toMatchObject([{ rule: 'Q3953-NNI-10', severity: 'inconc', attributedTo: null }]);
  expect(conformance).toBe('inconc');
});
