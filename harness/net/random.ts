/** Seeded randomness: the same seed gives the same Call-IDs, tags, branches and SSRCs. Never used for key material. */
export interface Random {
  bytes(count: number): Uint8Array;
  /** Lower-case hexadecimal, two digits an octet. */
  hex(octets: number): string;
  /** An integer in [0, bound). */
  integer(bound: number): number;
}
