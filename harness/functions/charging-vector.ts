import { editSip } from '../wire/sip/edit.js';
import { parseChargingVector } from '../wire/sip/headers.js';
import type { SipMessage } from '../wire/sip/message.js';

const HEADER = 'P-Charging-Vector';

/** Parameters of the access-network-charging-info group and their kin, TS 24.229 §7.2A.5: never beyond the S-CSCF (§5.4.3.2). */
export const ACCESS_CHARGING_PARAMETERS: readonly string[] = [
  'ggsn',
  'pdp-info',
  'pdp-sig',
  'gcid',
  'auth-token',
  'flow-id',
  'pdngw',
  'eps-info',
  'eps-sig',
  'ecid',
  'smf',
  '5gs-info',
  '5gscid',
  'bras',
  'dsl-bearer-info',
  'icn-bcp',
  'bcid',
  'ip-edge',
];

/** Which of the three kinds of inter-operator identifier a hop uses, TS 24.229 §4.5.4. */
export type IoiType = 'type-1' | 'type-2' | 'type-3';

/** The identifier as it is written: types 1 and 3 are quoted and prefixed, type 2 is plain (TS 24.229 table 7.2A.5A). */
export function ioiText(type: IoiType, ioi: string): string {
  if (type === 'type-2') return /^[A-Za-z0-9.!%*_+`'~-]+$/.test(ioi) ? ioi : `"${ioi}"`;
  return `"Type ${type === 'type-1' ? 1 : 3}${ioi}"`;
}

/** The kind that an identifier seen on a hop has. */
export function ioiTypeOf(text: string): IoiType {
  const match = /^"?Type ([13])/.exec(text);
  return match === null ? 'type-2' : match[1] === '1' ? 'type-1' : 'type-3';
}

/** The header's raw parameter values (quotes kept), or null without a readable header. */
export function chargingVectorOf(message: SipMessage): ReadonlyMap<string, string | null> | null {
  const value = message.get(HEADER);
  return value === undefined ? null : (parseChargingVector(value)?.params ?? null);
}

/** Value of one parameter as it is written. */
export function chargingParameter(message: SipMessage, name: string): string | null {
  return chargingVectorOf(message)?.get(name) ?? null;
}

/** Changes parameters of the header: a text replaces or adds, null removes. A message without the header stays as it is. */
export function editChargingVector<T extends SipMessage>(
  message: T,
  changes: Readonly<Record<string, string | null | undefined>>,
): T {
  const params = chargingVectorOf(message);
  if (params === null) return message;
  const edited = new Map(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) edited.delete(name);
    else if (value !== undefined) edited.set(name, value);
  }
  const before = formatChargingVector(params);
  const after = formatChargingVector(edited);
  return before === after ? message : editSip(message).set(HEADER, after).done();
}

/** The header's text with icid-value first, RFC 7315 §5.6. */
export function formatChargingVector(params: ReadonlyMap<string, string | null>): string {
  const entries = [...params].sort(([a], [b]) => Number(b === 'icid-value') - Number(a === 'icid-value'));
  return entries.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(';');
}

/** Puts a header into a message, in the place of any that is there. */
export function setChargingVector<T extends SipMessage>(message: T, params: Readonly<Record<string, string>>): T {
  return editSip(message)
    .set(HEADER, formatChargingVector(new Map(Object.entries(params))))
    .done();
}

/** Removes the header. */
export function withoutChargingVector<T extends SipMessage>(message: T): T {
  return message.has(HEADER) ? editSip(message).remove(HEADER).done() : message;
}

/** Removes what describes the access network's charging, TS 24.229 §5.4.3.2. */
export function withoutAccessCharging<T extends SipMessage>(message: T): T {
  return editChargingVector(message, Object.fromEntries(ACCESS_CHARGING_PARAMETERS.map((name) => [name, null])));
}
