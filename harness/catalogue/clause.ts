/** A bare 3GPP number (`24.229`) at the start of a reference; the catalogue leaves `TS` out. */
const BARE_SPEC = /^(?:TS )?(\d{2}\.\d{3}(?:-\d+)?)\b(.*)$/;
/** The document that a reference names, without clause, table or annex. */
const DOCUMENT = /^(?:T[SR] [\d.-]+|RFC \d+|IR\.\d+|[A-Z]+(?:\.\d+)+)/;
const CLAUSE_ONLY = /^(?:§\s*|Table |table )?[A-Z]?[\d.]+[\w./]*/;

/**
 * The clauses of a catalogue reference, one entry each, with the specification repeated:
 * `24.229 §5.1.3,5.2.7; RFC 3325` gives `TS 24.229 §5.1.3`, `TS 24.229 §5.2.7`, `RFC 3325`.
 */
export function clausesOf(reference: string): readonly string[] {
  const clauses: string[] = [];
  for (const part of reference.split(';')) {
    const text = part.trim();
    if (text === '' || text === '-') continue;
    const [head = '', ...more] = text.split(',').map((piece) => piece.trim());
    const named = named3gpp(head);
    clauses.push(named);
    const spec = DOCUMENT.exec(named)?.[0] ?? named;
    for (const piece of more) {
      if (piece === '') continue;
      if (BARE_SPEC.test(piece)) clauses.push(named3gpp(piece));
      else if (CLAUSE_ONLY.test(piece)) clauses.push(`${spec} ${piece.startsWith('§') ? piece : `§${piece}`}`);
      else clauses.push(piece);
    }
  }
  return clauses;
}

function named3gpp(text: string): string {
  const match = BARE_SPEC.exec(text);
  return match === null ? text : `TS ${match[1]}${match[2]}`;
}
