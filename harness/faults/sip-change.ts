import { editSip, type SipEdit } from '../wire/sip/edit.js';
import type { SipMessage } from '../wire/sip/message.js';
import { parseSip } from '../wire/sip/parse.js';
import type { FaultPlace, WireFault } from './fault.js';

/** The columns of a SIP fault: everything but how octets are changed. */
export type SipFaultRow = Omit<WireFault, 'kind' | 'change' | 'carrier' | 'at'> & {
  readonly carrier?: string;
  /** Which message, by its sender's border and method; the first of home A's border at the Ici without more. */
  readonly at?: FaultPlace;
};

/** The first INVITE that home A's border sends to home B's: what most faults change. */
export const INVITE_OF_A: FaultPlace = {
  referencePoint: 'Ici',
  protocol: 'sip',
  fromRole: 'ibcf',
  fromNetwork: 'home-a',
  method: 'INVITE',
  status: 0,
  nth: 1,
};

/** A request of home A's border at the Ici. */
export function requestOfA(method: string, nth = 1): FaultPlace {
  return { ...INVITE_OF_A, method, nth };
}

/** A response that home B's border sends at the Ici. */
export function responseOfB(status: number | string, method = 'INVITE', nth = 1): FaultPlace {
  return { ...INVITE_OF_A, fromNetwork: 'home-b', method, status, nth };
}

/** A fault that edits one SIP message; the rest of the message keeps its octets. */
export function sipFault(
  row: SipFaultRow,
  edit: (edit: SipEdit<SipMessage>, message: SipMessage) => SipEdit<SipMessage>,
): WireFault {
  return octetFault(row, (octets) => {
    const message = parseSip(octets);
    return [edit(editSip(message), message).done().octets];
  });
}

/** A fault that changes the octets themselves, or drops (empty list) or multiplies the message. */
export function octetFault(row: SipFaultRow, change: (octets: Uint8Array) => readonly Uint8Array[]): WireFault {
  return { kind: 'wire', carrier: 'Q3953-INT-01', at: INVITE_OF_A, ...row, change };
}

/** A request outside of the call, from and to the same hosts as the message. */
export function standalone(octets: Uint8Array, method: string, headers: readonly string[]): Uint8Array {
  const text = Buffer.from(octets).toString('latin1');
  const host = /^\S+ sips?:(?:[^@\s]*@)?([^;\s]+)/.exec(text)?.[1] ?? 'border.invalid';
  const via = /^(?:Via|v): *(.*)$/im.exec(text)?.[1] ?? '';
  return Buffer.from(
    [
      `${method} sip:peer@${host} SIP/2.0`,
      `Via: ${via.replace(/branch=[^;,\s]*/, `branch=z9hG4bKfault${method.toLowerCase()}`)}`,
      'Max-Forwards: 70',
      `From: <sip:border@${method.toLowerCase()}.invalid>;tag=fault1`,
      `To: <sip:border@${method.toLowerCase()}.invalid>`,
      `Call-ID: fault-${method.toLowerCase()}`,
      `CSeq: 1 ${method}`,
      ...headers,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
    'latin1',
  );
}
