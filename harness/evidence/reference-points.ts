import type { ReferencePoint } from '../profile/reference-point.js';
import type { Role } from '../profile/role.js';
import type { Party, RecordedMessage } from './model.js';

interface Row {
  readonly between: readonly [Role, Role];
  readonly point: ReferencePoint;
  /** Only where both ends belong to the same network, or only where they do not. */
  readonly networks?: 'same' | 'different';
  readonly clause: string;
}

/** Reference points that carry SIP. */
const SIP_POINTS: readonly Row[] = [
  { between: ['ue', 'p-cscf'], point: 'Gm', clause: 'TS 23.228 §4.4' },
  { between: ['p-cscf', 'i-cscf'], point: 'Mw', clause: 'TS 23.228 §4.4' },
  { between: ['p-cscf', 's-cscf'], point: 'Mw', clause: 'TS 23.228 §4.4' },
  { between: ['i-cscf', 's-cscf'], point: 'Mw', clause: 'TS 23.228 §4.4' },
  { between: ['i-cscf', 'i-cscf'], point: 'Mw', clause: 'TS 23.228 §4.4' },
  { between: ['s-cscf', 's-cscf'], point: 'Mw', clause: 'TS 23.228 §4.4' },
  { between: ['p-cscf', 'p-cscf'], point: 'Mw', clause: 'TS 23.228 §4.4' },
  { between: ['p-cscf', 'ibcf'], point: 'Mx', clause: 'TS 23.228 §4.4' },
  { between: ['i-cscf', 'ibcf'], point: 'Mx', clause: 'TS 23.228 §4.4' },
  { between: ['s-cscf', 'ibcf'], point: 'Mx', clause: 'TS 23.228 §4.4' },
  { between: ['s-cscf', 'tas'], point: 'ISC', clause: 'TS 23.228 §4.2.4' },
  { between: ['ibcf', 'ibcf'], point: 'Ici', networks: 'different', clause: 'TS 29.165 §5.2' },
];

const DIAMETER_POINTS: readonly Row[] = [
  { between: ['i-cscf', 'hss'], point: 'Cx', clause: 'TS 29.228 §4' },
  { between: ['s-cscf', 'hss'], point: 'Cx', clause: 'TS 29.228 §4' },
  { between: ['p-cscf', 'pcrf'], point: 'Rx', clause: 'TS 29.214 §4.1' },
];

const MEDIA_POINTS: readonly Row[] = [
  { between: ['trgw', 'trgw'], point: 'Izi', networks: 'different', clause: 'TS 29.165 §5.2' },
  // A border element that is IBCF and TrGW at one address.
  { between: ['ibcf', 'trgw'], point: 'Izi', networks: 'different', clause: 'TS 29.165 §5.2' },
  { between: ['ibcf', 'ibcf'], point: 'Izi', networks: 'different', clause: 'TS 29.165 §5.2' },
  { between: ['ue', 'ibcf'], point: 'Mb', clause: 'TS 23.228 §4.4' },
  { between: ['ue', 'trgw'], point: 'Mb', clause: 'TS 23.228 §4.4' },
  { between: ['ue', 'ue'], point: 'Mb', clause: 'TS 23.228 §4.4' },
  { between: ['trgw', 'trgw'], point: 'Mb', networks: 'same', clause: 'TS 23.228 §4.4' },
];

type Table = ReadonlyMap<string, readonly Row[]>;

function tableOf(rows: readonly Row[]): Table {
  const table = new Map<string, Row[]>();
  for (const row of rows) {
    const [a, b] = row.between;
    for (const key of new Set([`${a} ${b}`, `${b} ${a}`])) table.set(key, [...(table.get(key) ?? []), row]);
  }
  return table;
}

const TABLES: Readonly<Record<'sip' | 'diameter' | 'media', Table>> = {
  sip: tableOf(SIP_POINTS),
  diameter: tableOf(DIAMETER_POINTS),
  media: tableOf(MEDIA_POINTS),
};

/**
 * The reference point between two ends, from their roles and networks; `unknown` where an end or the pair is not known. DNS is
 * told apart by what is asked, see `isEnum`.
 */
export function referencePointOf(
  protocol: Exclude<RecordedMessage['protocol'], 'dns' | 'unknown'>,
  from: Party,
  to: Party,
): ReferencePoint {
  if (!from.node || !to.node) return 'unknown';
  const table = TABLES[protocol === 'rtp' || protocol === 'rtcp' ? 'media' : protocol];
  const same = from.node.network === to.node.network ? 'same' : 'different';
  const rows = table.get(`${from.node.role} ${to.node.role}`) ?? [];
  return rows.find((row) => row.networks === undefined || row.networks === same)?.point ?? 'unknown';
}

/** Reference points that have a Diameter application of their own. */
const DIAMETER_APPLICATIONS: ReadonlyMap<number, ReferencePoint> = new Map([
  // TS 29.229 §3, TS 29.214 §5.1.
  [16777216, 'Cx'],
  [16777236, 'Rx'],
]);

/** The reference point of a Diameter application; `unknown` for the base protocol and applications without one here. */
export function diameterPointOf(applicationId: number): ReferencePoint {
  return DIAMETER_APPLICATIONS.get(applicationId) ?? 'unknown';
}
