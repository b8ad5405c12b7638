import type { ChargingVector } from '../../wire/sip/headers.js';
import type { Rule } from '../rule.js';
import { type Complaint, rule, type SipRuleRow, seen, shortened, sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';
import { ACCESS_PARAMS, CHARGED, chargingAgreed, PCV_HEADER, params, returnable, reusedIcid } from './pcv-charging.js';
import { identifier, namesAnother, networkOfIoi, same, TRANSIT, transitIndexes, transitIoi } from './pcv-ioi.js';

type PcvRow = Pick<
  SipRuleRow,
  'id' | 'says' | 'clause' | 'usualCause' | 'strength' | 'provenance' | 'when' | 'judge'
> & { readonly where?: SipRuleRow['where'] };

/** A rule over messages that carry a P-Charging-Vector. */
function pcvRule(row: PcvRow): Rule {
  return sipRule({ ...row, where: { ...row.where, header: PCV_HEADER } });
}

function isInitialResponse(view: SipView): boolean {
  return view.inDialog === false && CHARGED.includes(view.method);
}

function isSuccessOrRinging(status: number): boolean {
  return (status >= 180 && status < 190) || (status >= 200 && status < 300);
}

/** P-Charging-Vector and inter-operator identifiers, RFC 7315 §4.6, §5.6 and TS 29.165 §11.2. */
export const PCV: readonly Rule[] = [
  pcvRule({
    id: 'PCV-01',
    says: 'There is one P-Charging-Vector, and it begins with an icid-value that is not empty.',
    clause: 'RFC 7315 §4.6, §5.6; TS 32.260 §5.1.2.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a second function adds a vector of its own, or a filter empties the first parameter',
    judge: (view) => {
      const fields = view.sip.fields(PCV_HEADER);
      if (fields.length > 1)
        return { seen: `${fields.length} P-Charging-Vector in ${view.title}`, line: fields[1]?.line };
      if (/,\s*icid-value\s*=/i.test((fields[0]?.value ?? '').replace(/"[^"]*"/g, '')))
        return seen(view, PCV_HEADER, 'two vectors in one line');
      const first = /^\s*icid-value\s*=\s*(?:"([^"]*)"|([^;,"\s]+))/i.exec(fields[0]?.value ?? '');
      return (first?.[1] ?? first?.[2] ?? '').trim() === '' ? seen(view, PCV_HEADER, 'no icid-value in front') : null;
    },
  }),
  sipRule({
    id: 'PCV-03',
    says: 'An initial request carries P-Charging-Vector with icid-value and orig-ioi where the interconnection is charged.',
    clause:
      'TS 29.165 §11.2, §6.1.3 item 38 (c1), annex B.7.1/44, tables C.3.2.1A, C.3.3.2; TS 24.229 §4.5.2, §5.4.3.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the S-CSCF does not insert orig-ioi, or the exit border removes the vector as private',
    where: { kind: 'request', dialog: 'initial', methods: ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'REFER', 'PUBLISH'] },
    when: chargingAgreed,
    judge: (view) => {
      if (!view.has(PCV_HEADER)) return { seen: `no P-Charging-Vector in ${view.title}`, line: 1 };
      return view.chargingVector === null || view.chargingVector.origIoi ? null : seen(view, PCV_HEADER, 'no orig-ioi');
    },
  }),
  pcvRule({
    id: 'PCV-04',
    says: 'All messages of a dialog carry the icid-value of its first request.',
    clause: 'TS 32.260 §5.1.2.2; TS 29.165 §11.2 note 1, annex B.4.1/27',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a border makes a new charging identifier for each transaction',
    where: {},
    judge: (view, context) => {
      if (view.method === 'CANCEL' || view.inDialog === undefined) return undefined;
      if (view.inDialog === false) {
        const [own, received] = view.isRequest ? returnable(view, context, icidOf) : [];
        if (own === undefined) return undefined;
        return received === undefined ? null : seen(view, PCV_HEADER, `the border had received ${shortened(received)}`);
      }
      // PCV-32 compares with the request, where that has a vector itself.
      if (view.transaction?.request?.has(PCV_HEADER) === true && !view.isRequest) return undefined;
      const first = returnable(view.dialog?.creator?.request, context, icidOf);
      const own = view.chargingVector?.icidValue;
      if (first[0] === undefined || !own) return undefined;
      return first.includes(own) ? null : seen(view, PCV_HEADER, `the dialog began with ${shortened(first[0])}`);
    },
  }),
  rule({
    id: 'PCV-05',
    says: 'An icid-value belongs to one session and never comes again.',
    clause: 'TS 32.260 §5.1.2.2',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a function makes charging identifiers of too little, or copies the vector of a session that is over',
    check: reusedIcid,
  }),
  pcvRule({
    id: 'PCV-07',
    says: 'A request has no term-ioi.',
    clause: 'TS 24.229 table 4-2B',
    strength: 'shall',
    provenance: 'S2',
    usualCause: 'a border copies the vector of an earlier response into the next request',
    where: { kind: 'request' },
    judge: (view) => (params(view).has('term-ioi') ? seen(view, PCV_HEADER) : null),
  }),
  pcvRule({
    id: 'PCV-08',
    says: 'A response returns the orig-ioi of its request.',
    clause: 'TS 29.165 §11.2, annex B.7.2/35, B.14.2/31; TS 24.228 flow S1-2c',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the terminating network writes its own identifier as orig-ioi, or leaves it out',
    where: { kind: 'response', status: [101, 699] },
    judge: (view, context) => {
      const asked = returnable(view.transaction?.request, context, ({ origIoi }) => origIoi);
      const given = view.chargingVector?.origIoi ?? '';
      if (asked[0] === undefined || (given === '' && !isInitialResponse(view))) return undefined;
      // The request named itself wrongly, and the response names it right: PCV-11, PCV-13 and PCV-27 tell that of the request.
      if (given !== '' && same(given, context.operatorOf(view.record.to)?.ioi ?? '')) return null;
      return asked.some((ioi) => same(given, ioi))
        ? null
        : seen(view, PCV_HEADER, `orig-ioi of the request is ${shortened(asked[0])}`);
    },
  }),
  sipRule({
    id: 'PCV-09',
    says: '18x and 2xx to an initial request carry term-ioi, which names the network that answers.',
    clause: 'TS 29.165 §11.2, annex B.7.2/35, B.14.2/31; TS 24.228 flow S1-2c',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the terminating S-CSCF does not insert term-ioi, or the border removes it',
    where: { kind: 'response', status: [180, 299] },
    when: (view, context) =>
      isSuccessOrRinging(view.status) &&
      isInitialResponse(view) &&
      view.transaction?.request?.has(PCV_HEADER) === true &&
      chargingAgreed(view, context),
    judge: (view, context) => {
      if (!view.has(PCV_HEADER)) return { seen: `no P-Charging-Vector in ${view.title}`, line: 1 };
      if (view.chargingVector === null) return undefined;
      const term = view.chargingVector.termIoi ?? '';
      if (term === '') return seen(view, PCV_HEADER, 'no term-ioi');
      const named = namesAnother(term, view, context);
      if (named === null) return null;
      return seen(
        view,
        PCV_HEADER,
        `term-ioi names ${named}, the response came from ${view.record.from.node?.network}`,
      );
    },
  }),
  pcvRule({
    id: 'PCV-10',
    says: '100 has no P-Charging-Vector.',
    clause: 'TS 29.165 §11.2, annex B.7.2/35 (dn/a); RFC 7976 §3',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the transaction layer copies headers of the request into its own 100',
    where: { kind: 'response', status: [100, 100] },
    judge: (view) => seen(view, PCV_HEADER),
  }),
  pcvRule({
    id: 'PCV-11',
    says: 'Identifiers at a non-roaming interconnection have no type prefix, and orig-ioi names the originating network.',
    clause: 'TS 29.165 §11.2; TS 24.229 table 7.2A.5A',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the exit border passes the type 1 or type 3 identifier used inside the network',
    where: { dialog: 'initial', legs: ['NR'] },
    judge: (view, context) => {
      if (!view.isRequest) {
        const { type } = identifier(view.chargingVector?.termIoi ?? '');
        return type !== null && /1$/.test(type) ? { ...withHeader(view, `prefix ${type}`), provenance: 'S2' } : null;
      }
      const origIoi = view.chargingVector?.origIoi;
      if (!origIoi) return undefined;
      const { type } = identifier(origIoi);
      if (type !== null && /1$/.test(type)) return { ...withHeader(view, `prefix ${type}`), provenance: 'S2' };
      const named = namesAnother(origIoi, view, context);
      if (named === null) return null;
      return withHeader(view, `orig-ioi names ${named}, the request came from ${view.record.from.node?.network}`);
    },
  }),
  pcvRule({
    id: 'PCV-13',
    says: 'An identifier with the prefix Type 3 stays inside a network.',
    clause: 'TS 24.229 §4.5.4',
    strength: 'shall',
    provenance: 'S2',
    usualCause: 'the identifier between S-CSCF and application server is not replaced',
    judge: (view) =>
      [view.chargingVector?.origIoi, view.chargingVector?.termIoi].some((ioi) =>
        /3$/.test(identifier(ioi ?? '').type ?? ''),
      )
        ? seen(view, PCV_HEADER)
        : null,
  }),
  pcvRule({
    id: 'PCV-19',
    says: 'Charging information of the access network does not leave the network.',
    clause: 'TS 24.229 §5.4.3.2, §7.2A.5.2; ETSI TP_IC_IBCF_INVITE_01',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the S-CSCF does not remove access-network-charging-info before it routes to another network',
    judge: (view) => {
      const leaked = ACCESS_PARAMS.filter((name) => params(view).has(name));
      return leaked.length === 0 ? null : seen(view, PCV_HEADER, leaked.join(', '));
    },
  }),
  pcvRule({
    id: 'PCV-20',
    says: 'fe-identifier does not leave the operator domain.',
    clause: 'TS 24.229 §4.5.8',
    strength: 'shall',
    provenance: 'S2',
    usualCause: 'the last function of the domain does not delete the names of the functions passed',
    judge: (view) => (params(view).has('fe-identifier') ? seen(view, PCV_HEADER) : null),
  }),
  pcvRule({
    id: 'PCV-21',
    says: 'transit-ioi is a quoted list of indexed names and void.',
    clause: 'RFC 7315 §5.6; TS 29.165 §11.2; TS 24.229 §4.5.4A',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a transit network adds its name without an index',
    when: (view) => transitIoi(view) !== null,
    judge: (view) => {
      const list = transitIoi(view) ?? '';
      const quoted = /;\s*transit-ioi\s*=\s*"/i.test(view.sip.fields(PCV_HEADER)[0]?.value ?? '');
      return TRANSIT.test(list) && quoted ? null : seen(view, PCV_HEADER);
    },
  }),
  pcvRule({
    id: 'PCV-22',
    says: 'Indexes in transit-ioi rise by one, and by one more for each void between.',
    clause: 'RFC 7315 §4.6.3',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a transit network restarts the count, or a screened entry left a gap',
    when: (view) => TRANSIT.test(transitIoi(view) ?? ''),
    judge: (view) => {
      const wrong = transitIndexes(transitIoi(view) ?? '');
      if (wrong === null) return null;
      return { ...withHeader(view, wrong.text), ...(wrong.gap ? { strength: 'should' as const } : {}) };
    },
  }),
  pcvRule({
    id: 'PCV-24',
    says: 'A direct interconnection has no transit-ioi.',
    clause: 'TS 24.229 §4.5.4A',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'the call took a transit route that was not agreed',
    when: (view, context) => {
      const { options } = context.profile.agreement;
      const transit = options['charging-nonroaming-transit'] === true || Boolean(options['x-transit']);
      return !transit && TRANSIT.test(transitIoi(view) ?? '') && transitIndexes(transitIoi(view) ?? '') === null;
    },
    judge: (view) => (/\.\d/.test(transitIoi(view) ?? '') ? seen(view, PCV_HEADER) : null),
  }),
  pcvRule({
    id: 'PCV-27',
    says: 'Inter-operator identifiers are those that the operators exchanged.',
    clause: 'TS 29.165 §11.2 notes 2-4',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the identifier in the configuration of the S-CSCF is not that of the agreement',
    when: (_view, context) => context.profile.operators.every((operator) => operator.ioi !== ''),
    judge: (view, context) =>
      [view.chargingVector?.origIoi, view.chargingVector?.termIoi]
        .filter((ioi): ioi is string => ioi !== null && ioi !== undefined && networkOfIoi(ioi, context) === null)
        .map((ioi) => seen(view, PCV_HEADER, `${shortened(ioi)} is nobody's identifier`)),
  }),
  sipRule({
    id: 'PCV-28',
    says: 'P-Charging-Vector and P-Charging-Function-Addresses do not reach a UE.',
    clause: 'TS 24.229 §4.5',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the P-CSCF does not remove charging headers towards the UE',
    where: { at: ['Gm'] },
    when: (view) => view.record.to.node?.role === 'ue',
    judge: (view) =>
      [PCV_HEADER, 'P-Charging-Function-Addresses']
        .filter((header) => view.has(header))
        .map((header) => seen(view, header)),
  }),
  pcvRule({
    id: 'PCV-29',
    says: 'With topology hiding, icid-generated-at names nothing but the border.',
    clause: 'TS 24.229 §5.10.4',
    strength: 'should',
    provenance: 'E?',
    usualCause: 'the name of the function that made the identifier is not hidden',
    when: (view, context) => context.operatorOf(view.record.from)?.topologyHiding === true,
    judge: (view, context) => {
      const host = view.chargingVector?.icidGeneratedAt;
      if (!host) return undefined;
      const own = context.border.networkOfHost(host) === view.record.from.node?.network;
      return own && !context.border.isNode(view.record.from, host) ? seen(view, PCV_HEADER) : null;
    },
  }),
  sipRule({
    id: 'PCV-30',
    says: 'CANCEL, its responses and ACK of a failure carry neither P-Charging-Vector nor P-Access-Network-Info; 100 no P-Access-Network-Info.',
    clause: 'RFC 7976 §3; TS 29.165 annex B.5.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the headers of the INVITE are copied into CANCEL',
    where: {},
    when: (view) => view.method === 'CANCEL' || view.status === 100 || isAckOfFailure(view),
    judge: (view): readonly Complaint[] =>
      [...(view.status === 100 ? [] : [PCV_HEADER]), 'P-Access-Network-Info']
        .filter((header) => view.has(header))
        .map((header) => seen(view, header)),
  }),
  pcvRule({
    id: 'PCV-31',
    says: 'P-Charging-Vector does not go to a network that is not trusted with it.',
    clause: 'RFC 7315 §4.6.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the exit border treats a peer as trusted that is not',
    when: (_view, context) => !context.trusts(PCV_HEADER),
    judge: (view) =>
      view.status === 100 || view.method === 'CANCEL' || isAckOfFailure(view)
        ? undefined
        : seen(view, PCV_HEADER, 'without trust'),
  }),
  pcvRule({
    id: 'PCV-32',
    says: 'A response carries the icid-value of its request.',
    clause: 'TS 29.165 §11.2 note 1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the terminating network makes a charging identifier of its own and returns that',
    where: { kind: 'response', status: [101, 699] },
    judge: (view, context) => {
      const asked = returnable(view.transaction?.request, context, icidOf);
      const given = view.chargingVector?.icidValue;
      if (asked[0] === undefined || !given) return undefined;
      // PCV-04 tells a request that left the icid-value of its dialog.
      if (asked.includes(given) || given === view.dialog?.creator?.request?.chargingVector?.icidValue) return null;
      return seen(view, PCV_HEADER, `icid-value of the request is ${shortened(asked[0])}`);
    },
  }),
];

function icidOf(vector: ChargingVector): string | null {
  return vector.icidValue;
}

function isAckOfFailure(view: SipView): boolean {
  return view.method === 'ACK' && view.isHopByHop;
}

function withHeader(view: SipView, text: string): Exclude<Complaint, string> {
  const complaint = seen(view, PCV_HEADER, text);
  return typeof complaint === 'string' ? { seen: complaint } : complaint;
}
