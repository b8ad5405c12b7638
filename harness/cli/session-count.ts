import type { Evidence } from '../evidence/model.js';
import { parseChargingVector, parseCSeq } from '../wire/sip/headers.js';

/** Methods that belong to a session, RFC 3261 §12, RFC 3262, RFC 3311. */
const SESSION_METHODS: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'BYE', 'CANCEL', 'PRACK', 'UPDATE']);

/**
 * How many sessions a trace holds, end to end: the legs of one call are one session, by their Call-ID, and by their ICID where a B2BUA
 * changes the Call-ID (TS 24.229 §7.2A.5).
 */
export function countSessions(evidence: Evidence): number {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let root = name;
    for (let parent = parents.get(root); parent !== undefined && parent !== root; parent = parents.get(root))
      root = parent;
    parents.set(name, root);
    return root;
  };
  for (const message of evidence.messages) {
    if (message.protocol !== 'sip') continue;
    const { sip } = message;
    const method = sip.kind === 'request' ? sip.method : (parseCSeq(sip.get('CSeq') ?? '')?.method ?? '');
    const callId = sip.get('Call-ID');
    if (!SESSION_METHODS.has(method) || callId === undefined) continue;
    const root = rootOf(`call ${callId}`);
    const icid = parseChargingVector(sip.get('P-Charging-Vector') ?? '')?.icidValue;
    if (icid != null) parents.set(rootOf(`icid ${icid}`), root);
  }
  return new Set([...parents.keys()].map(rootOf)).size;
}
