import type { RuleContext } from '../context.js';
import { type HeaderEntry, type HeaderSheet, headerSheet } from '../header-matrix.js';
import type { Rule } from '../rule.js';
import { type Complaint, shortened, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** A header that has a rule of its own, which says more than the matrix: presence, absence, or both are told there. */
interface Told {
  readonly rules: string;
  readonly missing?: true;
  readonly present?: true;
  readonly methods?: readonly string[];
  readonly kind?: 'request' | 'response';
  /** Told by that rule only where the networks do not trust each other for the header. */
  readonly untrusted?: true;
}

const BOTH = { missing: true, present: true } as const;

const TOLD_ELSEWHERE: Readonly<Record<string, readonly Told[]>> = {
  'call-id': [{ rules: 'GEN-03, GEN-05', ...BOTH }],
  cseq: [{ rules: 'GEN-03, GEN-05', ...BOTH }],
  from: [{ rules: 'GEN-03, GEN-05', ...BOTH }],
  to: [{ rules: 'GEN-03, GEN-05', ...BOTH }],
  via: [{ rules: 'GEN-03, GEN-05', ...BOTH }],
  'max-forwards': [{ rules: 'GEN-03', ...BOTH }],
  'content-length': [{ rules: 'GEN-07', ...BOTH }],
  'content-type': [{ rules: 'GEN-08', ...BOTH }],
  contact: [
    { rules: 'INV-12, RSP-02', missing: true, methods: ['INVITE'] },
    { rules: 'REG-48, REG-49', missing: true, methods: ['REGISTER'] },
  ],
  rack: [{ rules: 'RSP-05', missing: true }],
  allow: [
    { rules: 'MTH-07, RSP-12', missing: true, methods: ['INVITE'] },
    { rules: 'MTH-07', missing: true, kind: 'response' },
  ],
  supported: [
    { rules: 'INV-13, RSP-12', missing: true, methods: ['INVITE'] },
    { rules: 'REG-48', missing: true, methods: ['REGISTER'] },
  ],
  require: [{ rules: 'REG-48', missing: true, methods: ['REGISTER'] }],
  path: [
    { rules: 'HDR-07', present: true },
    { rules: 'REG-48, REG-49', missing: true },
  ],
  'service-route': [{ rules: 'HDR-07, REG-49', ...BOTH }],
  'p-associated-uri': [{ rules: 'HDR-07, REG-49', ...BOTH }],
  'min-se': [{ rules: 'DLG-12', missing: true }],
  unsupported: [{ rules: 'RSP-20, REG-50', missing: true, methods: ['INVITE', 'REGISTER'] }],
  'geolocation-error': [{ rules: 'RSP-20, REG-50', missing: true, methods: ['INVITE', 'REGISTER'] }],
  'proxy-authenticate': [
    { rules: 'HDR-07, RSP-20', present: true },
    { rules: 'RSP-20, REG-50', missing: true, methods: ['INVITE', 'REGISTER'] },
  ],
  'www-authenticate': [
    { rules: 'HDR-07, RSP-20', present: true },
    { rules: 'RSP-20, REG-50', missing: true, methods: ['INVITE', 'REGISTER'] },
  ],
  'min-expires': [{ rules: 'REG-50', missing: true, methods: ['REGISTER'] }],
  'p-charging-vector': [{ rules: 'PCV', ...BOTH }],
  'p-asserted-identity': [
    { rules: 'INV-03', missing: true, methods: ['INVITE'] },
    { rules: 'TRU-01, TRU-02', present: true, untrusted: true },
  ],
  'p-asserted-service': [
    { rules: 'TRU-05', present: true, untrusted: true },
    { rules: 'INV-06', present: true, methods: ['INVITE'] },
  ],
  'p-early-media': [
    { rules: 'TRU-09', present: true, untrusted: true },
    { rules: 'INV-16, RSP-09', present: true, methods: ['INVITE'] },
  ],
  'p-access-network-info': [{ rules: 'TRU-03, INV-09, PCV-30', present: true }],
  'p-charging-function-addresses': [{ rules: 'HDR-01', ...BOTH }],
  'p-user-database': [{ rules: 'HDR-02', ...BOTH }],
  'p-preferred-identity': [{ rules: 'HDR-03', ...BOTH }],
  'security-client': [{ rules: 'HDR-04', ...BOTH }],
  'security-verify': [{ rules: 'HDR-04', ...BOTH }],
  'security-server': [{ rules: 'HDR-04', ...BOTH }],
  'p-media-authorization': [{ rules: 'HDR-06', ...BOTH }],
  'relayed-charge': [{ rules: 'HDR-10', ...BOTH }],
  authorization: [{ rules: 'HDR-07, INV-22, REG-17', ...BOTH }],
  'proxy-authorization': [{ rules: 'HDR-07, INV-22', ...BOTH }],
  'authentication-info': [{ rules: 'HDR-07', ...BOTH }],
  'p-called-party-id': [{ rules: 'HDR-07, INV-26', ...BOTH }],
  'p-preferred-service': [{ rules: 'HDR-07, INV-08', ...BOTH }],
  'p-profile-key': [{ rules: 'HDR-07, TRU-08', ...BOTH }],
  'p-served-user': [{ rules: 'HDR-07, INV-31, TRU-08', ...BOTH }],
  'p-visited-network-id': [{ rules: 'HDR-07, INV-30, REG-48', ...BOTH }],
  'priority-share': [{ rules: 'HDR-07', ...BOTH }],
  'resource-share': [{ rules: 'HDR-07', ...BOTH }],
  'restoration-info': [{ rules: 'HDR-07, RSP-22', ...BOTH }],
  identity: [{ rules: 'HDR-08', present: true }],
  'attestation-info': [{ rules: 'HDR-08, TRU-13', present: true }],
  'origination-id': [{ rules: 'HDR-08, TRU-13', present: true }],
  'p-refused-uri-list': [{ rules: 'HDR-08', present: true }],
  'p-private-network-indication': [{ rules: 'TRU-08', present: true }],
  'resource-priority': [{ rules: 'TRU-06', present: true }],
  'feature-caps': [{ rules: 'TRU-11, HDR-11', present: true }],
  'response-source': [{ rules: 'GEN-20, TRU-13', present: true }],
  'service-interact-info': [{ rules: 'TRU-13', present: true }],
  'cellular-network-info': [{ rules: 'TRU-13', present: true }],
  'additional-identity': [{ rules: 'TRU-13', present: true }],
  reason: [{ rules: 'TRU-07', present: true, kind: 'response' }],
};

function toldElsewhere(view: SipView, context: RuleContext, header: string, what: 'missing' | 'present'): boolean {
  const rows = TOLD_ELSEWHERE[header];
  return (
    rows?.some(
      (row) =>
        row[what] === true &&
        (row.untrusted !== true || !context.trusts(header)) &&
        (row.methods === undefined || row.methods.includes(view.method)) &&
        (row.kind === undefined || (row.kind === 'request') === view.isRequest),
    ) ?? false
  );
}

/** Headers whose `dm` is a requirement of an RFC too, so that their absence may fail; of the others annex B alone speaks. */
const DEMANDED_BY_RFC: Readonly<Record<string, string>> = {
  contact: 'RFC 3311 §5.1, RFC 3515 §2.2, RFC 6665 §4.1.3',
  event: 'RFC 6665 §8.2.1',
  'subscription-state': 'RFC 6665 §8.2.3',
  'refer-to': 'RFC 3515 §2.1',
  'allow-events': 'RFC 6665 §8.3.2',
  'sip-etag': 'RFC 3903 §6',
  'min-expires': 'RFC 3261 §21.4.17',
  unsupported: 'RFC 3261 §21.4.15',
  'www-authenticate': 'RFC 3261 §22.1',
  'proxy-authenticate': 'RFC 3261 §22.3',
};

/** Headers whose `dn/a` an RFC confirms: its own table excludes them from the message. */
const EXCLUDED_BY_RFC: ReadonlySet<string> = new Set(['require', 'proxy-require', 'contact', 'recv-info']);

function cellText(sheet: HeaderSheet, entry: HeaderEntry | undefined): string {
  return entry === undefined ? `table ${sheet.table}, not listed` : `table ${sheet.table}, cell ${entry.cell}`;
}

/** Demanded headers with one of the codes that are missing. */
function missing(view: SipView, context: RuleContext, sheet: HeaderSheet, code: 'M' | 'M*'): readonly Complaint[] {
  return sheet.demanded.flatMap((entry): readonly Complaint[] => {
    const name = entry.header.toLowerCase();
    const soft = entry.codes.includes('M*');
    if (soft !== (code === 'M*') || view.has(name) || toldElsewhere(view, context, name, 'missing')) return [];
    const rfc = DEMANDED_BY_RFC[name];
    return [
      {
        seen: `no ${entry.header} in ${view.title}`,
        required: `${entry.header} ${soft ? 'should be' : 'is'} in ${view.title} (${cellText(sheet, entry)}${rfc === undefined ? '' : `; ${rfc}`}).`,
        line: 1,
        ...(soft || rfc !== undefined ? {} : { strength: 'should' as const }),
      },
    ];
  });
}

function present(
  view: SipView,
  context: RuleContext,
  sheet: HeaderSheet,
  complain: (name: string, entry: HeaderEntry | undefined) => Partial<Complaint> | null,
): readonly Complaint[] {
  return [...view.names].flatMap((name): readonly Complaint[] => {
    if (toldElsewhere(view, context, name, 'present')) return [];
    const entry = sheet.entries.get(name);
    const complaint = complain(name, entry);
    if (complaint === null || typeof complaint === 'string') return [];
    const field = view.sip.fields(name)[0];
    return [
      {
        seen: `${field?.canonical ?? name}: ${shortened(field?.value ?? '')} in ${view.title} (${cellText(sheet, entry)})`,
        header: name,
        ...complaint,
      },
    ];
  });
}

function isExtension(entry: HeaderEntry | undefined): boolean {
  return entry === undefined || entry.codes.every((code) => code === 'NA');
}

/** Header applicability by message, TS 29.165 annex B (informative): the parts for which no other rule says more. */
export const GEN_MATRIX: readonly Rule[] = [
  sipRule({
    id: 'GEN-09',
    says: 'A header at the II-NNI is one that annex B lists for the message.',
    clause: 'TS 29.165 annex B.2',
    strength: 'should',
    provenance: 'S',
    usualCause:
      'the border does not screen headers that were never agreed: proprietary, private to one network, or of an unsupported capability',
    where: {},
    judge: (view, context) => {
      const sheet = headerSheet(view, context);
      if (sheet === null) return undefined;
      return present(view, context, sheet, (_name, entry) => (isExtension(entry) ? {} : null));
    },
  }),
  sipRule({
    id: 'GEN-10',
    says: 'A header that annex B marks dm is in every message of that kind.',
    clause: 'TS 29.165 annex B.2 table B.2.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border or a B2BUA behind it drops the header',
    where: {},
    judge: (view, context) => {
      const sheet = headerSheet(view, context);
      return sheet === null ? undefined : missing(view, context, sheet, 'M');
    },
  }),
  sipRule({
    id: 'GEN-11',
    says: 'A header that annex B marks dm* should be in every message of that kind.',
    clause: 'TS 29.165 annex B.2 table B.2.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the sender leaves out what it may leave out; receivers have to cope',
    where: {},
    judge: (view, context) => {
      const sheet = headerSheet(view, context);
      if (sheet === null || !sheet.demanded.some((entry) => entry.codes.includes('M*'))) return undefined;
      return missing(view, context, sheet, 'M*');
    },
  }),
  sipRule({
    id: 'GEN-13',
    says: 'A header that annex B marks dn/a is not in any message of that kind at the II-NNI.',
    clause: 'TS 29.165 annex B.2 table B.2.1 notes 2, 3',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the exit border does not screen the header',
    where: {},
    judge: (view, context) => {
      const sheet = headerSheet(view, context);
      if (sheet === null) return undefined;
      return present(view, context, sheet, (name, entry) => {
        if (entry === undefined || !entry.codes.every((code) => code === 'X')) return null;
        return EXCLUDED_BY_RFC.has(name) ? {} : { strength: 'should' };
      });
    },
  }),
];
