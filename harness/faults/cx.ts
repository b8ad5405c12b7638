import { octetsOf } from '../wire/diameter/find.js';
import { diameterFault } from './diameter-change.js';
import type { Fault } from './fault.js';

/** Faults of Cx. */
export const CX_FAULTS: readonly Fault[] = [
  diameterFault(
    {
      name: 'uar-of-wrong-type',
      title: 'The I-CSCF asks for a de-registration though the UE registers',
      catches: 'CHK-CX-UAR',
      command: 'UAR',
    },
    (edit) => edit.set('User-Authorization-Type', 'DE_REGISTRATION'),
  ),
  diameterFault(
    {
      name: 'uar-of-another-user',
      title: 'The I-CSCF asks for another private identity than that of the REGISTER',
      catches: 'CHK-CX-UAR',
      command: 'UAR',
    },
    (edit) => edit.set('User-Name', '999990000000000@ims.mnc099.mcc999.3gppnetwork.org'),
  ),
  diameterFault(
    {
      name: 'uar-without-visited-network',
      title: 'The I-CSCF leaves out the visited network',
      catches: 'CHK-CX-UAR',
      command: 'UAR',
    },
    (edit) => edit.remove('Visited-Network-Identifier'),
  ),
  diameterFault(
    {
      name: 'uaa-with-plain-success',
      title: 'The HSS answers a registration with Result-Code 2001 instead of Experimental-Result',
      catches: 'CHK-CX-UAR',
      command: 'UAA',
    },
    (edit) => edit.remove('Experimental-Result').set('Result-Code', 2001),
  ),
  diameterFault(
    {
      name: 'uaa-without-server-name',
      title: 'The HSS does not name the S-CSCF of a user who is being registered',
      catches: 'CHK-CX-UAR',
      command: 'UAA',
      at: { nth: 2 },
    },
    (edit) => edit.remove('Server-Name'),
  ),
  diameterFault(
    {
      name: 'mar-without-server-name',
      title: 'The S-CSCF does not tell its name when it asks for vectors',
      catches: 'CHK-CX-MAR',
      command: 'MAR',
    },
    (edit) => edit.remove('Server-Name'),
  ),
  diameterFault(
    {
      name: 'maa-without-integrity-key',
      title: 'The HSS gives a vector without IK',
      catches: 'CHK-CX-MAR',
      command: 'MAA',
    },
    (edit) => edit.at(['SIP-Auth-Data-Item', 'Integrity-Key'], () => 'remove'),
  ),
  diameterFault(
    {
      name: 'maa-of-another-challenge',
      title: 'The vector that the HSS gives is not the one that the S-CSCF challenges with',
      catches: 'CHK-CX-MAR',
      command: 'MAA',
    },
    (edit, message) => {
      const authenticate = Buffer.from(octetsOf(message, 'SIP-Auth-Data-Item', 'SIP-Authenticate') ?? []);
      authenticate[0] = (authenticate[0] ?? 0) ^ 0xff;
      return edit.at(['SIP-Auth-Data-Item', 'SIP-Authenticate'], () => ['SIP-Authenticate', authenticate]);
    },
  ),
  diameterFault(
    {
      name: 'maa-miscounted',
      title: 'The HSS announces more vectors than it gives',
      catches: 'CHK-CX-MAR',
      command: 'MAA',
    },
    (edit) => edit.set('SIP-Number-Auth-Items', 3),
  ),
  diameterFault(
    {
      name: 'sar-of-wrong-type',
      title: 'The S-CSCF reports a de-registration though the UE registers',
      catches: 'CHK-CX-SAR',
      command: 'SAR',
    },
    (edit) => edit.set('Server-Assignment-Type', 'USER_DEREGISTRATION'),
  ),
  diameterFault(
    {
      name: 'saa-without-user-data',
      title: 'The HSS answers a registration without the user profile',
      catches: 'CHK-CX-SAR',
      command: 'SAA',
    },
    (edit) => edit.remove('User-Data'),
  ),
  diameterFault(
    {
      name: 'saa-with-broken-profile',
      title: 'The HSS sends a user profile that is not well formed',
      catches: 'CHK-CX-SAR',
      command: 'SAA',
    },
    (edit) => edit.set('User-Data', Buffer.from('<IMSSubscription><PrivateID>')),
  ),
  diameterFault(
    {
      name: 'lia-without-server-name',
      title: 'The HSS says success and does not name the S-CSCF',
      catches: 'CHK-CX-LIR',
      carrier: 'Q3953-INT-01',
      command: 'LIA',
    },
    (edit) => edit.remove('Server-Name'),
  ),
  diameterFault(
    {
      name: 'lir-without-public-identity',
      title: 'The I-CSCF asks for nobody',
      catches: 'CHK-CX-LIR',
      carrier: 'Q3953-INT-01',
      command: 'LIR',
    },
    (edit) => edit.remove('Public-Identity'),
  ),
];
