import type { ListenPoint } from '../net/sip-stack.js';
import { parseNameAddr } from '../wire/sip/headers.js';
import { parseUri, type SipUri } from '../wire/sip/uri.js';

const DEFAULT_PORT = 5060;

/** Lower case, no brackets, no trailing dot: two spellings of one host compare equal. */
export function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

/** Which URIs name this network function: its host names, and its sockets' addresses with their ports. */
export class OwnAddresses {
  readonly #hosts: ReadonlySet<string>;
  readonly #points: ReadonlySet<string>;

  constructor(hosts: readonly string[], points: readonly ListenPoint[]) {
    this.#hosts = new Set(hosts.map(plainHost));
    this.#points = new Set(points.map((point) => `${plainHost(point.address)} ${point.port}`));
  }

  /** True if the URI's host part is this function. */
  names(uri: SipUri): boolean {
    const host = plainHost(uri.host);
    return this.#hosts.has(host) || this.#points.has(`${host} ${uri.port ?? DEFAULT_PORT}`);
  }

  /** True for a host name or an address of this function, whatever the port. */
  hasHost(host: string): boolean {
    const plain = plainHost(host);
    return this.#hosts.has(plain) || [...this.#points].some((point) => point.startsWith(`${plain} `));
  }

  /** True for a sent-by (`host`, `host:port`) of this function. */
  sentBy(host: string, port: number | null): boolean {
    return this.#hosts.has(plainHost(host)) || this.#points.has(`${plainHost(host)} ${port ?? DEFAULT_PORT}`);
  }
}

/** The SIP URI inside a Route, Path, Contact or similar value; null for anything else. */
export function sipUriOf(value: string): SipUri | null {
  const uri = parseUri(parseNameAddr(value)?.uri ?? value);
  return uri !== null && (uri.scheme === 'sip' || uri.scheme === 'sips') ? uri : null;
}
