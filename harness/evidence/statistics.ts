import type { Evidence, RecordedMessage } from './model.js';
import { sessionsOf } from './sessions.js';

/** What a capture held, by count. */
export interface CaptureStatistics {
  readonly frames: number;
  readonly messages: Readonly<Record<RecordedMessage['protocol'], number>>;
  /** Calls: sessions that begin with INVITE, all their legs counted as one. */
  readonly sessions: number;
}

export function captureStatistics(evidence: Evidence): CaptureStatistics {
  const messages = { sip: 0, diameter: 0, dns: 0, rtp: 0, rtcp: 0, unknown: 0 };
  for (const { protocol } of evidence.messages) messages[protocol] += 1;
  return {
    frames: evidence.frameCount,
    messages,
    sessions: sessionsOf(evidence).filter((session) => session.method === 'INVITE').length,
  };
}
