import type { Defect } from '../defect.js';
import { avpByCode, avpByName, commandOf, type DictionaryTag, type MemberDefinition } from './dictionary.js';
import type { AvpHolder } from './find.js';
import type { Avp, DiameterMessage } from './message.js';

/** A departure from the dictionary, with how sure the dictionary is of its row. */
export interface CommandDefect extends Defect {
  readonly tag: DictionaryTag;
  /** The AVP that is wrong, or would have been needed. */
  readonly avp: string | null;
}

/**
 * Holds a message against its command in the dictionary: P bit, members that must occur, position of Session-Id, members that
 * may not repeat, the same inside Grouped AVPs, V and M bits, and values of Enumerated AVPs. Empty for an unknown command,
 * which `diameter-unknown-command` tells. RFC 6733 §3.2 (meaning of the command format).
 */
export function checkCommand(message: DiameterMessage): readonly CommandDefect[] {
  let defects = CHECKED.get(message);
  if (defects === undefined) {
    defects = check(message);
    CHECKED.set(message, defects);
  }
  return defects;
}

/** Several rules ask for the same message. */
const CHECKED = new WeakMap<DiameterMessage, readonly CommandDefect[]>();

function check(message: DiameterMessage): readonly CommandDefect[] {
  const { commandCode, applicationId, flags } = message;
  const command = commandOf(commandCode, flags.request, applicationId);
  if (command === undefined) {
    return [
      {
        code: 'diameter-unknown-command',
        offset: 5,
        text: `command ${commandCode} is not one of application ${applicationId}`,
        clause: 'RFC 6733 §3',
        tag: 'S',
        avp: null,
      },
    ];
  }
  const defects: CommandDefect[] = [];
  // An answer with the E bit has the format of RFC 6733 §7.2, whatever the command.
  const members = !flags.request && flags.error ? [] : command.members;
  checkMembers(message, members, command.abbr, `${command.source} (${command.abbr})`, command.tag, 20, defects);
  if (flags.proxiable !== command.proxiable) {
    defects.push({
      code: 'diameter-proxiable-bit',
      offset: 4,
      text: `the P bit of ${command.abbr} is ${command.proxiable ? 'set' : 'clear'}, here it is not`,
      clause: 'RFC 6733 §3',
      tag: command.tag,
      avp: null,
    });
  }
  for (const avp of message.avps) checkAvp(avp, defects);
  return defects;
}

interface ResolvedMember {
  readonly member: MemberDefinition;
  readonly code: number;
  readonly vendorId: number;
}

const RESOLVED = new WeakMap<readonly MemberDefinition[], readonly ResolvedMember[]>();

/** Members with their codes, each name once: a table of the specification may name one twice. */
function resolved(members: readonly MemberDefinition[]): readonly ResolvedMember[] {
  let found = RESOLVED.get(members);
  if (found === undefined) {
    const byName = new Map<string, ResolvedMember>();
    for (const member of members) {
      const definition = avpByName(member.avp);
      if (definition === undefined || byName.has(member.avp)) continue;
      byName.set(member.avp, { member, code: definition.code, vendorId: definition.vendorId });
    }
    found = [...byName.values()];
    RESOLVED.set(members, found);
  }
  return found;
}

function checkMembers(
  holder: AvpHolder,
  members: readonly MemberDefinition[],
  where: string,
  clause: string,
  tag: DictionaryTag,
  offset: number,
  defects: CommandDefect[],
): void {
  for (const { member, code, vendorId } of resolved(members)) {
    let first: Avp | undefined;
    let second: Avp | undefined;
    let count = 0;
    for (const avp of holder.avps) {
      if (avp.code !== code || avp.vendorId !== vendorId) continue;
      count += 1;
      if (first === undefined) first = avp;
      else second ??= avp;
    }
    if (first === undefined) {
      if (member.presence === 'optional') continue;
      defects.push({
        code: 'diameter-missing-avp',
        offset,
        text: `${where} holds ${member.avp}, here it is missing`,
        clause,
        tag,
        avp: member.avp,
      });
      continue;
    }
    if (count > 1 && !member.multiple) {
      defects.push({
        code: 'diameter-repeated-avp',
        offset: second?.offset ?? offset,
        text: `${where} holds ${member.avp} once, here ${count} times`,
        clause,
        tag,
        avp: member.avp,
      });
    }
    if (member.avp === 'Session-Id' && member.presence === 'fixed' && first !== holder.avps[0]) {
      defects.push({
        code: 'diameter-fixed-position',
        offset: first.offset,
        text: 'Session-Id comes first behind the header, here it does not',
        clause: 'RFC 6733 §8.8',
        tag: 'S',
        avp: member.avp,
      });
    }
  }
}

function checkAvp(avp: Avp, defects: CommandDefect[]): void {
  const definition = avpByCode(avp.code, avp.vendorId);
  if (definition === undefined) return;
  const { name, source, tag } = definition;
  if (definition.mandatory !== 'may' && avp.flags.mandatory !== (definition.mandatory === 'must')) {
    defects.push({
      code: 'diameter-mandatory-bit',
      offset: avp.offset + 4,
      text: `the M bit of ${name} is ${definition.mandatory === 'must' ? 'set' : 'clear'}, here it is not`,
      clause: source,
      tag,
      avp: name,
    });
  }
  if (definition.type === 'Enumerated' && definition.values.size > 0 && typeof avp.value === 'number') {
    if (!definition.values.has(avp.value)) {
      defects.push({
        code: 'diameter-enumerated-value',
        offset: avp.offset,
        text: `${name} has no value ${avp.value}`,
        clause: source,
        tag,
        avp: name,
      });
    }
  }
  if (definition.type === 'Grouped') {
    checkMembers(avp, definition.members, name, source, definition.membersTag, avp.offset, defects);
    // Failed-AVP repeats what was wrong in the request: its content is not the sender's fault.
    if (name !== 'Failed-AVP') for (const member of avp.avps) checkAvp(member, defects);
  }
}
