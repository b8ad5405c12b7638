import type { RecordedRtp } from '../../evidence/model.js';
import type { RuleContext } from '../context.js';
import { finalResponse } from '../correlation.js';
import { mediaStreams } from '../media-stream.js';
import type { Rule, Violation } from '../rule.js';
import { each, rule } from '../sip-rule.js';

/** Microseconds after the answer to BYE in which media may still be under way. */
export const GRACE = 1_000_000;

/** When calls ended: capture time of the final response to the last BYE, by Call-ID; only calls all of whose dialogs ended. */
export function releases(context: RuleContext): ReadonlyMap<string, number> {
  return context.memo('releases of calls', () => {
    const alive = new Map<string, Set<string>>();
    const ended = new Map<string, number>();
    for (const { method, callId, request, responses } of context.iciTransactions) {
      if (method !== 'INVITE' || request?.inDialog !== false) continue;
      for (const view of responses)
        if (view.status >= 200 && view.status < 300)
          alive.set(callId, (alive.get(callId) ?? new Set<string>()).add(view.toTag));
    }
    for (const transaction of context.iciTransactions) {
      const final = transaction.method === 'BYE' ? finalResponse(transaction) : null;
      if (final === null || [401, 407].includes(final.status)) continue;
      const tags = alive.get(transaction.callId);
      tags?.delete(final.fromTag);
      tags?.delete(final.toTag);
      if (tags?.size === 0)
        ended.set(transaction.callId, Math.max(final.record.at, ended.get(transaction.callId) ?? 0));
    }
    return ended;
  });
}

/** Media and the life of a dialog. */
export const DLG_MEDIA: readonly Rule[] = [
  rule({
    id: 'DLG-07',
    says: 'Media at Izi stops within a second after BYE is answered.',
    clause: 'TS 24.229 §5.10.5',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'the border does not tell its media gateway to close the termination',
    check: (context) =>
      each(mediaStreams(context), (stream): readonly Violation[] | undefined => {
        const released = stream.callId === null ? undefined : releases(context).get(stream.callId);
        if (released === undefined) return undefined;
        const late = stream.packets.filter((packet: RecordedRtp) => packet.at > released + GRACE);
        const [first] = late;
        if (first === undefined) return [];
        const seconds = ((first.at - released) / 1_000_000).toFixed(1);
        const seen = `${late.length} packets of ${stream.source} from ${seconds} s after the answer to BYE`;
        return [{ message: first, seen }];
      }),
  }),
];
