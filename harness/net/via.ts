import { isIPv6 } from 'node:net';
import { canonicalAddress } from '../wire/ip-address.js';
import { editSip } from '../wire/sip/edit.js';
import { parseVia, type Via } from '../wire/sip/headers.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import type { Hop, ListenPoint, SipTransport } from './sip-stack.js';
import type { Endpoint } from './socket-registry.js';

/** What every branch of RFC 3261 starts with, §8.1.1.7. */
export const BRANCH_COOKIE = 'z9hG4bK';

/** RFC 3261 §18.1.1 and §19.1.2. */
export function defaultPort(transport: SipTransport): number {
  return transport === 'tls' ? 5061 : 5060;
}

/** A Via of our own, RFC 3261 §18.1.1, asking for the source port (RFC 3581 §3). */
export function ownVia(sentBy: string, point: ListenPoint, transport: SipTransport, branch: string): string {
  const host = isIPv6(sentBy) ? `[${sentBy}]` : sentBy;
  return `SIP/2.0/${transport.toUpperCase()} ${host}:${point.port};branch=${branch};rport`;
}

export function topVia(message: SipMessage): Via | null {
  const value = message.get('Via');
  return value === undefined ? null : parseVia(value);
}

/**
 * The request as the transaction layer sees it: the topmost Via tells where it really came from, RFC 3261 §18.2.1 and
 * RFC 3581 §4.
 */
export function withReceived(request: SipRequest, via: Via, source: Endpoint): SipRequest {
  const wantsPort = via.params.has('rport') && via.params.get('rport') === null;
  if (!wantsPort && canonicalAddress(via.host) === canonicalAddress(source.address)) return request;
  return editSip(request)
    .mapValues('Via', (value, index) => {
      if (index > 0) return value;
      const filled = wantsPort ? value.replace(/;([ \t]*rport)[ \t]*(?=;|$)/i, `;$1=${source.port}`) : value;
      return via.params.has('received') ? filled : `${filled};received=${source.address}`;
    })
    .done();
}

/** Where a response goes when it does not go over a connection, by its topmost Via: RFC 3261 §18.2.2, RFC 3581 §4. A host may be a name. */
export function responseTarget(via: Via): Endpoint & { readonly transport: SipTransport } {
  const transport = transportOf(via);
  const maddr = via.params.get('maddr');
  const received = via.params.get('received');
  const rport = Number(via.params.get('rport') ?? Number.NaN);
  const usual = via.port ?? defaultPort(transport);
  if (typeof maddr === 'string' && transport === 'udp')
    return { transport, address: canonicalAddress(maddr), port: usual };
  const address = canonicalAddress(typeof received === 'string' ? received : via.host);
  const nat = transport === 'udp' && typeof received === 'string' && Number.isInteger(rport) && rport > 0;
  return { transport, address, port: nat ? rport : usual };
}

function transportOf(via: Via): SipTransport {
  const named = via.transport.toLowerCase();
  return named === 'tcp' || named === 'tls' ? named : 'udp';
}

/** The response without the topmost Via, which was ours. */
export function withoutOwnVia(response: SipResponse): SipResponse {
  return editSip(response).removeFirst('Via').done();
}

/** A request that belongs to the same client transaction carries the same branch: key of a response by RFC 3261 §17.1.3. */
export function clientKey(branch: string, method: string): string {
  return `${branch} ${method}`;
}

/**
 * Key of the server transaction that a request belongs to, RFC 3261 §17.2.3: by branch, sent-by and method, and without the
 * cookie by what RFC 2543 had. `method` is INVITE for the ACK and the CANCEL that look for one.
 */
export function serverKey(request: SipRequest, via: Via, method: string): string {
  const sentBy = `${canonicalAddress(via.host)}:${via.port ?? ''}`;
  if (via.branch?.startsWith(BRANCH_COOKIE)) return `${via.branch} ${sentBy} ${method}`;
  const number = (request.get('CSeq') ?? '').trim().split(/\s/, 1)[0];
  const values = [
    request.requestUri,
    tagOf(request, 'From') ?? '',
    request.get('Call-ID') ?? '',
    number,
    request.get('Via'),
  ];
  return `RFC 2543 ${method} ${values.map((value) => JSON.stringify(value ?? '')).join(' ')}`;
}

export function tagOf(message: SipMessage, header: 'From' | 'To'): string | null {
  const value = message.get(header) ?? '';
  return /;[ \t]*tag[ \t]*=[ \t]*([^;\s]+)/i.exec(value.slice(value.lastIndexOf('>') + 1))?.[1] ?? null;
}

/** An address literal or a host as `sip:` URIs write it. */
export function hopText(hop: Hop): string {
  return `${hop.transport}:${isIPv6(hop.address) ? `[${hop.address}]` : hop.address}:${hop.port}`;
}
