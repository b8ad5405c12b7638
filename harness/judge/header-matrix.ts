import { capability } from './capability.js';
import { type Cell, type Code, compileCell, type Truth } from './cell.js';
import type { RuleContext } from './context.js';
import matrix from './data/iinni-headers.json' with { type: 'json' };
import { scenarioOf } from './leg.js';
import type { SipView } from './sip-view.js';

interface MatrixData {
  readonly request: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly response: Readonly<
    Record<string, Readonly<Record<string, readonly (readonly [readonly (string | number)[], string])[]>>>
  >;
}

/** What the matrix says of one header in one kind of message: the cell as written, and its codes under what is known. */
export interface HeaderEntry {
  readonly header: string;
  readonly cell: string;
  readonly codes: readonly Code[];
}

/** What the matrix says of all headers in a message, by lower-case name; a header that is not in it is not listed there. */
export interface HeaderSheet {
  /** `B.7.1` for INVITE requests, `B.7.2` for their responses. */
  readonly table: string;
  readonly entries: ReadonlyMap<string, HeaderEntry>;
  /** The entries that demand presence (`M`, `M*`) whatever is unknown. */
  readonly demanded: readonly HeaderEntry[];
}

interface Row {
  readonly header: string;
  readonly text: string;
  readonly cell: Cell;
}

const DATA = matrix as unknown as MatrixData;

/** Tables of TS 29.165 annex B by method. */
const TABLES: Readonly<Record<string, number>> = {
  ACK: 3,
  BYE: 4,
  CANCEL: 5,
  INFO: 6,
  INVITE: 7,
  MESSAGE: 8,
  NOTIFY: 9,
  OPTIONS: 10,
  PRACK: 11,
  PUBLISH: 12,
  REFER: 13,
  REGISTER: 14,
  SUBSCRIBE: 15,
  UPDATE: 16,
};

const CELLS = new Map<string, Cell>();
const ROWS = new Map<string, readonly Row[]>();

function cellOf(text: string): Cell {
  let cell = CELLS.get(text);
  if (cell === undefined) {
    cell = compileCell(text);
    CELLS.set(text, cell);
  }
  return cell;
}

/** What the matrix says of a message at the II-NNI; null where it does not know the method. */
export function headerSheet(view: SipView, context: RuleContext): HeaderSheet | null {
  const table = TABLES[view.method];
  if (table === undefined || isOutside(view, context)) return null;
  const facts = factsOf(view, context);
  const key = `header sheet ${view.method} ${view.status} ${facts.key}`;
  return context.memo(key, () => sheetOf(`B.${table}.${view.isRequest ? 1 : 2}`, rowsFor(view), facts.atom));
}

/**
 * Messages that the matrix does not speak of: OPTIONS between the borders themselves (TS 29.165 §5.1 note), and a
 * REGISTER where there must not be any (MTH-02).
 */
function isOutside(view: SipView, context: RuleContext): boolean {
  if (view.method === 'REGISTER') return scenarioOf(context.leg(view)) === 'nonroam';
  if (view.method !== 'OPTIONS') return false;
  const uri = (view.isRequest ? view : view.transaction?.request)?.requestUri;
  return (uri?.scheme === 'sip' || uri?.scheme === 'sips') && uri.user === null;
}

function sheetOf(table: string, rows: readonly Row[], atom: (name: string) => Truth): HeaderSheet {
  const list = rows.map((row) => ({ header: row.header, cell: row.text, codes: row.cell(atom) }));
  return {
    table,
    entries: new Map(list.map((entry) => [entry.header.toLowerCase(), entry])),
    demanded: list.filter((entry) => entry.codes.every((code) => code === 'M' || code === 'M*')),
  };
}

function rowsFor(view: SipView): readonly Row[] {
  const key = `${view.method} ${view.status}`;
  let rows = ROWS.get(key);
  if (rows === undefined) {
    rows = view.isRequest ? requestRows(view.method) : responseRows(view.method, view.status);
    if (ROWS.size < 4096) ROWS.set(key, rows);
  }
  return rows;
}

function requestRows(method: string): readonly Row[] {
  return Object.entries(DATA.request).flatMap(([header, cells]) => {
    const text = cells[method];
    return text === undefined ? [] : [{ header, text, cell: cellOf(text) }];
  });
}

function responseRows(method: string, status: number): readonly Row[] {
  return Object.entries(DATA.response[method] ?? {}).flatMap(([header, entries]) => {
    const text = entryFor(entries, status);
    return text === undefined ? [] : [{ header, text, cell: cellOf(text) }];
  });
}

/** An exact code wins over a class, a class over `others`, `others` over `r`. */
function entryFor(
  entries: readonly (readonly [readonly (string | number)[], string])[],
  status: number,
): string | undefined {
  let best: string | undefined;
  let rank = 0;
  for (const [classes, text] of entries) {
    for (const name of classes) {
      const weight = weightOf(String(name), status);
      if (weight > rank) {
        rank = weight;
        best = text;
      }
    }
  }
  return best;
}

function weightOf(name: string, status: number): number {
  if (name === String(status)) return 5;
  if (/^\d\dx$/.test(name)) return Math.floor(status / 10) === Number(name.slice(0, 2)) ? 4 : 0;
  if (/^\dxx$/.test(name)) return Math.floor(status / 100) === Number(name[0]) ? 3 : 0;
  if (name === '3xx-6xx') return status >= 300 ? 3 : 0;
  if (name === 'others') return 2;
  return name === 'r' ? 1 : 0;
}

interface Facts {
  readonly key: string;
  readonly atom: (name: string) => Truth;
}

function factsOf(view: SipView, context: RuleContext): Facts {
  const leg = context.leg(view);
  const scenario = scenarioOf(leg);
  const inDialog = view.inDialog;
  const direction = directionOf(view, context);
  const event = view.method === 'SUBSCRIBE' ? (view.get('Event') ?? '').split(';')[0]?.trim().toLowerCase() : '';
  const outside: Truth = inDialog === undefined ? 'unknown' : !inDialog;
  const inside: Truth = inDialog === undefined ? 'unknown' : inDialog;
  const known: Readonly<Record<string, Truth>> = {
    true: true,
    init: outside,
    outdlg: outside,
    rinit: outside,
    subs: inside,
    indlg: inside,
    nonroam: scenario === 'nonroam',
    loop: scenario === 'loop',
    roam: scenario === 'roam',
    h2v: scenario === 'roam' ? (direction === null ? 'unknown' : direction === 'h2v') : false,
    v2h: scenario === 'roam' ? (direction === null ? 'unknown' : direction === 'v2h') : false,
    regevent: event === 'reg',
  };
  return {
    key: `${leg} ${inDialog} ${direction} ${event === 'reg'}`,
    atom: (name) => {
      const fact = known[name];
      if (fact !== undefined) return fact;
      const item = /^cap(.+)$/.exec(name)?.[1];
      return item === undefined ? 'unknown' : capability(context, item, scenario);
    },
  };
}

/** On a roaming leg: from the visited to the home network or back. */
function directionOf(view: SipView, context: RuleContext): 'v2h' | 'h2v' | null {
  const leg = context.leg(view);
  if (leg !== 'VA-HA' && leg !== 'HB-VB') return null;
  const forward = leg === 'VA-HA' ? 'v2h' : 'h2v';
  const backward = leg === 'VA-HA' ? 'h2v' : 'v2h';
  const first = view.dialog?.creator?.request ?? view.transaction?.request ?? (view.isRequest ? view : null);
  const [origin, sender] = [first?.record.from.node?.network, view.record.from.node?.network];
  if (origin === undefined || sender === undefined) return null;
  return origin === sender ? forward : backward;
}
