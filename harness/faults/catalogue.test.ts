import { expect, test } from '@playwright/test';
import { FLOW_BOOK } from '../judge/flows/flow-book.js';
import { judge } from '../judge/judge.js';
import { RULES } from '../judge/rule-book.js';
import { type CallChoice, goodCall } from '../judge/testing/call.js';
import { evidenceOf, type ProfileChoice, testProfile } from '../judge/testing/trace.js';
import { FAULTS } from './catalogue.js';
import type { WireFault } from './fault.js';
import { applyToTap } from './inject.js';

/** The options of a fault's carrier as the profile of a hand-made trace. */
function choiceOf(options: Readonly<Record<string, string>>): ProfileChoice {
  return {
    ...(options['trust'] === undefined ? {} : { trust: options['trust'] === 'on' }),
    ...(options['topologyHiding'] === undefined ? {} : { topologyHiding: options['topologyHiding'] === 'on' }),
    ...(options['telUri'] === undefined ? {} : { telUriAllowed: options['telUri'] === 'on' }),
    ...(options['transport'] === 'udp' || options['transport'] === 'tcp' ? { transport: options['transport'] } : {}),
  };
}

const CALLS: readonly CallChoice[] = [{}, { cancelled: true }, { rejectedWith: 486 }];

/** Judges the first hand-made call that the fault changes; null where it changes none of them. */
function rulesBroken(fault: WireFault): readonly string[] | null {
  const profile = testProfile(choiceOf(fault.options ?? {}));
  for (const choice of CALLS) {
    const { records } = goodCall({ ...choice, profile });
    const before = judge(evidenceOf(records, profile), profile);
    expect(before.findings, `${fault.name}: the trace without the fault`).toEqual([]);
    const changed = applyToTap(records, fault, profile.nodes);
    if (changed.length === records.length && changed.every((record, index) => record === records[index])) continue;
    const { findings } = judge(evidenceOf(changed, profile), profile);
    return [...new Set(findings.map((finding) => finding.rule))];
  }
  return null;
}

/** Families whose faults are proved on the hand-made calls here; the others bring their own traces. */
const PROVED_HERE = /^(GEN|MTH|HDR|TRU|URI|PCV|THG|IBC|INV|RSP|DLG)-/;

for (const fault of FAULTS) {
  if (fault.kind !== 'wire' || !PROVED_HERE.test(fault.catches) || fault.at.protocol === 'rtp') continue;
  test(`${fault.name} breaks exactly ${fault.catches}`, () => {
    expect(rulesBroken(fault)).toEqual([fault.catches]);
  });
}

test('every rule has a fault, and every wire fault catches a rule or a flow', () => {
  const rules = new Set(RULES.map((rule) => rule.id));
  expect([...rules].filter((id) => !FAULTS.some((fault) => fault.catches === id))).toEqual([]);
  const known = (id: string): boolean => rules.has(id) || FLOW_BOOK.has(id);
  expect(FAULTS.filter((fault) => fault.kind === 'wire' && !known(fault.catches)).map((fault) => fault.name)).toEqual(
    [],
  );
  expect(new Set(FAULTS.map((fault) => fault.name)).size).toBe(FAULTS.length);
});
