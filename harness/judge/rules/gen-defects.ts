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
  'sip-header-value': 'GEN-03',
  'sip-empty-header': 'GEN-03',
  'sip-duplicate-header': 'GEN-03',
  'sip-cseq-method': 'GEN-03',
  'sip-branch-without-cookie': 'GEN-04',
  'sip-to-tag-missing': 'GEN-05',
  'sip-max-forwards': 'GEN-06',
  'sip-content-length': 'GEN-07',
  'sip-content-length-missing': 'GEN-07',
  'sip-content-length-too-large': 'GEN-07',
  'sip-content-type-missing': 'GEN-08',
  'sip-multipart-boundary': 'GEN-08',
  'sip-multipart-not-closed': 'GEN-08',
};

/** Headers with a rule of their own for a value that breaks the grammar, is empty or is there twice. */
const OWN_GRAMMAR_RULE: ReadonlySet<string> = new Set([
  'p-charging-vector',
  'p-asserted-identity',
  'p-asserted-service',
  'p-early-media',
  'proxy-require',
  'contact',
  'rseq',
  'rack',
  'reason',
  'session-id',
  'session-expires',
  'min-se',
  'max-forwards',
  'content-length',
  'content-type',
  'via',
  'cseq',
  'from',
  'to',
  'request-disposition',
  'resource-priority',
]);

const VALUE_CODES: ReadonlySet<string> = new Set(['sip-header-value', 'sip-empty-header', 'sip-duplicate-header']);

/** The defects of a message that a rule of this family tells. */
export function defectsOf(view: SipView, id: string): readonly Complaint[] {
  return view.sip.defects.flatMap((defect): readonly Complaint[] => {
    if (RULE_OF_DEFECT[defect.code] !== id || sipDefectCodes.get(defect.code)?.severity === 'note') return [];
    const field = view.sip.headers.find((header) => defect.offset >= header.start && defect.offset < header.end);
    const core = ['via', 'cseq', 'from', 'to'].includes(field?.canonical.toLowerCase() ?? '');
    const own = field !== undefined && OWN_GRAMMAR_RULE.has(field.canonical.toLowerCase());
    if (own && !(core && defect.code === 'sip-header-value') && VALUE_CODES.has(defect.code)) return [];
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
