import { cancelFault, refusalFault } from './extra-transaction.js';
import type { Fault } from './fault.js';
import { requestOfA, responseOfB, sipFault } from './sip-change.js';

/** Faults of dialogs, release and mid-call. */
export const DLG_FAULTS: readonly Fault[] = [
  sipFault(
    {
      name: 'bye-to-another-target',
      title: "Home A's border sends the BYE to somebody else",
      catches: 'DLG-01',
      at: requestOfA('BYE'),
    },
    (edit) => edit.requestUri('sip:somebody@192.0.2.99'),
  ),
  sipFault(
    {
      name: 'ack-with-next-number',
      title: 'Home A counts the ACK as a request of its own',
      catches: 'DLG-02',
      at: requestOfA('ACK'),
    },
    (edit) => edit.mapValues('CSeq', (value) => value.replace(/\d+/, (number) => String(Number(number) + 900))),
  ),
  sipFault(
    { name: 'bye-refused', title: 'Home B does not accept the BYE', catches: 'DLG-04', at: responseOfB(200, 'BYE') },
    (edit) => edit.statusLine(500, 'Server Internal Error'),
  ),
  cancelFault(
    { name: 'cancel-without-route', title: 'Home A builds CANCEL from scratch and forgets Route', catches: 'DLG-08' },
    (edit) => edit.remove('Route'),
  ),
  cancelFault(
    { name: 'cancel-refused', title: 'Home B does not accept the CANCEL', catches: 'DLG-09' },
    (edit) => edit,
    500,
  ),
  refusalFault(
    {
      name: '422-without-min-se',
      title: 'Home B refuses the session interval and does not say which it wants',
      catches: 'DLG-12',
    },
    'INVITE',
    { status: 422, reason: 'Session Interval Too Small' },
  ),
  sipFault(
    {
      name: 'version-not-raised',
      title: 'Home B changes the description and keeps its version',
      catches: 'DLG-15',
      at: responseOfB(200, 'UPDATE'),
    },
    (edit, message) => {
      const text = Buffer.from(message.body).toString('latin1');
      return edit.body(
        Buffer.from(
          text.replace(
            /^o=(\S+ \S+) (\d+)/m,
            (_line, start: string, version: string) => `o=${start} ${Number(version) - 1}`,
          ),
          'latin1',
        ),
        message.get('Content-Type'),
      );
    },
  ),
];
