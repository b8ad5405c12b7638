const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const LEFT_ANGLE = 0x3c;
const LEFT_PARENTHESIS = 0x28;

/** Offset just behind the quoted string that starts at `start`; the end of the text where it is not closed. */
export function endOfQuoted(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === BACKSLASH) i += 2;
    else if (c === QUOTE) return i + 1;
    else i += 1;
  }
  return text.length;
}

/**
 * The elements of a comma list, trimmed, empty ones left out. Commas inside quoted strings, angle brackets and comments
 * do not separate (RFC 3261 §7.3.1, §25.1); an opening bracket that nothing closes is an ordinary character.
 */
export function splitList(value: string): readonly string[] {
  if (value.indexOf(',') < 0) return value === '' ? [] : [value];
  const elements: string[] = [];
  let from = 0;
  let angleClosable = true;
  let commentClosable = true;
  let i = 0;
  const take = (to: number) => {
    const element = value.slice(from, to).trim();
    if (element !== '') elements.push(element);
  };
  while (i < value.length) {
    const c = value.charCodeAt(i);
    if (c === QUOTE) {
      i = endOfQuoted(value, i);
    } else if (c === LEFT_ANGLE && angleClosable) {
      const close = value.indexOf('>', i);
      angleClosable = close >= 0;
      i = angleClosable ? close + 1 : i + 1;
    } else if (c === LEFT_PARENTHESIS && commentClosable) {
      const close = value.indexOf(')', i);
      commentClosable = close >= 0;
      i = commentClosable ? close + 1 : i + 1;
    } else {
      if (c === COMMA) {
        take(i);
        from = i + 1;
      }
      i += 1;
    }
  }
  take(value.length);
  return elements;
}

/** The text of a quoted string without quotes and escapes; any other text as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== QUOTE) return text;
  const closed = text.length > 1 && text.charCodeAt(text.length - 1) === QUOTE;
  const inner = text.slice(1, closed ? -1 : undefined);
  return inner.indexOf('\\') < 0 ? inner : inner.replace(/\\(.)/gs, '$1');
}

/** A quoted string, RFC 3261 §25.1. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Whether a list has an empty element, or an element an empty parameter, outside quoted strings and angle brackets. */
export function findEmptiness(
  value: string,
  list: boolean,
): { readonly element: boolean; readonly parameter: boolean } {
  let element = false;
  let parameter = false;
  let angleClosable = true;
  /** The last separator when only white space stands behind it; a comma at the start. */
  let open = list ? COMMA : 0;
  const separate = (separator: number) => {
    if (open === COMMA) element = true;
    else if (open === SEMICOLON) parameter = true;
    open = separator;
  };
  for (let i = 0; i < value.length; ) {
    const c = value.charCodeAt(i);
    if (c === QUOTE) {
      i = endOfQuoted(value, i);
      open = 0;
      continue;
    }
    if (c === LEFT_ANGLE && angleClosable) {
      const close = value.indexOf('>', i);
      angleClosable = close >= 0;
      i = angleClosable ? close + 1 : i + 1;
      open = 0;
      continue;
    }
    if (c === SEMICOLON || (list && c === COMMA)) separate(c);
    else if (c !== 0x20 && c !== 0x09) open = 0;
    i += 1;
  }
  separate(0);
  return { element, parameter };
}
