import type { Fault } from './fault.js';
import { octetFault, requestOfA, responseOfB, sipFault } from './sip-change.js';

/** Faults of the methods at the II-NNI. */
export const MTH_FAULTS: readonly Fault[] = [
  octetFault(
    {
      name: 'border-refuses-prack',
      title: "Home B's border answers PRACK with 405 itself instead of forwarding it",
      catches: 'MTH-01',
      at: { protocol: 'sip', fromRole: 'ibcf', fromNetwork: 'home-b', method: 'PRACK', status: 0 },
    },
    () => [],
  ),
  sipFault(
    { name: 'invite-without-allow', title: 'The border of home A removes Allow from the INVITE', catches: 'MTH-08' },
    (edit) => edit.remove('Allow'),
  ),
  sipFault(
    {
      name: '405-without-allow',
      title: 'Home B refuses the call with 405 and does not say what it would allow',
      catches: 'MTH-07',
      at: responseOfB('486'),
    },
    (edit) => edit.statusLine(405, 'Method Not Allowed'),
  ),
  sipFault(
    {
      name: 'register-at-non-roaming-border',
      title: "Home A's border lets a REGISTER pass to home B",
      catches: 'MTH-02',
      at: requestOfA('BYE'),
    },
    (edit) => edit,
  ),
];
