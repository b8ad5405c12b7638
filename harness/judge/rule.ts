import type { RecordedMessage } from '../evidence/model.js';
import type { RuleContext } from './context.js';

/** RFC 2119 strength of the requirement. */
export type Strength = 'shall' | 'should' | 'may';

/** How sure we are of the clause: `S` read in the specification text, `S2` in a secondary source, `E` expert knowledge, `E?` weak, `R` our own. */
export type Provenance = 'S' | 'S2' | 'E' | 'E?' | 'F' | 'B' | 'R';

/** What a check reports; the judge adds rule, clause, severity and attribution. */
export interface Violation {
  /** The offending message; its sender is blamed, unless `blame` names another node. */
  readonly message: RecordedMessage | null;
  readonly seen: string;
  /** Only where it is more telling than the rule's `says`. */
  readonly required?: string;
  readonly usualCause?: string;
  readonly line?: number;
  readonly blame?: string;
  /** For a rule with parts of different provenance: the part's own, where it is weaker. */
  readonly provenance?: Provenance;
  /** The same for a part that is less binding than the rule. */
  readonly strength?: Strength;
}

/** A requirement as a value. `check` is pure. */
export interface Rule {
  readonly id: string;
  readonly family: string;
  /** The requirement in one sentence of our own, present tense. */
  readonly says: string;
  readonly clause: string;
  readonly strength: Strength;
  readonly provenance: Provenance;
  /** What a violation usually means. */
  readonly usualCause: string;
  /** Returns how often the rule found something to look at, and what was wrong there. Zero looked at: the rule was not exercised. */
  check(context: RuleContext): RuleOutcome;
}

export interface RuleOutcome {
  readonly applied: number;
  readonly violations: readonly Violation[];
}

export type { RuleContext } from './context.js';
