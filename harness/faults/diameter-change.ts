import { type DiameterEdit, editDiameter } from '../wire/diameter/edit.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import { parseDiameter } from '../wire/diameter/parse.js';
import type { WireFault } from './fault.js';

/** The columns of a Diameter fault: the command says which message, the first in home A unless the row says more. */
export type DiameterFaultRow = Omit<WireFault, 'kind' | 'change' | 'carrier' | 'at'> & {
  readonly command: string;
  readonly at?: Partial<WireFault['at']>;
  readonly carrier?: string;
};

/** A fault that edits one Diameter message: decoded, changed, encoded again; the other AVPs keep their octets. */
export function diameterFault(
  row: DiameterFaultRow,
  edit: (edit: DiameterEdit, message: DiameterMessage) => DiameterEdit,
): WireFault {
  return diameterOctetFault(row, (octets) => {
    const message = parseDiameter(octets);
    return [edit(editDiameter(message), message).done().octets];
  });
}

/** A fault that changes the octets themselves, or drops the message (empty list). */
export function diameterOctetFault(
  { command, at, ...row }: DiameterFaultRow,
  change: (octets: Uint8Array) => readonly Uint8Array[],
): WireFault {
  return {
    kind: 'wire',
    carrier: 'Q3953-REG-01',
    ...row,
    at: { protocol: 'diameter', command, nth: 1, ...at },
    change,
  };
}
