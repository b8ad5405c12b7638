import type { RecordedMessage, Transport } from '../evidence/model.js';
import type { Role } from '../profile/role.js';

/** Which outgoing message a wire fault changes. Every named property must match. */
export interface FaultPlace {
  readonly referencePoint?: RecordedMessage['referencePoint'];
  readonly protocol?: RecordedMessage['protocol'];
  readonly fromRole?: Role;
  readonly fromNetwork?: string;
  /** SIP request method, or method of the CSeq of a response. */
  readonly method?: string;
  /** 0 for requests; a status or a class such as `18x`. */
  readonly status?: number | string;
  /** Abbreviation of the Diameter command: `UAR` for requests, `UAA` for answers. */
  readonly command?: string;
  /** Only the n-th match, from 1; every match without it. */
  readonly nth?: number;
}

interface FaultBase {
  /** Kebab-case, what one types after `--fault`. */
  readonly name: string;
  readonly title: string;
  /** The id of the one rule that must catch it. */
  readonly catches: string;
  /** The case that carries it, and the options of the case that it needs (`topologyHiding=off`). */
  readonly carrier: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** One message changed on its way to the wire: a good trace, one change, exactly one finding. */
export interface WireFault extends FaultBase {
  readonly kind: 'wire';
  readonly at: FaultPlace;
  /**
   * Milliseconds by which what is sent instead comes later, for faults of time: only a recorded trace can carry them, a live run
   * sends the message as it is.
   */
  readonly delay?: number;
  /** What is sent instead; an empty list drops the message. */
  change(octets: Uint8Array): readonly Uint8Array[];
  /** The transport it is recorded on instead; for recorded traces only, as a socket sends on its own. */
  readonly transport?: Transport;
}

/** A network function that behaves otherwise: read by the function through its policy. */
export interface BehaviourFault extends FaultBase {
  readonly kind: 'behaviour';
  readonly role: Role;
  readonly network: string;
  /** Name of the deviation in the function's own list of deviations. */
  readonly behaviour: string;
}

export type Fault = WireFault | BehaviourFault;
