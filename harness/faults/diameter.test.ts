import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { captureFromTap } from '../evidence/capture-from-tap.js';
import { evidenceFromCapture } from '../evidence/evidence-from-capture.js';
import { judge } from '../judge/judge.js';
import { CX } from '../judge/rules/cx.js';
import { DIAMETER } from '../judge/rules/diameter.js';
import { RX } from '../judge/rules/rx.js';
import { createEnvironment } from '../net/environment.js';
import type { TapRecord } from '../net/tap.js';
import { createInterconnect } from '../networks/embedded/interconnect.js';
import { ScriptedUe } from '../networks/embedded/testing/scripted-ue.js';
import { interconnectPlan, profileOf } from '../networks/topology.js';
import type { Profile } from '../profile/profile.js';
import { CX_FAULTS } from './cx.js';
import { DIAMETER_FAULTS } from './diameter.js';
import { applyToTap } from './inject.js';
import { RX_FAULTS } from './rx.js';

const RULES = [...DIAMETER, ...CX, ...RX];
const FAULTS = [...DIAMETER_FAULTS, ...CX_FAULTS, ...RX_FAULTS];
const FIRST_BLOCK = 150;

interface GoodRun {
  readonly records: readonly TapRecord[];
  readonly profile: Profile;
}

/** Both subscribers register, one calls the other, and the call ends: as the simulated networks do it. */
async function goodRun(block: number): Promise<GoodRun> {
  const plan = interconnectPlan({ block, transport: 'tcp', ipVersion: 4, trust: true, topologyHiding: false });
  const records: TapRecord[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'diameter faults',
    tap: { record: (record) => records.push(record) },
  });
  const interconnect = createInterconnect({ plan, environment });
  await interconnect.start();
  const [a, b] = ([plan.homeA, plan.homeB] as const).map((home) => {
    const [subscriber] = home.subscribers;
    if (subscriber === undefined) throw new Error('no subscriber');
    const pCscf = home.functions['p-cscf'].addresses;
    return new ScriptedUe({ environment, subscriber, domain: home.profile.domain, pCscf });
  });
  if (a === undefined || b === undefined) throw new Error('no handsets');
  await a.start();
  await b.start();
  expect((await a.register()).status).toBe(200);
  expect((await b.register()).status).toBe(200);
  b.answers();
  const call = await a.call(b.number);
  expect((await a.bye(call)).status).toBe(200);
  await a.stop();
  await b.stop();
  await interconnect.stop();
  return { records, profile: profileOf(plan) };
}

function findingsOf(records: readonly TapRecord[], profile: Profile) {
  const { evidence, profile: read } = evidenceFromCapture(captureFromTap(records, { profile }));
  return judge(evidence, read, { rules: RULES });
}

let good: GoodRun;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  good = await goodRun(FIRST_BLOCK + test.info().parallelIndex);
});

test('the simulated networks keep every Diameter rule, and each rule has something to look at', () => {
  const { findings, exercised } = findingsOf(good.records, good.profile);
  expect(findings).toEqual([]);
  expect(Object.keys(exercised).sort()).toEqual(RULES.map(({ id }) => id).sort());
});

test('another dissector finds nothing malformed in it', () => {
  test.skip(spawnSync('tshark', ['--version']).status !== 0, 'tshark is not installed; it comes with Wireshark');
  const file = test.info().outputPath('diameter.pcapng');
  writeFileSync(file, captureFromTap(good.records, { profile: good.profile }));
  const frames = (filter: string) => {
    const { stdout, status } = spawnSync('tshark', ['-r', file, '-Y', filter], { encoding: 'utf8' });
    expect(status).toBe(0);
    return stdout.split('\n').filter((line) => line !== '');
  };
  expect(frames('diameter && (_ws.malformed || _ws.expert.severity == error)')).toEqual([]);
  // Two subscribers, two REGISTER requests each, and the answers.
  expect(frames('diameter.cmd.code == 300').length).toBeGreaterThanOrEqual(8);
});

for (const fault of FAULTS) {
  if (fault.kind !== 'wire') continue;
  test(`${fault.name} breaks exactly ${fault.catches}`, () => {
    const changed = applyToTap(good.records, fault, good.profile.nodes);
    expect(
      changed.every((record, index) => record === good.records[index]) && changed.length === good.records.length,
    ).toBe(false);
    const { findings } = findingsOf(changed, good.profile);
    expect([...new Set(findings.map(({ rule }) => rule))]).toEqual([fault.catches]);
  });
}

test('every rule has a fault', () => {
  expect(RULES.filter(({ id }) => !FAULTS.some(({ catches }) => catches === id)).map(({ id }) => id)).toEqual([]);
});
