import { endOfQuoted, unquote } from './list-value.js';

/** Parameters in order: names in lower case, null for a parameter without a value. The first of equal names counts. */
export type Params = ReadonlyMap<string, string | null>;

export const noParams: Params = new Map();

const QUOTE = 0x22;
const EQUALS = 0x3d;
const SEMICOLON = 0x3b;

export interface ParamsSyntax {
  /** Quoted values keep their quotes. */
  readonly raw?: boolean;
  /** A semicolon without. */
  readonly separator?: ';' | ',' | '&';
}

const SEMICOLON_SYNTAX: ParamsSyntax = {};

/** Reads `;name=value;flag…`; the leading semicolon may be missing. Quoted values lose their quotes unless `raw`. */
export function parseParams(text: string, syntax: ParamsSyntax = SEMICOLON_SYNTAX): Params {
  const params = new Map<string, string | null>();
  const separator = syntax.separator === undefined ? SEMICOLON : syntax.separator.charCodeAt(0);
  const { length } = text;
  let i = 0;
  while (i < length) {
    const from = i;
    let equals = -1;
    let upper = false;
    for (; i < length; i++) {
      const c = text.charCodeAt(i);
      if (c === separator) break;
      if (c === QUOTE) i = endOfQuoted(text, i) - 1;
      else if (c === EQUALS && equals < 0) equals = i;
      else if (equals < 0 && ((c >= 0x41 && c <= 0x5a) || c > 0x7f)) upper = true;
    }
    const written = trimmed(text, from, equals < 0 ? i : equals);
    const name = upper ? written.toLowerCase() : written;
    if (name !== '' && !params.has(name)) {
      const value = equals < 0 ? null : trimmed(text, equals + 1, i);
      params.set(name, value === null || syntax.raw === true ? value : unquote(value));
    }
    i += 1;
  }
  return params;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}

/** Writes parameters with their leading semicolons, values as they are. */
export function formatParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) text += value === null ? `;${name}` : `;${name}=${value}`;
  return text;
}
