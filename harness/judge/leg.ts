import type { RuleContext } from './context.js';
import type { SipView } from './sip-view.js';

/**
 * The legs of the II-NNI: home to home, visited A to home A, loopback, visited A to home B, home B to visited B.
 * RFC 7549 §5.2, TS 29.165 §3.1 and table 5.3.2.1.
 */
export type Leg = 'NR' | 'VA-HA' | 'HA-VA' | 'VA-HB' | 'HB-VB';

/** Traversal scenario of a leg, TS 29.165 table 5.3.2.1. */
export type Scenario = 'nonroam' | 'loop' | 'roam';

const LEG_OF_IOTL: Readonly<Record<string, Leg>> = {
  'homea-homeb': 'NR',
  'homeb-visitedb': 'HB-VB',
  'visiteda-homea': 'VA-HA',
  'homea-visiteda': 'HA-VA',
  'visiteda-homeb': 'VA-HB',
};

export function scenarioOf(leg: Leg): Scenario {
  if (leg === 'NR' || leg === 'VA-HB') return 'nonroam';
  return leg === 'HA-VA' ? 'loop' : 'roam';
}

/** Whether the agreement opens a roaming interconnection at all; without, every leg is the non-roaming default. */
export function roamingAgreed(context: RuleContext): boolean {
  return context.profile.agreement.options['roaming-nni'] === true;
}

/**
 * The leg that an initial request travels: the topmost Route with `iotl`, else the Request-URI (RFC 7549 §5.1), else,
 * where roaming is agreed, what only a roaming leg shows, else the non-roaming default (TS 29.165 §5.3.2 note 1).
 */
export function legOfInitial(view: SipView, context: RuleContext): Leg {
  const fromRoute = view.nameAddrs('Route').map((route) => iotlOf(route?.uri ?? ''));
  const fromUri = view.sip.kind === 'request' ? iotlOf(view.sip.requestUri) : null;
  const iotl = fromRoute.find((leg) => leg !== null) ?? fromUri;
  if (iotl !== undefined && iotl !== null) return iotl;
  if (!roamingAgreed(context)) return 'NR';
  if (view.method === 'REGISTER') return 'VA-HA';
  if (view.has('P-Called-Party-ID')) return 'HB-VB';
  if (/^\s*type 1/i.test(view.chargingVector?.origIoi ?? '')) return 'VA-HA';
  return 'NR';
}

function iotlOf(uri: string): Leg | null {
  const match = /;\s*iotl\s*=\s*([A-Za-z0-9-]+)/i.exec(uri);
  return match?.[1] === undefined ? null : (LEG_OF_IOTL[match[1].toLowerCase()] ?? null);
}
