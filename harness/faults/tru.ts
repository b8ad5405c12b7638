import type { Fault, FaultPlace } from './fault.js';
import { INVITE_OF_A, requestOfA, responseOfB, sipFault } from './sip-change.js';

/** Between networks that do not trust each other. */
const DISTRUST = { trust: 'off' } as const;

/** The INVITE as home A's border sends it, and as home B's border forwards it into its core. */
const THROUGH_BOTH_BORDERS: FaultPlace = { protocol: 'sip', fromRole: 'ibcf', method: 'INVITE', status: 0 };

const IDENTITY_OF_A = '<sip:+447700900101@ims.mnc001.mcc001.3gppnetwork.org;user=phone>';

/** Faults of the trust relationship. */
export const TRU_FAULTS: readonly Fault[] = [
  sipFault(
    {
      name: 'private-identity-leaks',
      title: 'An identity with Privacy: id goes to a network that is not trusted',
      catches: 'TRU-01',
      at: requestOfA('UPDATE'),
      options: DISTRUST,
    },
    (edit) => edit.append('P-Asserted-Identity', IDENTITY_OF_A).append('Privacy', 'id'),
  ),
  sipFault(
    {
      name: 'public-identity-removed',
      title: 'An identity with Privacy: none is removed',
      catches: 'TRU-02',
      options: DISTRUST,
    },
    (edit) => edit.remove('P-Asserted-Identity').append('Privacy', 'none'),
  ),
  sipFault(
    {
      name: 'access-network-leaks',
      title: "The callee's cell leaves with the 180",
      catches: 'TRU-03',
      at: responseOfB(180),
      options: DISTRUST,
    },
    (edit) => edit.append('P-Access-Network-Info', '3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=00102ABCD1234567'),
  ),
  sipFault(
    {
      name: 'private-history-leaks',
      title: 'A diverting number that asked for privacy leaves readable',
      catches: 'TRU-04',
      options: DISTRUST,
    },
    (edit) =>
      edit.append('History-Info', '<sip:+447700900102@ims.mnc001.mcc001.3gppnetwork.org?Privacy=history>;index=1'),
  ),
  sipFault(
    {
      name: 'asserted-service-leaks',
      title: 'An asserted service goes to a network that is not trusted',
      catches: 'TRU-05',
      options: DISTRUST,
    },
    (edit) => edit.append('P-Asserted-Service', 'urn:urn-7:3gpp-service.ims.icsi.mmtel'),
  ),
  sipFault(
    {
      name: 'priority-leaks',
      title: 'Priority goes to a network that is not trusted',
      catches: 'TRU-06',
      options: DISTRUST,
    },
    (edit) => edit.append('Resource-Priority', 'ets.0'),
  ),
  sipFault(
    {
      name: 'q850-without-trust',
      title: 'The ISUP cause goes to a network that is not trusted',
      catches: 'TRU-07',
      at: responseOfB(180),
      options: DISTRUST,
    },
    (edit) => edit.append('Reason', 'Q.850;cause=16'),
  ),
  sipFault(
    {
      name: 'private-network-leaks',
      title: 'A private network indication goes to a network that is not trusted',
      catches: 'TRU-08',
      options: DISTRUST,
    },
    (edit) => edit.append('P-Private-Network-Indication', 'enterprise.home-a.example'),
  ),
  sipFault(
    {
      name: 'early-media-without-trust',
      title: 'Early media is authorised towards a network that is not trusted',
      catches: 'TRU-09',
      at: responseOfB(180),
      options: DISTRUST,
    },
    (edit) => edit.append('P-Early-Media', 'sendrecv'),
  ),
  sipFault(
    {
      name: 'calling-category-without-trust',
      title: "The caller's category stays in the identity",
      catches: 'TRU-10',
      at: requestOfA('UPDATE'),
      options: DISTRUST,
    },
    (edit) => edit.append('P-Asserted-Identity', '<tel:+447700900199;cpc=ordinary>'),
  ),
  sipFault(
    {
      name: 'feature-caps-pass-inward',
      title: "Home B's border passes feature capabilities of a stranger",
      catches: 'TRU-11',
      at: THROUGH_BOTH_BORDERS,
      options: DISTRUST,
    },
    (edit) => edit.append('Feature-Caps', '*;+g.3gpp.srvcc'),
  ),
  sipFault(
    {
      name: 'iotl-passes-inward',
      title: "Home B's border believes the leg that a stranger claims",
      catches: 'TRU-12',
      at: THROUGH_BOTH_BORDERS,
      options: DISTRUST,
    },
    (edit, message) => (message.kind === 'request' ? edit.requestUri(`${message.requestUri};iotl=homeA-homeB`) : edit),
  ),
  sipFault(
    {
      name: 'cellular-network-leaks',
      title: "The caller's cell of another access leaves",
      catches: 'TRU-13',
      options: DISTRUST,
    },
    (edit) =>
      edit.append('Cellular-Network-Info', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=00102ABCD1234567;cell-info-age=5'),
  ),
  sipFault(
    {
      name: 'early-media-dropped',
      title: "Home A's border drops P-Early-Media towards a trusted network",
      catches: 'TRU-14',
      at: INVITE_OF_A,
    },
    (edit) => edit.remove('P-Early-Media'),
  ),
  sipFault(
    {
      name: 'stranger-identity-passes',
      title: "Home B's border believes the identity that a stranger asserts",
      catches: 'TRU-17',
      at: THROUGH_BOTH_BORDERS,
      options: DISTRUST,
    },
    (edit) => edit.set('P-Asserted-Identity', '<sip:somebody@stranger.example>'),
  ),
];
