import type { RecordedDiameter } from '../../evidence/model.js';
import { type CommandDefect, checkCommand } from '../../wire/diameter/check.js';
import { APPLICATION_ID, applicationById, VENDOR_3GPP } from '../../wire/diameter/dictionary.js';
import { find, findAll, numberOf, textOf } from '../../wire/diameter/find.js';
import type { Rule, RuleContext, Violation } from '../rule.js';
import { each, rule } from '../sip-rule.js';
import {
  complaint,
  type DiameterTransaction,
  diameterMessages,
  diameterTransactions,
  PROVENANCE_OF,
} from './diameter-transaction.js';

/** AVPs that every application shares: their absence is the generic rule's finding, that of others the command's own rule's. */
const GENERIC_AVPS: ReadonlySet<string> = new Set([
  'Session-Id',
  'Origin-Host',
  'Origin-Realm',
  'Destination-Realm',
  'Vendor-Specific-Application-Id',
  'Auth-Session-State',
  'Vendor-Id',
  'Experimental-Result-Code',
  'Proxy-Host',
  'Proxy-State',
]);

/** Interfaces whose commands have rules of their own. */
const OWN_RULES: ReadonlySet<number> = new Set([APPLICATION_ID.Cx, APPLICATION_ID.Rx]);
const PEER_COMMANDS: ReadonlySet<number> = new Set([257, 280, 282]);
const NO_STATE_MAINTAINED = 1;
const SUCCESS = 2001;

/** Members of a command that are missing or too many: for the rule of that command. */
export function memberViolations(message: RecordedDiameter): readonly Violation[] {
  return checkCommand(message.diameter)
    .filter((defect) => isMemberDefect(defect) && !GENERIC_AVPS.has(defect.avp ?? ''))
    .map((defect) => violationOf(message, defect));
}

function isMemberDefect({ code }: CommandDefect): boolean {
  return code === 'diameter-missing-avp' || code === 'diameter-repeated-avp';
}

/**
 * Told as advice: a receiver may not refuse a message for its M bit alone (TS 29.229 §6.3 note 1), and a later release may name
 * more values.
 */
const LENIENT: ReadonlySet<string> = new Set(['diameter-mandatory-bit', 'diameter-enumerated-value']);

function violationOf(message: RecordedDiameter, defect: CommandDefect): Violation {
  const lenient = LENIENT.has(defect.code) ? ({ strength: 'should' } as const) : {};
  return complaint(message, `${defect.text} (${defect.clause})`, { provenance: PROVENANCE_OF[defect.tag], ...lenient });
}

/** Header, AVP structure and the AVPs of every application, in one message. */
function genericViolations(message: RecordedDiameter): readonly Violation[] {
  const { diameter } = message;
  const ownRules = OWN_RULES.has(diameter.applicationId);
  const codec = message.defects.map(({ code, text, clause }) => {
    // Other applications and vendors have AVPs that this dictionary does not list: no proof of a mistake.
    const known = code !== 'diameter-unknown-mandatory-avp' || diameter.applicationId === APPLICATION_ID.Cx;
    return complaint(message, `${text} (${clause})`, known ? {} : { strength: 'should' });
  });
  const command = checkCommand(diameter)
    .filter((defect) => !isMemberDefect(defect) || GENERIC_AVPS.has(defect.avp ?? '') || !ownRules)
    .filter((defect) => !isMemberDefect(defect) || !PEER_COMMANDS.has(diameter.commandCode))
    // An application that the dictionary does not know is nobody's fault.
    .filter(({ code }) => code !== 'diameter-unknown-command' || applicationById(diameter.applicationId) !== undefined)
    .map((defect) => violationOf(message, defect));
  return [...codec, ...command, ...applicationViolations(message), ...resultViolations(message)];
}

function applicationViolations(message: RecordedDiameter): readonly Violation[] {
  const { diameter } = message;
  if (diameter.applicationId !== APPLICATION_ID.Cx) return [];
  const found: Violation[] = [];
  const vendor = numberOf(diameter, 'Vendor-Specific-Application-Id', 'Vendor-Id');
  if (vendor !== undefined && vendor !== VENDOR_3GPP) {
    found.push(
      complaint(message, `Vendor-Id ${vendor} in Vendor-Specific-Application-Id, ${VENDOR_3GPP} is that of 3GPP`),
    );
  }
  const application = numberOf(diameter, 'Vendor-Specific-Application-Id', 'Auth-Application-Id');
  if (application !== undefined && application !== diameter.applicationId) {
    found.push(
      complaint(message, `Auth-Application-Id ${application} in a message of application ${diameter.applicationId}`),
    );
  }
  const state = numberOf(diameter, 'Auth-Session-State');
  if (state !== undefined && state !== NO_STATE_MAINTAINED) {
    found.push(complaint(message, `Auth-Session-State ${state}, Cx keeps no state (1)`));
  }
  return found;
}

function resultViolations(message: RecordedDiameter): readonly Violation[] {
  const { diameter } = message;
  if (diameter.flags.request) return [];
  const base = find(diameter, 'Result-Code');
  const experimental = find(diameter, 'Experimental-Result');
  if (base !== undefined && experimental !== undefined) {
    return [complaint(message, 'Result-Code and Experimental-Result together')];
  }
  if (base === undefined && experimental === undefined)
    return [complaint(message, 'neither Result-Code nor Experimental-Result')];
  const vendor = numberOf(diameter, 'Experimental-Result', 'Vendor-Id');
  if (OWN_RULES.has(diameter.applicationId) && vendor !== undefined && vendor !== VENDOR_3GPP) {
    return [
      complaint(message, `Vendor-Id ${vendor} in Experimental-Result, the codes of this interface are those of 3GPP`),
    ];
  }
  const code = numberOf(diameter, 'Result-Code');
  const protocolError = code !== undefined && code >= 3000 && code < 4000;
  if (diameter.flags.error !== protocolError && code !== undefined) {
    return [complaint(message, `the E bit is ${diameter.flags.error ? 'set' : 'clear'} with Result-Code ${code}`)];
  }
  return [];
}

/** What an answer repeats of its request, RFC 6733 §6.2. */
function echoViolations({ request, answer, stray }: DiameterTransaction): readonly Violation[] {
  if (answer === null) {
    if (stray === null) return [];
    const seen = `Hop-by-Hop Identifier ${hex(stray.diameter.hopByHop)}, the request has ${hex(request.diameter.hopByHop)}`;
    return [complaint(stray, seen)];
  }
  const found: Violation[] = [];
  if (answer.diameter.endToEnd !== request.diameter.endToEnd) {
    const seen = `End-to-End Identifier ${hex(answer.diameter.endToEnd)}, the request has ${hex(request.diameter.endToEnd)}`;
    found.push(complaint(answer, seen));
  }
  const [asked, told] = [textOf(request.diameter, 'Session-Id'), textOf(answer.diameter, 'Session-Id')];
  if (asked !== undefined && told !== undefined && asked !== told) {
    found.push(complaint(answer, `Session-Id ${told}, the request has ${asked}`));
  }
  if (answer.diameter.applicationId !== request.diameter.applicationId) {
    found.push(
      complaint(
        answer,
        `application ${answer.diameter.applicationId}, the request has ${request.diameter.applicationId}`,
      ),
    );
  }
  return found;
}

function hex(identifier: number): string {
  return `0x${identifier.toString(16).padStart(8, '0')}`;
}

/** Capabilities exchange and watchdog of one connection. */
function peerViolations(transaction: DiameterTransaction): readonly Violation[] | undefined {
  const { command, request, answer } = transaction;
  if (command === 'CER') {
    const result = answer === null ? undefined : numberOf(answer.diameter, 'Result-Code');
    const refused =
      answer !== null && result !== undefined && result !== SUCCESS ? [complaint(answer, `Result-Code ${result}`)] : [];
    return [...memberDefects(request), ...(answer === null ? [] : memberDefects(answer)), ...refused];
  }
  if (command !== 'DWR' && command !== 'DPR') return undefined;
  const missing = answer === null && transaction.stray === null ? [complaint(request, 'no answer in the trace')] : [];
  return [...memberDefects(request), ...(answer === null ? [] : memberDefects(answer)), ...missing];
}

function memberDefects(message: RecordedDiameter): readonly Violation[] {
  return checkCommand(message.diameter)
    .filter(isMemberDefect)
    .map((defect) => violationOf(message, defect));
}

/** Requests of an application that not both sides of the connection have told in their capabilities; a relay names none. */
function unadvertised(context: RuleContext): readonly Violation[] {
  const advertised = new Map<string, readonly RecordedDiameter[]>();
  const found: Violation[] = [];
  const told = new Set<string>();
  for (const { command, request, answer } of diameterTransactions(context)) {
    const connection = connectionOf(request);
    if (command === 'CER') advertised.set(connection, answer === null ? [request] : [request, answer]);
    const { applicationId } = request.diameter;
    if (applicationId === 0 || told.has(`${connection} ${applicationId}`)) continue;
    const silent = advertised.get(connection)?.find((capabilities) => !names(capabilities, applicationId));
    if (silent === undefined) continue;
    told.add(`${connection} ${applicationId}`);
    found.push(
      complaint(
        silent,
        `application ${applicationId} is not in it, though the connection carries it (frame ${request.frame})`,
      ),
    );
  }
  return found;
}

function names(capabilities: RecordedDiameter, applicationId: number): boolean {
  const applications = applicationsOf(capabilities);
  return applications.includes(applicationId) || applications.includes(RELAY);
}

const RELAY = 0xffff_ffff;

function connectionOf({ from, to }: RecordedDiameter): string {
  return [`${from.address} ${from.port}`, `${to.address} ${to.port}`].sort().join(' ');
}

function applicationsOf({ diameter }: RecordedDiameter): readonly number[] {
  const names = ['Auth-Application-Id', 'Acct-Application-Id'];
  return names
    .flatMap((name) => [...findAll(diameter, name), ...findAll(diameter, 'Vendor-Specific-Application-Id', name)])
    .flatMap(({ value }) => (typeof value === 'number' ? value : []));
}

/** Diameter on every interface, catalogue §5.1. */
export const DIAMETER: readonly Rule[] = [
  rule({
    id: 'CHK-DMC-01',
    says: 'A Diameter message has a right header and right AVPs, names its origin, destination, session and application, and an answer repeats the identifiers of its request and gives exactly one result.',
    clause: 'RFC 6733 §3, §4, §6.1, §6.2, §7.1, §8.8; TS 29.229 §5, §6',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a peer with another release of the dictionary, or an agent that rewrites messages',
    check: (context) => {
      const messages = each(diameterMessages(context), genericViolations);
      const echoes = diameterTransactions(context).flatMap(echoViolations);
      return { applied: messages.applied, violations: [...messages.violations, ...echoes] };
    },
  }),
  rule({
    id: 'CHK-DMC-03',
    says: 'Peers agree on their applications before they use them, and answer each watchdog.',
    clause: 'RFC 6733 §5.3, §5.5; RFC 3539 §3.4.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'an application or vendor that is missing in the configuration of one peer',
    check: (context) => {
      const outcome = each(diameterTransactions(context), peerViolations);
      return { applied: outcome.applied, violations: [...outcome.violations, ...unadvertised(context)] };
    },
  }),
];

/** Whether an AVP is there at all. */
export function present({ diameter }: RecordedDiameter, name: string): boolean {
  return find(diameter, name) !== undefined;
}
