import type { Evidence, RecordedMessage } from './model.js';
import { sessionsOf } from './sessions.js';

/** What a capture held, by count. */
export interface CaptureStatistics {
  readonly frames: number;
  readonly messages: Readonly<Record<RecordedMessage['protocol'], number>>;
  /** Calls, all their legs counted as one; one whose INVITE is not in the capture counts as well. */
  readonly sessions: number;
}

/** Methods that belong to a call, RFC 3261 §12, RFC 3262, RFC 3311. */
const CALL_METHODS: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'BYE', 'CANCEL', 'PRACK', 'UPDATE']);

export function captureStatistics(evidence: Evidence): CaptureStatistics {
  const messages = { sip: 0, diameter: 0, dns: 0, rtp: 0, rtcp: 0, unknown: 0 };
  for (const { protocol } of evidence.messages) messages[protocol] += 1;
  return {
    frames: evidence.frameCount,
    messages,
    sessions: sessionsOf(evidence).filter((session) => CALL_METHODS.has(session.method)).length,
  };
}
