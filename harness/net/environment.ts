import type { Activity } from './activity.js';
import type { Clock } from './clock.js';
import type { Deviation } from './deviation.js';
import type { Random } from './random.js';
import type { Tap } from './tap.js';

/** What every socket and every network function gets from outside: time, randomness, the tap, and the fault to inject, if any. */
export interface NetEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly activity: Activity;
  readonly tap: Tap;
  readonly deviation?: Deviation;
}
