import { parseCSeq, parseNameAddr } from '../wire/sip/headers.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';

/** One dialog as one of its ends keeps it, RFC 3261 §12. */
export class Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** From and To of the requests of this end, with the tags. */
  readonly local: string;
  remote: string;
  remoteTarget: string;
  routeSet: readonly string[];
  localCSeq: number;
  remoteCSeq: number | null;

  private constructor(parts: {
    readonly callId: string;
    readonly local: string;
    readonly remote: string;
    readonly remoteTarget: string;
    readonly routeSet: readonly string[];
    readonly localCSeq: number;
    readonly remoteCSeq: number | null;
  }) {
    this.callId = parts.callId;
    this.local = parts.local;
    this.localTag = tagOf(parts.local);
    this.remote = parts.remote;
    this.remoteTarget = parts.remoteTarget;
    this.routeSet = parts.routeSet;
    this.localCSeq = parts.localCSeq;
    this.remoteCSeq = parts.remoteCSeq;
  }

  /** The dialog that a response with a To tag makes at the UAC, RFC 3261 §12.1.2. */
  static ofResponse(request: SipRequest, response: SipResponse): Dialog {
    return new Dialog({
      callId: request.get('Call-ID') ?? '',
      local: request.get('From') ?? '',
      remote: response.get('To') ?? '',
      remoteTarget: contactOf(response) ?? request.requestUri,
      routeSet: [...response.all('Record-Route')].reverse(),
      localCSeq: parseCSeq(request.get('CSeq') ?? '')?.number ?? 1,
      remoteCSeq: null,
    });
  }

  /** The dialog that a request makes at the UAS, RFC 3261 §12.1.1. */
  static ofRequest(request: SipRequest, localTag: string): Dialog {
    const to = request.get('To') ?? '';
    return new Dialog({
      callId: request.get('Call-ID') ?? '',
      local: tagOf(to) === '' ? `${to};tag=${localTag}` : to,
      remote: request.get('From') ?? '',
      remoteTarget: contactOf(request) ?? '',
      routeSet: request.all('Record-Route'),
      localCSeq: 0,
      remoteCSeq: parseCSeq(request.get('CSeq') ?? '')?.number ?? null,
    });
  }

  get remoteTag(): string {
    return tagOf(this.remote);
  }

  /** The 2xx decides: its Record-Route and Contact replace those of the early dialog, RFC 3261 §13.2.2.4. */
  confirm(response: SipResponse): void {
    this.remote = response.get('To') ?? this.remote;
    this.remoteTarget = contactOf(response) ?? this.remoteTarget;
    this.routeSet = [...response.all('Record-Route')].reverse();
  }

  /** A target refresh: the peer's Contact is the new remote target, RFC 3261 §12.2. */
  refresh(message: SipMessage): void {
    this.remoteTarget = contactOf(message) ?? this.remoteTarget;
  }

  /** Is it a request of the peer in this dialog? */
  claims(request: SipRequest): boolean {
    return (
      request.get('Call-ID') === this.callId &&
      tagOf(request.get('To') ?? '') === this.localTag &&
      tagOf(request.get('From') ?? '') === this.remoteTag
    );
  }

  /** False for a request that is older than the last one, RFC 3261 §12.2.2. */
  accepts(request: SipRequest): boolean {
    const number = parseCSeq(request.get('CSeq') ?? '')?.number;
    if (number === undefined || (this.remoteCSeq !== null && number <= this.remoteCSeq)) return false;
    this.remoteCSeq = number;
    return true;
  }

  /** The headers of the next request of this end, RFC 3261 §12.2.1.1; ACK and CANCEL keep the number given. */
  headers(method: string, cseq?: number): readonly (readonly [string, string])[] {
    const number = cseq ?? ++this.localCSeq;
    return [
      ['Max-Forwards', '70'],
      ...this.routeSet.map((route) => ['Route', route] as const),
      ['From', this.local],
      ['To', this.remote],
      ['Call-ID', this.callId],
      ['CSeq', `${number} ${method}`],
    ];
  }
}

/** The tag parameter of a From or To value; empty without one. */
export function tagOf(value: string): string {
  return parseNameAddr(value)?.params.get('tag') ?? '';
}

function contactOf(message: SipMessage): string | null {
  const contact = message.get('Contact');
  return contact === undefined ? null : (parseNameAddr(contact)?.uri ?? null);
}
