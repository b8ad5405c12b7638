import type { Truth } from './cell.js';
import type { RuleContext } from './context.js';
import sheet from './data/agreement-sheet.json' with { type: 'json' };
import matrix from './data/iinni-headers.json' with { type: 'json' };
import type { Scenario } from './leg.js';

interface SheetItem {
  readonly id: string;
  readonly relatedCapability: string | null;
  readonly part: string;
  readonly type: string;
  readonly scenarios: readonly string[];
  readonly harnessDefault?: unknown;
}

const STATUS: ReadonlyMap<string, string> = new Map(matrix.capabilities.map(({ item, status }) => [item, status]));
const ITEMS: ReadonlyMap<string, readonly SheetItem[]> = itemsByCapability(
  sheet.items as unknown as readonly SheetItem[],
);

/** Which side of a conditional status holds: TS 29.165 table 6.1.3.1, conditions c1 to c8. */
function resolved(status: string, scenario: Scenario, trust: boolean): string {
  const roaming = scenario === 'roam';
  switch (status) {
    case 'c1':
      return roaming ? 'm' : 'o';
    case 'c2':
      return roaming ? 'm' : 'n/a';
    case 'c3':
      return roaming ? 'o' : 'n/a';
    case 'c4':
      return trust ? 'm' : 'n/a';
    case 'c5':
      return roaming ? 'n/a' : 'o';
    case 'c6':
      return trust ? 'o' : 'n/a';
    case 'c7':
    case 'c8':
      return 'emergency';
    default:
      return status;
  }
}

/**
 * Whether a capability of TS 29.165 table 6.1.3.1 is supported on this interconnection: its status, then the agreement.
 * `unknown`: optional, and the two operators have not said.
 */
export function capability(context: RuleContext, item: string, scenario: Scenario): Truth {
  return context.memo(`capability ${item} ${scenario}`, () => supported(context, item, scenario));
}

function supported(context: RuleContext, item: string, scenario: Scenario): Truth {
  const status = resolved(STATUS.get(item) ?? 'o', scenario, context.profile.agreement.trust);
  if (status === 'm') return true;
  if (status === 'n/a' || status === 'void') return false;
  const dependency = /^(?:m|o) if (\w+), else n\/a$/.exec(status);
  if (dependency?.[1] !== undefined) {
    const base = capability(context, dependency[1], scenario);
    return status.startsWith('m') || base === false ? base : 'unknown';
  }
  return agreed(context, item, scenario);
}

/** The answer of any item of the agreement sheet that switches the capability; a default of ours only where it says yes. */
function agreed(context: RuleContext, item: string, scenario: Scenario): Truth {
  const { options, precondition } = context.profile.agreement;
  if (item === '20') return precondition;
  const name = scenario === 'roam' ? 'roaming' : scenario === 'loop' ? 'loopback' : 'non-roaming';
  const items = (ITEMS.get(item) ?? []).filter((entry) => entry.scenarios.includes(name));
  const answers = items.map((entry): Truth => {
    const answer = options[entry.id];
    if (typeof answer === 'boolean') return answer;
    return entry.harnessDefault === true ? true : 'unknown';
  });
  if (answers.includes(true)) return true;
  return answers.includes('unknown') || answers.length === 0 ? 'unknown' : false;
}

function itemsByCapability(items: readonly SheetItem[]): ReadonlyMap<string, readonly SheetItem[]> {
  const map = new Map<string, SheetItem[]>();
  for (const item of items) {
    if (item.relatedCapability === null || item.part !== 'support' || item.type !== 'boolean') continue;
    const list = map.get(item.relatedCapability);
    if (list === undefined) map.set(item.relatedCapability, [item]);
    else list.push(item);
  }
  return map;
}
