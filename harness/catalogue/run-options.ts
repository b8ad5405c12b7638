import { z } from 'zod';
import { type CaseOptions, caseOptions, DIRECTIONS, TRANSPORTS } from './case-options.js';

/** Name of the environment variable through which a run's options reach the suites: the JSON of `RunOptions`. */
export const RUN_VARIABLE = 'Q3953_RUN';
/** Shorthand for a fault without the CLI: `Q3953_FAULT=NAME npx playwright test --project suites`. */
export const FAULT_VARIABLE = 'Q3953_FAULT';
/** Name of the attachment that carries a case's `CaseEntry` as JSON from the fixture to the reporter. */
export const CASE_ATTACHMENT = 'q3953-case';
/** Type of the test annotation that tells the reporter, before anything runs, which case and options a test is: JSON of `PlannedCase`. */
export const CASE_ANNOTATION = 'q3953-case';

/** What a test says about itself in its annotation. */
export const plannedCase = z.object({ id: z.string(), options: caseOptions });
export type PlannedCase = Readonly<z.infer<typeof plannedCase>>;

const runOptions = z.object({
  /** Absolute path of the report folder; null: the suites run under plain Playwright, nothing but attachments is written. */
  out: z.string().nullable(),
  seed: z.string(),
  tier: z.enum(['embedded', 'containers', 'external']),
  fault: z.string().nullable(),
  /** Absolute path of the profile file. */
  profile: z.string().nullable(),
  /** JavaScript regular expression source, matched against `id title @priority @group` of each case. */
  grep: z.string().nullable(),
  /** Lists that narrow the option matrix; null: everything the suites have. */
  transport: z.array(z.enum(TRANSPORTS)).nullable(),
  ipVersion: z.array(z.union([z.literal(4), z.literal(6)])).nullable(),
  topologyHiding: z.array(z.boolean()).nullable(),
  trust: z.array(z.boolean()).nullable(),
  direction: z.array(z.enum(DIRECTIONS)).nullable(),
  /** Keys of the only results wanted; null: every one that the other options let through. */
  only: z.array(z.string()).nullable(),
  /** Keys of cases that an earlier run finished. */
  done: z.array(z.string()),
  /** Nothing runs; the reporter prints one line of JSON (`ListedTest`) per test that would run. */
  list: z.boolean(),
  /** How the reporter shows progress. */
  progress: z.enum(['line', 'plain', 'none']),
});

/** Everything that `q3953 run` tells the suites and the reporter. */
export type RunOptions = Readonly<z.infer<typeof runOptions>>;

export const DEFAULT_RUN_OPTIONS: RunOptions = {
  out: null,
  seed: 'q3953',
  tier: 'embedded',
  fault: null,
  profile: null,
  grep: null,
  transport: null,
  ipVersion: null,
  topologyHiding: null,
  trust: null,
  direction: null,
  only: null,
  done: [],
  list: false,
  progress: 'none',
};

/** The run's options from the environment; defaults where the suites run under plain Playwright. Throws on JSON that is not ours. */
export function readRunOptions(environment: Readonly<Record<string, string | undefined>>): RunOptions {
  const text = environment[RUN_VARIABLE];
  const options =
    text === undefined ? DEFAULT_RUN_OPTIONS : runOptions.parse({ ...DEFAULT_RUN_OPTIONS, ...asObject(text) });
  const fault = environment[FAULT_VARIABLE];
  return fault === undefined || fault === '' || options.fault !== null ? options : { ...options, fault };
}

/** The value of `Q3953_RUN`. */
export function formatRunOptions(options: RunOptions): string {
  return JSON.stringify(options);
}

function asObject(text: string): object {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? value : {};
}

/** True where the run's narrowing lets this combination through. */
export function selects(run: RunOptions, options: CaseOptions): boolean {
  return (
    (run.transport?.includes(options.transport) ?? true) &&
    (run.ipVersion?.includes(options.ipVersion) ?? true) &&
    (run.topologyHiding?.includes(options.topologyHiding) ?? true) &&
    (run.trust?.includes(options.trust) ?? true) &&
    (run.direction?.includes(options.direction) ?? true)
  );
}

/** What the reporter tells the CLI over the channel between the two processes. */
export interface RunnerMessage {
  readonly type: 'begin';
  /** How many tests will run. */
  readonly total: number;
}

/** A line of `q3953 run --list`. */
export interface ListedTest {
  readonly key: string;
  readonly id: string;
  readonly title: string;
  readonly options: CaseOptions;
}
