import type { RuleContext } from './context.js';
import { hopOf, partyName } from './correlation.js';
import type { SipView } from './sip-view.js';

/** Rules that hold what one side says against what the other said before or afterwards. */
const NEED_BOTH_SIDES: ReadonlySet<string> = new Set([
  'RSP-05',
  'RSP-06',
  'DLG-01',
  'DLG-02',
  'DLG-04',
  'DLG-08',
  'DLG-09',
]);

interface Hop {
  readonly from: string;
  readonly to: string;
  oneWay: boolean;
  /** Something that is answered, or an answer: an ACK may go another way than its dialog. */
  answerable: boolean;
  /** The first message that only makes sense where the other side has spoken. */
  proof: SipView | null;
}

/**
 * Hops of which the capture holds one direction only, although the other side has spoken: its provisional responses are
 * acknowledged, its dialogs are gone on with, or only responses are there. A side that never spoke is another thing: it is silent.
 */
export function oneWayHops(context: RuleContext): ReadonlyMap<string, Hop> {
  return context.memo('one-way hops', () => {
    const hops = new Map<string, Hop>();
    for (const view of context.sip.views) {
      const { from, to } = view.record;
      const [source, target] = [partyName(from), partyName(to)];
      const key = hopOf(from, to);
      let hop = hops.get(key);
      if (hop === undefined) {
        hop = { from: source, to: target, oneWay: true, answerable: false, proof: null };
        hops.set(key, hop);
      }
      if (hop.from !== source) hop.oneWay = false;
      if (view.method !== 'ACK') hop.answerable = true;
      if (hop.proof === null && (!view.isRequest || view.toTag !== '' || view.method === 'ACK')) hop.proof = view;
    }
    return new Map([...hops].filter(([, hop]) => hop.oneWay && hop.answerable && hop.proof !== null));
  });
}

/** Whether a complaint about a message may only tell that the other direction is not in the capture. */
export function isBlindTo(context: RuleContext, rule: string, view: SipView | undefined): boolean {
  if (view === undefined || !NEED_BOTH_SIDES.has(rule)) return false;
  return oneWayHops(context).has(hopOf(view.record.from, view.record.to));
}
