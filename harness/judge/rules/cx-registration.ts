import type { RecordedDiameter } from '../../evidence/model.js';
import { textOf } from '../../wire/diameter/find.js';
import { parseAuthentication, parseNameAddr } from '../../wire/sip/headers.js';
import { parseUri, plainNumber } from '../../wire/sip/uri.js';
import type { RuleContext } from '../rule.js';
import type { SipView } from '../sip-view.js';
import { sameEnd } from './diameter-transaction.js';

/** One spelling per public identity: no port and parameters, host in lower case, numbers without separators. TS 23.003 §13.4. */
export function identityKey(text: string): string {
  const uri = parseUri(text);
  if (uri === null) return text;
  if (uri.scheme === 'tel') return `tel:${plainNumber(uri.number)}`;
  if (uri.scheme === 'sip' || uri.scheme === 'sips') return `sip:${uri.user ?? ''}@${uri.host.toLowerCase()}`;
  return text;
}

/** REGISTER requests by their public identity (To), in order. */
function registers(context: RuleContext): ReadonlyMap<string, readonly SipView[]> {
  return context.memo('cx registers', () => {
    const found = new Map<string, SipView[]>();
    for (const view of context.sip.views) {
      if (!view.isRequest || view.method !== 'REGISTER' || view.to === null) continue;
      const key = identityKey(view.to.uri);
      const list = found.get(key);
      if (list === undefined) found.set(key, [view]);
      else list.push(view);
    }
    return found;
  });
}

/** The last REGISTER for the identity that the sender of this Cx request had received; null where the trace has none. */
export function registerBefore(request: RecordedDiameter, context: RuleContext): SipView | null {
  const identity = textOf(request.diameter, 'Public-Identity');
  if (identity === undefined) return null;
  const candidates = registers(context).get(identityKey(identity)) ?? [];
  return (
    candidates.findLast((view) => view.record.index < request.index && sameEnd(view.record.to, request.from)) ?? null
  );
}

/** Whether a REGISTER asks for de-registration of every contact it names; null where it says no expiry at all. RFC 3261 §10.2.2. */
export function isDeregistration(register: SipView): boolean | null {
  const header = register.sip.get('Expires')?.trim();
  const contacts = register.sip.all('Contact');
  if (contacts.length === 0) return null;
  const expiries = contacts.map((contact) =>
    contact.trim() === '*' ? header : (parseNameAddr(contact)?.params.get('expires') ?? header),
  );
  if (expiries.every((expires) => expires === undefined)) return null;
  return expiries.every((expires) => expires !== undefined && /^0+$/.test(expires.trim()));
}

/** An emergency registration has `sos` in its Contact, TS 24.229 §5.1.6.2. */
export function isEmergency(register: SipView): boolean {
  return register.sip.all('Contact').some((contact) => /[;<:?&]sos\b/i.test(contact));
}

/** A parameter of the AKA credentials in Authorization; null where there are none. */
export function credential(register: SipView, name: string): string | null {
  for (const field of register.sip.fields('Authorization')) {
    const parsed = parseAuthentication(field.value);
    if (parsed !== null && parsed.scheme.toLowerCase() === 'digest') return parsed.params.get(name) ?? null;
  }
  return null;
}
