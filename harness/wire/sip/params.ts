import { endOfQuoted, unquote } from './list-value.js';

/** Parameters in order: names in lower case, null for a parameter without a value. The first of equal names counts. */
export type Params = ReadonlyMap<string, string | null>;

export const noParams: Params = new Map();

const QUOTE = 0x22;

/** Reads `;name=value;flag…`; the leading semicolon may be missing. Quoted values lose their quotes unless `raw`. */
export function parseParams(text: string, { raw = false, separator = ';' } = {}): Params {
  const params = new Map<string, string | null>();
  const separatorCode = separator.charCodeAt(0);
  let i = 0;
  while (i < text.length) {
    const from = i;
    let equals = -1;
    while (i < text.length) {
      const c = text.charCodeAt(i);
      if (c === separatorCode) break;
      if (c === QUOTE) {
        i = endOfQuoted(text, i);
        continue;
      }
      if (c === 0x3d && equals < 0) equals = i;
      i += 1;
    }
    const name = text
      .slice(from, equals < 0 ? i : equals)
      .trim()
      .toLowerCase();
    if (name !== '' && !params.has(name)) {
      const value = equals < 0 ? null : text.slice(equals + 1, i).trim();
      params.set(name, value === null || raw ? value : unquote(value));
    }
    i += 1;
  }
  return params;
}

/** Writes parameters with their leading semicolons, values as they are. */
export function formatParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) text += value === null ? `;${name}` : `;${name}=${value}`;
  return text;
}
