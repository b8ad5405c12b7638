import type { Endpoint } from './socket-registry.js';

/** Who mends it, by the system's error code. */
const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another process (or another run) has this port: end it, or choose other addresses or ports in the profile',
  EADDRNOTAVAIL:
    'this host does not have that address: correct the address in the profile, or ask the administrator to add it',
  EAFNOSUPPORT: 'this host has no such address family: ask the administrator to enable IPv6, or run with IPv4',
  EACCES: 'the port is privileged or a firewall forbids it: choose a port above 1023, or ask the administrator',
  EPERM: 'a firewall of this host forbids it: ask the administrator',
  ECONNREFUSED: 'nothing listens there: start the peer, or correct its address in the profile',
  ECONNRESET: 'the peer closed the connection: look at its log',
  EPIPE: 'the peer closed the connection: look at its log',
  ETIMEDOUT: 'the peer does not answer: check that it runs and that no firewall is in between',
  EHOSTUNREACH: 'there is no route: ask the administrator of the network',
  ENETUNREACH: 'there is no route: ask the administrator of the network',
  EMFILE: 'too many open sockets: raise the limit of open files (ulimit -n)',
  EMSGSIZE: 'the datagram is larger than UDP carries: use TCP',
  EINVALID: 'the address is not an IPv4 or IPv6 literal: correct it in the profile',
  ESLOWPEER: 'the peer does not read what it is sent: look at the peer',
  ETLS: 'the TLS handshake failed: compare the certificates and authorities of both ends',
};

/** A socket that could not do what it was asked for. */
export class NetError extends Error {
  override readonly name = 'NetError';
  /** The system's code (`EADDRINUSE` …) or ours (`ETLS`, `ESLOWPEER`, `EINVALID`). */
  readonly code: string;
  readonly address: string;
  readonly port: number;
  /** What to do about it, and who. */
  readonly hint: string;

  constructor(code: string, end: Endpoint, text: string, options?: ErrorOptions) {
    const hint = HINTS[code] ?? 'see the system error';
    super(`${text} (${code}, ${end.address} port ${end.port}): ${hint}`, options);
    this.code = code;
    this.address = end.address;
    this.port = end.port;
    this.hint = hint;
  }
}

/** Wraps an error of a Node socket. */
export function netError(error: unknown, end: Endpoint, text: string): NetError {
  if (error instanceof NetError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EUNKNOWN';
  const tls =
    code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code.includes('CERT') || code.includes('SIGNATURE');
  const reason = error instanceof Error ? error.message : String(error);
  return new NetError(tls ? 'ETLS' : code, end, tls ? `${text}: ${reason}` : text, { cause: error });
}
