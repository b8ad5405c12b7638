import type { Profile } from '../profile/profile.js';
import type { Sighting } from './sighting.js';

/** Placeholder shape while the inference is built: nothing is known, so no rule that needs to know applies. */
export function inferProfile(
  _sightings: readonly Sighting[],
  _names: ReadonlyMap<string, readonly string[]>,
): { readonly profile: Profile; readonly inferred: readonly string[] } {
  return {
    profile: {
      version: 1,
      operators: [],
      nodes: [],
      sut: [],
      agreement: {
        trust: false,
        transport: 'udp',
        ipVersion: 4,
        telUriAllowed: false,
        codecs: [],
        precondition: false,
        options: {},
      },
      enumSuffix: 'e164enum.net',
      timers: { T1: 500, T2: 4000, T4: 5000, PX_CALL_DURATION: 0, PX_GUARD: 0 },
    },
    inferred: ['Who is who is not known: name the networks with a profile.'],
  };
}
