import type { RecordedMessage } from '../../evidence/model.js';
import type { Avp, DiameterMessage } from '../../wire/diameter/message.js';
import type { SipMessage } from '../../wire/sip/message.js';
import type { Condition, FlowBinding, FlowStep, Occurrence, Place } from './flow.js';

export type Shape = (message: RecordedMessage, binding: FlowBinding) => boolean;

/** Codes of the Diameter commands that flows name: RFC 6733, TS 29.229 §6.1, TS 29.214 §5.6. */
const COMMANDS = {
  UA: 300,
  SA: 301,
  LI: 302,
  MA: 303,
  RT: 304,
  RA: 258,
  AA: 265,
  AS: 274,
  ST: 275,
} as const;
type Command = keyof typeof COMMANDS;

/** A SIP request of one method. */
export function request(method: string, also: (sip: SipMessage) => boolean = () => true): Shape {
  return (message) =>
    message.protocol === 'sip' && message.sip.kind === 'request' && message.sip.method === method && also(message.sip);
}

/** A response with this status to a request of one method. */
export function response(status: number, method: string): Shape {
  return (message) =>
    message.protocol === 'sip' &&
    message.sip.kind === 'response' &&
    message.sip.status === status &&
    methodOfCSeq(message.sip) === method;
}

/** A final response other than 2xx to a request of one method. */
export function refusal(method: string): Shape {
  return (message) =>
    message.protocol === 'sip' &&
    message.sip.kind === 'response' &&
    message.sip.status >= 300 &&
    methodOfCSeq(message.sip) === method;
}

/** A Diameter request (`UAR`) or answer (`UAA`) by its abbreviation. */
export function diameter(
  abbreviation: `${Command}${'R' | 'A'}`,
  also: (message: DiameterMessage) => boolean = () => true,
): Shape {
  const command = abbreviation.slice(0, 2) as Command;
  const isRequest = abbreviation.endsWith('R');
  return (message) =>
    message.protocol === 'diameter' &&
    message.diameter.commandCode === COMMANDS[command] &&
    message.diameter.flags.request === isRequest &&
    also(message.diameter);
}

/** An RTP packet. */
export const rtp: Shape = (message) => message.protocol === 'rtp';

interface ArrowOptions {
  readonly occurs?: Occurrence;
  readonly after?: readonly string[];
  readonly until?: string;
  readonly holds?: readonly Condition[];
}

/** One step of a flow, written as the arrow that it is. */
export function arrow(
  id: string,
  from: Place | readonly [Place, ...Place[]],
  to: Place,
  is: Shape,
  says: string,
  options: ArrowOptions = {},
): FlowStep {
  return {
    id,
    from: isPlace(from) ? [from] : from,
    to,
    is,
    says,
    occurs: options.occurs ?? 'once',
    holds: options.holds ?? [],
    ...(options.after === undefined ? {} : { after: options.after }),
    ...(options.until === undefined ? {} : { until: options.until }),
  };
}

function isPlace(from: Place | readonly [Place, ...Place[]]): from is Place {
  return typeof from === 'string';
}

/** A condition on the SIP message of a step. */
export function sipHolds(requires: string, seen: (sip: SipMessage, binding: FlowBinding) => string | null): Condition {
  return {
    requires,
    seen: (message, binding) => (message.protocol === 'sip' ? seen(message.sip, binding) : 'no SIP message'),
  };
}

/** A condition on the Diameter message of a step. */
export function diameterHolds(
  requires: string,
  seen: (message: DiameterMessage, binding: FlowBinding) => string | null,
): Condition {
  return {
    requires,
    seen: (message, binding) =>
      message.protocol === 'diameter' ? seen(message.diameter, binding) : 'no Diameter message',
  };
}

/** The message carries the header. */
export function carries(header: string): Condition {
  return sipHolds(`the message carries ${header}`, (sip) => (sip.has(header) ? null : `no ${header}`));
}

/** The message does not carry the header. */
export function lacks(header: string): Condition {
  return sipHolds(`the message carries no ${header}`, (sip) =>
    sip.has(header) ? `${header}: ${sip.get(header)}` : null,
  );
}

/** Result of an answer: Result-Code, or Experimental-Result-Code (RFC 6733 §7.1, §7.7). */
export function result(...codes: readonly number[]): Condition {
  return diameterHolds(`the answer's result is ${codes.join(' or ')}`, (message) => {
    const seen = numberOf(message, 'Result-Code') ?? numberOf(message, 'Experimental-Result-Code');
    return seen !== null && codes.includes(seen) ? null : `result ${seen ?? 'missing'}`;
  });
}

/** An AVP of the message has one of these numeric values. */
export function avpIs(name: string, ...values: readonly number[]): Condition {
  return diameterHolds(`${name} is ${values.join(' or ')}`, (message) => {
    const seen = numberOf(message, name);
    return seen !== null && values.includes(seen) ? null : `${name} ${seen ?? 'missing'}`;
  });
}

/** The first AVP of that name at any depth. */
export function findAvp(avps: readonly Avp[], name: string): Avp | null {
  for (const avp of avps) {
    if (avp.name === name) {
      return avp;
    }
    const inner = findAvp(avp.avps, name);
    if (inner !== null) {
      return inner;
    }
  }
  return null;
}

function numberOf(message: DiameterMessage, name: string): number | null {
  const value = findAvp(message.avps, name)?.value;
  return typeof value === 'number' ? value : null;
}

/** Method of the CSeq header, RFC 3261 §20.16. */
export function methodOfCSeq(sip: SipMessage): string | null {
  return /^\s*\d+\s+(\S+)\s*$/.exec(sip.get('CSeq') ?? '')?.[1] ?? null;
}

/** Sequence number of the CSeq header. */
export function numberOfCSeq(sip: SipMessage): number | null {
  const digits = /^\s*(\d+)\s/.exec(sip.get('CSeq') ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}
