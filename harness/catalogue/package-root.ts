import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

/** Folder of q3953's own `package.json`: the same from the sources, from `dist/` and from an installed package. */
export function packageRoot(): string {
  if (found !== undefined) return found;
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}: the package is incomplete`);
    folder = parent;
  }
  found = folder;
  return folder;
}
