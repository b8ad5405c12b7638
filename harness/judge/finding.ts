import type { ReferencePoint } from '../profile/reference-point.js';

/** What a finding does to the conformance verdict: `error`, `fail` and `inconc` lower it, `warn` and `info` are told and counted. */
export type Severity = 'error' | 'fail' | 'inconc' | 'warn' | 'info';

/** One deviation, told so that the reader can act on it: required, seen, usual cause, where. */
export interface Finding {
  readonly rule: string;
  readonly clause: string;
  readonly severity: Severity;
  /** Name of the node that sent the offending message (`ibcf.home-a`), or null where no sender is to blame (capture integrity). */
  readonly attributedTo: string | null;
  readonly required: string;
  readonly seen: string;
  readonly usualCause: string;
  readonly referencePoint: ReferencePoint | null;
  /** 1-based frame of the capture. */
  readonly frame: number | null;
  /** Index of the message in the evidence, and the 1-based line in it that offends, where there is one. */
  readonly message?: number;
  readonly line?: number;
}
