import type { Evidence, Party, RecordedMessage } from '../harness/evidence/model.js';
import type { Finding, Severity } from '../harness/judge/finding.js';
import type { Role } from '../harness/profile/role.js';
import { messageLabel } from './message-text.js';

/** A vertical line of the ladder: a network function, or an address that no function is known for. */
export interface Lane {
  readonly name: string;
  readonly label: string;
  readonly network: string | null;
}

/** One message, its retransmissions folded into it. */
export interface Arrow {
  readonly kind: 'arrow';
  /** Index of the message in the evidence. */
  readonly message: number;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly referencePoint: string;
  readonly protocol: RecordedMessage['protocol'];
  /** Microseconds since the first message. */
  readonly at: number;
  /** How often it was seen: 1, or more with retransmissions. */
  readonly count: number;
  /** The worst finding on it. */
  readonly severity: Severity | null;
}

/** Media between two lanes, both directions, until the next signalling message. */
export interface MediaBand {
  readonly message: number;
  readonly from: number;
  readonly to: number;
  readonly rtp: number;
  readonly rtcp: number;
  readonly severity: Severity | null;
}

export interface MediaRow {
  readonly kind: 'media';
  readonly at: number;
  readonly bands: readonly MediaBand[];
}

export interface LadderModel {
  readonly lanes: readonly Lane[];
  readonly rows: readonly (Arrow | MediaRow)[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Where a function stands from the outer edge of its network to the border. */
const PATH_ORDER: readonly Role[] = [
  'ue',
  'p-cscf',
  'pcrf',
  's-cscf',
  'tas',
  'hss',
  'i-cscf',
  'enum-server',
  'trgw',
  'ibcf',
  'ipx-dns',
];
const ROLE_LABELS: Readonly<Record<Role, string>> = {
  ue: 'UE',
  'p-cscf': 'P-CSCF',
  'i-cscf': 'I-CSCF',
  's-cscf': 'S-CSCF',
  tas: 'TAS',
  ibcf: 'IBCF',
  trgw: 'TrGW',
  hss: 'HSS',
  pcrf: 'PCRF',
  'enum-server': 'ENUM',
  'ipx-dns': 'DNS',
};
const SEVERITIES: readonly Severity[] = ['info', 'warn', 'inconc', 'fail', 'error'];

/** The worse of two severities. */
export function worseSeverity(a: Severity | null, b: Severity | null): Severity | null {
  if (a === null || b === null) return a ?? b;
  return SEVERITIES.indexOf(a) >= SEVERITIES.indexOf(b) ? a : b;
}

/** The ladder of a trace: one lane for each node that spoke, in path order; one row for each message. Pure. */
export function ladderModel(evidence: Evidence, findings: readonly Finding[]): LadderModel {
  const lanes = lanesOf(evidence);
  const position = new Map(lanes.map((lane, index) => [lane.name, index]));
  const laneOf = (party: Party): number => position.get(laneName(party)) ?? 0;
  const severities = severityByMessage(findings);
  const start = evidence.messages[0]?.at ?? 0;
  const rows: (Arrow | MediaRow)[] = [];
  const firsts = new Map<string, number>();
  let bands = new Map<number, Writable<MediaBand>>();
  let bandsAt = 0;
  const flush = (): void => {
    if (bands.size > 0) rows.push({ kind: 'media', at: bandsAt - start, bands: [...bands.values()] });
    bands = new Map();
  };

  for (const message of evidence.messages) {
    const from = laneOf(message.from);
    const to = laneOf(message.to);
    const severity = severities.get(message.index) ?? null;
    if (message.protocol === 'rtp' || message.protocol === 'rtcp') {
      if (bands.size === 0) bandsAt = message.at;
      const key = Math.min(from, to) * lanes.length + Math.max(from, to);
      let band = bands.get(key);
      if (band === undefined)
        bands.set(key, (band = { message: message.index, from, to, rtp: 0, rtcp: 0, severity: null }));
      band[message.protocol] += 1;
      const worst = worseSeverity(band.severity, severity);
      if (worst !== band.severity) band.message = message.index;
      band.severity = worst;
      continue;
    }
    const key = `${message.protocol} ${place(message.from)} ${place(message.to)} ${Buffer.from(message.octets).toString('latin1')}`;
    const first = firsts.get(key);
    const earlier = first === undefined ? undefined : rows[first];
    if (first !== undefined && earlier?.kind === 'arrow') {
      rows[first] = { ...earlier, count: earlier.count + 1, severity: worseSeverity(earlier.severity, severity) };
      continue;
    }
    flush();
    firsts.set(key, rows.length);
    rows.push({
      kind: 'arrow',
      message: message.index,
      from,
      to,
      label: messageLabel(message),
      referencePoint: message.referencePoint,
      protocol: message.protocol,
      at: message.at - start,
      count: 1,
      severity,
    });
  }
  flush();
  return { lanes, rows };
}

function severityByMessage(findings: readonly Finding[]): ReadonlyMap<number, Severity> {
  const worst = new Map<number, Severity>();
  for (const finding of findings) {
    if (finding.message === undefined) continue;
    const severity = worseSeverity(worst.get(finding.message) ?? null, finding.severity);
    if (severity !== null) worst.set(finding.message, severity);
  }
  return worst;
}

function place(party: Party): string {
  return `${party.address} ${party.port}`;
}

function laneName(party: Party): string {
  return party.node?.name ?? party.address;
}

/** The first network from its edge to its border, what belongs to none, then every other network from its border to its edge. */
function lanesOf(evidence: Evidence): readonly Lane[] {
  const seen = new Map<string, Party>();
  for (const message of evidence.messages) {
    for (const party of [message.from, message.to]) if (!seen.has(laneName(party))) seen.set(laneName(party), party);
  }
  const parties = [...seen.values()];
  const networks = [
    ...new Set(parties.flatMap((party) => (party.node === undefined ? [] : [party.node.network]))),
  ].filter((network) => parties.some((party) => party.node?.network === network && party.node.role !== 'ipx-dns'));
  const home = (party: Party): number => {
    const index = party.node === undefined ? -1 : networks.indexOf(party.node.network);
    return index === -1 ? 0.5 : index;
  };
  const depth = (party: Party): number => {
    if (party.node === undefined) return 0;
    const order = PATH_ORDER.indexOf(party.node.role);
    return home(party) === 0 ? order : -order;
  };
  return parties
    .map((party, index) => ({ party, index }))
    .sort((a, b) => home(a.party) - home(b.party) || depth(a.party) - depth(b.party) || a.index - b.index)
    .map(({ party }) => ({
      name: laneName(party),
      label: party.node === undefined ? party.address : laneLabel(party.node.role, party.node.name),
      network: party.node?.network ?? null,
    }));
}

/** `UE`, or `UE 2` where the name numbers the instance. */
function laneLabel(role: Role, name: string): string {
  const number = /-(\d+)\./.exec(name)?.[1];
  return number === undefined || number === '1' ? ROLE_LABELS[role] : `${ROLE_LABELS[role]} ${number}`;
}
