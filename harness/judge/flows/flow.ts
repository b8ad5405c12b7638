import type { RecordedMessage } from '../../evidence/model.js';
import type { Profile } from '../../profile/profile.js';
import type { Role } from '../../profile/role.js';

/** `a` is the network of the user who opens the case (who registers or calls), `b` the other one. */
export type Side = 'a' | 'b';

/** One end of a step: a function of one side, for example `a.p-cscf`. */
export type Place = `${Side}.${Role}`;

/** What a condition may look at besides its own message. */
export interface FlowBinding {
  readonly profile: Profile;
  /** Everything recorded, in capture order. */
  readonly messages: readonly RecordedMessage[];
  /** Network name of a side. */
  network(side: Side): string;
  /** The message that an earlier step matched. */
  step(id: string): RecordedMessage | undefined;
}

/** Something that must be true of the message of a step: null when it is, else what was seen instead. */
export interface Condition {
  readonly requires: string;
  seen(message: RecordedMessage, binding: FlowBinding): string | null;
}

/** How often a step occurs: `once` is at least one, `single` exactly one, `never` forbids it, `optional` only takes part in the order. */
export type Occurrence = 'once' | 'single' | 'never' | 'optional';

/** One arrow of the ladder. */
export interface FlowStep {
  /** Step of the catalogue's flow: `R3`, `C6`; unique within the flow. */
  readonly id: string;
  /** The arrow in words, present tense. */
  readonly says: string;
  /** Where it comes from; several places where the specification leaves the way open. The first one is blamed when it is missing. */
  readonly from: readonly [Place, ...Place[]];
  readonly to: Place;
  readonly occurs: Occurrence;
  /** Steps that come before it; without the property, the step in front of it in the list. */
  readonly after?: readonly string[];
  /** For `never`: only counts before this step was seen. */
  readonly until?: string;
  is(message: RecordedMessage, binding: FlowBinding): boolean;
  readonly holds: readonly Condition[];
}

/** What a case requires to happen end to end, in partial order: the service side of its verdict. */
export interface Flow {
  /** Id of the case, which is also the id of the rule that its findings carry. */
  readonly caseId: string;
  readonly clause: string;
  /** SIP method of the Gm request that opens the flow and so tells which network is side `a`. */
  readonly opens: 'REGISTER' | 'INVITE';
  readonly usualCause: string;
  readonly steps: readonly FlowStep[];
  /** Rules that the case is about: where one of them found nothing to look at, the case has shown nothing of it and is inconclusive. */
  readonly exercises?: readonly string[];
}
