import { readFile } from 'node:fs/promises';
import type { Profile } from '../profile/profile.js';
import { readProfile } from '../profile/read.js';
import { UsageError } from './exit-code.js';

/** The profile in a YAML or JSON file. Throws a UsageError that names file, line, column and what was expected. */
export async function loadProfile(file: string): Promise<Profile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read (${reasonOf(error)}); expected a profile in YAML`);
  }
  const result = readProfile(text, file);
  if ('profile' in result) return result.profile;
  throw new UsageError(
    result.errors
      .map((error) => `${error.file}:${error.line}:${error.column}: ${error.text}; expected ${error.expected}`)
      .join('\n'),
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
