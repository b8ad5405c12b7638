import { editSip, type SipEdit } from '../wire/sip/edit.js';
import type { SipMessage } from '../wire/sip/message.js';
import { parseSip } from '../wire/sip/parse.js';
import type { FaultPlace, WireFault } from './fault.js';
import { octetFault, type SipFaultRow } from './sip-change.js';

type Headers = readonly (readonly [string, string])[];

/** Every SIP message between the borders. */
export const AT_THE_ICI: FaultPlace = { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf' };

/** CSeq number of a transaction that no call of ours comes to. */
const NUMBER = 9001;

/** Headers that say in which dialog a message is. */
const DIALOG = ['From', 'To', 'Call-ID'];

function fieldsOf(message: SipMessage, names: readonly string[]): Headers {
  return message.headers
    .filter((field) => names.includes(field.canonical))
    .map((field) => [field.canonical, field.value]);
}

/** The sender's own Via, for another transaction; what stands below it stays out, as tokens are for one use. */
function viaOf(message: SipMessage, number: number): readonly [string, string] {
  const top = message.get('Via') ?? 'SIP/2.0/TCP border.invalid';
  return ['Via', `${top.replace(/;\s*branch=[^;,\s]*/, '')};branch=z9hG4bKextra${number}`];
}

function octetsOf(start: string, headers: Headers): Uint8Array {
  const lines = [...headers, ['Content-Length', '0'] as const].map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${start}\r\n${lines.join('\r\n')}\r\n\r\n`, 'utf8');
}

/** A further request in the dialog of a request, as its sender would send it. */
export function extraRequest(octets: Uint8Array, method: string, headers: Headers = [], number = NUMBER): Uint8Array {
  const message = parseSip(octets);
  const uri = message.kind === 'request' ? message.requestUri : 'sip:nobody.invalid';
  return octetsOf(`${method} ${uri} SIP/2.0`, [
    viaOf(message, number),
    ...fieldsOf(message, ['Max-Forwards', 'Route']),
    ...fieldsOf(message, DIALOG),
    ['CSeq', `${number} ${method}`],
    ...headers,
  ]);
}

/** The response to such a request, made of the response to the request that it was made of. */
export function extraResponse(
  octets: Uint8Array,
  method: string,
  status: number,
  reason: string,
  headers: Headers = [],
  number = NUMBER,
): Uint8Array {
  const message = parseSip(octets);
  return octetsOf(`SIP/2.0 ${status} ${reason}`, [
    viaOf(message, number),
    ...fieldsOf(message, DIALOG),
    ['CSeq', `${number} ${method}`],
    ...headers,
  ]);
}

/** What an INVITE inside a dialog carries at least. */
export const INVITE_HEADERS: Headers = [
  ['Contact', '<sip:caller@192.0.2.1>'],
  ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE'],
];

/** A message of a transaction at the end of the dialog with a number above that of the extra transactions. */
export function renumbered(octets: Uint8Array): Uint8Array {
  return editSip(parseSip(octets))
    .mapValues('CSeq', (value) => value.replace(/\d+/, String(NUMBER + 1)))
    .done().octets;
}

/** A fault that needs a transaction of its own: a request before the BYE, refused before the BYE is answered. */
export function refusalFault(
  row: SipFaultRow,
  method: string,
  refusal: { readonly status: number; readonly reason: string; readonly headers?: Headers },
  headers: Headers = INVITE_HEADERS,
): WireFault {
  return octetFault({ ...row, at: { ...AT_THE_ICI, method: 'BYE' } }, (octets) => {
    const { status, reason, headers: extra = [] } = refusal;
    return parseSip(octets).kind === 'request'
      ? [extraRequest(octets, method, headers), octets]
      : [extraResponse(octets, method, status, reason, extra), octets];
  });
}

/** A fault of a call that is cancelled: a further INVITE beside PRACK, its 100 beside the 200, CANCEL beside UPDATE, and its end. */
export function cancelFault(
  row: SipFaultRow,
  cancel: (edit: SipEdit<SipMessage>) => SipEdit<SipMessage>,
  answer = 200,
): WireFault {
  return octetFault({ ...row, at: AT_THE_ICI }, (octets) => {
    const message = parseSip(octets);
    const method = /\b[A-Z]+$/.exec(message.get('CSeq') ?? '')?.[0];
    const isRequest = message.kind === 'request';
    if (method === 'PRACK')
      return [
        octets,
        isRequest ? extraRequest(octets, 'INVITE', INVITE_HEADERS) : extraResponse(octets, 'INVITE', 100, 'Trying'),
      ];
    if (method !== 'UPDATE') return [octets];
    if (isRequest) return [octets, cancel(editSip(parseSip(extraRequest(octets, 'CANCEL')))).done().octets];
    return [
      octets,
      extraResponse(octets, 'CANCEL', answer, answer === 200 ? 'OK' : 'Server Internal Error'),
      extraResponse(octets, 'INVITE', 487, 'Request Terminated'),
    ];
  });
}

/** A copy of a response with another status and without what belongs to the first one. */
export function withStatus(octets: Uint8Array, status: number, reason: string, without: readonly string[]): Uint8Array {
  const message = parseSip(octets);
  if (message.kind === 'request') return octets;
  return without
    .reduce((edit, name) => edit.remove(name), editSip(message).statusLine(status, reason).body(null))
    .done().octets;
}
