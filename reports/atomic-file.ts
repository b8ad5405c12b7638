import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

let serial = 0;

/** Writes a file so that a reader, or a kill, meets the old content or the new one and never half of it. Makes missing folders. */
export function writeAtomically(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  serial += 1;
  const temporary = `${file}.${process.pid}.${serial}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}
