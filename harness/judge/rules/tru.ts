import { parseUri, plainNumber } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import type { Provenance, Rule } from '../rule.js';
import { type Complaint, type RuleRow, seen, shortened, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** A header that does not leave the trust domain: TS 24.229 §4.4, TS 29.165 table 6.2. */
interface TrustHeader {
  readonly header: string;
  /** Weaker than the rule's where the clause was not read. */
  readonly provenance?: Provenance;
  /** Messages in which another rule says the same in particular. */
  readonly toldFor?: (view: SipView, context: RuleContext) => boolean;
}

/** A rule that forbids headers where the networks do not trust each other for them. */
function withoutTrust(row: Omit<RuleRow, 'strength'>, headers: readonly TrustHeader[]): Rule {
  return sipRule({
    ...row,
    strength: 'shall',
    where: {},
    when: (_view, context) => headers.some(({ header }) => !context.trusts(header)),
    judge: (view, context) =>
      headers
        .filter(
          ({ header, toldFor }) => view.has(header) && !context.trusts(header) && toldFor?.(view, context) !== true,
        )
        .map(({ header, provenance }) => {
          const complaint = seen(view, header, 'without trust');
          return provenance === undefined || typeof complaint === 'string' ? complaint : { ...complaint, provenance };
        }),
  });
}

const inInvite = (view: SipView): boolean => view.isRequest && view.method === 'INVITE' && view.inDialog === false;
const onNonRoaming = (view: SipView, context: RuleContext): boolean =>
  context.leg(view) === 'NR' || context.leg(view) === 'VA-HB';

/** History-Info entries of the sender's own domain that are private and still readable. */
function readablePrivateEntries(view: SipView, context: RuleContext): readonly Complaint[] {
  const headerPrivacy = view.privacy.some((value) => value === 'history' || value === 'header');
  const own = view.record.from.node?.network;
  return view.nameAddrs('History-Info').flatMap((entry): readonly Complaint[] => {
    const uri = entry === null ? null : parseUri(entry.uri);
    if (uri === null || (uri.scheme !== 'sip' && uri.scheme !== 'sips')) return [];
    const asked = /(?:^|[;,])\s*(?:history|header)/i.test(decoded(uri.headers.get('privacy') ?? ''));
    if (!headerPrivacy && !asked) return [];
    if (uri.host.toLowerCase().endsWith('anonymous.invalid') || context.border.networkOfHost(uri.host) !== own)
      return [];
    return [
      { seen: `History-Info: <${shortened(uri.text)}> in ${view.title}, private and readable`, header: 'History-Info' },
    ];
  });
}

function decoded(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** User and host of the asserted identities, so that parameters in another order and visual separators count as the same. */
function identities(view: SipView): readonly string[] {
  return view.nameAddrs('P-Asserted-Identity').map((value) => {
    const uri = value === null ? null : parseUri(value.uri);
    if (uri === null) return value?.uri ?? '';
    if (uri.scheme === 'tel') return `tel:${plainNumber(uri.number)}`;
    if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return uri.text;
    const { number, params, host } = uri;
    const user = params.get('user')?.toLowerCase() === 'phone' ? plainNumber(number ?? '') : number;
    return `${user}@${host.toLowerCase()}`;
  });
}

const Q850 = /^\s*Q\.850\b/i;

function hasQ850(view: SipView): boolean {
  return view.all('Reason').some((value) => Q850.test(value));
}

/** What a border between trusting networks had received and did not pass on. */
function droppedWithTrust(view: SipView, context: RuleContext): readonly Complaint[] {
  const before = context.border.inside(view);
  if (before === null) return [];
  const dropped = ['P-Access-Network-Info', 'P-Early-Media', 'Cellular-Network-Info'].filter(
    (header) => context.trusts(header) && before.has(header) && !view.has(header),
  );
  const complaints: Complaint[] = dropped.map((header) => ({
    seen: `no ${header} in ${view.title}; the border had received ${header}: ${shortened(before.get(header) ?? '')}`,
    line: 1,
  }));
  if (!view.isRequest && context.trusts('Reason in a response') && hasQ850(before) && !hasQ850(view))
    complaints.push({ seen: `no Q.850 Reason in ${view.title}; the border had received one`, line: 1 });
  return [...complaints, ...assertedIdentity(view, before, context)];
}

/** INV-03 and RSP-07 tell a P-Asserted-Identity that is missing from an INVITE and from its 2xx. */
function assertedIdentity(view: SipView, before: SipView, context: RuleContext): readonly Complaint[] {
  if (!context.trusts('P-Asserted-Identity') || !before.has('P-Asserted-Identity')) return [];
  if (!view.has('P-Asserted-Identity')) {
    if (view.method === 'INVITE' && (view.isRequest || (view.status >= 200 && view.status < 300))) return [];
    return [{ seen: `no P-Asserted-Identity in ${view.title}; the border had received one`, line: 1 }];
  }
  const known = identities(before);
  const passed = identities(view);
  const dropped = known.filter((identity) => !passed.includes(identity) && !isToldAlias(identity, view, passed));
  const same = dropped.length === 0 && passed.every((identity) => known.includes(identity));
  return same
    ? []
    : [
        seen(
          view,
          'P-Asserted-Identity',
          `the border had received ${shortened(before.all('P-Asserted-Identity').join(', '))}`,
        ),
      ];
}

/** INV-04 tells a tel URI that is missing beside the SIP URI of its number. */
function isToldAlias(identity: string, view: SipView, passed: readonly string[]): boolean {
  if (!inInvite(view) || !identity.startsWith('tel:')) return false;
  const number = identity.slice('tel:'.length);
  return passed.some((other) => other.startsWith(`${number}@`));
}

/** The message that the border at the far end made of this one, where both were captured. */
function passedInward(view: SipView, context: RuleContext): SipView | undefined {
  return context.border.forwarded(view) ?? undefined;
}

function iotlOf(view: SipView): string | null {
  const uris = [view.sip.kind === 'request' ? view.sip.requestUri : '', ...view.all('Route')];
  const found = uris.map((uri) => /;\s*iotl=([^;>\s]+)/i.exec(uri)?.[1]).find((value) => value !== undefined);
  return found?.toLowerCase() ?? null;
}

/** The trust relationship, TS 29.165 §6.1.1.3.1 and table 6.2. */
export const TRU: readonly Rule[] = [
  sipRule({
    id: 'TRU-01',
    says: 'P-Asserted-Identity with Privacy: id does not leave the trust domain.',
    clause: 'RFC 3325 §7; TS 29.165 §12.3 note 1; TS 24.229 §4.4.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the exit border treats a peer as trusted that is not',
    where: { header: 'P-Asserted-Identity' },
    when: (_view, context) => !context.trusts('P-Asserted-Identity'),
    judge: (view, context) => {
      const asked = view.privacy.includes('id') || context.border.inside(view)?.privacy.includes('id') === true;
      return asked ? seen(view, 'P-Asserted-Identity', 'with Privacy: id, without trust') : null;
    },
  }),
  sipRule({
    id: 'TRU-02',
    says: 'P-Asserted-Identity with Privacy: none is not removed.',
    clause: 'RFC 3325 §7; TS 24.229 §4.4.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the exit border removes P-Asserted-Identity without looking at Privacy',
    where: {},
    when: (view, context) => !context.trusts('P-Asserted-Identity') && view.privacy.includes('none'),
    judge: (view, context) => {
      const before = context.border.inside(view);
      if (before === null || !before.has('P-Asserted-Identity')) return undefined;
      return view.has('P-Asserted-Identity')
        ? null
        : { seen: `no P-Asserted-Identity in ${view.title} with Privacy: none`, header: 'Privacy' };
    },
  }),
  withoutTrust(
    {
      id: 'TRU-03',
      says: 'P-Access-Network-Info does not leave the trust domain.',
      clause: 'RFC 7315 §4.4.2.2, §6.4; TS 29.165 §6.1.3 item 36 (c4)',
      provenance: 'S',
      usualCause: "the caller's cell reaches a network that is not trusted with it",
    },
    [
      {
        header: 'P-Access-Network-Info',
        toldFor: (view, context) => (inInvite(view) && onNonRoaming(view, context)) || withoutCharging(view),
      },
    ],
  ),
  sipRule({
    id: 'TRU-04',
    says: 'Private History-Info entries of the own domain are anonymised before they leave the trust domain.',
    clause: 'TS 29.165 table 6.2/4; RFC 7044 §10.1.2; TS 24.229 §4.4',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border passes History-Info as it is, although an entry asks for privacy',
    where: { header: 'History-Info' },
    when: (_view, context) => !context.trusts('History-Info'),
    judge: readablePrivateEntries,
  }),
  withoutTrust(
    {
      id: 'TRU-05',
      says: 'P-Asserted-Service does not leave the trust domain.',
      clause: 'RFC 6050 §5.1.2; TS 29.165 table 6.2/5; TS 24.229 §4.4',
      provenance: 'S',
      usualCause: 'the exit border treats a peer as trusted that is not',
    },
    [{ header: 'P-Asserted-Service' }],
  ),
  withoutTrust(
    {
      id: 'TRU-06',
      says: 'Resource-Priority does not cross a border without trust, in either direction.',
      clause: 'TS 24.229 §4.4',
      provenance: 'S2',
      usualCause: 'priority that nobody agreed on crosses the interconnection',
    },
    [{ header: 'Resource-Priority' }],
  ),
  sipRule({
    id: 'TRU-07',
    says: 'A response carries a Q.850 Reason only between networks that trust each other.',
    clause: 'TS 29.165 §6.1.3 items 40, 41 (c4), annex A.1/53',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'an interworking node adds the ISUP cause and the border does not remove it',
    where: { kind: 'response', header: 'Reason' },
    when: (_view, context) => !context.trusts('Reason in a response'),
    judge: (view) => (hasQ850(view) ? seen(view, 'Reason', 'without trust') : null),
  }),
  withoutTrust(
    {
      id: 'TRU-08',
      says: 'P-Served-User, P-Private-Network-Indication and P-Profile-Key do not leave the trust domain.',
      clause: 'RFC 5502 §7.2; RFC 7316 §5, §6.3; TS 29.165 table 6.2/8-10; TS 24.229 §4.4',
      provenance: 'S',
      usualCause: 'the exit border treats a peer as trusted that is not',
    },
    [
      { header: 'P-Served-User', toldFor: (view, context) => inInvite(view) || onNonRoaming(view, context) },
      { header: 'P-Private-Network-Indication' },
      { header: 'P-Profile-Key', provenance: 'S2', toldFor: onNonRoaming },
    ],
  ),
  withoutTrust(
    {
      id: 'TRU-09',
      says: 'P-Early-Media does not leave the trust domain.',
      clause: 'TS 29.165 §6.1.3 item 69 (c4); RFC 5009 §10; TS 24.229 §4.4',
      provenance: 'S',
      usualCause: 'the exit border treats a peer as trusted that is not',
    },
    [{ header: 'P-Early-Media' }],
  ),
  sipRule({
    id: 'TRU-10',
    says: 'The tel parameters cpc and oli are removed from P-Asserted-Identity without trust.',
    clause: 'TS 29.165 table 6.2/16-17 note 5; TS 24.229 §4.4, §7.2A.12',
    strength: 'shall',
    provenance: 'S2',
    usualCause: "the calling party's category stays in the identity when the border forwards it",
    where: { header: 'P-Asserted-Identity' },
    when: (_view, context) => !context.trusts('cpc and oli'),
    judge: (view) =>
      view.all('P-Asserted-Identity').some((value) => /;\s*(?:cpc|oli)\s*=/i.test(value))
        ? seen(view, 'P-Asserted-Identity', 'without trust')
        : null,
  }),
  sipRule({
    id: 'TRU-11',
    says: 'The entry border removes Feature-Caps that came from an untrusted network.',
    clause: 'TS 24.229 §4.4',
    strength: 'shall',
    provenance: 'S2',
    usualCause: 'the entry border has no screening for feature-capability indicators',
    where: { header: 'Feature-Caps' },
    when: (_view, context) => !context.trusts('Feature-Caps'),
    judge: (view, context) => {
      const inward = passedInward(view, context);
      if (inward === undefined) return undefined;
      return inward.has('Feature-Caps')
        ? {
            seen: `Feature-Caps in ${inward.title} passed to the core`,
            message: inward.record,
            line: inward.lineOf('Feature-Caps') ?? 1,
          }
        : null;
    },
  }),
  sipRule({
    id: 'TRU-12',
    says: 'iotl that came from an untrusted network is not forwarded.',
    clause: 'RFC 7549 §7; TS 29.165 §5.3.2 note 1; TS 24.229 §4.4.15, §4.13.3',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the entry border believes the leg that a stranger claims',
    where: { kind: 'request', dialog: 'initial' },
    when: (view, context) => !context.trusts('iotl') && iotlOf(view) !== null,
    judge: (view, context) => {
      const inward = passedInward(view, context);
      if (inward === undefined) return undefined;
      const kept = iotlOf(inward);
      return kept !== null && kept === iotlOf(view)
        ? { seen: `iotl=${kept} in ${inward.title} passed to the core`, message: inward.record, line: 1 }
        : null;
    },
  }),
  withoutTrust(
    {
      id: 'TRU-13',
      says: 'Response-Source, Service-Interact-Info, Cellular-Network-Info, Additional-Identity and attestation headers do not leave the trust domain.',
      clause: 'TS 29.165 §6.1.3 items 117, 121, 125, 126 (c4, c6), table 6.2/18, 23, 24; TS 24.229 §4.4',
      provenance: 'S',
      usualCause: 'the exit border treats a peer as trusted that is not',
    },
    [
      { header: 'Response-Source' },
      { header: 'Service-Interact-Info' },
      { header: 'Cellular-Network-Info' },
      { header: 'Additional-Identity' },
      { header: 'Restoration-Info', provenance: 'S2', toldFor: onNonRoaming },
      { header: 'Attestation-Info', provenance: 'S2' },
      { header: 'Origination-Id', provenance: 'S2' },
    ],
  ),
  sipRule({
    id: 'TRU-14',
    says: 'Between networks that trust each other a border neither drops nor changes asserted identity, access network, early media authorisation or Q.850 cause.',
    clause: 'TS 29.165 §6.1.3 (c4 with §6.1.3.2 m), §12.3 note 1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the exit border treats a trusted peer as untrusted, or rewrites identities',
    where: {},
    judge: (view, context) => {
      if (view.status === 100 || view.method === 'CANCEL' || view.isHopByHop) return undefined;
      if (context.border.inside(view) === null) return undefined;
      return droppedWithTrust(view, context);
    },
  }),
  sipRule({
    id: 'TRU-17',
    says: 'P-Asserted-Identity of an untrusted network is not passed into the core as it came.',
    clause: 'RFC 3325 §5; TS 24.229 §5.10.3',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the entry border believes an identity that a stranger asserts',
    where: { header: 'P-Asserted-Identity' },
    when: (_view, context) => !context.trusts('P-Asserted-Identity'),
    judge: (view, context) => {
      const inward = passedInward(view, context);
      if (inward === undefined) return undefined;
      const kept = identities(inward).filter((identity) => identities(view).includes(identity));
      return kept.length === 0
        ? null
        : {
            seen: `P-Asserted-Identity ${kept.join(', ')} passed to the core`,
            message: inward.record,
            line: inward.lineOf('P-Asserted-Identity') ?? 1,
          };
    },
  }),
];

/** Messages in which RFC 7976 §3 forbids P-Access-Network-Info whatever the trust: PCV-30 tells those. */
function withoutCharging(view: SipView): boolean {
  return view.method === 'CANCEL' || view.status === 100 || (view.method === 'ACK' && view.isHopByHop);
}
