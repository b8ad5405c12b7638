import exemptions from './data/ledger.json' with { type: 'json' };
import rulePages from './data/nni-rules.json' with { type: 'json' };

/** Why a requirement has no rule: the closed list. */
export const REASONS = ['implicit', 'untestable here', 'out of scope', 'superseded', 'later work'] as const;
export type Reason = (typeof REASONS)[number];

/** A requirement of the rule book for the II-NNI, as it was read out of the specifications. */
export interface Requirement {
  readonly id: string;
  readonly section: string;
  readonly where: string;
  readonly condition: string;
  readonly level: string;
  readonly text: string;
  readonly source: string;
  readonly provenance: string;
}

/** A requirement that is no rule, and why. */
export interface Exemption {
  readonly id: string;
  readonly reason: Reason;
  /** One sentence that says it for this requirement. */
  readonly because: string;
}

/** Every requirement of the rule book, in its order. */
export const REQUIREMENTS: readonly Requirement[] = rulePages.rules;

/** The requirements without a rule. */
export const EXEMPTIONS: readonly Exemption[] = exemptions.exemptions.map(({ id, reason, because }) => ({
  id,
  reason: reasonOf(reason),
  because,
}));

function reasonOf(text: string): Reason {
  const reason = REASONS.find((known) => known === text);
  if (reason === undefined) throw new Error(`the ledger has an unknown reason: ${text}`);
  return reason;
}
