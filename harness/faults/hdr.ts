import type { Fault } from './fault.js';
import { requestOfA, responseOfB, sipFault } from './sip-change.js';

/** Faults of header applicability by leg. */
export const HDR_FAULTS: readonly Fault[] = [
  sipFault(
    { name: 'charging-addresses-leak', title: "Home A's charging addresses leave with the INVITE", catches: 'HDR-01' },
    (edit) => edit.append('P-Charging-Function-Addresses', 'ccf=192.0.2.200'),
  ),
  sipFault(
    { name: 'user-database-leaks', title: 'The name of an HSS leaves with the INVITE', catches: 'HDR-02' },
    (edit) => edit.append('P-User-Database', '<aaa://hss.home-a.example;transport=tcp>'),
  ),
  sipFault(
    {
      name: 'preferred-identity-leaks',
      title: 'What the UE preferred leaves beside what the network asserts',
      catches: 'HDR-03',
    },
    (edit) => edit.append('P-Preferred-Identity', '<sip:+447700900101@home-a.example;user=phone>'),
  ),
  sipFault(
    {
      name: 'security-verify-leaks',
      title: 'The security agreement of UE and P-CSCF leaves with the INVITE',
      catches: 'HDR-04',
    },
    (edit) =>
      edit.append('Security-Verify', 'ipsec-3gpp;q=0.1;alg=hmac-sha-1-96;spi-c=1;spi-s=2;port-c=5062;port-s=5063'),
  ),
  sipFault(
    { name: 'empty-proxy-require', title: 'sec-agree is removed and an empty Proxy-Require stays', catches: 'HDR-05' },
    (edit) => edit.append('Proxy-Require', ''),
  ),
  sipFault(
    {
      name: 'media-authorization-leaks',
      title: 'A media authorisation token of the access leaves with the INVITE',
      catches: 'HDR-06',
    },
    (edit) => edit.append('P-Media-Authorization', '0020000100100101706466322e686f6d65312e6e6574'),
  ),
  sipFault(
    {
      name: 'path-in-bye',
      title: 'A header of roaming registrations leaves with a BYE',
      catches: 'HDR-07',
      at: requestOfA('BYE'),
    },
    (edit) => edit.append('Path', '<sip:p-cscf.home-a.example;lr>'),
  ),
  sipFault(
    {
      name: 'attestation-at-roaming-border',
      title: 'An attestation of the caller goes from the home to the visited network',
      catches: 'HDR-08',
    },
    (edit, message) =>
      (message.kind === 'request' ? edit.requestUri(`${message.requestUri};iotl=homeB-visitedB`) : edit).append(
        'Origination-Id',
        '123e4567-e89b-12d3-a456-426614174000',
      ),
  ),
  sipFault({ name: 'min-se-removed', title: "Home A's border removes Min-SE", catches: 'HDR-09' }, (edit) =>
    edit.remove('Min-SE'),
  ),
  sipFault(
    {
      name: 'relayed-charge-leaks',
      title: "Charging information between home B's application servers leaves with the 180",
      catches: 'HDR-10',
      at: responseOfB(180),
    },
    (edit) => edit.append('Relayed-Charge', 'tas=1'),
  ),
];
