import { parseUri } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import type { SipView } from '../sip-view.js';

/** Type prefix of an inter-operator identifier and what it says behind it. */
export function identifier(ioi: string): { readonly type: string | null; readonly name: string } {
  const match = /^\s*(Type [123])\s?(.*)$/i.exec(ioi);
  // A second vector folded into the line is PCV-01's finding, not part of the identifier.
  const name = (match?.[2] ?? ioi).split(',')[0] ?? '';
  return { type: match?.[1] ?? null, name: name.trim() };
}

/** Identifiers compare without regard to case. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The network whose identifier this is; null for nobody's that the profile knows. */
export function networkOfIoi(ioi: string, context: RuleContext): string | null {
  const { name } = identifier(ioi);
  return context.profile.operators.find((operator) => operator.ioi !== '' && same(operator.ioi, name))?.name ?? null;
}

/**
 * The network that an identifier names, where that is neither the sender of the message nor, with a transit network between,
 * the home of the caller or the callee; null where all is well or cannot be told.
 */
export function namesAnother(ioi: string, view: SipView, context: RuleContext): string | null {
  const named = networkOfIoi(ioi, context);
  const { from, to } = view.record;
  const sender = from.node?.network;
  if (named === null || sender === undefined || context.operator(sender) === undefined || named === sender) return null;
  if (named === to.node?.network) return named;
  const parties = view.isRequest ? [...view.nameAddrs('P-Asserted-Identity'), view.from] : [view.to];
  const homes = parties.map((party) => {
    const uri = party === null ? null : parseUri(party.uri);
    return uri?.scheme === 'sip' || uri?.scheme === 'sips' ? context.border.networkOfHost(uri.host) : null;
  });
  return homes.includes(named) ? null : named;
}

/** A list of indexed names and void, RFC 7315 §5.6. */
export const TRANSIT = /^(void|[A-Za-z][A-Za-z0-9]*\.\d+)(\s*,\s*(void|[A-Za-z][A-Za-z0-9]*\.\d+))*$/i;

/** The list in transit-ioi, unquoted; null without one. */
export function transitIoi(view: SipView): string | null {
  return view.chargingVector?.transitIoi ?? null;
}

/** What is wrong with the indexes of a transit-ioi list, and whether it may only be a screened entry. */
export function transitIndexes(list: string): { readonly text: string; readonly gap: boolean } | null {
  let last = 0;
  let voids = 0;
  let first = true;
  for (const item of list.split(',').map((part) => part.trim())) {
    if (item.toLowerCase() === 'void') {
      voids += 1;
      continue;
    }
    const index = Number(item.slice(item.lastIndexOf('.') + 1));
    if (!first && index <= last) return { text: `index ${index} behind ${last}`, gap: false };
    if (!first && index !== last + voids + 1)
      return { text: `index ${index} behind ${last} and ${voids} void`, gap: true };
    last = index;
    voids = 0;
    first = false;
  }
  return null;
}
