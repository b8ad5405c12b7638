import { parseUri } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import type { Rule } from '../rule.js';
import { type Interval, requestDisposition, sessionInterval } from '../session-timer.js';
import { type Complaint, type SipRuleRow, seen, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

type InviteRow = Pick<
  SipRuleRow,
  'id' | 'says' | 'clause' | 'usualCause' | 'strength' | 'provenance' | 'when' | 'judge'
> & {
  readonly where?: SipRuleRow['where'];
};

/** A rule over the INVITE that begins a call. */
function inviteRule(row: InviteRow): Rule {
  return sipRule({ ...row, where: { kind: 'request', methods: ['INVITE'], dialog: 'initial', ...row.where } });
}

const PAI = 'P-Asserted-Identity';
const MMTEL = 'urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel';

/** Hosts of a header's URIs with the network that each belongs to. */
function hostsOf(view: SipView, header: string): readonly { readonly host: string; readonly uri: string }[] {
  return view.nameAddrs(header).flatMap((value) => {
    const uri = value === null ? null : parseUri(value.uri);
    return uri !== null && (uri.scheme === 'sip' || uri.scheme === 'sips') ? [{ host: uri.host, uri: uri.text }] : [];
  });
}

function schemeOf(uri: string): string {
  return (/^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1] ?? '').toLowerCase();
}

/** RFC 3325 §9.1: one value, or one SIP or SIPS and one tel. */
function assertedIdentity(view: SipView): Complaint | null {
  if (!view.has(PAI)) return { seen: `no P-Asserted-Identity in ${view.title}`, line: 1 };
  const schemes = view.nameAddrs(PAI).map((value) => schemeOf(value?.uri ?? ''));
  const sip = schemes.filter((scheme) => scheme === 'sip' || scheme === 'sips').length;
  const tel = schemes.filter((scheme) => scheme === 'tel').length;
  const good = sip <= 1 && tel <= 1 && sip + tel === schemes.length && schemes.length > 0;
  return good ? null : seen(view, PAI, `${schemes.length} values with schemes ${schemes.join(', ')}`);
}

function isAnonymous(view: SipView): boolean {
  return view.from === null || /anonymous\.invalid|unavailable/i.test(view.from.uri);
}

/** Bare addr-spec whose parameters or separators would need angle brackets, RFC 3261 §20.10. */
function unbracketed(view: SipView): readonly Complaint[] {
  return view.nameAddrs(PAI).flatMap((value, index): readonly Complaint[] => {
    if (value === null) return [seen(view, PAI, `value ${index + 1} is no name-addr or addr-spec`)];
    const needs = !value.bracketed && (/[?,]/.test(value.uri) || value.params.size > 0);
    return needs ? [seen(view, PAI, 'a URI with parameters without angle brackets')] : [];
  });
}

function numberWithoutAlias(view: SipView): Complaint | null | undefined {
  const uris = view.nameAddrs(PAI).map((value) => (value === null ? null : parseUri(value.uri)));
  const phone = uris.some(
    (uri) => (uri?.scheme === 'sip' || uri?.scheme === 'sips') && uri.params.get('user') === 'phone',
  );
  if (!phone) return undefined;
  return uris.some((uri) => uri?.scheme === 'tel') ? null : seen(view, PAI, 'no tel URI beside the SIP URI');
}

function contact(view: SipView): readonly Complaint[] {
  const values = view.nameAddrs('Contact');
  if (values.length !== 1)
    return [{ seen: `${values.length} Contact in ${view.title}`, line: view.lineOf('Contact') ?? 1 }];
  const [value] = values;
  const scheme = schemeOf(value?.uri ?? '');
  if (scheme !== 'sip' && scheme !== 'sips') return [seen(view, 'Contact', 'no SIP URI')];
  const feature = value?.params.get('+g.3gpp.icsi-ref');
  const told = typeof feature === 'string' && feature.toLowerCase().includes('icsi.mmtel');
  const complaint = seen(view, 'Contact', 'no +g.3gpp.icsi-ref with the ICSI of MMTel');
  return told || typeof complaint === 'string' ? [] : [{ ...complaint, provenance: 'E' }];
}

function ownHosts(view: SipView, context: RuleContext): readonly Complaint[] {
  const own = view.record.from.node?.network;
  return hostsOf(view, 'Route')
    .filter(({ host }) => own !== undefined && context.border.networkOfHost(host) === own)
    .map(({ uri }) => ({
      seen: `Route: <${uri}> in ${view.title} leads back into the sender's network`,
      header: 'Route',
    }));
}

function intervalComplaints(view: SipView, interval: Interval): readonly Complaint[] {
  const { expires, minSe } = interval;
  const wrong: Complaint[] = [];
  if (view.has('Session-Expires') && expires === null) wrong.push(seen(view, 'Session-Expires', 'unreadable'));
  if (expires !== null && expires < 90) wrong.push(seen(view, 'Session-Expires', 'below 90'));
  if (minSe !== null && minSe < 90) wrong.push(seen(view, 'Min-SE', 'below 90'));
  if (expires !== null && minSe !== null && expires < minSe)
    wrong.push(seen(view, 'Session-Expires', `below Min-SE: ${minSe}`));
  return wrong;
}

/** The initial INVITE at the II-NNI. */
export const INV: readonly Rule[] = [
  inviteRule({
    id: 'INV-01',
    says: 'Route of an INVITE that leaves a network names no function of that network.',
    clause: 'ETSI TP_IC_IBCF_INVITE_01; TS 24.229 §5.4.3.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the S-CSCF or the border does not remove its own Route entry',
    where: { legs: ['NR'] },
    judge: ownHosts,
  }),
  inviteRule({
    id: 'INV-02',
    says: 'An INVITE that leaves a network has a Record-Route with its S-CSCF or border.',
    clause: 'TS 29.165 annex B.7.1/61; RFC 3261 §16.6 step 4; TS 24.228 flow S1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the border removes Record-Route and does not take the place of what it removed',
    where: { legs: ['NR'] },
    when: (view, context) => !contactIsBorder(view, context),
    judge: (view) => (view.has('Record-Route') ? null : { seen: `no Record-Route in ${view.title}`, line: 1 }),
  }),
  inviteRule({
    id: 'INV-03',
    says: 'Between networks that trust each other P-Asserted-Identity is there: one value, or a SIP URI and a tel URI.',
    clause: 'RFC 3325 §9.1; TS 29.165 annex B.7.1/40 (dm with trust) note 2',
    strength: 'shall',
    provenance: 'S',
    usualCause:
      'the exit border treats a trusted peer as untrusted; a call from a circuit-switched network may lack the data',
    where: { legs: ['NR'] },
    when: (view, context) =>
      context.trusts(PAI) && !view.privacy.includes('id') && (view.has(PAI) || !isAnonymous(view)),
    judge: assertedIdentity,
  }),
  inviteRule({
    id: 'INV-04',
    says: 'A caller with a number is asserted by a SIP URI and its tel URI.',
    clause: 'TS 24.228 flow S1-1c; TS 24.229 §5.4.3.2',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the S-CSCF does not add the tel URI of the implicit registration set',
    where: { legs: ['NR'], header: PAI },
    judge: numberWithoutAlias,
  }),
  inviteRule({
    id: 'INV-05',
    says: 'A value of P-Asserted-Identity is a name-addr or addr-spec, in angle brackets where the URI needs them.',
    clause: 'TS 29.165 §8.1; RFC 3325 §9.1; RFC 3261 §20.10',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a header manipulation rule writes the URI without angle brackets',
    where: { header: PAI },
    judge: unbracketed,
  }),
  sipRule({
    id: 'INV-06',
    says: 'P-Asserted-Service is one service URN with plain colons, in requests only, and not from the visited to the home network.',
    clause: 'TS 29.165 §12.1, §6.1.3 item 77, annex B.7.1/41; RFC 6050 §4.1, §5.2',
    strength: 'may',
    provenance: 'S',
    usualCause: 'the escaped form of the feature tag is copied into the header',
    where: { header: 'P-Asserted-Service' },
    when: (view, context) => context.trusts('P-Asserted-Service') && view.method === 'INVITE',
    judge: (view, context) => {
      if (!view.isRequest) return seen(view, 'P-Asserted-Service', 'in a response');
      if (context.leg(view) === 'VA-HA') return seen(view, 'P-Asserted-Service', 'from the visited network');
      const values = view.all('P-Asserted-Service');
      const good = values.length === 1 && /^urn:urn-7:[A-Za-z0-9.-]+$/i.test(values[0]?.trim() ?? '');
      return good ? null : seen(view, 'P-Asserted-Service', 'not one service URN');
    },
  }),
  inviteRule({
    id: 'INV-07',
    says: 'A telephony INVITE asks for MMTel in Accept-Contact.',
    clause: 'TS 29.165 §12.1; TS 24.229 §7.2A.8; GSMA IR.92',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the border removes Accept-Contact, or writes the ICSI without escaping it',
    judge: (view) => {
      const values = view.all('Accept-Contact');
      if (values.some((value) => value.toLowerCase().includes(`+g.3gpp.icsi-ref="${MMTEL.toLowerCase()}"`)))
        return null;
      return seen(view, 'Accept-Contact', values.length === 0 ? undefined : 'without the ICSI of MMTel');
    },
  }),
  inviteRule({
    id: 'INV-08',
    says: 'P-Preferred-Service goes from the visited to the home network only.',
    clause: 'TS 29.165 §6.1.1.3.3, annex B.7.1/48',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the S-CSCF adds P-Asserted-Service and leaves the preferred one in place',
    where: { legs: ['NR', 'HA-VA', 'VA-HB', 'HB-VB'] },
    judge: (view) => (view.has('P-Preferred-Service') ? seen(view, 'P-Preferred-Service') : null),
  }),
  inviteRule({
    id: 'INV-09',
    says: 'P-Access-Network-Info leaves a home network only with trust for it.',
    clause: 'TS 29.165 §6.1.3 item 36 (c4), annex B.7.1/39; ETSI TP_IC_IBCF_INVITE_01; TS 24.229 §5.4.3.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: "the S-CSCF does not remove the caller's cell",
    where: { legs: ['NR', 'VA-HB'] },
    when: (_view, context) => !context.trusts('P-Access-Network-Info'),
    judge: (view) => (view.has('P-Access-Network-Info') ? seen(view, 'P-Access-Network-Info') : null),
  }),
  inviteRule({
    id: 'INV-12',
    says: 'An INVITE has one Contact, a SIP URI, with the ICSI of MMTel.',
    clause: 'RFC 3261 §8.1.1.8; RFC 5627; TS 29.165 §12.1; TS 24.229 §5.1.3',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border that writes its own Contact drops the feature tags of the UE',
    judge: contact,
  }),
  inviteRule({
    id: 'INV-13',
    says: 'An INVITE says Supported with 100rel, and with timer where it carries Session-Expires.',
    clause: 'TS 29.165 annex B.7.1/80; RFC 3262 §4; RFC 4028 §7.1; GSMA IR.92 §2.2',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the border removes option tags that it does not know',
    judge: (view) => {
      if (!view.has('Supported')) return { seen: `no Supported in ${view.title}`, line: 1 };
      const tags = [...view.tokens('Supported'), ...view.tokens('Require')];
      const missing = ['100rel', ...(view.has('Session-Expires') ? ['timer'] : [])].filter(
        (tag) => !tags.includes(tag),
      );
      return missing.length === 0 ? null : seen(view, 'Supported', `without ${missing.join(', ')}`);
    },
  }),
  inviteRule({
    id: 'INV-14',
    says: 'An initial INVITE does not require preconditions or reliable provisional responses.',
    clause: 'RFC 3312 §11; TS 24.229 §5.1.3.1; GSMA IR.92',
    strength: 'should',
    provenance: 'E',
    usualCause: 'the UE follows RFC 3312 literally; networks without preconditions answer 420',
    judge: (view) => {
      const tags = view.tokens('Require').filter((tag) => tag === 'precondition' || tag === '100rel');
      return tags.length === 0 ? null : seen(view, 'Require');
    },
  }),
  inviteRule({
    id: 'INV-15',
    says: 'Accept of an INVITE includes application/sdp and application/3gpp-ims+xml.',
    clause: 'TS 24.229 §5.1.3.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'the border removes Accept or rewrites it to what it relays itself',
    judge: (view) => {
      const types = view.all('Accept').map((value) => value.split(';')[0]?.trim().toLowerCase() ?? '');
      const missing = ['application/sdp', 'application/3gpp-ims+xml'].filter(
        (type) => !types.includes(type) && !types.includes('application/*') && !types.includes('*/*'),
      );
      return missing.length === 0 ? null : seen(view, 'Accept', `without ${missing.join(', ')}`);
    },
  }),
  inviteRule({
    id: 'INV-16',
    says: 'P-Early-Media of an INVITE says supported and no direction.',
    clause: 'RFC 5009 §8, §9; TS 29.165 §6.1.3 item 69 (c4), §12.21.2',
    strength: 'may',
    provenance: 'S',
    usualCause: 'a P-CSCF authorises early media in the wrong direction',
    where: { header: 'P-Early-Media' },
    when: (_view, context) => context.trusts('P-Early-Media'),
    judge: (view) =>
      view.tokens('P-Early-Media').every((value) => value === 'supported') ? null : seen(view, 'P-Early-Media'),
  }),
  inviteRule({
    id: 'INV-17',
    says: 'An INVITE carries a session description.',
    clause: 'TS 29.165 §6.1.4 and note 4; TS 24.229 §6.1.1',
    strength: 'should',
    provenance: 'S',
    usualCause: 'third-party call control sends an empty INVITE; else a body filter of the border removed it',
    judge: (view) => {
      if (view.sip.body.length > 0) return view.sdp === null ? undefined : null;
      return { seen: `no session description in ${view.title}`, line: 1 };
    },
  }),
  sipRule({
    id: 'INV-18',
    says: 'Session-Expires is at least Min-SE, and both are at least 90.',
    clause: 'RFC 4028 §4, §5, §7.1, §8.1; TS 29.165 §6.1.3 item 45, table C.3.1.2A',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a session timer is configured below the minimum of the specification',
    where: { kind: 'request', methods: ['INVITE', 'UPDATE'] },
    when: (view) => view.has('Session-Expires') || view.has('Min-SE'),
    judge: (view) => intervalComplaints(view, sessionInterval(view)),
  }),
  inviteRule({
    id: 'INV-19',
    says: 'From is a SIP or tel URI with a tag.',
    clause: 'RFC 3261 §8.1.1.3; RFC 3323 §4.1.1.3; TS 29.165 §12.3 note 2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a privacy service replaces the whole header instead of the URI',
    judge: (view) => {
      if (view.from === null) return undefined;
      if (!['sip', 'sips', 'tel'].includes(schemeOf(view.from.uri)))
        return seen(view, 'From', 'neither a SIP nor a tel URI');
      return view.fromTag === '' ? seen(view, 'From', 'without tag') : null;
    },
  }),
  sipRule({
    id: 'INV-21',
    says: 'Request-Disposition holds the defined directives.',
    clause: 'RFC 3841 §9.1, §10; TS 29.165 §6.1.3 item 43',
    strength: 'may',
    provenance: 'S',
    usualCause: 'a network uses directives of its own',
    where: { kind: 'request', header: 'Request-Disposition' },
    judge: (view) => (requestDisposition(view).every(({ known }) => known) ? null : seen(view, 'Request-Disposition')),
  }),
  inviteRule({
    id: 'INV-22',
    says: 'Authorization and Proxy-Authorization do not cross a non-roaming interconnection.',
    clause: 'TS 29.165 §6.1.1.3.3, §6.1.3 item 7 (c2), annex B.7.1/10, /58',
    strength: 'shall',
    provenance: 'S',
    usualCause: "the caller's credentials are not removed by its own network",
    where: { legs: ['NR', 'VA-HB'] },
    judge: (view) =>
      ['Authorization', 'Proxy-Authorization']
        .filter((header) => view.has(header))
        .map((header) => ({
          seen: `${header} in ${view.title}`,
          header,
        })),
  }),
  inviteRule({
    id: 'INV-26',
    says: 'P-Called-Party-ID goes from the home to the visited network of the callee only.',
    clause: 'RFC 7315 §4.2.2.2; TS 29.165 §6.1.3 item 34 (c2), annex B.7.1/42',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'an INVITE that is redirected keeps the header of its first target',
    where: { legs: ['NR', 'VA-HA', 'HA-VA', 'VA-HB'] },
    judge: (view) => (view.has('P-Called-Party-ID') ? seen(view, 'P-Called-Party-ID') : null),
  }),
  inviteRule({
    id: 'INV-28',
    says: 'Max-Forwards leaves enough hops for the other network (50 or more).',
    clause: 'RFC 3261 §8.1.1.6',
    strength: 'should',
    provenance: 'E?',
    usualCause: 'the originating network loops internally or starts with a small value',
    where: { legs: ['NR'], header: 'Max-Forwards' },
    judge: (view) => {
      const value = view.get('Max-Forwards') ?? '';
      return /^\d{1,3}$/.test(value) && Number(value) < 50 ? seen(view, 'Max-Forwards') : null;
    },
  }),
  inviteRule({
    id: 'INV-30',
    says: 'P-Visited-Network-ID is not in an INVITE.',
    clause: 'TS 29.165 annex B.7.1/53 (dn/a)',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the P-CSCF adds to INVITE what belongs to REGISTER',
    judge: (view) => (view.has('P-Visited-Network-ID') ? seen(view, 'P-Visited-Network-ID') : null),
  }),
  inviteRule({
    id: 'INV-31',
    says: 'P-Served-User goes from the visited to the home network only.',
    clause: 'TS 29.165 §6.1.1.3.3, annex B.7.1/51',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the header between S-CSCF and application server is not removed',
    where: { legs: ['NR', 'HA-VA', 'VA-HB', 'HB-VB'] },
    judge: (view) => (view.has('P-Served-User') ? seen(view, 'P-Served-User') : null),
  }),
];

/** A border that writes its own Contact stays on the path without Record-Route. */
function contactIsBorder(view: SipView, context: RuleContext): boolean {
  return hostsOf(view, 'Contact').some(({ host }) => context.border.isNode(view.record.from, host));
}
