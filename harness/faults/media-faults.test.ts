import { expect, test } from '@playwright/test';
import { judge } from '../judge/judge.js';
import { DLG_MEDIA } from '../judge/rules/dlg-media.js';
import { RTP } from '../judge/rules/rtp.js';
import { SDP } from '../judge/rules/sdp.js';
import { VOC } from '../judge/rules/voc.js';
import { goodCall } from '../judge/testing/call.js';
import { type CallRecord, goodMediaCall, mediaEvidence } from '../judge/testing/media.js';
import { testProfile } from '../judge/testing/trace.js';
import { DLG_FAULTS } from './dlg.js';
import type { WireFault } from './fault.js';
import { applyToTap } from './inject.js';
import { RTP_FAULTS } from './rtp.js';
import { SDP_FAULTS } from './sdp.js';
import { VOC_FAULTS } from './voc.js';

const RULES = [...SDP, ...VOC, ...RTP, ...DLG_MEDIA];
const OF_MEDIA = DLG_FAULTS.filter(({ catches }) => DLG_MEDIA.some(({ id }) => id === catches));
const FAULTS = [...SDP_FAULTS, ...VOC_FAULTS, ...RTP_FAULTS, ...OF_MEDIA];
const profile = testProfile();
const good = goodMediaCall(profile);
const TALK = 'Q3953-INT-01';

function trace(fault: WireFault): readonly CallRecord[] {
  return fault.carrier === TALK ? good : goodCall({ profile, rejectedWith: 486 }).records;
}

function broken(records: readonly CallRecord[]): readonly string[] {
  const { findings } = judge(mediaEvidence(records, profile), profile);
  return [...new Set(findings.map(({ rule, severity, seen }) => `${rule} ${severity} ${seen}`))];
}

test('a good call with media breaks no rule, and exercises what it can', () => {
  const { findings, exercised } = judge(mediaEvidence(good, profile), profile, { rules: RULES });
  expect(findings).toEqual([]);
  const silent = RULES.map(({ id }) => id).filter((id) => exercised[id] === undefined);
  // No keys, no EVS, no silence, no capability negotiation, and a call with preconditions.
  expect(silent.sort()).toEqual(['SDP-15', 'SDP-19', 'VOC-03', 'VOC-09', 'VOC-14', 'VOC-18']);
});

for (const fault of FAULTS) {
  if (fault.kind !== 'wire') continue;
  test(`${fault.name} breaks exactly ${fault.catches}`, () => {
    const records = trace(fault);
    expect(broken(records)).toEqual([]);
    const changed = applyToTap(records, fault, profile.nodes);
    const found = broken(changed);
    expect(found.length, 'the fault changes nothing that anybody sees').toBeGreaterThan(0);
    expect(found.filter((finding) => !finding.startsWith(`${fault.catches} `))).toEqual([]);
  });
}

test('every rule of the families has a fault, and every fault a rule', () => {
  const rules = RULES.map(({ id }) => id);
  expect(rules.filter((id) => !FAULTS.some(({ catches }) => catches === id))).toEqual([]);
  expect(FAULTS.filter(({ catches }) => !rules.includes(catches))).toEqual([]);
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
});
