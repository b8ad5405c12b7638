/** A start line as far as it could be read. `tidy` is false where it was read against the grammar (extra white space). */
export type StartLine =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly requestUri: string;
      readonly version: string;
      readonly tidy: boolean;
    }
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly reason: string;
      readonly version: string;
      readonly tidy: boolean;
    }
  | { readonly kind: 'unreadable' };

const unreadable: StartLine = { kind: 'unreadable' };

const STATUS_LINE = /^(SIP\/\d{1,9}\.\d{1,9}) +(\d{1,10})(?: (.*))?$/is;
const VERSION = /^[A-Za-z]{1,32}\/\d{1,9}\.\d{1,9}$/;

/** Reads the request line or status line between two offsets, RFC 3261 §7.1 and §7.2; surplus white space is read over. */
export function readStartLine(text: string, from: number, to: number): StartLine {
  const line = text.slice(from, to);
  if ((line.charCodeAt(0) | 0x20) === 0x73 && /^SIP\//i.test(line)) {
    const match = STATUS_LINE.exec(line);
    if (match === null) return unreadable;
    const [, version = '', status = '', reason] = match;
    const tidy = version === 'SIP/2.0' && status.length === 3 && reason !== undefined && line.charAt(8) !== ' ';
    return { kind: 'response', status: Number(status), reason: reason ?? '', version, tidy };
  }
  const methodEnd = line.indexOf(' ');
  if (methodEnd <= 0) return unreadable;
  let end = line.length;
  while (end > methodEnd && (line.charCodeAt(end - 1) === 0x20 || line.charCodeAt(end - 1) === 0x09)) end -= 1;
  const versionStart = line.lastIndexOf(' ', end - 1) + 1;
  if (versionStart <= methodEnd + 1) return unreadable;
  const version = line.slice(versionStart, end);
  if (version !== 'SIP/2.0' && !VERSION.test(version)) return unreadable;
  const between = line.slice(methodEnd + 1, versionStart - 1);
  const requestUri = between.trim();
  if (requestUri === '') return unreadable;
  return {
    kind: 'request',
    method: line.slice(0, methodEnd),
    requestUri,
    version,
    tidy: end === line.length && requestUri.length === between.length,
  };
}
