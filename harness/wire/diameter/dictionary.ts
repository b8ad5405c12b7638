import data from './data/dictionary.json' with { type: 'json' };

/** AVP data formats, RFC 6733 §4.2 and §4.3. */
export type AvpType =
  | 'OctetString'
  | 'Integer32'
  | 'Integer64'
  | 'Unsigned32'
  | 'Unsigned64'
  | 'Float32'
  | 'Float64'
  | 'Grouped'
  | 'Address'
  | 'Time'
  | 'UTF8String'
  | 'DiameterIdentity'
  | 'DiameterURI'
  | 'Enumerated'
  | 'IPFilterRule'
  | 'QoSFilterRule';

/**
 * Where a row of the dictionary comes from: `S` read in the specification, `F` two public dictionaries agree, `F1` one dictionary, `B`
 * background knowledge, `unverified` the composition is background knowledge.
 */
export type DictionaryTag = 'S' | 'F' | 'F1' | 'B' | 'unverified';

/** A member of a command or of a Grouped AVP. */
export interface MemberDefinition {
  readonly avp: string;
  readonly presence: 'fixed' | 'required' | 'optional';
  readonly multiple: boolean;
}

export interface AvpDefinition {
  readonly name: string;
  readonly code: number;
  readonly vendorId: number;
  readonly type: AvpType;
  /** Rule for the M bit. */
  readonly mandatory: 'must' | 'must not' | 'may';
  readonly tag: DictionaryTag;
  readonly source: string;
  readonly usedBy: readonly string[];
  /** Names of Enumerated values; empty where the values are not listed. */
  readonly values: ReadonlyMap<number, string>;
  readonly members: readonly MemberDefinition[];
  readonly membersTag: DictionaryTag;
}

export interface CommandDefinition {
  readonly name: string;
  readonly abbr: string;
  readonly code: number;
  readonly request: boolean;
  readonly proxiable: boolean;
  readonly applicationId: number;
  readonly members: readonly MemberDefinition[];
  readonly source: string;
  readonly tag: DictionaryTag;
}

export interface ApplicationDefinition {
  readonly id: number;
  readonly name: string;
  readonly vendorId: number;
}

export interface ResultCodeDefinition {
  readonly code: number;
  readonly name: string;
  /** An experimental one stands in Experimental-Result with its vendor. */
  readonly experimental: boolean;
  readonly vendorId: number;
  readonly scope: readonly string[];
}

type AvpRow = readonly [
  name: string,
  code: number,
  vendorId: number,
  type: AvpType,
  mandatory: AvpDefinition['mandatory'],
  tag: DictionaryTag,
  source: string,
  usedBy: readonly string[],
  values?: Readonly<Record<string, string>>,
  members?: readonly string[],
  membersTag?: DictionaryTag,
];

interface CommandRow {
  readonly name: string;
  readonly abbr: string;
  readonly code: number;
  readonly request: boolean;
  readonly proxiable: boolean;
  readonly applicationId: number;
  readonly members: readonly string[];
  readonly source: string;
  readonly tag: DictionaryTag;
}

interface DictionaryData {
  readonly applications: readonly ApplicationDefinition[];
  readonly commands: readonly CommandRow[];
  readonly avps: readonly AvpRow[];
  readonly resultCodes: readonly (readonly [number, string, string, number, readonly string[], string, string])[];
}

const dictionary = data as unknown as DictionaryData;

export const VENDOR_3GPP = 10415;

/** Application identifiers by interface, TS 29.229 §5, TS 29.214 §5. */
export const APPLICATION_ID = {
  base: 0,
  accounting: 3,
  creditControl: 4,
  Cx: 16777216,
  Sh: 16777217,
  Rx: 16777236,
} as const;

/** Built at the first look-up: most imports of this module never look anything up. */
function lazily<T>(build: () => T): () => T {
  let built: { readonly value: T } | undefined;
  return () => {
    built ??= { value: build() };
    return built.value;
  };
}

/** Rows by vendor, then by code: looked up for every AVP of every message. */
const rowsByCode = lazily(() => {
  const vendors = new Map<number, Map<number, AvpRow>>();
  for (const row of dictionary.avps) {
    const rows = vendors.get(row[2]) ?? new Map<number, AvpRow>();
    if (!rows.has(row[1])) rows.set(row[1], row);
    vendors.set(row[2], rows);
  }
  return vendors;
});

const rowsByName = lazily(() => {
  const rows = new Map<string, AvpRow>();
  // Two applications use one name for two AVPs (User-Data of Cx and Sh): the first row, that of Cx, has the plain name.
  for (const row of dictionary.avps) if (!rows.has(row[0])) rows.set(row[0], row);
  return rows;
});

const commandsByKey = lazily(() => {
  const commands = new Map<number, CommandDefinition>();
  for (const row of dictionary.commands) {
    const key = commandKey(row.code, row.request, row.applicationId);
    if (!commands.has(key)) commands.set(key, { ...row, members: row.members.map(readMember) });
  }
  return commands;
});

const commandsByAbbr = lazily(() => {
  const commands = new Map<string, CommandDefinition>();
  for (const command of commandsByKey().values()) {
    const key = `${command.abbr} ${command.applicationId}`;
    if (!commands.has(command.abbr)) commands.set(command.abbr, command);
    commands.set(key, command);
  }
  return commands;
});

const definitions = new Map<AvpRow, AvpDefinition>();

/** The AVP with this code in this vendor's space. */
export function avpByCode(code: number, vendorId: number): AvpDefinition | undefined {
  return definitionOf(rowsByCode().get(vendorId)?.get(code));
}

/** The AVP with this name, as the specifications spell it. */
export function avpByName(name: string): AvpDefinition | undefined {
  return definitionOf(rowsByName().get(name));
}

/**
 * The command that the header means; one that the application does not define itself (STR of an unknown application) is
 * that of the base protocol, and one with a wrong application id is undefined.
 */
export function commandOf(code: number, request: boolean, applicationId: number): CommandDefinition | undefined {
  const commands = commandsByKey();
  return commands.get(commandKey(code, request, applicationId)) ?? commands.get(commandKey(code, request, 0));
}

/** The command with this abbreviation (`UAR`); the application decides where several use it (`RAR`). */
export function commandByAbbreviation(abbr: string, applicationId?: number): CommandDefinition | undefined {
  return commandsByAbbr().get(applicationId === undefined ? abbr : `${abbr} ${applicationId}`);
}

export function applicationById(id: number): ApplicationDefinition | undefined {
  return dictionary.applications.find((application) => application.id === id);
}

/** The result with this code; of two with one code the scope (`Cx`) decides. */
export function resultCode(code: number, experimental: boolean, scope?: string): ResultCodeDefinition | undefined {
  const rows = dictionary.resultCodes.filter(
    (candidate) => candidate[0] === code && (candidate[2] === 'Experimental-Result-Code') === experimental,
  );
  const row = rows.find((candidate) => scope !== undefined && candidate[4].includes(scope)) ?? rows[0];
  return row && { code: row[0], name: row[1], experimental, vendorId: row[3], scope: row[4] };
}

/** The number behind the name of an Enumerated value. */
export function enumeratedValue(definition: AvpDefinition, name: string): number | undefined {
  for (const [value, candidate] of definition.values) if (candidate === name) return value;
  return undefined;
}

function definitionOf(row: AvpRow | undefined): AvpDefinition | undefined {
  if (row === undefined) return undefined;
  const known = definitions.get(row);
  if (known !== undefined) return known;
  const [name, code, vendorId, type, mandatory, tag, source, usedBy, values = {}, members = [], membersTag] = row;
  const definition: AvpDefinition = {
    name,
    code,
    vendorId,
    type,
    mandatory,
    tag,
    source,
    usedBy,
    values: new Map(Object.entries(values).map(([value, text]) => [Number(value), text])),
    members: members.map(readMember),
    membersTag: membersTag ?? tag,
  };
  definitions.set(row, definition);
  return definition;
}

/** `Origin-Host+`, `Session-Id!`, `Public-Identity*`: the notation of the data file. */
function readMember(text: string): MemberDefinition {
  const [, avp = text, mark, multiple] = /^(.*?)([!+])?(\*)?$/.exec(text) ?? [];
  const presence = mark === '!' ? 'fixed' : mark === '+' ? 'required' : 'optional';
  return { avp, presence, multiple: multiple !== undefined };
}

/** Codes have 24 bits and application ids are below 2^28 but for that of relays, so that a number holds all three. */
function commandKey(code: number, request: boolean, applicationId: number): number {
  return ((applicationId % 2 ** 28) * 2 + (request ? 1 : 0)) * 2 ** 24 + code;
}
