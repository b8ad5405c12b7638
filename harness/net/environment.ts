import { type Activity, CountingActivity } from './activity.js';
import { type Clock, RealClock } from './clock.js';
import type { Deviation } from './deviation.js';
import { type Random, seededRandom } from './random.js';
import { SkippingClock } from './skipping-clock.js';
import type { Tap } from './tap.js';

/** What every socket and every network function gets from outside: time, randomness, the tap, and the fault to inject, if any. */
export interface NetEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly activity: Activity;
  readonly tap: Tap;
  readonly deviation?: Deviation;
  /** For the log: what peers did that is beyond their protocol. It says nothing about ourselves and changes no verdict. */
  onWarning?(text: string): void;
}

export interface EnvironmentOptions {
  /** `skipping` where all networks are in this process, `real` where anything else is out there. */
  readonly clock: 'skipping' | 'real';
  readonly seed: string;
  readonly tap: Tap;
  readonly deviation?: Deviation;
  /** What the activity guard has to tell (something was under way and never arrived), and what peers did. */
  readonly onWarning?: (text: string) => void;
}

/** The environment of one run. */
export function createEnvironment(options: EnvironmentOptions): NetEnvironment {
  const activity = new CountingActivity(options.onWarning === undefined ? {} : { onWarning: options.onWarning });
  return {
    clock: options.clock === 'skipping' ? new SkippingClock(activity) : new RealClock(),
    random: seededRandom(options.seed),
    activity,
    tap: options.tap,
    ...(options.deviation === undefined ? {} : { deviation: options.deviation }),
    ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
  };
}
