import { parseChargingVector } from '../wire/sip/headers.js';
import type { SipMessage } from '../wire/sip/message.js';
import type { Evidence, RecordedSip } from './model.js';

/** A call (INVITE) or a stand-alone request with everything that belongs to it, on every hop. */
export interface Session {
  /** The first message's Call-ID; other legs may have others. */
  readonly callId: string;
  readonly callIds: readonly string[];
  /** ICID values that its messages carry. */
  readonly icids: readonly string[];
  /** Method of the first request, for example `INVITE`; of the first response's CSeq where no request was seen. */
  readonly method: string;
  readonly messages: readonly RecordedSip[];
}

interface Draft {
  readonly callIds: Set<string>;
  readonly icids: Set<string>;
  readonly messages: RecordedSip[];
}

const MEMO = new WeakMap<Evidence, readonly Session[]>();

/**
 * Joins the legs of each session across B2BUAs: messages with the same Call-ID, and Call-IDs that share an ICID
 * (TS 24.229 §7.2A.5) or a Session-ID (RFC 7989). The ICID stands in requests only, so responses follow their Call-ID.
 * Nearly linear; computed once per evidence. In the order of their first messages.
 */
export function sessionsOf(evidence: Evidence): readonly Session[] {
  const known = MEMO.get(evidence);
  if (known) return known;
  const joined = new Joined();
  for (const message of evidence.messages) {
    if (message.protocol !== 'sip') continue;
    const callId = message.sip.get('Call-ID') ?? '';
    const own = `call ${callId}`;
    const icid = icidOf(message.sip);
    if (icid !== null) joined.union(own, `icid ${icid}`);
    for (const uuid of sessionIds(message.sip)) joined.union(own, `session ${uuid}`);
    joined.root(own);
  }
  const drafts = new Map<string, Draft>();
  for (const message of evidence.messages) {
    if (message.protocol !== 'sip') continue;
    const callId = message.sip.get('Call-ID') ?? '';
    const root = joined.root(`call ${callId}`);
    let draft = drafts.get(root);
    if (!draft) {
      draft = { callIds: new Set(), icids: new Set(), messages: [] };
      drafts.set(root, draft);
    }
    draft.callIds.add(callId);
    const icid = icidOf(message.sip);
    if (icid !== null) draft.icids.add(icid);
    draft.messages.push(message);
  }
  const sessions = [...drafts.values()].map(finished);
  MEMO.set(evidence, sessions);
  return sessions;
}

function finished({ callIds, icids, messages }: Draft): Session {
  const request = messages.find((message) => message.sip.kind === 'request')?.sip;
  const method =
    request?.kind === 'request' ? request.method : (/([A-Z]+)\s*$/.exec(messages[0]?.sip.get('CSeq') ?? '')?.[1] ?? '');
  return { callId: [...callIds][0] ?? '', callIds: [...callIds], icids: [...icids], method, messages };
}

function icidOf(sip: SipMessage): string | null {
  const value = sip.get('P-Charging-Vector');
  return value === undefined ? null : (parseChargingVector(value)?.icidValue ?? null);
}

const NIL_UUID = /^0+$/;

/** Both halves of a Session-ID; the nil UUID of a leg that does not know yet joins nothing. RFC 7989 §5. */
function sessionIds(sip: SipMessage): readonly string[] {
  const value = sip.get('Session-ID');
  if (value === undefined) return [];
  return [...value.matchAll(/(?:^|remote=)([0-9a-f]{32})/gi)].flatMap((match) => {
    const uuid = (match[1] ?? '').toLowerCase();
    return NIL_UUID.test(uuid) ? [] : [uuid];
  });
}

/** Disjoint sets with path halving. */
class Joined {
  private readonly parents = new Map<string, string>();

  root(key: string): string {
    let at = key;
    for (;;) {
      const parent = this.parents.get(at);
      if (parent === undefined) {
        this.parents.set(at, at);
        return at;
      }
      if (parent === at) return at;
      const grandparent = this.parents.get(parent) ?? parent;
      this.parents.set(at, grandparent);
      at = grandparent;
    }
  }

  union(a: string, b: string): void {
    const first = this.root(a);
    const second = this.root(b);
    if (first !== second) this.parents.set(second, first);
  }
}
