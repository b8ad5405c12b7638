import type { Party, RecordedDiameter } from '../../evidence/model.js';
import { commandOf, type DictionaryTag } from '../../wire/diameter/dictionary.js';
import { resultOf, textOf } from '../../wire/diameter/find.js';
import { partyName } from '../correlation.js';
import type { Provenance, RuleContext, Violation } from '../rule.js';

/** A request and its answer on one hop, matched by connection and Hop-by-Hop Identifier. RFC 6733 §3. */
export interface DiameterTransaction {
  /** Abbreviation of the request (`UAR`); its code where the dictionary has none. */
  readonly command: string;
  readonly request: RecordedDiameter;
  /** Null where none was seen. */
  readonly answer: RecordedDiameter | null;
  /** An answer on the same connection for the same session and command whose Hop-by-Hop Identifier fits no request. */
  readonly stray: RecordedDiameter | null;
}

/** Every Diameter message of the trace, in order. */
export function diameterMessages(context: RuleContext): readonly RecordedDiameter[] {
  return context.memo('diameter messages', () =>
    context.evidence.messages.filter((message): message is RecordedDiameter => message.protocol === 'diameter'),
  );
}

/** Requests with their answers, in the order of the requests; a request sent again on the same connection counts once. */
export function diameterTransactions(context: RuleContext): readonly DiameterTransaction[] {
  return context.memo('diameter transactions', () => correlate(diameterMessages(context)));
}

/** The transactions of some commands. */
export function transactionsOf(context: RuleContext, ...commands: readonly string[]): readonly DiameterTransaction[] {
  return diameterTransactions(context).filter(({ command }) => commands.includes(command));
}

/** Whether two ends of messages are the same network function: the same node, or the same address where the node is unknown. */
export function sameEnd(a: Party, b: Party): boolean {
  return partyName(a) === partyName(b);
}

/** The provenance that a row of the dictionary lends a rule. */
export const PROVENANCE_OF: Readonly<Record<DictionaryTag, Provenance>> = {
  S: 'S',
  F: 'F',
  F1: 'B',
  B: 'B',
  unverified: 'B',
};

/** Name and result of an answer, for `seen`. */
export function resultText(answer: RecordedDiameter): string {
  const result = resultOf(answer.diameter);
  if (result === undefined) return 'no result';
  return `${result.experimental ? 'Experimental-Result-Code' : 'Result-Code'} ${result.code}`;
}

/** A violation of one Diameter message. */
export function complaint(
  message: RecordedDiameter,
  seen: string,
  rest: Partial<Omit<Violation, 'message' | 'seen'>> = {},
): Violation {
  return { message, seen: `${titleOf(message)}: ${seen}`, ...rest };
}

/** `UAR`, `UAA`; the code where the dictionary has none. */
export function titleOf({ diameter }: RecordedDiameter): string {
  const { commandCode, flags, applicationId } = diameter;
  return commandOf(commandCode, flags.request, applicationId)?.abbr ?? `command ${commandCode}`;
}

function endKey(party: Party): string {
  return `${party.address} ${party.port}`;
}

interface Open {
  readonly request: RecordedDiameter;
  answer: RecordedDiameter | null;
  stray: RecordedDiameter | null;
}

function correlate(messages: readonly RecordedDiameter[]): readonly DiameterTransaction[] {
  const found: Open[] = [];
  const byIdentifier = new Map<string, Open>();
  const strays: RecordedDiameter[] = [];
  for (const message of messages) {
    const { hopByHop, endToEnd, flags } = message.diameter;
    const [client, server] = flags.request ? [message.from, message.to] : [message.to, message.from];
    const key = `${endKey(client)} ${endKey(server)} ${hopByHop}`;
    const known = byIdentifier.get(key);
    if (flags.request) {
      const sameAgain = known !== undefined && known.request.diameter.endToEnd === endToEnd && known.answer === null;
      if (sameAgain) continue;
      const open = { request: message, answer: null, stray: null };
      byIdentifier.set(key, open);
      found.push(open);
    } else if (known !== undefined && known.answer === null) known.answer = message;
    else if (known === undefined) strays.push(message);
  }
  adopt(strays, found);
  return found.map((open) => ({ command: titleOf(open.request), ...open }));
}

/** Gives each answer without a request to the unanswered request that it must have been for. */
function adopt(strays: readonly RecordedDiameter[], found: readonly Open[]): void {
  if (strays.length === 0) return;
  const unanswered = new Map<string, Open>();
  for (const open of found) if (open.answer === null) unanswered.set(sessionKey(open.request, true), open);
  for (const stray of strays) {
    const open = unanswered.get(sessionKey(stray, false));
    if (open !== undefined && open.request.index < stray.index) open.stray ??= stray;
  }
}

function sessionKey(message: RecordedDiameter, isRequest: boolean): string {
  const [client, server] = isRequest ? [message.from, message.to] : [message.to, message.from];
  const { commandCode } = message.diameter;
  return `${endKey(client)} ${endKey(server)} ${commandCode} ${textOf(message.diameter, 'Session-Id') ?? ''}`;
}
