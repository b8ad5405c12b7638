import { createCipheriv, createHash, timingSafeEqual } from 'node:crypto';

/** Subscriber key K and operator-dependent OPc, 16 octets each. TS 35.206 §2. Never log one. */
export interface AkaKeys {
  readonly k: Uint8Array;
  readonly opc: Uint8Array;
}

/** What f2 to f5* give for one RAND: RES 8, CK and IK 16, AK and AK* 6 octets. TS 35.206 §4.1. */
export interface MilenageOutput {
  readonly res: Uint8Array;
  readonly ck: Uint8Array;
  readonly ik: Uint8Array;
  /** f5: conceals SQN in AUTN. */
  readonly ak: Uint8Array;
  /** f5*: conceals SQN_MS in AUTS. */
  readonly akResync: Uint8Array;
}

/** An authentication vector (quintet), TS 33.102 §6.3.2: RAND and AUTN 16, XRES 8, CK and IK 16 octets. */
export interface AuthenticationVector {
  readonly rand: Uint8Array;
  readonly autn: Uint8Array;
  readonly xres: Uint8Array;
  readonly ck: Uint8Array;
  readonly ik: Uint8Array;
}

/** What the USIM reads out of a challenge. `macValid` false: the network does not know K (TS 33.102 §6.3.3). */
export interface Challenge {
  readonly sqn: number;
  readonly amf: Uint8Array;
  readonly macValid: boolean;
  readonly res: Uint8Array;
  readonly ck: Uint8Array;
  readonly ik: Uint8Array;
}

/** TS 35.206 §4.1: rotation in octets and the last octet of the constant, for OUT1 to OUT5. */
const ROTATION_AND_CONSTANT = {
  out1: [8, 0x00],
  out2: [0, 0x01],
  out3: [4, 0x02],
  out4: [8, 0x04],
  out5: [12, 0x08],
} as const;

/** AMF* of a resynchronisation token, TS 33.102 §6.3.3. */
const RESYNC_AMF = Uint8Array.of(0, 0);

/** OPc = OP ⊕ E_K(OP), TS 35.206 §4.1. */
export function deriveOpc(k: Uint8Array, op: Uint8Array): Uint8Array {
  return xor(encryptBlock(k, op), op);
}

/** f2, f3, f4, f5 and f5* of Milenage, TS 35.206 §4.1. `rand` is 16 octets. */
export function milenage(keys: AkaKeys, rand: Uint8Array): MilenageOutput {
  const temp = encryptBlock(keys.k, xor(rand, keys.opc));
  const out = (which: 'out2' | 'out3' | 'out4' | 'out5'): Uint8Array => {
    const [rotation, constant] = ROTATION_AND_CONSTANT[which];
    return xor(encryptBlock(keys.k, addConstant(rotate(xor(temp, keys.opc), rotation), constant)), keys.opc);
  };
  const out2 = out('out2');
  return {
    res: out2.slice(8, 16),
    ck: out('out3'),
    ik: out('out4'),
    ak: out2.slice(0, 6),
    akResync: out('out5').slice(0, 6),
  };
}

/** f1 (MAC-A) and f1* (MAC-S), 8 octets each. TS 35.206 §4.1. */
export function milenageMac(
  keys: AkaKeys,
  rand: Uint8Array,
  sqn: number,
  amf: Uint8Array,
): { readonly macA: Uint8Array; readonly macS: Uint8Array } {
  const temp = encryptBlock(keys.k, xor(rand, keys.opc));
  const half = Buffer.concat([sqnToOctets(sqn), amf.subarray(0, 2)]);
  const [rotation, constant] = ROTATION_AND_CONSTANT.out1;
  const rotated = addConstant(rotate(xor(Buffer.concat([half, half]), keys.opc), rotation), constant);
  const out1 = xor(encryptBlock(keys.k, xor(temp, rotated)), keys.opc);
  return { macA: out1.slice(0, 8), macS: out1.slice(8, 16) };
}

/** The vector that an HSS makes out of one RAND and one SQN, TS 33.102 §6.3.2. */
export function authenticationVector(
  keys: AkaKeys,
  input: { readonly rand: Uint8Array; readonly sqn: number; readonly amf: Uint8Array },
): AuthenticationVector {
  const { res, ck, ik, ak } = milenage(keys, input.rand);
  const { macA } = milenageMac(keys, input.rand, input.sqn, input.amf);
  const autn = Buffer.concat([xor(sqnToOctets(input.sqn), ak), input.amf.subarray(0, 2), macA]);
  return { rand: Uint8Array.from(input.rand), autn: new Uint8Array(autn), xres: res, ck, ik };
}

/** Opens AUTN as the USIM does, TS 33.102 §6.3.3. Null where RAND or AUTN is not 16 octets long. */
export function openChallenge(keys: AkaKeys, rand: Uint8Array, autn: Uint8Array): Challenge | null {
  if (rand.length !== 16 || autn.length !== 16) return null;
  const { res, ck, ik, ak } = milenage(keys, rand);
  const sqn = octetsToSqn(xor(autn.subarray(0, 6), ak));
  const amf = Uint8Array.from(autn.subarray(6, 8));
  const { macA } = milenageMac(keys, rand, sqn, amf);
  return { sqn, amf, macValid: timingSafeEqual(macA, autn.subarray(8, 16)), res, ck, ik };
}

/** AUTS = SQN_MS ⊕ AK* || MAC-S, 14 octets. TS 33.102 §6.3.3. */
export function buildAuts(keys: AkaKeys, rand: Uint8Array, sqnMs: number): Uint8Array {
  const { akResync } = milenage(keys, rand);
  const { macS } = milenageMac(keys, rand, sqnMs, RESYNC_AMF);
  return new Uint8Array(Buffer.concat([xor(sqnToOctets(sqnMs), akResync), macS]));
}

/** SQN_MS out of AUTS; null where MAC-S is wrong or the length is not 14. TS 33.102 §6.3.5. */
export function verifyAuts(keys: AkaKeys, rand: Uint8Array, auts: Uint8Array): number | null {
  if (rand.length !== 16 || auts.length !== 14) return null;
  const { akResync } = milenage(keys, rand);
  const sqnMs = octetsToSqn(xor(auts.subarray(0, 6), akResync));
  const { macS } = milenageMac(keys, rand, sqnMs, RESYNC_AMF);
  return timingSafeEqual(macS, auts.subarray(6, 14)) ? sqnMs : null;
}

/** The nonce of a challenge: base64 of RAND || AUTN (server specific data follows, if any). RFC 3310 §3.2. */
export function akaNonce(vector: { readonly rand: Uint8Array; readonly autn: Uint8Array }): string {
  return Buffer.concat([vector.rand, vector.autn]).toString('base64');
}

/** RAND and AUTN out of a nonce; null where it is not base64 of at least 32 octets. RFC 3310 §3.2. */
export function parseAkaNonce(nonce: string): { readonly rand: Uint8Array; readonly autn: Uint8Array } | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(nonce)) return null;
  const octets = Buffer.from(nonce, 'base64');
  if (octets.length < 32) return null;
  return { rand: new Uint8Array(octets.subarray(0, 16)), autn: new Uint8Array(octets.subarray(16, 32)) };
}

/** What a digest response is computed over, RFC 2617 §3.2.2 with the password of RFC 3310 §3.3. */
export interface AkaDigestInput {
  /** The private identity. */
  readonly username: string;
  readonly realm: string;
  /** RES (UE) or XRES (S-CSCF) as octets; empty where the UE answers with AUTS (RFC 3310 §3.4). */
  readonly password: Uint8Array;
  readonly method: string;
  /** The `uri` parameter. */
  readonly uri: string;
  readonly nonce: string;
  /** Absent: the computation of RFC 2069, without cnonce and nc. */
  readonly qop?: 'auth' | 'auth-int';
  readonly cnonce?: string;
  /** Eight hexadecimal digits. */
  readonly nc?: string;
  /** The entity body, for auth-int. */
  readonly body?: Uint8Array;
}

/** The `response` of AKAv1-MD5: 32 lower-case hexadecimal digits. RFC 3310 §3.3, RFC 2617 §3.2.2.1. */
export function akaDigestResponse(input: AkaDigestInput): string {
  const ha1 = md5(Buffer.concat([Buffer.from(`${input.username}:${input.realm}:`, 'utf8'), input.password]));
  const bodyHash = input.qop === 'auth-int' ? `:${md5(input.body ?? new Uint8Array(0))}` : '';
  const ha2 = md5(`${input.method}:${input.uri}${bodyHash}`);
  const middle =
    input.qop === undefined ? input.nonce : `${input.nonce}:${input.nc ?? ''}:${input.cnonce ?? ''}:${input.qop}`;
  return md5(`${ha1}:${middle}:${ha2}`);
}

/** Whether `response` is the right one; the comparison takes the same time wherever the difference is. */
export function checkAkaDigest(input: AkaDigestInput, response: string): boolean {
  const expected = Buffer.from(akaDigestResponse(input), 'latin1');
  const given = Buffer.from(response.toLowerCase(), 'latin1');
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** SQN as 6 octets, most significant first. */
export function sqnToOctets(sqn: number): Uint8Array {
  const octets = Buffer.alloc(6);
  octets.writeUIntBE(sqn, 0, 6);
  return new Uint8Array(octets);
}

/** 6 octets as SQN. */
export function octetsToSqn(octets: Uint8Array): number {
  return Buffer.from(octets).readUIntBE(0, 6);
}

function md5(text: string | Uint8Array): string {
  return createHash('md5').update(text).digest('hex');
}

/** AES-128 of one block: the kernel function of TS 35.206 §5. */
function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-ecb', key, null);
  cipher.setAutoPadding(false);
  return new Uint8Array(cipher.update(block));
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from(a, (octet, index) => octet ^ (b[index] ?? 0));
}

/** Cyclic rotation towards the most significant octet. */
function rotate(block: Uint8Array, octets: number): Uint8Array {
  return Uint8Array.from(block, (_, index) => block[(index + octets) % 16] ?? 0);
}

function addConstant(block: Uint8Array, constant: number): Uint8Array {
  const sum = Uint8Array.from(block);
  sum[15] = (sum[15] ?? 0) ^ constant;
  return sum;
}
