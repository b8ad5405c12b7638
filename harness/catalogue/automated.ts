import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

const SPEC = /\.spec\.[jt]s$/;
/** A case is named by its id as a string literal, as in `purpose('Q3953-INT-01')`. */
const CASE_ID = /['"`]([A-Z0-9]+(?:-[A-Z0-9]+)*-\d+)['"`]/g;

/** Ids of the cases that a suite names. The suites are the one true source: nothing is registered elsewhere. */
export function automatedCases(root = packageRoot()): ReadonlySet<string> {
  const folder = [join(root, 'suites'), join(root, 'dist', 'suites')].find((one) => existsSync(one));
  const ids = new Set<string>();
  if (folder === undefined) return ids;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!SPEC.test(name)) continue;
    for (const match of readFileSync(join(folder, name), 'utf8').matchAll(CASE_ID)) {
      if (match[1] !== undefined) ids.add(match[1]);
    }
  }
  return ids;
}
