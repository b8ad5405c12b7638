import { parseUri, type Uri } from '../../wire/sip/uri.js';
import type { Complaint } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** SIP URIs of Record-Route, Route, Path and Service-Route without `lr`, those that the sender only repeats left out. */
export function looseRoutes(view: SipView): readonly Complaint[] {
  return ['Record-Route', 'Route', 'Path', 'Service-Route'].flatMap((header): readonly Complaint[] => {
    if (!view.has(header)) return [];
    return view.nameAddrs(header).flatMap((value): readonly Complaint[] => {
      const uri = value === null ? null : parseUri(value.uri);
      if (hasLr(uri) || repeated(view, header).has(value?.uri ?? '')) return [];
      return [{ seen: `${header}: <${value?.uri ?? ''}> without lr in ${view.title}`, header }];
    });
  });
}

function hasLr(uri: Uri | null): boolean {
  return uri === null || (uri.scheme !== 'sip' && uri.scheme !== 'sips') || uri.params.has('lr');
}

/** What the other side wrote: the Record-Route of a request in its responses, and Route made of the Record-Route of the dialog. */
function repeated(view: SipView, header: string): ReadonlySet<string> {
  if (header === 'Record-Route' && !view.isRequest) return urisOf(view.transaction?.request ?? null, header);
  if (header !== 'Route' || view.dialog === null) return new Set();
  const sender = view.record.from.address;
  const others = view.dialog.messages.filter((other) => other.record.from.address !== sender);
  return new Set(others.flatMap((other) => [...urisOf(other, 'Record-Route')]));
}

function urisOf(view: SipView | null, header: string): ReadonlySet<string> {
  return new Set(view?.nameAddrs(header).flatMap((value) => value?.uri ?? []));
}
