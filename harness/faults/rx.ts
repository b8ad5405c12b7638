import { VENDOR_3GPP } from '../wire/diameter/dictionary.js';
import { numberOf } from '../wire/diameter/find.js';
import { diameterFault, diameterOctetFault } from './diameter-change.js';
import type { Fault } from './fault.js';

const CARRIER = { carrier: 'Q3953-INT-01' } as const;

/** Faults of Rx. */
export const RX_FAULTS: readonly Fault[] = [
  diameterFault(
    {
      ...CARRIER,
      name: 'aar-without-bearer-address',
      title: 'The P-CSCF does not tell the address of the bearer',
      catches: 'CHK-RX-AAR',
      command: 'AAR',
    },
    (edit) => edit.remove('Framed-IP-Address').remove('Framed-IPv6-Prefix'),
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'aar-without-media-type',
      title: 'The P-CSCF does not tell what kind of media it asks for',
      catches: 'CHK-RX-AAR',
      command: 'AAR',
    },
    (edit) => edit.at(['Media-Component-Description', 'Media-Type'], () => 'remove'),
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'aar-of-another-charging-identifier',
      title: 'The P-CSCF charges another call',
      catches: 'CHK-RX-AAR',
      command: 'AAR',
    },
    (edit) => edit.set('AF-Charging-Identifier', Buffer.from('icid-of-no-call')),
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'aar-for-another-port',
      title: 'The P-CSCF opens the gate for ports that nobody described',
      catches: 'CHK-RX-MAP',
      command: 'AAR',
    },
    (edit) =>
      edit.at(['Media-Component-Description', 'Media-Sub-Component', 'Flow-Description'], (avp) => [
        'Flow-Description',
        String(avp.value).replace(/ (\d+)$/, ' 9'),
      ]),
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'aar-for-more-bandwidth',
      title: 'The P-CSCF asks for twice the bandwidth of the session description',
      catches: 'CHK-RX-MAP',
      command: 'AAR',
    },
    (edit, message) => {
      const asked = numberOf(message, 'Media-Component-Description', 'Max-Requested-Bandwidth-DL') ?? 0;
      return edit.at(['Media-Component-Description', 'Max-Requested-Bandwidth-DL'], () => [
        'Max-Requested-Bandwidth-DL',
        asked * 2 + 1000,
      ]);
    },
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'aar-for-a-medium-that-is-not-there',
      title: 'The P-CSCF numbers its media component beyond the m= lines',
      catches: 'CHK-RX-MAP',
      command: 'AAR',
    },
    (edit) => edit.at(['Media-Component-Description', 'Media-Component-Number'], () => ['Media-Component-Number', 7]),
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'aaa-with-result-of-gx',
      title: 'The PCRF answers with a result of Gx',
      catches: 'CHK-RX-AAA',
      command: 'AAA',
    },
    (edit) =>
      edit.remove('Result-Code').set('Experimental-Result', [
        ['Vendor-Id', VENDOR_3GPP],
        ['Experimental-Result-Code', 5142],
      ]),
  ),
  diameterOctetFault(
    {
      ...CARRIER,
      name: 'str-never-sent',
      title: 'The P-CSCF does not end its Rx session',
      catches: 'CHK-RX-STR',
      command: 'STR',
    },
    () => [],
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'str-of-wrong-cause',
      title: 'The P-CSCF calls the end of the call a broken link',
      catches: 'CHK-RX-STR',
      command: 'STR',
    },
    (edit) => edit.set('Termination-Cause', 'DIAMETER_LINK_BROKEN'),
  ),
  diameterFault(
    {
      ...CARRIER,
      name: 'sta-unknown-session',
      title: 'The PCRF does not know the session that it had authorised',
      catches: 'CHK-RX-STR',
      command: 'STA',
    },
    (edit) => edit.set('Result-Code', 5002),
  ),
];
