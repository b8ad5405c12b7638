import { z } from 'zod';
import { caseOptions } from '../harness/catalogue/case-options.js';

/** Version of the format of `verdicts.json`; the major number changes when a reader of the old one would misread the new one. */
export const SCHEMA_VERSION = '1.0';
export const SCHEMA_ID = 'https://q3953.github.io/schema/verdicts-1.0.schema.json';

/** Every verdict that a case can have, in the order in which summaries count them. */
export const VERDICTS = ['pass', 'inconc', 'fail', 'error', 'none', 'notApplicable', 'notRun'] as const;
const verdict = z.enum(VERDICTS);
const latticeVerdict = z.enum(['none', 'pass', 'inconc', 'fail', 'error']);

const findingEntry = z
  .object({
    rule: z.string(),
    clause: z.string(),
    severity: z.enum(['error', 'fail', 'inconc', 'warn', 'info']),
    attributedTo: z
      .string()
      .nullable()
      .describe('Node that sent the offending message; null where nobody is to blame.'),
    required: z.string(),
    seen: z.string(),
    usualCause: z.string(),
    referencePoint: z.string().nullable(),
    frame: z.number().int().positive().nullable().describe('1-based frame of evidence.pcapng.'),
    message: z.number().int().nonnegative().optional().describe('Index of the message in messages.json.'),
    line: z.number().int().positive().optional().describe('1-based line of the message that offends.'),
  })
  .meta({ title: 'Finding' });
export type FindingEntry = Readonly<z.infer<typeof findingEntry>>;

const stepEntry = z.object({
  title: z.string(),
  at: z.number().describe('Milliseconds since the start of the case.'),
  durationMs: z.number().nonnegative(),
});

/** `cases/<key>/<file>`; never a path that leaves the folder. */
const casePath = z
  .string()
  .regex(/^cases\/(?!\.\.?\/)[\w.-]+\/[\w-][\w.-]*$/)
  .nullable();

const evidenceEntry = z
  .object({ pcapng: casePath, ladder: casePath, messages: casePath, log: casePath })
  .describe('Paths relative to the folder of verdicts.json, with forward slashes.');
export type EvidenceEntry = Readonly<z.infer<typeof evidenceEntry>>;

export const caseEntry = z
  .object({
    key: z.string().describe('Unique in the report: id, options that differ from the default ones, repetition.'),
    id: z.string(),
    title: z.string(),
    purpose: z.string(),
    group: z.string(),
    priority: z.string().nullable(),
    configuration: z.string(),
    options: caseOptions,
    clauses: z.array(z.string()),
    officialId: z.string().nullable(),
    verdict,
    service: latticeVerdict.describe('Did it work end to end?'),
    conformance: latticeVerdict.describe('Was every message right?'),
    findings: z.array(findingEntry),
    rulesExercised: z.number().int().nonnegative(),
    startedAt: z.string().nullable(),
    durationMs: z.number().nonnegative(),
    steps: z.array(stepEntry),
    measurements: z.record(z.string(), z.number()).optional(),
    evidence: evidenceEntry,
    fault: z.string().nullable().describe('The fault that was injected on purpose.'),
    reason: z
      .string()
      .nullable()
      .describe('Why the verdict is not pass or fail: what is missing, and how to provide it.'),
    errorKind: z
      .enum(['bed', 'tap', 'harness'])
      .optional()
      .describe('What broke, where the verdict is error because of us.'),
  })
  .meta({ title: 'Case' });
export type CaseEntry = Readonly<z.infer<typeof caseEntry>>;

export const runHead = z.object({
  tool: z.literal('q3953'),
  version: z.string(),
  node: z.string(),
  os: z.string(),
  tier: z.enum(['embedded', 'containers', 'external']),
  profileHash: z.string().nullable().describe('SHA-256 of the profiles that were used, hexadecimal.'),
  seed: z.string(),
  argv: z.array(z.string()),
  startedAt: z.string(),
  finishedAt: z.string().nullable().describe('null: the run was interrupted or still goes on.'),
  interrupted: z.boolean(),
});
export type RunHead = Readonly<z.infer<typeof runHead>>;

const summary = z.object({
  cases: z.number().int(),
  ...Object.fromEntries(VERDICTS.map((name) => [name, z.number().int().nonnegative()])),
} as {
  cases: z.ZodNumber;
} & Record<(typeof VERDICTS)[number], z.ZodNumber>);
export type Summary = Readonly<z.infer<typeof summary>>;

export const verdictReport = z
  .object({
    $schema: z.literal(SCHEMA_ID),
    schemaVersion: z.literal(SCHEMA_VERSION),
    run: runHead,
    summary,
    cases: z.array(caseEntry),
  })
  .meta({
    title: 'q3953 verdicts',
    description: 'Verdicts and findings of one run of the q3953 conformance harness.',
  });
/** Content of `verdicts.json`. */
export type VerdictReport = Readonly<z.infer<typeof verdictReport>>;

/** How many cases have each verdict. */
export function summarise(cases: readonly CaseEntry[]): Summary {
  const counts = Object.fromEntries(VERDICTS.map((name) => [name, 0])) as Record<(typeof VERDICTS)[number], number>;
  for (const entry of cases) counts[entry.verdict] += 1;
  return { cases: cases.length, ...counts };
}

/** The report of these cases, ordered by group, id and key, so that two runs compare line by line. */
export function assembleReport(run: RunHead, cases: readonly CaseEntry[]): VerdictReport {
  const ordered = [...cases].sort((a, b) => compare(a.id, b.id) || compare(a.key, b.key));
  return { $schema: SCHEMA_ID, schemaVersion: SCHEMA_VERSION, run, summary: summarise(ordered), cases: ordered };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The published JSON Schema (draft 2020-12) of `verdicts.json`; `reports/schema/verdicts.schema.json` holds the same. */
export function verdictSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(verdictReport);
  return { $schema, $id: SCHEMA_ID, ...rest };
}
