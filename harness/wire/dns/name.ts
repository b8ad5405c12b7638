/** RFC 1035 §2.3.4: limits of a label and of a whole name on the wire. */
export const MAX_LABEL = 63;
export const MAX_NAME = 255;
/** A name of 255 octets has at most 127 labels, so more jumps than that never lead to a legal name. */
const MAX_JUMPS = 127;

export interface ReadName {
  readonly name: string;
  /** Offset just behind the name where it stands (not where a pointer led). */
  readonly end: number;
  readonly problem: { readonly code: string; readonly offset: number; readonly text: string } | null;
}

/** Reads a name that may be compressed (RFC 1035 §4.1.4). Bounded: pointers must lead backwards, and a name ends at 255 octets. */
export function readName(octets: Uint8Array, start: number, limit = octets.length): ReadName {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let size = 1;
  let jumps = 0;
  /** Where the labels now being read begin: a pointer into them would repeat them for ever. */
  let run = start;
  let boundary = limit;
  const stop = (code: string, text: string): ReadName => ({
    name: labels.join('.'),
    end: end >= 0 ? end : Math.min(at, limit),
    problem: { code, offset: Math.min(at, octets.length), text },
  });
  for (;;) {
    const length = at < boundary ? octets[at] : undefined;
    if (length === undefined) return stop('dns-name-truncated', 'The octets end inside a domain name.');
    if (length === 0) return { name: labels.join('.'), end: end >= 0 ? end : at + 1, problem: null };
    const kind = length & 0xc0;
    if (kind === 0xc0) {
      const low = octets[at + 1];
      if (low === undefined || at + 1 >= boundary) {
        return stop('dns-name-truncated', 'The octets end inside a compression pointer.');
      }
      const target = ((length & 0x3f) << 8) | low;
      if (end < 0) end = at + 2;
      jumps += 1;
      if (target >= run || jumps > MAX_JUMPS) {
        return stop(
          'dns-name-loop',
          `A compression pointer must point to a prior name; offset ${at} points to ${target}.`,
        );
      }
      at = target;
      run = target;
      boundary = octets.length;
      continue;
    }
    if (kind !== 0) {
      return stop('dns-label-type', `A label is up to ${MAX_LABEL} octets; the length octet here is ${length}.`);
    }
    size += length + 1;
    if (size > MAX_NAME) return stop('dns-name-too-long', `A domain name has at most ${MAX_NAME} octets.`);
    if (at + 1 + length > boundary) return stop('dns-name-truncated', 'The octets end inside a label.');
    labels.push(labelText(octets.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
}

function labelText(label: Uint8Array): string {
  let text = '';
  for (const octet of label) {
    if (octet === 0x2e || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet > 0x20 && octet < 0x7f) text += String.fromCharCode(octet);
    else text += `\\${String(octet).padStart(3, '0')}`;
  }
  return text;
}

/** The labels of a name in text form, as octets. Labels beyond 63 octets, and names beyond 255, are cut: the caller checks with `nameFits`. */
export function nameLabels(name: string): Uint8Array[] {
  const labels: number[][] = [[]];
  const text = Buffer.from(name, 'utf8');
  for (let i = 0; i < text.length; i += 1) {
    const octet = text[i] ?? 0;
    const current = labels[labels.length - 1] ?? [];
    if (octet === 0x2e) {
      labels.push([]);
    } else if (octet === 0x5c) {
      const digits = text.subarray(i + 1, i + 4).toString('latin1');
      if (/^[0-9]{3}$/.test(digits) && Number(digits) < 256) {
        current.push(Number(digits));
        i += 3;
      } else {
        current.push(text[i + 1] ?? 0x5c);
        i += 1;
      }
    } else {
      current.push(octet);
    }
  }
  return labels.filter((label) => label.length > 0).map((label) => Uint8Array.from(label));
}

/** Whether the name can be written: RFC 1035 §2.3.4. */
export function nameFits(name: string): boolean {
  const labels = nameLabels(name);
  return (
    labels.every((label) => label.length <= MAX_LABEL) &&
    labels.reduce((size, label) => size + label.length + 1, 1) <= MAX_NAME
  );
}

/** Equal without regard to ASCII case and the trailing dot, RFC 4343. */
export function sameName(a: string, b: string): boolean {
  return a.replace(/\.$/, '').toLowerCase() === b.replace(/\.$/, '').toLowerCase();
}
