import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { clausesOf } from './clause.js';
import { packageRoot } from './package-root.js';

/** One test purpose of the catalogue. Ids are q3953's own; `officialId` is set only where the official one is known. */
export interface CatalogueCase {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly groupTitle: string;
  readonly priority: string | null;
  /** `CF-INT`, `CF-RMI-LBO-HR` …; companion cases have the role of the system under test here. */
  readonly configuration: string;
  /** Under which agreement or feature the case applies; null: always. */
  readonly condition: string | null;
  readonly purpose: string;
  readonly preconditions: string;
  readonly sequence: string;
  readonly checks: string;
  readonly clauses: readonly string[];
  readonly officialId: string | null;
  /** The Q.3953 catalogue, or the companion catalogue (DES, ENUM, emergency, ETS, IMRN). */
  readonly source: 'q3953' | 'companion';
}

const q3953File = z.object({
  groups: z.array(z.object({ code: z.string(), title: z.string() })),
  tests: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      config: z.string(),
      condition: z.string(),
      purpose: z.string(),
      pre: z.string(),
      seq: z.string(),
      checks: z.string(),
      ref: z.string(),
      group: z.string(),
      official_id: z.string().nullable(),
      priority: z.string(),
    }),
  ),
});

const companionFile = z.object({
  cases: z.array(
    z.object({
      id: z.string(),
      group: z.string(),
      title: z.string(),
      role: z.string(),
      purpose: z.string(),
      preconditions: z.array(z.string()),
      stimulus: z.string(),
      checks: z.array(z.string()),
      references: z.array(z.string()),
    }),
  ),
});

const COMPANION_GROUPS: Readonly<Record<string, string>> = {
  DES: 'Signalling for distributed ENUM (Idd), companion catalogue',
  ENUM: 'ENUM client and server, companion catalogue',
  EMG: 'Emergency, companion catalogue',
  ETS: 'Emergency telecommunications and multimedia priority service, companion catalogue',
  IMRN: 'IP multimedia routing numbers, companion catalogue',
};

function readData<T>(name: string, schema: z.ZodType<T>): T {
  const file = join(packageRoot(), 'harness', 'catalogue', 'data', name);
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a catalogue'}`);
}

function load(): ReadonlyMap<string, CatalogueCase> {
  const q3953 = readData('q3953-catalogue.json', q3953File);
  const companion = readData('companion-cases.json', companionFile);
  const titles = new Map(q3953.groups.map((group) => [group.code, group.title]));
  const cases: CatalogueCase[] = q3953.tests.map((test) => ({
    id: test.id,
    title: test.title,
    group: test.group,
    groupTitle: titles.get(test.group) ?? test.group,
    priority: test.priority,
    configuration: test.config,
    condition: test.condition === '-' ? null : test.condition,
    purpose: test.purpose,
    preconditions: test.pre,
    sequence: test.seq,
    checks: test.checks,
    clauses: clausesOf(test.ref),
    officialId: test.official_id,
    source: 'q3953',
  }));
  for (const test of companion.cases) {
    cases.push({
      id: test.id,
      title: test.title,
      group: test.group,
      groupTitle: COMPANION_GROUPS[test.group] ?? test.group,
      priority: null,
      configuration: test.role,
      condition: null,
      purpose: test.purpose,
      preconditions: test.preconditions.join('; '),
      sequence: test.stimulus,
      checks: test.checks.join('; '),
      clauses: test.references,
      officialId: null,
      source: 'companion',
    });
  }
  return new Map(cases.map((test) => [test.id, test]));
}

let loaded: ReadonlyMap<string, CatalogueCase> | undefined;

/** Every case of both catalogues, in their order; read once. */
export function allCases(): readonly CatalogueCase[] {
  return [...(loaded ??= load()).values()];
}

/** The case with this id. Throws where there is none: a suite names a case that the catalogue does not know. */
export function caseById(id: string): CatalogueCase {
  const test = (loaded ??= load()).get(id);
  if (test === undefined) throw new Error(`the catalogue has no case '${id}'; see 'q3953 list'`);
  return test;
}
