import { parseUri } from '../../wire/sip/uri.js';
import type { RuleContext } from '../context.js';
import type { Rule, Violation } from '../rule.js';
import { type Complaint, each, rule, shortened, sipRule, violation } from '../sip-rule.js';
import type { SipView } from '../sip-view.js';

/** One entry of a routing header: a hop that the message took or will take. */
interface Entry {
  readonly header: string;
  readonly index: number;
  readonly text: string;
  readonly host: string;
  readonly port: number | null;
  readonly user: string | null;
  readonly tokenizedBy: string | null;
}

const ROUTING = ['Record-Route', 'Route', 'Path', 'Service-Route'];

const ALL = ['Via', ...ROUTING];
/** Entries by message: several rules look at the same ones. */
const decoded = new WeakMap<SipView, readonly Entry[]>();

/** Entries of Via and of the route headers, decoded. */
function entries(view: SipView, headers: readonly string[] = ALL): readonly Entry[] {
  let all = decoded.get(view);
  if (all === undefined) {
    all = ALL.flatMap((header) => (header === 'Via' ? viaEntries(view) : routeEntries(view, header)));
    decoded.set(view, all);
  }
  return headers === ALL ? all : all.filter((entry) => headers.includes(entry.header));
}

const VIA = /^\S+\s*\/\s*\S+\s*\/\s*\S+\s+(?:([^@;\s]+)@)?(\[[^\]]*\]|[^:;\s]+)\s*(?::\s*(\d+))?/;

/** Via as text: a token in front of the host, as TS 24.229 shows it, is no sent-by of RFC 3261. */
function viaEntries(view: SipView): readonly Entry[] {
  return view.all('Via').flatMap((text, index): readonly Entry[] => {
    const match = VIA.exec(text);
    if (match?.[2] === undefined) return [];
    const tokenizedBy = /;\s*tokenized-by\s*=\s*([^;,\s]*)/i.exec(text)?.[1] ?? null;
    const host = match[2].replace(/^\[|\]$/g, '');
    return [
      {
        header: 'Via',
        index,
        text,
        host,
        port: match[3] === undefined ? null : Number(match[3]),
        user: match[1] ?? null,
        tokenizedBy,
      },
    ];
  });
}

function routeEntries(view: SipView, header: string): readonly Entry[] {
  if (!view.has(header)) return [];
  return view.nameAddrs(header).flatMap((value, index): readonly Entry[] => {
    const uri = value === null ? null : parseUri(value.uri);
    if (value === null || uri === null || (uri.scheme !== 'sip' && uri.scheme !== 'sips')) return [];
    const tokenizedBy = uri.params.get('tokenized-by') ?? value.params.get('tokenized-by') ?? null;
    return [{ header, index, text: value.uri, host: uri.host, port: uri.port, user: uri.user, tokenizedBy }];
  });
}

function hides(view: SipView, context: RuleContext): boolean {
  return context.operatorOf(view.record.from)?.topologyHiding === true;
}

/** Entries of proxies of the sender's network, its border itself left out. */
function ownProxies(view: SipView, context: RuleContext): readonly Entry[] {
  const own = view.record.from.node?.network;
  const domain = own === undefined ? undefined : context.operator(own)?.domain.toLowerCase();
  return entries(view).filter((entry) => {
    const host = entry.host.toLowerCase();
    const node = context.border.nodeOfHost(entry.host, entry.port);
    if (node !== null) return node.network === own && node.role !== 'ue' && node.name !== view.record.from.node?.name;
    return (
      context.border.networkOfHost(entry.host) === own &&
      own !== undefined &&
      host !== domain &&
      !context.border.isNode(view.record.from, entry.host)
    );
  });
}

/** Address literals of private networks, RFC 1918, RFC 6598 and RFC 4193. */
const PRIVATE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:)/i;

/** Hops of which the profile knows nothing, but whose addresses are for use inside a network; the last Via is a terminal. */
function privateHosts(view: SipView, context: RuleContext): readonly Entry[] {
  const lastVia = view.vias.length - 1;
  return entries(view).filter(
    (entry) =>
      entry.tokenizedBy === null &&
      PRIVATE.test(entry.host) &&
      !(entry.header === 'Via' && (entry.index === 0 || entry.index === lastVia)) &&
      !context.border.isNode(view.record.from, entry.host) &&
      context.border.nodeOfHost(entry.host, entry.port) === null &&
      context.border.networkOfHost(entry.host) === null &&
      !echoed(view, entry),
  );
}

function complaintOf(view: SipView, entry: Entry, text: string): Exclude<Complaint, string> {
  return { seen: `${text}: ${entry.header} ${shortened(entry.text)} in ${view.title}`, header: entry.header };
}

const HOST_NAME = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

/** A token is in place, but not said to be one, or by somebody who is nobody. */
function badTokens(view: SipView, context: RuleContext): readonly Complaint[] {
  const own = context.operatorOf(view.record.from);
  const inside = context.border.inside(view);
  return entries(view).flatMap((entry): readonly Complaint[] => {
    if (entry.tokenizedBy !== null) {
      const maker = HOST_NAME.test(entry.tokenizedBy) ? context.border.networkOfHost(entry.tokenizedBy) : null;
      if (maker === null) return [complaintOf(view, entry, 'tokenized-by names no operator')];
      const made = inside !== null && !inside.all(entry.header).some((value) => value.includes(entry.text));
      const added = view.isRequest && entry.header !== 'Route' && made;
      const foreign = added && own !== undefined && maker !== own.name;
      return foreign ? [complaintOf(view, entry, 'tokenized-by names another operator')] : [];
    }
    const bare = own !== undefined && own.domain !== '' && entry.host.toLowerCase() === own.domain.toLowerCase();
    return bare && entry.user !== null ? [complaintOf(view, entry, 'a token without tokenized-by')] : [];
  });
}

/** Tokens of the sender's own network in a request, as text. */
function ownTokens(view: SipView, context: RuleContext): readonly Entry[] {
  const own = view.record.from.node?.network;
  return entries(view, ['Via', 'Record-Route', 'Path']).filter(
    (entry) => entry.tokenizedBy !== null && context.border.networkOfHost(entry.tokenizedBy) === own,
  );
}

function plain(text: string): string {
  return text.replace(/\s+/g, '');
}

/**
 * Tokens that came back otherwise than they were given: in front of the host of a Via, of which the grammar of Via knows nothing
 * (GEN-05 compares the rest), and in Route of a request, where a parameter is missing (DLG-01 compares the route itself).
 */
function changedTokens(view: SipView): readonly Complaint[] {
  if (!view.isRequest) {
    const request = view.transaction?.request ?? null;
    if (request === null || request.vias.length !== view.vias.length) return [];
    const given = new Map(viaEntries(request).map((entry) => [entry.index, entry]));
    return viaEntries(view)
      .filter(({ index, user }) => given.has(index) && (given.get(index)?.user ?? null) !== user)
      .map((entry) => complaintOf(view, entry, 'a token that was given otherwise'));
  }
  if (view.dialog === null || view.inDialog !== true || !view.has('Route')) return [];
  const given = view.dialog.messages
    .filter((other) => other.record.index < view.record.index && other.has('Record-Route'))
    .flatMap((other) => routeEntries(other, 'Record-Route'))
    .filter(({ tokenizedBy }) => tokenizedBy !== null);
  return routeEntries(view, 'Route').flatMap((entry): readonly Complaint[] => {
    const same = given.filter(({ user, host }) => user !== null && user === entry.user && host === entry.host);
    const good = same.length === 0 || same.some(({ text }) => plain(text) === plain(entry.text));
    return good ? [] : [complaintOf(view, entry, 'a token that was given otherwise')];
  });
}

/** Headers in free text in which names of internal hosts show, and the URIs of Contact. */
const TELLTALE = ['Call-ID', 'Warning', 'Server', 'User-Agent', 'Contact'];

function telltales(view: SipView, context: RuleContext): readonly Complaint[] {
  const own = view.record.from.node?.network;
  const hosts = context
    .nodesOf(own ?? '')
    .filter((node) => node.role !== 'ue' && node.name !== view.record.from.node?.name)
    .flatMap((node) => node.hosts);
  return TELLTALE.flatMap((header) =>
    view.sip
      .fields(header)
      .filter((field) => hosts.some((host) => field.value.toLowerCase().includes(host.toLowerCase())))
      .map((field) => ({ seen: `${header}: ${shortened(field.value)} in ${view.title}`, line: field.line })),
  );
}

/** Addresses in a description that belong to a node of the sender's network other than its border and gateway. */
function innerAddresses(view: SipView, context: RuleContext): readonly Complaint[] {
  const own = view.record.from.node?.network;
  const lines = Buffer.from(view.sdp ?? new Uint8Array())
    .toString('latin1')
    .split(/\r?\n/);
  return lines.flatMap((line): readonly Complaint[] => {
    const address = /^(?:c=|o=.*\s)IN IP[46] ([^\s/]+)/.exec(line)?.[1];
    if (address === undefined) return [];
    const owners = context
      .nodesOf(own ?? '')
      .filter((node) => node.endpoints.some((endpoint) => endpoint.address === address));
    const inner = owners.length > 0 && owners.every((node) => node.role !== 'trgw' && node.role !== 'ibcf');
    return inner ? [{ seen: `${line} in ${view.title} is the address of ${owners[0]?.name}`, line: 1 }] : [];
  });
}

/** Topology hiding, TS 33.203 §6.4 and TS 24.229 §5.10.4. */
export const THG: readonly Rule[] = [
  sipRule({
    id: 'THG-01',
    says: 'A network that hides its topology shows no proxy but its border in Via, Record-Route, Route, Path and Service-Route.',
    clause: 'TS 33.203 §6.4; TS 23.228 §I.3.2; TS 24.229 §5.10.4.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border hides entries of initial requests only, or of some headers only',
    where: {},
    when: hides,
    judge: (view, context) => [
      ...ownProxies(view, context)
        .filter((entry) => entry.tokenizedBy === null && !echoed(view, entry))
        .map((entry) => complaintOf(view, entry, 'in clear')),
      ...privateHosts(view, context).map((entry) => ({
        ...complaintOf(view, entry, 'a private address in clear'),
        provenance: 'E' as const,
      })),
    ],
  }),
  sipRule({
    id: 'THG-02',
    says: 'A hidden entry is a token with tokenized-by and the domain of the hiding network.',
    clause: 'TS 24.229 §7.2A.3',
    strength: 'shall',
    provenance: 'S2',
    usualCause: 'the border loses the parameter by which it finds its own tokens again',
    where: {},
    when: hides,
    judge: badTokens,
  }),
  sipRule({
    id: 'THG-04',
    says: 'A border hides entries of proxies of its own network only, and not its own entry.',
    clause: 'TS 33.203 §6.4; TS 24.229 §5.10.4.2',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'the border encrypts before it adds or takes its own entry',
    where: { kind: 'request' },
    when: hides,
    judge: (view) =>
      viaEntries(view)
        .filter((entry) => entry.index === 0 && entry.tokenizedBy !== null)
        .map((entry) => complaintOf(view, entry, "the border's own entry")),
  }),
  sipRule({
    id: 'THG-05',
    says: 'Tokens come back as they were given, and the network that made them decrypts them before its core sees them.',
    clause: 'TS 33.203 §6.4; RFC 3261 §8.2.6.2, §12.1.1',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the key changed during a dialog, or the peer changed the token',
    where: {},
    when: (view, context) => context.operatorOf(view.record.to)?.topologyHiding === true,
    judge: (view, context) => {
      const changed = changedTokens(view);
      const inward = context.border.forwarded(view);
      if (inward === null) return changed.length === 0 ? undefined : changed;
      const own = view.record.to.node?.network;
      const reached = entries(inward)
        .filter((entry) => entry.tokenizedBy !== null && context.border.networkOfHost(entry.tokenizedBy) === own)
        .map((entry) => ({
          ...complaintOf(inward, entry, 'a token of its own'),
          message: inward.record,
          line: inward.lineOf(entry.header) ?? 1,
        }));
      return [...changed, ...reached];
    },
  }),
  sipRule({
    id: 'THG-09',
    says: 'A network that does not hide its topology writes no tokens.',
    clause: 'TS 24.229 §7.2A.3',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'topology hiding is on although the interconnection did not agree on it',
    where: { kind: 'request' },
    when: (view, context) => context.operatorOf(view.record.from)?.topologyHiding === false,
    judge: (view, context) => ownTokens(view, context).map((entry) => complaintOf(view, entry, 'a token')),
  }),
  sipRule({
    id: 'THG-10',
    says: 'With topology hiding no name of an inner host stands in Contact, Call-ID, Warning, Server or User-Agent.',
    clause: 'GSMA IR.77, IR.95 (good practice)',
    strength: 'should',
    provenance: 'E?',
    usualCause: 'functions introduce themselves by host name',
    where: {},
    when: hides,
    judge: telltales,
  }),
  sipRule({
    id: 'THG-11',
    says: 'With topology hiding the addresses in a session description are those of border and media gateway.',
    clause: 'TS 24.229 §6.7; TS 29.165 §7',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'the border rewrites c= and forgets o=',
    where: {},
    when: (view, context) => view.sdp !== null && hides(view, context),
    judge: innerAddresses,
  }),
  rule({
    id: 'THG-12',
    says: 'The same hidden entry gives another token each time.',
    clause: 'TS 33.203 §6.4',
    strength: 'shall',
    provenance: 'S',
    usualCause: 'the border encrypts without a fresh initialisation vector, so that tokens can be compared',
    check: (context) => {
      const firstOf = new Map<string, string>();
      const requests = context.ici.filter((view) => view.isRequest && view.method !== 'CANCEL' && hides(view, context));
      return each(requests, (view) => {
        const tokens = ownTokens(view, context);
        if (tokens.length === 0) return undefined;
        return tokens.flatMap((entry): readonly Violation[] => {
          const token = entry.user ?? entry.host;
          const key = `${view.record.from.node?.network} ${token}`;
          const place = `${view.record.index} ${entry.header} ${entry.index}`;
          const first = firstOf.get(key);
          if (first === undefined) firstOf.set(key, place);
          const isDomain = token.toLowerCase() === entry.tokenizedBy?.toLowerCase();
          return first === undefined || isDomain
            ? []
            : [violation(view, complaintOf(view, entry, 'a token that was used before'))];
        });
      });
    },
  }),
];

/** A response returns Via and Record-Route of its request as they came: they are not the responder's to hide. */
function echoed(view: SipView, entry: Entry): boolean {
  const request = view.transaction?.request;
  if (view.isRequest || !request) return false;
  return request.all(entry.header).some((value) => value.includes(entry.text));
}
