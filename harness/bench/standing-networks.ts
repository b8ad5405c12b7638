import { type Bed, standUp } from '../../fixtures/bed.js';
import { type CaseOptions, DEFAULT_CASE_OPTIONS } from '../catalogue/case-options.js';
import type { Ue } from '../functions/ue.js';
import type { TapRecord } from '../net/tap.js';
import type { Profile } from '../profile/profile.js';

/** Both home networks standing, a telephone registered in each, and calls between them one after the other: Q3953-INT-01 as often as wanted. */
export class StandingNetworks {
  readonly #bed: Bed;
  readonly #alice: Ue;
  readonly #bob: Ue;

  private constructor(bed: Bed, alice: Ue, bob: Ue) {
    this.#bed = bed;
    this.#alice = alice;
    this.#bob = bob;
  }

  static async start(options: Partial<CaseOptions> = {}): Promise<StandingNetworks> {
    const bed = await standUp({ ...DEFAULT_CASE_OPTIONS, ...options }, { seed: 'bench' });
    await bed.start();
    const alice = await bed.subscriber('homeA');
    const bob = await bed.subscriber('homeB');
    await alice.registers();
    await bob.registers();
    return new StandingNetworks(bed, alice, bob);
  }

  get profile(): Profile {
    return this.#bed.profile;
  }

  /** What was recorded since the last time that it was asked for. */
  takeRecords(): readonly TapRecord[] {
    return this.#bed.records.splice(0);
  }

  /** One call from set-up to release, until nothing of it is left open. */
  async call(talkSeconds: number): Promise<void> {
    const [call, answered] = await Promise.all([this.#alice.calls(this.#bob.number), this.#bob.answers()]);
    const talk = { seconds: talkSeconds };
    await Promise.all([call.talks(talk), answered.talks(talk)]);
    await call.releases();
    await answered.ended();
    await this.#bed.settles();
    const left = this.#bed.leftovers();
    if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`);
  }

  async stop(): Promise<void> {
    await this.#bed.stop();
  }
}
