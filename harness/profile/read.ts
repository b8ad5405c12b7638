import { isNode, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { canonicalAddress } from '../wire/ip-address.js';
import type { Profile } from './profile.js';

/** A mistake in a profile, told so that the reader can mend it without looking anything up. */
export interface ProfileError {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** Where in the profile, and what is there. */
  readonly text: string;
  /** What should be there. */
  readonly expected: string;
}

/** More than any profile needs; a file beyond it is refused instead of read. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_ERRORS = 50;

const DOMAIN =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const domain = z.string().regex(DOMAIN, 'a domain name such as ims.mnc001.mcc001.3gppnetwork.org');
const port = z.int().min(1, 'a port from 1 to 65535').max(65535, 'a port from 1 to 65535');
const milliseconds = z.number().positive('milliseconds above 0').max(86_400_000, 'at most one day, in milliseconds');

const operator = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'a short name in lower case such as home-a'),
  domain,
  mcc: z.string().regex(/^\d{3}$/, "three digits in quotes, such as '001'"),
  mnc: z.string().regex(/^\d{2,3}$/, "two or three digits in quotes, such as '01'"),
  ioi: z.string().min(1, 'the inter-operator identifier'),
  numberPrefixes: z.array(z.string().regex(/^\+\d{1,15}$/, "an E.164 prefix in quotes, such as '+4477009'")),
  topologyHiding: z.boolean(),
});

const node = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'a name such as ibcf.home-a'),
  network: z.string(),
  role: z.enum(['ue', 'p-cscf', 'i-cscf', 's-cscf', 'tas', 'ibcf', 'trgw', 'hss', 'pcrf', 'enum-server', 'ipx-dns']),
  endpoints: z
    .array(
      z.strictObject({
        address: z.union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address'),
        ports: z.tuple([port, port]).optional(),
      }),
    )
    .min(1, 'at least one address'),
  hosts: z.array(domain),
});

const profileSchema = z.strictObject({
  version: z.literal(1, 'the number 1'),
  operators: z.array(operator).min(1, 'at least one operator'),
  nodes: z.array(node),
  sut: z.array(z.string()).min(1, 'the name of at least one network or node under test'),
  agreement: z.strictObject({
    trust: z.boolean(),
    transport: z.enum(['udp', 'tcp', 'tls']),
    ipVersion: z.union([z.literal(4), z.literal(6)], 'the number 4 or 6'),
    telUriAllowed: z.boolean(),
    codecs: z.array(z.string()),
    precondition: z.boolean(),
    options: z.record(z.string(), z.union([z.boolean(), z.number(), z.string(), z.array(z.string())])),
  }),
  enumSuffix: domain,
  timers: z.strictObject({
    T1: milliseconds,
    T2: milliseconds,
    T4: milliseconds,
    PX_CALL_DURATION: milliseconds,
    PX_GUARD: milliseconds,
  }),
});

/**
 * Reads a profile from YAML 1.2 (JSON is a part of it). Pure. Every mistake is told with its line and column; a profile with one is none.
 * Secrets have no place in it: a property that the profile does not know is a mistake.
 */
export function readProfile(
  text: string,
  file: string,
): { readonly profile: Profile } | { readonly errors: readonly ProfileError[] } {
  if (text.length > MAX_CHARACTERS) {
    return {
      errors: [{ file, line: 1, column: 1, text: `${text.length} characters`, expected: `at most ${MAX_CHARACTERS}` }],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      errors: document.errors.slice(0, MAX_ERRORS).map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          file,
          line: Math.max(line, 1),
          column: Math.max(col, 1),
          text: error.message.trim(),
          expected: 'valid YAML',
        };
      }),
    };
  }
  const at = (path: readonly PropertyKey[]): { line: number; column: number } => {
    const offset = offsetOf(document.contents, path);
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { errors: [{ file, line: 1, column: 1, text: problem, expected: 'few and resolvable aliases' }] };
  }
  const parsed = profileSchema.safeParse(value);
  if (!parsed.success) {
    const errors = parsed.error.issues.slice(0, MAX_ERRORS).flatMap((issue) => told(issue, value, file, at));
    return { errors };
  }
  const contradictions = contradictionsOf(parsed.data).map(({ path, seen, expected }) => ({
    file,
    ...at(path),
    text: seen,
    expected,
  }));
  return contradictions.length > 0 ? { errors: contradictions } : { profile: parsed.data as Profile };
}

function told(
  issue: z.core.$ZodIssue,
  root: unknown,
  file: string,
  at: (path: readonly PropertyKey[]) => { line: number; column: number },
): ProfileError[] {
  const where = issue.path.map(String).join('.') || 'profile';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      file,
      ...at([...issue.path, key]),
      text: `${where} has the unknown property '${key}'`,
      expected: 'only the properties of the profile (no keys or passwords: they live with the provider)',
    }));
  }
  const value = valueAt(root, issue.path);
  const seen = value === undefined ? `${where} is missing` : `${where} is ${short(value)}`;
  return [{ file, ...at(issue.path), text: seen, expected: expectation(issue) }];
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return issue.expected === 'array' ? 'a list' : `a value of type ${issue.expected}`;
  if (issue.code === 'invalid_value') {
    return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`;
  }
  return issue.message;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** Offset of the value at the path, or of the nearest thing around it that is there. */
function offsetOf(contents: unknown, path: readonly PropertyKey[]): number {
  let current: unknown = contents;
  let offset = startOf(current) ?? 0;
  for (const key of path) {
    const next = childOf(current, key);
    if (next === null) break;
    offset = startOf(next.key) ?? startOf(next.value) ?? offset;
    current = next.value;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

function childOf(node: unknown, key: PropertyKey): { key: unknown; value: unknown } | null {
  if (typeof node !== 'object' || node === null || !('items' in node) || !Array.isArray(node.items)) return null;
  if (typeof key === 'number') {
    const item: unknown = node.items[key];
    return item === undefined ? null : { key: item, value: item };
  }
  for (const item of node.items as readonly { key?: unknown; value?: unknown }[]) {
    const name = isNode(item.key) && 'value' in item.key ? item.key.value : item.key;
    if (String(name) === String(key)) return { key: item.key, value: item.value };
  }
  return null;
}

/** What no single property shows: names that point nowhere, doubles, port ranges the wrong way round. */
function contradictionsOf(
  profile: z.infer<typeof profileSchema>,
): readonly { readonly path: readonly PropertyKey[]; readonly seen: string; readonly expected: string }[] {
  const found: { path: readonly PropertyKey[]; seen: string; expected: string }[] = [];
  const networks = new Set(profile.operators.map((one) => one.name));
  const nodes = new Set(profile.nodes.map((one) => one.name));
  const seenNames = new Set<string>();
  for (const [index, one] of profile.operators.entries()) {
    if (seenNames.has(one.name))
      found.push({
        path: ['operators', index, 'name'],
        seen: `a second operator '${one.name}'`,
        expected: 'each name once',
      });
    seenNames.add(one.name);
  }
  for (const [index, one] of profile.nodes.entries()) {
    if (seenNames.has(one.name))
      found.push({ path: ['nodes', index, 'name'], seen: `a second node '${one.name}'`, expected: 'each name once' });
    seenNames.add(one.name);
    if (one.role !== 'ipx-dns' && !networks.has(one.network)) {
      found.push({
        path: ['nodes', index, 'network'],
        seen: `nodes.${index}.network is '${one.network}'`,
        expected: `one of ${[...networks].join(', ')}`,
      });
    }
    for (const [position, { ports }] of one.endpoints.entries()) {
      if (ports !== undefined && ports[0] > ports[1]) {
        found.push({
          path: ['nodes', index, 'endpoints', position, 'ports'],
          seen: `ports ${ports[0]} to ${ports[1]}`,
          expected: 'the lower port first',
        });
      }
    }
  }
  found.push(...overlapsOf(profile.nodes));
  for (const [index, name] of profile.sut.entries()) {
    if (!networks.has(name) && !nodes.has(name)) {
      found.push({
        path: ['sut', index],
        seen: `sut names '${name}'`,
        expected: `a network or node of this profile, such as ${[...networks][0] ?? 'home-a'}`,
      });
    }
  }
  return found.slice(0, MAX_ERRORS);
}

type NodeRow = z.infer<typeof node>;

/** Sockets that two nodes claim: the same address as a whole, or ranges of its ports that meet. A range within an address is more specific. */
function overlapsOf(
  nodes: readonly NodeRow[],
): readonly { readonly path: readonly PropertyKey[]; readonly seen: string; readonly expected: string }[] {
  const claims = new Map<string, { readonly name: string; readonly ports: readonly [number, number] | undefined }[]>();
  const found: { path: readonly PropertyKey[]; seen: string; expected: string }[] = [];
  for (const [index, { name, endpoints }] of nodes.entries()) {
    for (const [position, { address, ports }] of endpoints.entries()) {
      const key = canonicalAddress(address);
      const known = claims.get(key) ?? [];
      const other = known.find((claim) => claim.name !== name && meet(claim.ports, ports));
      if (other !== undefined) {
        const what = ports === undefined ? address : `${address} ports ${ports[0]} to ${ports[1]}`;
        found.push({
          path: ['nodes', index, 'endpoints', position],
          seen: `${what} of ${name} is also of ${other.name}`,
          expected: 'each socket with one node: another address, or ports that do not overlap',
        });
      }
      known.push({ name, ports });
      claims.set(key, known);
    }
  }
  return found;
}

function meet(one: readonly [number, number] | undefined, other: readonly [number, number] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one[0] <= other[1] && other[0] <= one[1];
}
