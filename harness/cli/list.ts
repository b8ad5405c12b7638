import { oneLine } from '../../reports/plain-text.js';
import { automatedCases } from '../catalogue/automated.js';
import { allCases, type CatalogueCase } from '../catalogue/catalogue.js';
import { EXIT, UsageError } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** A line of `q3953 list`. */
export interface ListedCase {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly priority: string | null;
  readonly configuration: string;
  readonly clauses: readonly string[];
  readonly source: CatalogueCase['source'];
  readonly status: 'automated' | 'planned';
  /** Why it is not run yet; null where it is. */
  readonly reason: string | null;
}

/** Every case of the catalogues that the expression (on `id title @priority @group`) lets through, and whether a suite runs it. */
export function listCases(grep: RegExp | null): readonly ListedCase[] {
  const automated = automatedCases();
  return allCases()
    .filter((one) => grep?.test(`${one.id} ${one.title} @${one.priority ?? ''} @${one.group}`) ?? true)
    .map((one) => ({
      id: one.id,
      title: one.title,
      group: one.group,
      priority: one.priority,
      configuration: one.configuration,
      clauses: one.clauses,
      source: one.source,
      status: automated.has(one.id) ? 'automated' : 'planned',
      reason: automated.has(one.id) ? null : 'no suite runs it yet',
    }));
}

/** A regular expression as the user typed it. Throws a UsageError that shows what is wrong with it. */
export function grepOf(text: string | undefined): RegExp | null {
  if (text === undefined) return null;
  try {
    return new RegExp(text, 'i');
  } catch (error) {
    throw new UsageError(`--grep: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `q3953 list`. */
export function list(options: { readonly grep?: string; readonly json?: boolean }, terminal: Terminal): number {
  const cases = listCases(grepOf(options.grep));
  if (options.json === true) {
    terminal.out(`${JSON.stringify(cases, null, 2)}\n`);
    return EXIT.asExpected;
  }
  const lines = cases.map((one) =>
    oneLine(
      `${one.status === 'automated' ? '●' : '○'} ${one.id.padEnd(14)} ${(one.priority ?? '').padEnd(3)}${one.title}`,
      80,
    ),
  );
  const automated = cases.filter((one) => one.status === 'automated').length;
  terminal.out(`${lines.join('\n')}\n\n● automated ${automated}   ○ planned ${cases.length - automated}\n`);
  return EXIT.asExpected;
}
