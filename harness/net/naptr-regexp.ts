import { compileEre } from './ere.js';

export type Substitution =
  | { readonly kind: 'uri'; readonly uri: string }
  /** The expression does not match, or yields nothing: the rule is passed over, RFC 3402 §3.3. */
  | { readonly kind: 'no-match' }
  /** The expression breaks its grammar: the record is discarded, RFC 6116 §5.2. */
  | { readonly kind: 'invalid'; readonly why: string };

/** A NAPTR regexp is a character-string; what 255 octets can make of 16 characters stays far below this. */
const LONGEST_OUTPUT = 8192;

/** Absolute URI in the characters of RFC 3986 §2; brackets for IPv6 literals. */
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;

/** Applies a NAPTR substitution expression to the Application Unique String: RFC 3402 §3.2, RFC 6116 §3.3. */
export function substitute(expression: string, applicationString: string): Substitution {
  const parts = splitExpression(expression);
  if (typeof parts === 'string') return { kind: 'invalid', why: parts };
  const ere = compileEre(parts.ere, parts.flags.includes('i'));
  if (ere === null) return { kind: 'invalid', why: `"${parts.ere}" is no extended regular expression` };
  const pieces = readReplacement(parts.replacement, parts.delimiter);
  const highest = Math.max(0, ...pieces.map((piece) => (typeof piece === 'number' ? piece : 0)));
  if (highest > ere.groups) return { kind: 'invalid', why: `\\${highest} names a group that is not there` };
  const match = ere.match(applicationString);
  if (match === null) return { kind: 'no-match' };
  const uri = pieces.map((piece) => (typeof piece === 'number' ? (match[piece] ?? '') : piece)).join('');
  if (uri === '') return { kind: 'no-match' };
  if (uri.length > LONGEST_OUTPUT || !ABSOLUTE_URI.test(uri))
    return { kind: 'invalid', why: 'the output is no absolute URI' };
  return { kind: 'uri', uri };
}

interface Expression {
  readonly delimiter: string;
  readonly ere: string;
  readonly replacement: string;
  readonly flags: string;
}

/** Cuts at exactly three unescaped delimiters; the reason why not otherwise. */
function splitExpression(expression: string): Expression | string {
  const delimiter = expression[0];
  if (delimiter === undefined) return 'an empty expression';
  if (/[0-9i\\]/i.test(delimiter)) return `"${delimiter}" cannot be a delimiter`;
  const fields = [''];
  for (let i = 1; i < expression.length; i += 1) {
    const c = expression[i] ?? '';
    if (c === delimiter) fields.push('');
    else {
      const pair = c === '\\' && i + 1 < expression.length ? `${c}${expression[i + 1]}` : c;
      fields[fields.length - 1] += pair;
      i += pair.length - 1;
    }
  }
  const [ere, replacement, flags] = fields;
  if (fields.length !== 3 || ere === undefined || replacement === undefined || flags === undefined) {
    return `${fields.length} delimiters that are not escaped, not 3`;
  }
  if (/[^i]/i.test(flags)) return `unknown flag in "${flags}"`;
  // In the expression, the escaped delimiter is the character itself where it means nothing else.
  const plain = '^.[$()|*+?{'.includes(delimiter) ? ere : ere.split(`\\${delimiter}`).join(delimiter);
  return { delimiter, ere: plain, replacement, flags: flags.toLowerCase() };
}

/** Text and numbers of groups in turn. */
function readReplacement(replacement: string, delimiter: string): readonly (string | number)[] {
  const pieces: (string | number)[] = [];
  for (let i = 0; i < replacement.length; i += 1) {
    const c = replacement[i] ?? '';
    const next = replacement[i + 1] ?? '';
    if (c === '\\' && /^[1-9]$/.test(next)) pieces.push(Number(next));
    else if (c === '\\' && next === delimiter) pieces.push(next);
    else {
      pieces.push(c);
      continue;
    }
    i += 1;
  }
  return pieces;
}
