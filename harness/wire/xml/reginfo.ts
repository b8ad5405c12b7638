import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Defect } from '../defect.js';

/** What happened to a contact, RFC 3680 §5.2. */
export type ContactEvent =
  | 'registered'
  | 'created'
  | 'refreshed'
  | 'shortened'
  | 'expired'
  | 'deactivated'
  | 'probation'
  | 'unregistered'
  | 'rejected';

export interface ReginfoContact {
  readonly id: string;
  readonly uri: string;
  readonly state: 'active' | 'terminated';
  readonly event: ContactEvent;
  /** Seconds left, seconds since the registration, seconds to wait after `probation`. */
  readonly expires?: number;
  readonly durationRegistered?: number;
  readonly retryAfter?: number;
  readonly q?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly displayName?: string;
  /** Header parameters of the Contact; an empty value for a parameter without one. */
  readonly unknownParams?: readonly (readonly [name: string, value: string])[];
  /** Public and temporary GRUU, RFC 5628 §5. */
  readonly pubGruu?: string;
  readonly tempGruu?: string;
}

export interface ReginfoRegistration {
  readonly aor: string;
  readonly id: string;
  readonly state: 'init' | 'active' | 'terminated';
  readonly contacts: readonly ReginfoContact[];
}

/** A registration information document, RFC 3680 §5. */
export interface Reginfo {
  readonly version: number;
  readonly state: 'full' | 'partial';
  readonly registrations: readonly ReginfoRegistration[];
}

export const REGINFO_TYPE = 'application/reginfo+xml';
const NAMESPACE = 'urn:ietf:params:xml:ns:reginfo';
const GRUU_NAMESPACE = 'urn:ietf:params:xml:ns:gruuinfo';
const MAX_OCTETS = 1_048_576;
const CLAUSE = 'RFC 3680 §5';

const registrationStates: readonly string[] = ['init', 'active', 'terminated'];
const contactEvents: readonly string[] = [
  'registered',
  'created',
  'refreshed',
  'shortened',
  'expired',
  'deactivated',
  'probation',
  'unregistered',
  'rejected',
];

const named: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
];

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => named.find(([plain]) => plain === character)?.[1] ?? '');
}

/** The five entities of XML itself and character references; nothing else is ever expanded. */
function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});/g, (entity) => {
    const plain = named.find(([, escaped]) => escaped === entity)?.[0];
    if (plain !== undefined) return plain;
    const code = entity.startsWith('&#x') ? Number.parseInt(entity.slice(3, -1), 16) : Number(entity.slice(2, -1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}

function attributes(pairs: readonly (readonly [string, string | number | undefined])[]): string {
  return pairs
    .flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${escapeXml(String(value))}"`]))
    .join('');
}

function contactText(contact: ReginfoContact): string {
  const head = attributes([
    ['id', contact.id],
    ['state', contact.state],
    ['event', contact.event],
    ['expires', contact.expires],
    ['duration-registered', contact.durationRegistered],
    ['retry-after', contact.retryAfter],
    ['q', contact.q],
    ['callid', contact.callId],
    ['cseq', contact.cseq],
  ]);
  const children = [`<uri>${escapeXml(contact.uri)}</uri>`];
  if (contact.displayName !== undefined)
    children.push(`<display-name>${escapeXml(contact.displayName)}</display-name>`);
  for (const [name, value] of contact.unknownParams ?? []) {
    children.push(`<unknown-param${attributes([['name', name]])}>${escapeXml(value)}</unknown-param>`);
  }
  if (contact.pubGruu !== undefined) children.push(`<gr:pub-gruu${attributes([['uri', contact.pubGruu]])}/>`);
  if (contact.tempGruu !== undefined) {
    children.push(
      `<gr:temp-gruu${attributes([
        ['uri', contact.tempGruu],
        ['first-cseq', contact.cseq ?? 1],
      ])}/>`,
    );
  }
  const lines = children.map((child) => `      ${child}\r\n`).join('');
  return `    <contact${head}>\r\n${lines}    </contact>\r\n`;
}

/** Writes the document in UTF-8. */
export function buildReginfo(reginfo: Reginfo): Uint8Array {
  const gruus = reginfo.registrations.some(({ contacts }) =>
    contacts.some((c) => c.pubGruu !== undefined || c.tempGruu !== undefined),
  );
  const root = attributes([
    ['xmlns', NAMESPACE],
    ['xmlns:gr', gruus ? GRUU_NAMESPACE : undefined],
    ['version', reginfo.version],
    ['state', reginfo.state],
  ]);
  const registrations = reginfo.registrations.map(({ aor, id, state, contacts }) => {
    const head = attributes([
      ['aor', aor],
      ['id', id],
      ['state', state],
    ]);
    return `  <registration${head}>\r\n${contacts.map(contactText).join('')}  </registration>\r\n`;
  });
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\r\n<reginfo${root}>\r\n${registrations.join('')}</reginfo>\r\n`,
    'utf8',
  );
}

/** One element as the parser gives it, attributes behind `@`. */
type Element = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  htmlEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** Child elements of a local name, whatever their prefix. */
function children(element: Element, name: string): readonly Element[] {
  return Object.entries(element)
    .filter(([key]) => key === name || (key.endsWith(`:${name}`) && !key.startsWith('@')))
    .flatMap(([, found]): readonly unknown[] => (Array.isArray(found) ? found : [found]))
    .map((item) => (typeof item === 'object' && item !== null ? (item as Element) : { '#text': item }));
}

function attribute(element: Element, name: string): string | undefined {
  const value = element[`@${name}`];
  return typeof value === 'string' ? unescapeXml(value) : undefined;
}

function textOf(element: Element | undefined): string | undefined {
  const value = element?.['#text'];
  return typeof value === 'string' ? unescapeXml(value).trim() : undefined;
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** Reads a document; null with a defect where it is none. Document types are refused, entities of their own never expanded. */
export function parseReginfo(octets: Uint8Array): {
  readonly reginfo: Reginfo | null;
  readonly defects: readonly Defect[];
} {
  const defects: Defect[] = [];
  const tell = (code: string, text: string) => defects.push({ code, offset: 0, text, clause: CLAUSE });
  if (octets.length > MAX_OCTETS) {
    tell('reginfo-too-long', `at most ${MAX_OCTETS} octets are read, seen ${octets.length}`);
    return { reginfo: null, defects };
  }
  const root = readRoot(Buffer.from(octets).toString('utf8'), tell);
  if (root === null) return { reginfo: null, defects };
  const version = count(attribute(root, 'version'));
  const state = attribute(root, 'state');
  if (version === undefined) tell('reginfo-version', 'reginfo needs a version number');
  if (state !== 'full' && state !== 'partial') tell('reginfo-state', 'the state must be full or partial');
  if (!inNamespace(root)) tell('reginfo-namespace', `the namespace must be ${NAMESPACE}`);
  const registrations = children(root, 'registration').map((element) => readRegistration(element, tell));
  return {
    reginfo: { version: version ?? 0, state: state === 'partial' ? 'partial' : 'full', registrations },
    defects,
  };
}

/** The namespace is bound on the root: as the default one, or to a prefix. */
function inNamespace(root: Element): boolean {
  return Object.entries(root).some(([name, value]) => name.startsWith('@xmlns') && value === NAMESPACE);
}

function readRoot(text: string, tell: (code: string, text: string) => void): Element | null {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) {
    tell('reginfo-document-type', 'a document type is not allowed');
    return null;
  }
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    tell('reginfo-not-well-formed', `well-formed XML is required: ${valid.err.msg} in line ${valid.err.line}`);
    return null;
  }
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch (error) {
    tell(
      'reginfo-not-well-formed',
      `well-formed XML is required: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
    return null;
  }
  const root = children(document as Element, 'reginfo')[0];
  if (root === undefined) tell('reginfo-root', 'the root element must be reginfo');
  return root ?? null;
}

function readRegistration(element: Element, tell: (code: string, text: string) => void): ReginfoRegistration {
  const state = attribute(element, 'state') ?? '';
  const aor = attribute(element, 'aor') ?? '';
  if (aor === '') tell('reginfo-aor', 'a registration needs an aor');
  if (!registrationStates.includes(state))
    tell('reginfo-registration-state', 'a state of init, active or terminated is required');
  return {
    aor,
    id: attribute(element, 'id') ?? '',
    state: state === 'active' || state === 'terminated' ? state : 'init',
    contacts: children(element, 'contact').map((contact) => readContact(contact, tell)),
  };
}

function readContact(element: Element, tell: (code: string, text: string) => void): ReginfoContact {
  const state = attribute(element, 'state') ?? '';
  const event = attribute(element, 'event') ?? '';
  const uri = textOf(children(element, 'uri')[0]) ?? '';
  if (state !== 'active' && state !== 'terminated') tell('reginfo-contact-state', 'a contact is active or terminated');
  if (!contactEvents.includes(event)) tell('reginfo-contact-event', 'a contact needs an event of RFC 3680 §5.2');
  if (uri === '') tell('reginfo-contact-uri', 'a contact needs a uri');
  const optional = {
    expires: count(attribute(element, 'expires')),
    durationRegistered: count(attribute(element, 'duration-registered')),
    retryAfter: count(attribute(element, 'retry-after')),
    q: attribute(element, 'q'),
    callId: attribute(element, 'callid'),
    cseq: count(attribute(element, 'cseq')),
    displayName: textOf(children(element, 'display-name')[0]),
    pubGruu: attribute(children(element, 'pub-gruu')[0] ?? {}, 'uri'),
    tempGruu: attribute(children(element, 'temp-gruu')[0] ?? {}, 'uri'),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  const unknownParams = children(element, 'unknown-param').map(
    (param) => [attribute(param, 'name') ?? '', textOf(param) ?? ''] as const,
  );
  return {
    id: attribute(element, 'id') ?? '',
    uri,
    state: state === 'active' ? 'active' : 'terminated',
    event: contactEvents.includes(event) ? (event as ContactEvent) : 'rejected',
    ...present,
    ...(unknownParams.length > 0 ? { unknownParams } : {}),
  };
}
