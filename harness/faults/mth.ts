import { refusalFault } from './extra-transaction.js';
import type { Fault } from './fault.js';
import { octetFault, requestOfA, responseOfB, sipFault, standalone } from './sip-change.js';

/** Faults of the methods at the II-NNI. */
export const MTH_FAULTS: readonly Fault[] = [
  sipFault(
    {
      name: 'border-refuses-prack',
      title: "Home B's border answers PRACK with 405 itself",
      catches: 'MTH-01',
      at: responseOfB(200, 'PRACK'),
    },
    (edit) => edit.statusLine(405, 'Method Not Allowed').set('Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS'),
  ),
  sipFault(
    { name: 'invite-without-allow', title: 'The border of home A removes Allow from the INVITE', catches: 'MTH-08' },
    (edit) => edit.remove('Allow'),
  ),
  refusalFault(
    {
      name: '405-without-allow',
      title: 'Home B refuses INFO with 405 and does not say what it would allow',
      catches: 'MTH-07',
    },
    'INFO',
    { status: 405, reason: 'Method Not Allowed' },
    [],
  ),
  octetFault(
    {
      name: 'register-at-non-roaming-border',
      title: "Home A's border lets a REGISTER pass to home B",
      catches: 'MTH-02',
      at: requestOfA('BYE'),
    },
    (octets) => [octets, standalone(octets, 'REGISTER', ['Contact: <sip:border@192.0.2.1>'])],
  ),
];
