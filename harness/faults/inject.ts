import type { Party } from '../evidence/model.js';
import { NodeDirectory } from '../evidence/node-directory.js';
import { referencePointOf } from '../evidence/reference-points.js';
import type { Deviation } from '../net/deviation.js';
import type { TapRecord } from '../net/tap.js';
import type { NetworkNode } from '../profile/profile.js';
import type { ReferencePoint } from '../profile/reference-point.js';
import { commandOf } from '../wire/diameter/dictionary.js';
import { parseDiameter } from '../wire/diameter/parse.js';
import { parseCSeq } from '../wire/sip/headers.js';
import { parseSip } from '../wire/sip/parse.js';
import type { FaultPlace, WireFault } from './fault.js';

type Outgoing = Pick<TapRecord, 'source' | 'destination' | 'octets' | 'protocol'>;

const MICROSECONDS = 1000;

/** Applies a wire fault to a recorded trace; every record it does not change is the same object. */
export function applyToTap<T extends Outgoing & Pick<TapRecord, 'at'>>(
  records: readonly T[],
  fault: WireFault,
  nodes: readonly NetworkNode[],
): readonly T[] {
  const changer = changerOf(fault, nodes);
  const delay = (fault.delay ?? 0) * MICROSECONDS;
  const sent = records.flatMap((record) => {
    const changed = changer(record);
    if (changed === null) return [record];
    const transport = fault.transport === undefined ? {} : { transport: fault.transport };
    return changed.map((octets) => ({ ...record, ...transport, octets, at: record.at + delay }));
  });
  return delay === 0 ? sent : sent.sort((a, b) => a.at - b.at);
}

/** The same fault for a live run: what a socket of ours sends instead. */
export function deviationOf(fault: WireFault, nodes: readonly NetworkNode[]): Deviation {
  if (fault.delay !== undefined) return (outgoing) => [outgoing.octets];
  const changer = changerOf(fault, nodes);
  return (outgoing) => changer(outgoing) ?? [outgoing.octets];
}

/** Counts matches of the fault's place; gives the octets to send instead, or null for a message to leave alone. */
function changerOf(
  fault: WireFault,
  nodes: readonly NetworkNode[],
): (outgoing: Outgoing) => readonly Uint8Array[] | null {
  const directory = new NodeDirectory(nodes);
  let matched = 0;
  return (outgoing) => {
    if (!isAt(fault.at, outgoing, directory)) return null;
    matched += 1;
    if (fault.at.nth !== undefined && matched !== fault.at.nth) return null;
    return fault.change(outgoing.octets);
  };
}

function isAt(place: FaultPlace, outgoing: Outgoing, directory: NodeDirectory): boolean {
  if (place.protocol !== undefined && place.protocol !== outgoing.protocol) return false;
  const from = directory.party(outgoing.source);
  if (place.fromRole !== undefined && from.node?.role !== place.fromRole) return false;
  if (place.fromNetwork !== undefined && from.node?.network !== place.fromNetwork) return false;
  if (place.referencePoint !== undefined) {
    const to = directory.party(outgoing.destination);
    if (pointOf(outgoing.protocol, from, to) !== place.referencePoint) return false;
  }
  if (place.command !== undefined && !isDiameter(place.command, outgoing)) return false;
  return (place.method === undefined && place.status === undefined) || isSip(place, outgoing);
}

function isSip(place: FaultPlace, outgoing: Outgoing): boolean {
  if (outgoing.protocol !== 'sip') return false;
  const message = parseSip(outgoing.octets);
  const method = message.kind === 'request' ? message.method : parseCSeq(message.get('CSeq') ?? '')?.method;
  if (place.method !== undefined && place.method !== method) return false;
  const status = message.kind === 'request' ? 0 : message.status;
  return place.status === undefined || matchesStatus(place.status, status);
}

function isDiameter(command: string, outgoing: Outgoing): boolean {
  if (outgoing.protocol !== 'diameter') return false;
  const { commandCode, flags, applicationId } = parseDiameter(outgoing.octets);
  return commandOf(commandCode, flags.request, applicationId)?.abbr === command;
}

/** `183` is that status, `18x` and `2xx` are classes. */
function matchesStatus(wanted: number | string, status: number): boolean {
  const digits = String(wanted).toLowerCase();
  const pattern = digits.replace(/x+$/, '');
  return String(status).startsWith(pattern) && String(status).length === digits.length;
}

/** The reference point of an outgoing message; which DNS server is asked tells ENUM from DNS. */
function pointOf(protocol: Outgoing['protocol'], from: Party, to: Party): ReferencePoint {
  if (protocol !== 'dns') return referencePointOf(protocol, from, to);
  return [from, to].some((party) => party.node?.role === 'enum-server') ? 'ENUM' : 'DNS';
}
