import type { Transport } from '../evidence/model.js';

/** What a socket of ours sent (or got from a peer that is not ours), as plain octets of one write or datagram. */
export interface TapRecord {
  /** Microseconds since the epoch on the run's clock. */
  readonly at: number;
  readonly transport: Transport;
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
  readonly octets: Uint8Array;
  /** The protocol spoken on this socket: picks the dissector for decrypted TLS. */
  readonly protocol: 'sip' | 'diameter' | 'dns' | 'rtp' | 'rtcp';
}

/** Sees every octet that crosses a socket of ours, once. */
export interface Tap {
  record(record: TapRecord): void;
}
