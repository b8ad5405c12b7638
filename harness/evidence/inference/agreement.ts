import type { Agreement } from '../../profile/profile.js';
import type { SipMessage } from '../../wire/sip/message.js';
import type { Sighting } from '../sighting.js';
import { type BorderHop, senders } from './borders.js';
import type { SocketOwners } from './socket-owners.js';

/** Networks whose borders send encrypted entries, TS 24.229 §5.10.4.3. */
export function hidingNetworks(
  sightings: readonly Sighting[],
  borders: readonly BorderHop[],
  owners: SocketOwners,
): ReadonlySet<string> {
  const networkAt = senders(borders);
  const hiding = new Set<string>();
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip') continue;
    const network = networkAt.get(`${owners.key(sighting.source)} ${owners.key(sighting.destination)}`);
    if (network === undefined || hiding.has(network)) continue;
    // The other network's tokens travel back in responses and in Route, so only the sender's own entries in requests count.
    const { sip } = sighting;
    if (sip.kind !== 'request') continue;
    const own = [...sip.all('Via'), ...sip.all('Record-Route')].some((value) => /;\s*tokenized-by\s*=/i.test(value));
    if (own) hiding.add(network);
  }
  return hiding;
}

/** What was agreed is not in a capture: what was used counts as agreed, so that nothing is held against a network that it may do. */
export function agreementOf(
  sightings: readonly Sighting[],
  borders: readonly BorderHop[],
  owners: SocketOwners,
  sentences: string[],
): Agreement {
  const hops = new Set(borders.flatMap(({ from, to }) => [`${from} ${to}`, `${to} ${from}`]));
  const atBorder = (sighting: Sighting): boolean =>
    hops.has(`${owners.key(sighting.source)} ${owners.key(sighting.destination)}`);
  const transports = new Set<string>();
  const codecs = new Set<string>();
  let trust = false;
  const trusted = new Set<string>();
  let telUriAllowed = false;
  let precondition = false;
  let roaming = false;
  let six = false;
  for (const sighting of sightings) {
    if (sighting.protocol !== 'sip' || !atBorder(sighting)) continue;
    const { sip, transport } = sighting;
    transports.add(transport);
    six ||= sighting.source.address.includes(':');
    trust ||= sip.has('P-Asserted-Identity') || sip.has('P-Charging-Vector');
    for (const header of ['P-Asserted-Service', 'P-Early-Media']) if (sip.has(header)) trusted.add(header);
    telUriAllowed ||= sip.kind === 'request' && /^tel:/i.test(sip.requestUri);
    precondition ||= /\bprecondition\b/.test(`${sip.all('Supported').join()},${sip.all('Require').join()}`);
    roaming ||= isRoaming(sip);
    for (const codec of encodingsOf(sip)) codecs.add(codec);
  }
  if (hops.size > 0) {
    sentences.push(
      trust
        ? 'The networks are taken to trust each other: asserted identities or charging vectors cross the border.'
        : `The networks are taken not to trust each other${trusted.size === 0 ? '' : `, but for ${[...trusted].join(' and ')}`}: neither asserted identities nor charging vectors cross the border.`,
      'Transport, codecs, tel URIs and preconditions that are used at the border are taken as agreed.',
    );
    if (roaming)
      sentences.push('The networks are taken to have a roaming agreement: registrations of roamers cross the border.');
  }
  return {
    trust,
    // Long requests go over TCP where UDP is agreed (RFC 3261 §18.1.1), never the other way round.
    transport: (['udp', 'tls', 'tcp'] as const).find((transport) => transports.has(transport)) ?? 'udp',
    ipVersion: six ? 6 : 4,
    telUriAllowed,
    codecs: [...codecs],
    precondition,
    options: {
      ...(roaming ? { 'roaming-nni': true } : {}),
      // Trust may be agreed for single headers, TS 29.165 §6.1.1.3.1.
      ...(trust || trusted.size === 0 ? {} : { 'x-trust-headers': [...trusted] }),
    },
  };
}

/** What only the roaming II-NNI carries: a registration by way of a visited network, TS 29.165 §6.1.1.3.3. */
function isRoaming(sip: SipMessage): boolean {
  return sip.kind === 'request' && sip.method === 'REGISTER' && (sip.has('P-Visited-Network-ID') || sip.has('Path'));
}

function encodingsOf(sip: SipMessage): readonly string[] {
  if (sip.body.length < 8) return [];
  const text = Buffer.from(sip.body.buffer, sip.body.byteOffset, sip.body.byteLength).toString('latin1');
  return [...text.matchAll(/^a=rtpmap:\d+ ([A-Za-z0-9-]+)\//gm)].map((match) => match[1] ?? '');
}
