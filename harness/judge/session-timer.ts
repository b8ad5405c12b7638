import { parseSessionExpires } from '../wire/sip/headers.js';
import type { SipView } from './sip-view.js';

/** Session timer of a message, seconds; null where absent or unreadable. RFC 4028 §4, §5. */
export interface Interval {
  readonly expires: number | null;
  readonly refresher: 'uac' | 'uas' | null;
  readonly minSe: number | null;
}

/** Reads Session-Expires and Min-SE. */
export function sessionInterval(view: SipView): Interval {
  const expires = parseSessionExpires(view.get('Session-Expires') ?? '');
  const minSe = /^\s*(\d{1,10})\s*(?:;.*)?$/.exec(view.get('Min-SE') ?? '')?.[1];
  return {
    expires: expires?.seconds ?? null,
    refresher: expires?.refresher ?? null,
    minSe: minSe === undefined ? null : Number(minSe),
  };
}

/** Directives of RFC 3841 §10. */
const DIRECTIVES: ReadonlySet<string> = new Set([
  'proxy',
  'redirect',
  'cancel',
  'no-cancel',
  'fork',
  'no-fork',
  'recurse',
  'no-recurse',
  'parallel',
  'sequential',
  'queue',
  'no-queue',
]);

/** The directives of Request-Disposition, and whether the specification knows them. */
export function requestDisposition(view: SipView): readonly { readonly name: string; readonly known: boolean }[] {
  return view.sip
    .fields('Request-Disposition')
    .flatMap((field) => field.value.split(','))
    .map((part) => part.trim().toLowerCase())
    .map((name) => ({ name, known: DIRECTIVES.has(name) }));
}
