import { z } from 'zod';

export const DIRECTIONS = ['a-to-b', 'b-to-a'] as const;
export const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;

/** The options under which a case ran; a case has one result for each combination. */
export const caseOptions = z.object({
  transport: z.enum(TRANSPORTS),
  ipVersion: z.union([z.literal(4), z.literal(6)]),
  topologyHiding: z.boolean(),
  trust: z.boolean(),
  direction: z.enum(DIRECTIONS),
});
export type CaseOptions = Readonly<z.infer<typeof caseOptions>>;

/** The plain variant of a case: its folder in the report carries the bare id. */
export const DEFAULT_CASE_OPTIONS: CaseOptions = {
  transport: 'tcp',
  ipVersion: 4,
  topologyHiding: true,
  trust: true,
  direction: 'a-to-b',
};

/**
 * The unique key of one result, and the name of its folder under `cases/`: the id, then what differs from the default options,
 * then the repetition from the second on: `Q3953-INT-01`, `Q3953-INT-01.udp.ipv6.no-hiding`, `Q3953-INT-01.repeat-2`.
 */
export function caseKey(id: string, options: CaseOptions, repetition = 0): string {
  const parts = [id, ...variantOf(options)];
  if (repetition > 0) parts.push(`repeat-${repetition + 1}`);
  return parts.join('.').replace(/[^\w.-]/g, '_');
}

/** What differs from the default options, in words: `['udp', 'ipv6', 'no-hiding', 'no-trust', 'b-to-a']`. */
export function variantOf(options: CaseOptions): readonly string[] {
  const words: string[] = [];
  if (options.transport !== DEFAULT_CASE_OPTIONS.transport) words.push(options.transport);
  if (options.ipVersion !== DEFAULT_CASE_OPTIONS.ipVersion) words.push(`ipv${options.ipVersion}`);
  if (options.topologyHiding !== DEFAULT_CASE_OPTIONS.topologyHiding) words.push('no-hiding');
  if (options.trust !== DEFAULT_CASE_OPTIONS.trust) words.push('no-trust');
  if (options.direction !== DEFAULT_CASE_OPTIONS.direction) words.push(options.direction);
  return words;
}

/** The options as a fault's `options` names them (`topologyHiding=off`), laid over the defaults. Throws on a name or value that is none. */
export function optionsWith(
  words: Readonly<Record<string, string>>,
  base: CaseOptions = DEFAULT_CASE_OPTIONS,
): CaseOptions {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, text] of Object.entries(words)) {
    if (!(name in base)) throw new Error(`unknown case option '${name}'; there are ${Object.keys(base).join(', ')}`);
    merged[name] = name === 'ipVersion' ? Number(text) : text === 'on' ? true : text === 'off' ? false : text;
  }
  return caseOptions.parse(merged);
}
