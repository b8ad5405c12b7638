import type { SipEdit } from '../wire/sip/edit.js';
import type { SipMessage } from '../wire/sip/message.js';
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

/** Removes the entries that the sender wrote on top of Record-Route: the same user part, or the same host. */
function withoutTopHost(edit: SipEdit<SipMessage>, message: SipMessage): SipEdit<SipMessage> {
  const mark = (value: string): string => /sip:([^@;>]*)@/.exec(value)?.[1] ?? /sip:([^;>]*)/.exec(value)?.[1] ?? value;
  const top = mark(message.get('Record-Route') ?? '');
  return edit.mapValues('Record-Route', (value) => (mark(value) === top ? null : value));
}

/** Faults of what a border does. */
export const IBC_FAULTS: readonly Fault[] = [
  sipFault(
    { name: 'border-not-recorded', title: "Home A's border does not stay on the path", catches: 'IBC-01' },
    (edit, message) => withoutTopHost(edit, message),
  ),
  sipFault(
    {
      name: 'entry-border-not-recorded',
      title: "Home B's border does not stay on the path",
      catches: 'IBC-02',
      at: INTO_CORE_B,
    },
    (edit, message) => withoutTopHost(edit, message),
  ),
  sipFault(
    { name: 'body-added', title: "Home A's border adds a body to the BYE", catches: 'IBC-03', at: requestOfA('BYE') },
    (edit) => edit.body('<presence/>', 'application/pidf+xml'),
  ),
  sipFault({ name: 'orig-lost', title: "Home B's border loses the parameter orig", catches: 'IBC-04' }, (edit) =>
    edit.set('Route', '<sip:ims.mnc002.mcc001.3gppnetwork.org;lr;orig>'),
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
