import type {
  InitialFilterCriteria,
  RegistrationType,
  ServicePointTrigger,
  SessionCase,
  TriggerCondition,
} from './service-profile.js';

/** What a trigger is held against: the request at the S-CSCF and the state of the served user. TS 24.229 §5.4.3.2, §5.4.3.3. */
export interface TriggerInput {
  readonly method: string;
  readonly requestUri: string;
  readonly sessionCase: SessionCase;
  /** Values of a header, any case of the name. */
  readonly header: (name: string) => readonly string[];
  /** For REGISTER. */
  readonly registrationType?: RegistrationType;
  /** Lines of the session description without their line ends. */
  readonly sdpLines?: readonly string[];
}

/** Longest text and pattern that are matched: beyond it a condition does not hold. */
const MAX_TEXT = 1024;
const MAX_PATTERN = 256;
/** A repeated group that repeats inside can take exponential time, and every further repetition multiplies it by the text's length. */
const NESTED_REPETITION = /\([^)]*[*+{|][^)]*\)[*+{]/;
const MAX_REPETITIONS = 2;

/** Whether the S-CSCF sends the request to the application server of these criteria. TS 29.228 §B.2.2, Annex C. */
export function isTriggered(criteria: InitialFilterCriteria, input: TriggerInput): boolean {
  if (criteria.profilePart !== null) {
    const unregistered = input.sessionCase.endsWith('UNREGISTERED');
    if ((criteria.profilePart === 'UNREGISTERED') !== unregistered) return false;
  }
  const trigger = criteria.triggerPoint;
  if (trigger === null || trigger.serviceTriggers.length === 0) return true;
  const groups = new Map<number, boolean[]>();
  for (const spt of trigger.serviceTriggers) {
    const holds = fulfils(spt, input);
    for (const group of spt.groups) groups.set(group, [...(groups.get(group) ?? []), holds]);
  }
  const outcomes = [...groups.values()];
  return trigger.conditionType === 'CNF'
    ? outcomes.every((members) => members.some(Boolean))
    : outcomes.some((members) => members.every(Boolean));
}

function fulfils(spt: ServicePointTrigger, input: TriggerInput): boolean {
  const registration =
    spt.registrationTypes.length === 0 ||
    (input.registrationType !== undefined && spt.registrationTypes.includes(input.registrationType));
  return (holds(spt.condition, input) && registration) !== spt.negated;
}

function holds(condition: TriggerCondition, input: TriggerInput): boolean {
  switch (condition.kind) {
    case 'method':
      return condition.method === input.method;
    case 'requestUri':
      return contains(condition.uri, input.requestUri);
    case 'sessionCase':
      return condition.sessionCase === input.sessionCase;
    case 'sipHeader': {
      const values = input.header(condition.header);
      const { content } = condition;
      return content === null ? values.length > 0 : values.some((value) => contains(content, value));
    }
    case 'sessionDescription': {
      const lines = (input.sdpLines ?? []).filter((line) => line.startsWith(`${condition.line}=`));
      const { content } = condition;
      return content === null ? lines.length > 0 : lines.some((line) => contains(content, line.slice(2)));
    }
  }
}

/** Searches for an extended regular expression; one that could take long, or is none, is compared as plain text. */
function contains(pattern: string, text: string): boolean {
  if (text.length > MAX_TEXT || pattern.length > MAX_PATTERN) return false;
  // `.*` at either end changes nothing in a search.
  const core = pattern.replace(/^(\.\*)+/, '').replace(/(?<!\\)(\.\*)+$/, '');
  const repetitions = core.match(/(?<!\\)[*+{]/g)?.length ?? 0;
  if (NESTED_REPETITION.test(core) || repetitions > MAX_REPETITIONS) return text.includes(pattern);
  try {
    return new RegExp(core).test(text);
  } catch {
    // `+44…` begins with a repetition: the profile means the text itself.
    return text.includes(pattern);
  }
}
