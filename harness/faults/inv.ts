import type { Fault, FaultPlace } from './fault.js';
import { sipFault } from './sip-change.js';

const HOST_A = 'ims.mnc001.mcc001.3gppnetwork.org';
const PAI = 'P-Asserted-Identity';

/** The INVITE on both sides of home B's border. */
const BEHIND_BOTH_BORDERS: FaultPlace = { protocol: 'sip', fromRole: 'ibcf', method: 'INVITE', status: 0 };

/** INVITE and its responses, as both borders send them. */
const WHOLE_TRANSACTION: FaultPlace = { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf', method: 'INVITE' };

/** Faults of the initial INVITE. */
export const INV_FAULTS: readonly Fault[] = [
  sipFault(
    {
      name: 'route-back-into-a',
      title: "Home A's border leaves the S-CSCF in Route",
      catches: 'INV-01',
      options: { topologyHiding: 'off' },
    },
    (edit) => edit.append('Route', `<sip:s-cscf.${HOST_A};lr>`),
  ),
  sipFault({ name: 'record-route-removed', title: "Home A's border removes Record-Route", catches: 'INV-02' }, (edit) =>
    edit.remove('Record-Route'),
  ),
  sipFault(
    {
      name: 'asserted-identity-removed',
      title: "Home A's border removes the asserted identity towards a trusted network",
      catches: 'INV-03',
    },
    (edit) => edit.remove(PAI),
  ),
  sipFault(
    { name: 'tel-identity-missing', title: 'The tel URI of the caller is not asserted', catches: 'INV-04' },
    (edit) => edit.mapValues(PAI, (value) => (/^\s*<tel:/i.test(value) ? null : value)),
  ),
  sipFault(
    { name: 'identity-without-brackets', title: 'The asserted identity loses its angle brackets', catches: 'INV-05' },
    (edit) => edit.mapValues(PAI, (value, index) => (index === 0 ? value.replace(/[<>]/g, '') : value)),
  ),
  sipFault(
    { name: 'escaped-service-urn', title: 'The asserted service is escaped as in a feature tag', catches: 'INV-06' },
    (edit) => edit.set('P-Asserted-Service', 'urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel'),
  ),
  sipFault(
    { name: 'accept-contact-removed', title: "Home A's border removes Accept-Contact", catches: 'INV-07' },
    (edit) => edit.remove('Accept-Contact'),
  ),
  sipFault(
    {
      name: 'preferred-service-leaks',
      title: 'What the UE preferred leaves beside what the network asserts',
      catches: 'INV-08',
    },
    (edit) => edit.append('P-Preferred-Service', 'urn:urn-7:3gpp-service.ims.icsi.mmtel'),
  ),
  sipFault(
    {
      name: 'caller-cell-leaks',
      title: "The caller's cell goes to a network that is not trusted",
      catches: 'INV-09',
      options: { trust: 'off' },
    },
    (edit) => edit.append('P-Access-Network-Info', '3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=00101ABCD1234567'),
  ),
  sipFault(
    { name: 'contact-without-icsi', title: "Home A's border drops the feature tags of the UE", catches: 'INV-12' },
    (edit) => edit.mapValues('Contact', (value) => value.replace(/>.*$/, '>')),
  ),
  sipFault(
    {
      name: 'supported-without-timer',
      title: "Home A's border removes timer from Supported and leaves Session-Expires",
      catches: 'INV-13',
    },
    (edit) => edit.set('Supported', '100rel, precondition'),
  ),
  sipFault({ name: 'preconditions-required', title: 'The caller requires preconditions', catches: 'INV-14' }, (edit) =>
    edit.append('Require', 'precondition'),
  ),
  sipFault({ name: 'accept-without-ims-xml', title: "Home A's border rewrites Accept", catches: 'INV-15' }, (edit) =>
    edit.set('Accept', 'application/sdp'),
  ),
  sipFault(
    { name: 'early-media-direction-in-invite', title: 'The INVITE authorises early media', catches: 'INV-16' },
    (edit) => edit.set('P-Early-Media', 'sendrecv'),
  ),
  sipFault({ name: 'invite-without-description', title: 'The INVITE offers nothing', catches: 'INV-17' }, (edit) =>
    edit.body(null),
  ),
  sipFault(
    { name: 'min-se-below-90', title: 'The caller asks for sessions refreshed within a minute', catches: 'INV-18' },
    (edit) => edit.set('Min-SE', '60'),
  ),
  sipFault(
    {
      name: 'from-of-another-scheme',
      title: 'A privacy service replaces the caller by a word',
      catches: 'INV-19',
      at: WHOLE_TRANSACTION,
    },
    (edit) => edit.mapValues('From', (value) => value.replace(/<[^>]*>/, '<pres:anonymous@anonymous.invalid>')),
  ),
  sipFault(
    {
      name: 'unknown-disposition',
      title: 'The INVITE asks for a disposition that nobody defined',
      catches: 'INV-21',
      at: BEHIND_BOTH_BORDERS,
    },
    (edit) => edit.append('Request-Disposition', 'no-voicemail'),
  ),
  sipFault(
    { name: 'credentials-leak', title: "The caller's credentials leave its network", catches: 'INV-22' },
    (edit) =>
      edit.append(
        'Proxy-Authorization',
        `Digest username="u", realm="${HOST_A}", nonce="n", uri="sip:${HOST_A}", response="0"`,
      ),
  ),
  sipFault(
    {
      name: 'called-party-at-non-roaming-border',
      title: 'A header towards a visited network goes to a home network',
      catches: 'INV-26',
    },
    (edit) => edit.append('P-Called-Party-ID', '<sip:+46701740605@ims.mnc002.mcc001.3gppnetwork.org;user=phone>'),
  ),
  sipFault(
    {
      name: 'few-hops-left',
      title: 'The INVITE leaves home A with few hops left',
      catches: 'INV-28',
      at: BEHIND_BOTH_BORDERS,
    },
    (edit, message) => edit.set('Max-Forwards', String(Math.max(1, Number(message.get('Max-Forwards') ?? 70) - 45))),
  ),
  sipFault(
    {
      name: 'visited-network-in-invite',
      title: "The P-CSCF's header for REGISTER leaves with the INVITE",
      catches: 'INV-30',
    },
    (edit) => edit.append('P-Visited-Network-ID', `"${HOST_A}"`),
  ),
  sipFault(
    { name: 'served-user-leaks', title: 'The header between S-CSCF and application server leaves', catches: 'INV-31' },
    (edit) => edit.append('P-Served-User', `<sip:+447700900101@${HOST_A};user=phone>;sescase=orig;regstate=reg`),
  ),
];
