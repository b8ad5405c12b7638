import { createHash } from 'node:crypto';
import { platform, release } from 'node:os';
import type { RunHead } from '../../reports/verdict-report.js';
import { DEFAULT_CASE_OPTIONS } from '../catalogue/case-options.js';
import type { RunOptions } from '../catalogue/run-options.js';
import { interconnectPlan, profileOf } from '../networks/topology.js';
import type { Profile } from '../profile/profile.js';
import { toolVersion } from './version.js';

/** The profile of the simulated networks, as it stands for a run without a profile file. */
export function embeddedProfile(): Profile {
  return profileOf(interconnectPlan({ block: 1, ...DEFAULT_CASE_OPTIONS }));
}

/** SHA-256 of a profile's content, whatever its file looked like. */
export function profileHash(profile: Profile): string {
  return createHash('sha256').update(JSON.stringify(profile)).digest('hex');
}

/** The head of a run that begins now. */
export function headOf(options: RunOptions, argv: readonly string[], profile: Profile = embeddedProfile()): RunHead {
  return {
    tool: 'q3953',
    version: toolVersion(),
    node: process.versions.node,
    os: `${platform()} ${release()}`,
    tier: options.tier,
    profileHash: profileHash(profile),
    seed: options.seed,
    argv: [...argv],
    startedAt: new Date().toISOString(),
    finishedAt: null,
    interrupted: true,
  };
}
