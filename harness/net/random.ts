import { createHash } from 'node:crypto';

/** Seeded randomness: the same seed gives the same Call-IDs, tags, branches and SSRCs. Never used for key material. */
export interface Random {
  bytes(count: number): Uint8Array;
  /** Lower-case hexadecimal, two digits an octet. */
  hex(octets: number): string;
  /** An integer in [0, bound). */
  integer(bound: number): number;
}

/** Random numbers that repeat with the seed: xoshiro128** (Blackman and Vigna), its state from a hash of the seed. */
export function seededRandom(seed: string): Random {
  const state = new Uint32Array(4);
  const digest = createHash('sha256').update(seed).digest();
  for (let i = 0; i < 4; i += 1) state[i] = digest.readUInt32LE(4 * i);
  let [a, b, c, d] = [state[0] ?? 1, state[1] ?? 0, state[2] ?? 0, state[3] ?? 0];
  const next = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  const bytes = (count: number): Uint8Array => {
    const octets = new Uint8Array(count);
    for (let i = 0; i < count; i += 4) {
      let word = next();
      for (let j = i; j < Math.min(i + 4, count); j += 1) {
        octets[j] = word & 0xff;
        word >>>= 8;
      }
    }
    return octets;
  };
  return {
    bytes,
    hex: (octets) => Buffer.from(bytes(octets)).toString('hex'),
    integer: (bound) => {
      if (!(Number.isInteger(bound) && bound > 0 && bound <= 2 ** 32))
        throw new RangeError(`no integer below ${bound}`);
      // Numbers beyond the last whole multiple of the bound would favour the small ones.
      const limit = 2 ** 32 - (2 ** 32 % bound);
      let value = next();
      while (value >= limit) value = next();
      return value % bound;
    },
  };
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
