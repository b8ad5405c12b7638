import { avpByName } from './dictionary.js';
import type { Avp, DiameterMessage } from './message.js';

/** Where AVPs are looked for: a message or a Grouped AVP. */
export type AvpHolder = Pick<DiameterMessage, 'avps'> | Avp;

/** Every AVP with this name in order; further names go into groups: `findAll(aar, 'Media-Component-Description', 'Flow-Status')`. */
export function findAll(holder: AvpHolder, name: string, ...path: readonly string[]): readonly Avp[] {
  const definition = avpByName(name);
  if (definition === undefined) return [];
  const found = holder.avps.filter((avp) => avp.code === definition.code && avp.vendorId === definition.vendorId);
  const [next, ...rest] = path;
  return next === undefined ? found : found.flatMap((avp) => findAll(avp, next, ...rest));
}

/** The first AVP of that name or path. */
export function find(holder: AvpHolder, name: string, ...path: readonly string[]): Avp | undefined {
  if (path.length > 0) return findAll(holder, name, ...path)[0];
  const definition = avpByName(name);
  if (definition === undefined) return undefined;
  const { code, vendorId } = definition;
  // Most look-ups of the rules end here: no list is made of what is found.
  for (const avp of holder.avps) if (avp.code === code && avp.vendorId === vendorId) return avp;
  return undefined;
}

/** The first value as text; an OctetString is read as UTF-8, as Cx and Rx use it for names and charging identifiers. */
export function textOf(holder: AvpHolder, name: string, ...path: readonly string[]): string | undefined {
  return avpText(find(holder, name, ...path));
}

/** Every value as text. */
export function textsOf(holder: AvpHolder, name: string, ...path: readonly string[]): readonly string[] {
  return findAll(holder, name, ...path).flatMap((avp) => avpText(avp) ?? []);
}

/** The first value as a number; undefined where the AVP is missing or did not decode. */
export function numberOf(holder: AvpHolder, name: string, ...path: readonly string[]): number | undefined {
  const value = find(holder, name, ...path)?.value;
  return typeof value === 'number' ? value : undefined;
}

/** The data of the first AVP. */
export function octetsOf(holder: AvpHolder, name: string, ...path: readonly string[]): Uint8Array | undefined {
  return find(holder, name, ...path)?.data;
}

/** The name of an Enumerated value, or its number as text where the table does not name it. */
export function enumeratedOf(holder: AvpHolder, name: string, ...path: readonly string[]): string | undefined {
  const avp = find(holder, name, ...path);
  if (avp === undefined || typeof avp.value !== 'number') return undefined;
  return (avp.name === undefined ? undefined : avpByName(avp.name)?.values.get(avp.value)) ?? String(avp.value);
}

/** The result of an answer: Result-Code, or the code inside Experimental-Result (RFC 6733 §7.1, §7.6). */
export function resultOf(
  answer: AvpHolder,
): { readonly code: number; readonly experimental: boolean; readonly vendorId: number } | undefined {
  const code = numberOf(answer, 'Result-Code');
  if (code !== undefined) return { code, experimental: false, vendorId: 0 };
  const experimental = numberOf(answer, 'Experimental-Result', 'Experimental-Result-Code');
  if (experimental === undefined) return undefined;
  return {
    code: experimental,
    experimental: true,
    vendorId: numberOf(answer, 'Experimental-Result', 'Vendor-Id') ?? 0,
  };
}

function avpText(avp: Avp | undefined): string | undefined {
  if (avp === undefined) return undefined;
  if (avp.value instanceof Uint8Array) return Buffer.from(avp.data).toString('utf8');
  return avp.value === null ? undefined : String(avp.value);
}
