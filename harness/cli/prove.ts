import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainText, wrap } from '../../reports/plain-text.js';
import { readReport, writeHead } from '../../reports/report-folder.js';
import { type CaseOptions, caseKey, optionsWith } from '../catalogue/case-options.js';
import { DEFAULT_RUN_OPTIONS } from '../catalogue/run-options.js';
import type { CaptureRecord } from '../evidence/capture-from-tap.js';
import { evidenceFromCapture } from '../evidence/evidence-from-capture.js';
import type { RecordedMessage } from '../evidence/model.js';
import { FAULTS } from '../faults/catalogue.js';
import type { Fault, WireFault } from '../faults/fault.js';
import { type FaultOutcome, type GoodTrace, newRules, outcomeOf, proveOnTrace } from '../faults/proof.js';
import type { Finding } from '../judge/finding.js';
import { FLOW_BOOK } from '../judge/flows/flow-book.js';
import { judgeCase } from '../judge/judge-case.js';
import { RULES } from '../judge/rule-book.js';
import { BedError, EXIT, UsageError } from './exit-code.js';
import { headOf } from './run-head.js';
import { runSuites } from './runner.js';
import type { Terminal } from './terminal.js';

/** What `q3953 prove --json` prints. */
export interface ProveReport {
  readonly faults: number;
  readonly caught: number;
  /** Faults that no rule caught, or another rule, or more than the one that must. */
  readonly escaped: readonly FaultOutcome[];
  readonly rulesWithoutFault: readonly string[];
}

/** A trace of a case that ran without a fault, and what the judge said about it. */
interface GoodRun extends GoodTrace {
  readonly findings: readonly Finding[];
}

function listed({ name, title, catches, carrier }: Fault): Pick<Fault, 'name' | 'title' | 'catches' | 'carrier'> {
  return { name, title, catches, carrier };
}

function linesOf(faults: readonly Fault[]): string {
  const width = Math.max(0, ...faults.map((fault) => fault.name.length));
  return faults.map(({ name, catches, title }) => `${name.padEnd(width)}  ${catches.padEnd(14)}  ${title}\n`).join('');
}

/** `q3953 prove`: injects every fault and tells which rule caught it; exit 1 where a fault escaped or a rule has none. */
export async function prove(
  flags: { readonly rule?: string; readonly list?: boolean; readonly json?: boolean },
  argv: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const rules = [...RULES.map((rule) => rule.id), ...FLOW_BOOK.keys()].filter(
    (id) => flags.rule === undefined || id === flags.rule,
  );
  const faults = FAULTS.filter((fault) => flags.rule === undefined || fault.catches === flags.rule);
  if (rules.length === 0 && faults.length === 0) {
    throw new UsageError(`--rule: the rule book has no rule '${flags.rule}'`);
  }
  if (flags.list === true) {
    terminal.out(flags.json === true ? `${JSON.stringify(faults.map(listed), null, 2)}\n` : linesOf(faults));
    return EXIT.asExpected;
  }
  const covered = new Set(faults.map((fault) => fault.catches));
  const outcomes = await outcomesOf(faults, argv, terminal);
  const report: ProveReport = {
    faults: outcomes.length,
    caught: outcomes.filter((outcome) => outcome.caught).length,
    escaped: outcomes.filter((outcome) => !outcome.caught),
    rulesWithoutFault: rules.filter((id) => !covered.has(id)),
  };
  terminal.out(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : textOf(report));
  return report.escaped.length === 0 && report.rulesWithoutFault.length === 0 ? EXIT.asExpected : EXIT.notAsExpected;
}

async function outcomesOf(
  faults: readonly Fault[],
  argv: readonly string[],
  terminal: Terminal,
): Promise<readonly FaultOutcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'q3953-prove-'));
  try {
    const carriers = new Map(faults.map((fault) => [fault.name, carrierOf(fault)]));
    const keys = [...new Set([...carriers.values()].flatMap((carrier) => carrier.key ?? []))];
    const good = await tracesOf(keys, null, join(folder, 'good'), argv, terminal);
    const outcomes: FaultOutcome[] = [];
    for (const key of keys) {
      const trace = good.get(key);
      const here = faults.filter((fault) => carriers.get(fault.name)?.key === key);
      if (trace === undefined) {
        outcomes.push(...here.map((fault) => outcomeOf(fault, [], `its carrier ${key} left no trace`)));
        continue;
      }
      outcomes.push(...proveOnTrace(trace, here.filter(isWire)));
      const live = here.filter((one) => !isWire(one));
      outcomes.push(
        ...(await concurrently(live, async (fault) => {
          const bad = await tracesOf([key], fault.name, join(folder, fault.name), argv, terminal);
          const findings = bad.get(key)?.findings;
          return findings === undefined
            ? outcomeOf(fault, [], `${key} left no trace under it`)
            : outcomeOf(fault, newRules(trace.findings, findings));
        })),
      );
      terminal.err(
        `${outcomes.length}/${faults.length} faults, ${outcomes.filter((one) => !one.caught).length} escaped\n`,
      );
    }
    const unusable = faults.flatMap((fault) => {
      const problem = carriers.get(fault.name)?.problem;
      return problem === undefined ? [] : [outcomeOf(fault, [], problem)];
    });
    return [...outcomes, ...unusable];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Does the work of each item, as many at once as there are processors; results in the order of the items. */
async function concurrently<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return results;
}

function isWire(fault: Fault): fault is WireFault {
  return fault.kind === 'wire';
}

function carrierOf(fault: Fault): { readonly key?: string; readonly problem?: string } {
  let options: CaseOptions;
  try {
    options = optionsWith(fault.options ?? {});
  } catch (error) {
    return { problem: `its options are none of a case: ${error instanceof Error ? error.message : String(error)}` };
  }
  return { key: caseKey(fault.carrier, options) };
}

/** Runs these variants of cases, with a fault or without, and reads back what each recorded. */
async function tracesOf(
  keys: readonly string[],
  fault: string | null,
  out: string,
  argv: readonly string[],
  terminal: Terminal,
): Promise<ReadonlyMap<string, GoodRun>> {
  const options = { ...DEFAULT_RUN_OPTIONS, out, fault, only: [...keys] };
  writeHead(out, headOf(options, argv));
  const result = await runSuites(options, [`--workers=${Math.min(keys.length, availableParallelism())}`], terminal);
  if (result.stopped !== null) throw new BedError('interrupted');
  if (result.total === null) throw new BedError(`the suites could not be started: ${plainText(result.stdout).trim()}`);
  const traces = new Map<string, GoodRun>();
  for (const entry of readReport(out)?.cases ?? []) {
    if (entry.evidence.pcapng === null) continue;
    const { evidence, profile } = evidenceFromCapture(readFileSync(join(out, entry.evidence.pcapng)));
    traces.set(entry.key, {
      caseId: entry.id,
      profile,
      records: evidence.messages.flatMap(recordOf),
      findings: judgeCase(evidence, profile).findings,
    });
  }
  return traces;
}

/** A recorded message as the tap's record that it came from. */
function recordOf(message: RecordedMessage): readonly CaptureRecord[] {
  if (message.protocol === 'unknown') return [];
  const { at, transport, octets, protocol, from, to } = message;
  const source = { address: from.address, port: from.port };
  const destination = { address: to.address, port: to.port };
  return [{ at, transport, octets, protocol, source, destination }];
}

function textOf(report: ProveReport): string {
  const lines = [`${report.faults} faults, ${report.caught} caught by exactly the rule that must`];
  for (const outcome of report.escaped) {
    lines.push('', `ESCAPED ${outcome.name} (${outcome.catches}, ${outcome.carrier})`);
    lines.push(...wrap(`${outcome.title}: ${outcome.detail}`, 76).map((line) => `  ${line}`));
  }
  if (report.rulesWithoutFault.length > 0) {
    lines.push('', `${report.rulesWithoutFault.length} rules without a fault:`);
    lines.push(...wrap(report.rulesWithoutFault.join(', '), 76).map((line) => `  ${line}`));
  }
  return `${lines.join('\n')}\n`;
}
