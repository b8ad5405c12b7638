import type { SipUri } from '../wire/sip/uri.js';

/** The user part by which a function knows its own Record-Route, Path or Route entry again, where it starts with `prefix`. */
export function routeToken(routes: readonly SipUri[], prefix: string): string | null {
  return routes.find((route) => route.user?.startsWith(prefix))?.user ?? null;
}
