import { isIP } from 'node:net';
import { parseUri, type SipUri } from '../wire/sip/uri.js';
import type { Hop, SipTransport, Target } from './sip-stack.js';
import type { SipDestination } from './sip-transport.js';
import { defaultPort } from './via.js';

/** Finds the hops of a SIP URI whose host is a name, in the order in which they are tried: RFC 3263 §4. */
export interface HopResolver {
  resolve(uri: SipUri): Promise<readonly SipDestination[]>;
}

/** What a target says by itself: hops, or the URI that a resolver has to look up. */
export type TargetReading =
  | { readonly kind: 'hops'; readonly hops: readonly SipDestination[] }
  | { readonly kind: 'name'; readonly uri: SipUri }
  | { readonly kind: 'unusable'; readonly why: string };

export function readTarget(target: Target): TargetReading {
  if (typeof target !== 'string') return { kind: 'hops', hops: [target] };
  const uri = parseUri(target);
  if (uri === null || (uri.scheme !== 'sip' && uri.scheme !== 'sips')) {
    return { kind: 'unusable', why: `"${target}" is no SIP URI` };
  }
  const host = targetHost(uri);
  if (isIP(host) === 0) return { kind: 'name', uri };
  const transport = namedTransport(uri) ?? (uri.scheme === 'sips' ? 'tls' : 'udp');
  const hop: Hop = { transport, address: host, port: uri.port ?? defaultPort(transport) };
  return { kind: 'hops', hops: [hop] };
}

/** RFC 3263 §4: the maddr parameter where there is one, else the host. */
export function targetHost(uri: SipUri): string {
  const host = uri.params.get('maddr') ?? uri.host;
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** The transport that the URI itself names; over TLS for sips (RFC 3261 §26.2.2). Null where it names none that we speak. */
export function namedTransport(uri: SipUri): SipTransport | null {
  const named = uri.params.get('transport')?.toLowerCase();
  if (uri.scheme === 'sips') return 'tls';
  return named === 'udp' || named === 'tcp' || named === 'tls' ? named : null;
}
