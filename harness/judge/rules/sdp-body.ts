import { parseContentType } from '../../wire/sip/headers.js';
import { bodyParts } from '../../wire/sip/multipart.js';
import type { RuleContext } from '../context.js';
import agreementSheet from '../data/agreement-sheet.json' with { type: 'json' };
import type { Rule } from '../rule.js';
import { sipRule } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** Types that carry an encrypted body, RFC 8551 §3.2 and RFC 3851. */
const ENCRYPTED = ['application/pkcs7-mime', 'application/x-pkcs7-mime', 'multipart/encrypted'];

/** Always supported, TS 29.165 §6.1.4. */
const ALWAYS = ['application/sdp', 'multipart/mixed', 'multipart/related', 'multipart/alternative'];

const LIST_ITEM = 'mime-types.list';

function contentType(view: SipView): string | null {
  const type = parseContentType(view.get('Content-Type') ?? '');
  return type === null ? null : `${type.type}/${type.subtype}`.toLowerCase();
}

/** Types of a body and of the parts inside of it. */
function typesOf(view: SipView): readonly string[] {
  const whole = contentType(view);
  if (whole === null || view.sip.body.length === 0) return [];
  if (!whole.startsWith('multipart/')) return [whole];
  return [whole, ...bodyParts(view.sip).map((part) => part.type)];
}

/** The further types of the agreement: answered, or the default of the sheet. */
function agreedTypes(context: RuleContext): { readonly types: readonly string[]; readonly answered: boolean } {
  return context.memo('agreed MIME types', () => {
    const answer = context.profile.agreement.options[LIST_ITEM];
    if (Array.isArray(answer)) return { types: answer.map((type) => String(type).toLowerCase()), answered: true };
    const item = agreementSheet.items.find(({ id }) => id === LIST_ITEM);
    const preset = item !== undefined && 'harnessDefault' in item ? item.harnessDefault : [];
    const types = Array.isArray(preset) ? preset.map((type) => String(type).toLowerCase()) : [];
    return { types, answered: false };
  });
}

/** What a description travels in: encryption and body types, TS 29.165 §6.1.4. */
export const SDP_BODY: readonly Rule[] = [
  sipRule({
    id: 'SDP-02',
    says: 'The session description of an INVITE is not encrypted.',
    clause: 'TS 29.165 §6.1.4; TS 24.229 §6.1.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'a terminal protects its body with S/MIME, which the networks on the path cannot read',
    where: { header: 'Content-Type' },
    when: (view) => view.sip.body.length > 0,
    judge: (view) => {
      const type = contentType(view);
      if (type === null || !ENCRYPTED.includes(type)) return null;
      const invite = view.isRequest && view.method === 'INVITE';
      return { seen: `Content-Type: ${type} in ${view.title}`, header: 'Content-Type', provenance: invite ? 'S' : 'E' };
    },
  }),
  sipRule({
    id: 'SDP-20',
    says: 'A body has one of the types that every interconnection carries (application/sdp, multipart/mixed, /related, /alternative) or one that was agreed.',
    clause: 'TS 29.165 §6.1.4, table 6.1.4.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: "the border's body filter is open, or the agreement lacks a service that is in use",
    where: { header: 'Content-Type' },
    when: (view) => view.sip.body.length > 0 && !ENCRYPTED.includes(contentType(view) ?? ''),
    judge: (view, context) => {
      const { types, answered } = agreedTypes(context);
      const strange = typesOf(view).filter((type) => !ALWAYS.includes(type) && !types.includes(type));
      if (strange.length === 0) return null;
      const seen = `${strange.join(', ')} in ${view.title}`;
      // A sheet that does not answer the item agrees to nothing in particular: told, not failed.
      return answered ? { seen, header: 'Content-Type' } : { seen, header: 'Content-Type', provenance: 'E' };
    },
  }),
];
