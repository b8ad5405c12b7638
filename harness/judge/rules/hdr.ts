import type { Rule } from '../rule.js';
import { type Complaint, type RuleRow, seen, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** A header that never crosses any leg of the II-NNI. */
function never(row: Pick<RuleRow, 'id' | 'clause' | 'usualCause'>, headers: readonly string[]): Rule {
  return sipRule({
    ...row,
    says: `${headers.join(', ')} ${headers.length === 1 ? 'does' : 'do'} not cross the II-NNI.`,
    strength: 'shall',
    provenance: 'S',
    where: {},
    judge: (view) => headers.filter((header) => view.has(header)).map((header) => seen(view, header)),
  });
}

/** A header and the messages in which another rule says the same in particular. */
interface LegHeader {
  readonly header: string;
  readonly toldFor?: (view: SipView) => boolean;
}

const inInvite = (view: SipView): boolean => view.isRequest && view.method === 'INVITE' && view.inDialog === false;
const inAuthenticationOfInvite = (view: SipView): boolean =>
  view.method === 'INVITE' && (view.status === 401 || view.status === 407);

/** TS 29.165 §6.1.1.3.3; the INVITE that begins a call and its responses have INV-08, INV-22, INV-26, INV-30, INV-31 and RSP-20 of its own. */
const ROAMING_ONLY: readonly LegHeader[] = [
  { header: 'Authentication-Info' },
  { header: 'Authorization', toldFor: inInvite },
  { header: 'P-Associated-URI' },
  { header: 'P-Called-Party-ID', toldFor: inInvite },
  { header: 'P-Preferred-Service', toldFor: inInvite },
  { header: 'P-Profile-Key' },
  { header: 'P-Served-User', toldFor: inInvite },
  { header: 'P-Visited-Network-ID', toldFor: inInvite },
  { header: 'Path' },
  { header: 'Priority-Share' },
  { header: 'Proxy-Authenticate', toldFor: inAuthenticationOfInvite },
  { header: 'Proxy-Authorization', toldFor: inInvite },
  { header: 'Resource-Share' },
  { header: 'Restoration-Info' },
  { header: 'Service-Route' },
  { header: 'WWW-Authenticate', toldFor: inAuthenticationOfInvite },
];

/** TS 29.165 §6.1.1.3.4. */
const NON_ROAMING_ONLY = ['Identity', 'Attestation-Info', 'Origination-Id', 'P-Refused-URI-List'];

/**
 * Capabilities of status m whose headers the border passes; those with a rule of their own about presence (Supported,
 * Contact …) and those that routing or screening consume are left out.
 */
const PASSED: readonly LegHeader[] = [
  { header: 'Accept', toldFor: inInvite },
  { header: 'Accept-Contact', toldFor: inInvite },
  { header: 'Allow', toldFor: (view) => view.status === 405 || saysAllow(view) },
  { header: 'Session-Expires' },
  ...[
    'Accept-Encoding',
    'Accept-Language',
    'Date',
    'Expires',
    'Geolocation',
    'Geolocation-Error',
    'Geolocation-Routing',
    'Max-Breadth',
    'MIME-Version',
    'Min-Expires',
    'Min-SE',
    'Organization',
    'Referred-By',
    'Reject-Contact',
    'Request-Disposition',
    'Timestamp',
    'Trigger-Consent',
    'Unsupported',
    'User-Agent',
  ].map((header) => ({ header })),
];

/** INVITE, its 2xx and UPDATE say Allow by a rule of its own, MTH-08. */
function saysAllow(view: SipView): boolean {
  if (view.isRequest) return view.method === 'INVITE' || view.method === 'UPDATE';
  return view.method === 'INVITE' && view.status >= 200 && view.status < 300;
}

/**
 * Headers of procedures that are mandatory at the II-NNI by themselves: table 6.1.3.1 items 43, 45, 46, 63, 74. The others
 * belong to RFC 3261 as a whole, and a border may screen them out by its policy (TS 24.229 §5.10.6).
 */
const OF_A_PROCEDURE: ReadonlySet<string> = new Set([
  'Accept-Contact',
  'Geolocation',
  'Geolocation-Error',
  'Geolocation-Routing',
  'Max-Breadth',
  'Min-SE',
  'Referred-By',
  'Reject-Contact',
  'Request-Disposition',
  'Session-Expires',
]);

/** Headers that went into a border and did not come out; not those that only the border before it had put in. */
function lost(before: SipView, after: SipView, origin: SipView | null = null): readonly Complaint[] {
  if (after.status === 100 || after.method === 'CANCEL' || after.isHopByHop) return [];
  const isProxied = before.callId === after.callId && (!after.isRequest || after.vias.length > 1);
  return PASSED.filter(
    ({ header, toldFor }) =>
      before.has(header) && !after.has(header) && origin?.has(header) !== false && toldFor?.(after) !== true,
  ).map(({ header }) => ({
    seen: `no ${header} in ${after.title}; its sender had received ${header}: ${before.get(header) ?? ''}`,
    message: after.record,
    line: 1,
    ...(isProxied && OF_A_PROCEDURE.has(header) ? {} : { strength: 'should' as const }),
  }));
}

/** Header applicability by leg, TS 29.165 §6.1.1.3 and table 6.1.3.1. */
export const HDR: readonly Rule[] = [
  never(
    {
      id: 'HDR-01',
      clause: 'TS 29.165 table 6.2 note 4, §6.1.3 item 37',
      usualCause: "the S-CSCF's charging addresses are not removed at the exit border",
    },
    ['P-Charging-Function-Addresses'],
  ),
  never(
    {
      id: 'HDR-02',
      clause: 'TS 29.165 §6.1.3 item 54, annex A.1/46',
      usualCause: "the I-CSCF's hint for its own S-CSCF is passed on",
    },
    ['P-User-Database'],
  ),
  never(
    {
      id: 'HDR-03',
      clause: 'TS 29.165 §6.1.3 item 26, annex B.7.1/47',
      usualCause: 'the P-CSCF does not turn P-Preferred-Identity into P-Asserted-Identity',
    },
    ['P-Preferred-Identity'],
  ),
  sipRule({
    id: 'HDR-04',
    says: 'Security-Client, Security-Verify, Security-Server and the option tag sec-agree stay between UE and P-CSCF.',
    clause: 'TS 29.165 §6.1.3 item 39, annex A.1/63-64',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the P-CSCF forwards what it negotiated with the UE',
    where: {},
    judge: (view) => [
      ...['Security-Client', 'Security-Verify', 'Security-Server']
        .filter((name) => view.has(name))
        .map((name) => seen(view, name)),
      ...['Require', 'Proxy-Require']
        .filter((name) => view.tokens(name).includes('sec-agree'))
        .map((name) => seen(view, name)),
    ],
  }),
  sipRule({
    id: 'HDR-05',
    says: 'A Proxy-Require that has become empty is removed as a whole.',
    clause: 'TS 24.228 flow R1-1c; RFC 3261 §20.29',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the P-CSCF removes sec-agree and leaves the header line behind',
    where: { kind: 'request', header: 'Proxy-Require' },
    judge: (view) =>
      view.sip.fields('Proxy-Require').some((field) => field.value.trim() === '')
        ? { seen: `an empty Proxy-Require in ${view.title}`, header: 'Proxy-Require' }
        : null,
  }),
  never(
    {
      id: 'HDR-06',
      clause: 'TS 29.165 §6.1.3 item 22, annex A.1/40',
      usualCause: "an authorisation of the access's own bearers is passed on",
    },
    ['P-Media-Authorization'],
  ),
  sipRule({
    id: 'HDR-07',
    says: 'Headers of the roaming II-NNI do not cross a non-roaming one.',
    clause: 'TS 29.165 §6.1.1.3.3, §3.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'headers between UE, P-CSCF and S-CSCF are not removed before the call leaves the network',
    where: { legs: ['NR', 'VA-HB'] },
    when: (view) => view.method !== 'REGISTER',
    judge: (view) =>
      ROAMING_ONLY.filter(({ header, toldFor }) => view.has(header) && toldFor?.(view) !== true).map(({ header }) =>
        seen(view, header),
      ),
  }),
  sipRule({
    id: 'HDR-08',
    says: 'Headers of the non-roaming II-NNI do not cross a roaming one.',
    clause: 'TS 29.165 §6.1.1.3.4, §6.1.3 items 101, 119, 123, 124 (c5)',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the home network sends attestation headers towards the visited network',
    where: { legs: ['VA-HA', 'HB-VB'] },
    judge: (view) => NON_ROAMING_ONLY.filter((header) => view.has(header)).map((header) => seen(view, header)),
  }),
  sipRule({
    id: 'HDR-09',
    says: 'A border passes the headers of mandatory capabilities that it receives.',
    clause: 'TS 29.165 §6.1.3.2, table 6.1.3.1, annex A tables A.1, A.2 (informative)',
    strength: 'shall',
    provenance: 'S',
    usualCause: "the border's header filter has a positive list that lacks mandatory headers",
    where: {},
    judge: (view, context) => {
      const inside = context.border.inside(view);
      const forwarded = context.border.forwarded(view);
      if (inside === null && forwarded === null) return undefined;
      const dropped = forwarded === null ? [] : lost(view, forwarded, inside);
      return [...(inside === null ? [] : lost(inside, view)), ...dropped];
    },
  }),
  never(
    {
      id: 'HDR-10',
      clause: 'TS 29.165 table 6.2 note 4, §6.1.3 item 115, annex B.7.1/65',
      usualCause: 'charging information between application servers is passed on',
    },
    ['Relayed-Charge'],
  ),
];
