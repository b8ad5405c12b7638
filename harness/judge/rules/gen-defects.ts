import type { Defect } from '../../wire/defect.js';
import { sipDefectCodes } from '../../wire/sip/defect-codes.js';
import { type Complaint, shortened } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** Which rule tells a defect that the codec found; a code that is not here is told by the rule of its header. */
const RULE_OF_DEFECT: Readonly<Record<string, string>> = {
  'sip-start-line': 'GEN-03',
  'sip-start-line-spacing': 'GEN-03',
  'sip-version': 'GEN-03',
  'sip-method-token': 'GEN-03',
  'sip-request-uri': 'GEN-03',
  'sip-request-uri-brackets': 'GEN-03',
  'sip-status-code': 'GEN-03',
  'sip-bare-lf': 'GEN-03',
  'sip-bare-cr': 'GEN-03',
  'sip-no-empty-line': 'GEN-03',
  'sip-headers-too-long': 'GEN-03',
  'sip-header-without-colon': 'GEN-03',
  'sip-header-name-token': 'GEN-03',
  'sip-control-character': 'GEN-03',
  'sip-not-utf8': 'GEN-03',
  'sip-unbalanced-quote': 'GEN-03',
  'sip-empty-list-element': 'GEN-03',
  'sip-empty-parameter': 'GEN-03',
  'sip-from-tag-missing': 'GEN-03',
  'sip-header-value': 'GEN-03',
  'sip-empty-header': 'GEN-03',
  'sip-duplicate-header': 'GEN-03',
  'sip-cseq-method': 'GEN-03',
  'sip-branch-without-cookie': 'GEN-04',
  'sip-to-tag-missing': 'GEN-05',
  'sip-mandatory-header-missing': 'GEN-05',
  'sip-max-forwards': 'GEN-06',
  'sip-content-length': 'GEN-07',
  'sip-content-length-missing': 'GEN-07',
  'sip-content-length-too-large': 'GEN-07',
  'sip-content-type-missing': 'GEN-08',
  'sip-multipart-boundary': 'GEN-08',
  'sip-multipart-not-closed': 'GEN-08',
};

type ToldElsewhere = (view: SipView) => boolean;

const always: ToldElsewhere = () => true;
const initialInvite: ToldElsewhere = (view) => view.isRequest && view.method === 'INVITE' && view.inDialog === false;
const timed: ToldElsewhere = (view) =>
  ['INVITE', 'UPDATE'].includes(view.method) && (view.isRequest || (view.status >= 200 && view.status < 300));
const hasBody: ToldElsewhere = (view) => view.sip.body.length > 0;
const inRequest: ToldElsewhere = (view) => view.isRequest;
const inResponse: ToldElsewhere = (view) => !view.isRequest;

/** What the rule of a header itself says of a value that breaks the grammar, is empty or is there twice, by message. */
const TOLD_ELSEWHERE: Readonly<Record<string, Readonly<Record<string, ToldElsewhere>>>> = {
  'sip-header-value': {
    'p-charging-vector': always,
    'p-asserted-identity': initialInvite,
    rseq: always,
    rack: always,
    reason: inResponse,
    'session-expires': timed,
    'content-type': hasBody,
  },
  'sip-empty-header': {
    'p-charging-vector': always,
    'p-asserted-identity': initialInvite,
    'proxy-require': inRequest,
    rseq: always,
    rack: always,
    reason: inResponse,
    'session-expires': timed,
    'content-type': hasBody,
  },
  'sip-duplicate-header': {
    'p-charging-vector': always,
    'content-type': hasBody,
    'content-length': always,
    'session-id': always,
    'max-forwards': inRequest,
    'call-id': inRequest,
    cseq: inRequest,
    from: inRequest,
    to: inRequest,
  },
  'sip-from-tag-missing': { from: (view) => !view.isRequest || initialInvite(view) },
  'sip-mandatory-header-missing': { '': inRequest },
};

/** The defects of a message that a rule of this family tells. */
export function defectsOf(view: SipView, id: string): readonly Complaint[] {
  if (view.sip.defects.length === 0) return [];
  return view.sip.defects.flatMap((defect): readonly Complaint[] => {
    if (RULE_OF_DEFECT[defect.code] !== id || sipDefectCodes.get(defect.code)?.severity === 'note') return [];
    const field = view.sip.headers.find((header) => defect.offset >= header.start && defect.offset < header.end);
    if (TOLD_ELSEWHERE[defect.code]?.[field?.canonical.toLowerCase() ?? '']?.(view) === true) return [];
    return [complaintOf(defect, view, field?.line ?? 1)];
  });
}

function complaintOf(defect: Defect, view: SipView, line: number): Complaint {
  return {
    seen: `${shortened(defect.text)} in ${view.title}`,
    required: `${defect.clause}: ${shortened(defect.text)}`,
    line,
  };
}
