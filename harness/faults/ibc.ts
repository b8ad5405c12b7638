import type { Fault, FaultPlace } from './fault.js';
import { requestOfA, sipFault } from './sip-change.js';

/** The INVITE as home B's border passes it into its core. */
const INTO_CORE_B: FaultPlace = {
  referencePoint: 'Mx',
  protocol: 'sip',
  fromRole: 'ibcf',
  fromNetwork: 'home-b',
  method: 'INVITE',
  status: 0,
  nth: 1,
};

/** Faults of what a border does. */
export const IBC_FAULTS: readonly Fault[] = [
  sipFault(
    { name: 'border-not-recorded', title: "Home A's border does not stay on the path", catches: 'IBC-01' },
    (edit) => edit.removeFirst('Record-Route'),
  ),
  sipFault(
    {
      name: 'entry-border-not-recorded',
      title: "Home B's border does not stay on the path",
      catches: 'IBC-02',
      at: INTO_CORE_B,
    },
    (edit) => edit.removeFirst('Record-Route'),
  ),
  sipFault(
    { name: 'body-added', title: "Home A's border adds a body to the BYE", catches: 'IBC-03', at: requestOfA('BYE') },
    (edit) => edit.body('<presence/>', 'application/pidf+xml'),
  ),
  sipFault({ name: 'orig-lost', title: "Home B's border loses the parameter orig", catches: 'IBC-04' }, (edit) =>
    edit.mapValues('Route', (value, index) => (index === 0 ? value.replace(/>/, ';orig>') : value)),
  ),
  sipFault(
    {
      name: 'user-database-into-core',
      title: "Home B's border passes the name of an HSS into its core",
      catches: 'IBC-11',
      at: INTO_CORE_B,
    },
    (edit) => edit.append('P-User-Database', '<aaa://hss.home-a.example;transport=tcp>'),
  ),
];
