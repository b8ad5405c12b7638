import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './exit-code.js';

/**
 * Makes a folder and those above it. Throws a UsageError that names the one that cannot be made or written. One folder at a
 * time: below a pseudo file system such as /proc a recursive mkdir of Node never returns.
 */
export function makeOutFolder(folder: string): void {
  const missing: string[] = [];
  for (let path = folder; !isThere(path); path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path);
    } catch (error) {
      throw unusable(path, `cannot be made (${codeOf(error)})`);
    }
  }
  if (!statSync(folder).isDirectory()) throw unusable(folder, 'is no folder');
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw unusable(folder, `cannot be written (${codeOf(error)})`);
  }
}

function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) return false;
    throw unusable(path, `cannot be reached (${codeOf(error)})`);
  }
}

function unusable(path: string, what: string): UsageError {
  return new UsageError(`--out: ${path} ${what}; expected a folder that can be written`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
