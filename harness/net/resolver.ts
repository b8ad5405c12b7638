import { isIPv6 } from 'node:net';
import type { SipUri } from '../wire/sip/uri.js';
import { DnsClient, type DnsClientOptions } from './dns-client.js';
import { type EnumOptions, type EnumResult, enumLookup } from './enum-client.js';
import type { HopResolver } from './hop-resolver.js';
import { SipLocator } from './sip-locator.js';
import type { SipTransport } from './sip-stack.js';
import type { SipDestination } from './sip-transport.js';

export interface ResolverOptions extends DnsClientOptions {
  /** Transports that the node can send SIP over. Default: UDP and TCP. */
  readonly transports?: readonly SipTransport[];
  /** IP versions of the node. Default: that of its address. */
  readonly families?: readonly (4 | 6)[];
}

/** What a network function asks the DNS. */
export interface Resolver extends HopResolver {
  /** The hops of a SIP URI in the order in which they are tried, RFC 3263 §4. Rejects with `DnsFailure`. */
  resolve(uri: SipUri): Promise<readonly SipDestination[]>;
  /** What ENUM says about an E.164 number (`+` and digits) under a suffix such as `e164.arpa`, RFC 6116. Never rejects. */
  enumLookup(number: string, suffix: string, options?: EnumOptions): Promise<EnumResult>;
  close(): Promise<void>;
}

export function createResolver(options: ResolverOptions): Resolver {
  const client = new DnsClient(options);
  const locator = new SipLocator({
    client,
    random: options.environment.random,
    transports: options.transports ?? ['udp', 'tcp'],
    families: options.families ?? [isIPv6(options.address) ? 6 : 4],
  });
  return {
    resolve: (uri) => locator.resolve(uri),
    enumLookup: (number, suffix, more) => enumLookup(client, number, suffix, more),
    close: () => client.close(),
  };
}
