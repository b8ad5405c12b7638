import { resolve } from 'node:path';
import { plainText, wrap } from '../../reports/plain-text.js';
import { BrokenLink } from './broken-link.js';
import { checksFor, OPTIONAL } from './doctor-checks.js';
import { EXIT } from './exit-code.js';
import type { Terminal } from './terminal.js';

/** One line of `q3953 doctor`. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly optional: boolean;
  readonly detail: string;
  /** What mends it, and who; null where nothing is broken. */
  readonly hint: string | null;
  readonly owner: string | null;
}

/** `q3953 doctor`: every link that a run hangs on, in order, up to the first that is broken; then what is good to have. Exit 3 on a broken link. */
export async function doctor(
  flags: { readonly profile?: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const results: CheckResult[] = [];
  const profile = flags.profile === undefined ? null : resolve(terminal.folder, flags.profile);
  const tell = (result: CheckResult): void => {
    results.push(result);
    if (flags.json !== true) terminal.out(`${textOf(result)}\n`);
  };
  for (const { name, run } of checksFor(profile, terminal)) {
    try {
      tell({ name, ok: true, optional: false, detail: await run(), hint: null, owner: null });
    } catch (error) {
      if (!(error instanceof BrokenLink)) throw error;
      tell({ name, ok: false, optional: false, detail: error.message, hint: error.hint, owner: error.owner });
      break;
    }
  }
  for (const { name, gives, found } of OPTIONAL) {
    const where = await found();
    tell({
      name,
      ok: where !== null,
      optional: true,
      detail: where ?? 'not found',
      hint: where === null ? gives : null,
      owner: null,
    });
  }
  const ok = results.every((result) => result.ok || result.optional);
  if (flags.json === true) terminal.out(`${JSON.stringify({ ok, checks: results }, null, 2)}\n`);
  return ok ? EXIT.asExpected : EXIT.bed;
}

function textOf(result: CheckResult): string {
  const mark = result.ok ? '✓' : result.optional ? '○' : '✗';
  const indent = ' '.repeat(19);
  const lines = [`${mark} ${result.name.padEnd(17)}${plainText(result.detail)}`];
  const more = result.optional && result.hint !== null ? `optional, for ${result.hint}` : result.hint;
  if (more !== null)
    lines.push(...wrap(`${result.optional ? '' : 'usually: '}${more}`, 60).map((line) => indent + line));
  if (result.owner !== null) lines.push(`${indent}Owner: ${result.owner}`);
  return lines.join('\n');
}
