import type { Party } from '../../evidence/model.js';
import type { ChargingVector } from '../../wire/sip/headers.js';
import { capability } from '../capability.js';
import type { RuleContext } from '../context.js';
import { scenarioOf } from '../leg.js';
import type { RuleOutcome } from '../rule.js';
import { each, seen, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

export const PCV_HEADER = 'P-Charging-Vector';

/** Requests that begin something and are charged; OPTIONS between borders are not. */
export const CHARGED: readonly string[] = ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'REFER', 'PUBLISH', 'NOTIFY'];

/** Members of access-network-charging-info, TS 24.229 §7.2A.5.2. */
export const ACCESS_PARAMS: readonly string[] = [
  'ggsn',
  'pdp-sig',
  'gcid',
  'auth-token',
  'flow-id',
  'pdngw',
  'eps-sig',
  'ecid',
  'smf',
  '5gscid',
  'bras',
  'icn-bcp',
  'bcid',
  'ip-edge',
];

/** The parameters of the vector as written. */
export function params(view: SipView): ReadonlyMap<string, string | null> {
  return view.chargingVector?.params ?? new Map();
}

/**
 * Whether the sender of a message owes P-Charging-Vector on its leg: mandatory when roaming, elsewhere by agreement (c1).
 * Without an answer a network is taken to have agreed if it is seen to charge: something that it sends carries the vector,
 * or a response returns its orig-ioi.
 */
export function chargingAgreed(view: SipView, context: RuleContext): boolean {
  if (!context.trusts(PCV_HEADER)) return false;
  const scenario = scenarioOf(context.leg(view));
  if (capability(context, '38', scenario) !== true) return false;
  if (scenario === 'roam' || context.profile.agreement.options['charging-nonroaming'] === true) return true;
  return chargingNetworks(context).has(networkAt(view.record.from));
}

function networkAt(party: Party): string {
  return party.node?.network ?? party.address;
}

function chargingNetworks(context: RuleContext): ReadonlySet<string> {
  return context.memo('networks that charge', () => {
    const networks = new Set<string>();
    for (const view of context.ici) {
      if (!view.has(PCV_HEADER)) continue;
      networks.add(networkAt(view.record.from));
      if (!view.isRequest && view.chargingVector?.origIoi) networks.add(networkAt(view.record.to));
    }
    return networks;
  });
}

/**
 * What a response may rightly return of the vector of its request: the value in it and, where the sender of the request had
 * received another and the receiver forwarded that other, also that: then the request is the odd one, not the response.
 */
export function returnable(
  request: SipView | null | undefined,
  context: RuleContext,
  read: (vector: ChargingVector) => string | null,
): readonly string[] {
  const valueIn = (view: SipView | null): string | null => {
    const vector = view?.chargingVector ?? null;
    return vector === null ? null : read(vector);
  };
  if (request === null || request === undefined) return [];
  const own = valueIn(request);
  if (!own) return [];
  const [before, after] = [valueIn(context.border.inside(request)), valueIn(context.border.forwarded(request))];
  return before && before !== own && before === after ? [own, before] : [own];
}

/**
 * PCV-05: a request that begins something with the icid-value of a session that is over. Sessions at the same time may share
 * one: an application server may make two of one, and a call that is forwarded comes back.
 */
export function reusedIcid(context: RuleContext): RuleOutcome {
  const begun = new Map<string, string>();
  const over = new Map<string, string>();
  return each(context.ici, (view) => {
    const own = begun.get(view.callId);
    if (own !== undefined && endsSession(view)) over.set(own, view.callId);
    const icid = view.chargingVector?.icidValue;
    if (!view.isRequest || view.inDialog !== false || !icid || !CHARGED.includes(view.method)) return undefined;
    const earlier = over.get(icid);
    if (!begun.has(view.callId)) begun.set(view.callId, icid);
    if (earlier === undefined || earlier === view.callId) return null;
    return [violation(view, seen(view, PCV_HEADER, `the session ${earlier} had it before, and is over`))];
  });
}

function endsSession(view: SipView): boolean {
  if (view.method === 'BYE') return view.isRequest;
  return view.method === 'MESSAGE' && view.status >= 200 && view.status < 300;
}
