import { VENDOR_3GPP } from '../wire/diameter/dictionary.js';
import { diameterFault, diameterOctetFault } from './diameter-change.js';
import type { Fault } from './fault.js';

/** Faults of Diameter itself, on any interface. */
export const DIAMETER_FAULTS: readonly Fault[] = [
  diameterFault(
    {
      name: 'answer-with-both-results',
      title: 'The HSS puts an Experimental-Result beside Result-Code',
      catches: 'CHK-DMC-01',
      command: 'SAA',
    },
    (edit) =>
      edit.append([
        'Experimental-Result',
        [
          ['Vendor-Id', VENDOR_3GPP],
          ['Experimental-Result-Code', 2001],
        ],
      ]),
  ),
  diameterFault(
    {
      name: 'session-id-not-first',
      title: 'The S-CSCF puts another AVP in front of Session-Id',
      catches: 'CHK-DMC-01',
      command: 'SAR',
    },
    (edit) => edit.remove('DRMP').prepend(['DRMP', 'PRIORITY_3']),
  ),
  diameterFault(
    {
      name: 'request-without-origin-realm',
      title: 'The S-CSCF leaves out Origin-Realm',
      catches: 'CHK-DMC-01',
      command: 'MAR',
    },
    (edit) => edit.remove('Origin-Realm'),
  ),
  diameterFault(
    {
      name: 'session-state-on-cx',
      title: 'The I-CSCF asks the HSS to keep session state',
      catches: 'CHK-DMC-01',
      command: 'UAR',
    },
    (edit) => edit.set('Auth-Session-State', 'STATE_MAINTAINED'),
  ),
  diameterFault(
    {
      name: 'application-of-another-vendor',
      title: 'The HSS names ETSI as the vendor of the Cx application',
      catches: 'CHK-DMC-01',
      command: 'MAA',
    },
    (edit) => edit.at(['Vendor-Specific-Application-Id', 'Vendor-Id'], () => ['Vendor-Id', 13019]),
  ),
  diameterFault(
    {
      name: 'answer-of-another-request',
      title: 'The HSS answers with a Hop-by-Hop Identifier that nobody sent',
      catches: 'CHK-DMC-01',
      command: 'SAA',
    },
    (edit, message) => edit.header({ hopByHop: message.hopByHop ^ 0x5a5a }),
  ),
  diameterFault(
    {
      name: 'end-to-end-identifier-changed',
      title: 'The HSS answers with another End-to-End Identifier',
      catches: 'CHK-DMC-01',
      command: 'MAA',
    },
    (edit, message) => edit.header({ endToEnd: message.endToEnd ^ 1 }),
  ),
  diameterFault(
    {
      name: 'error-bit-on-success',
      title: 'The HSS sets the E bit in an answer that says success',
      catches: 'CHK-DMC-01',
      command: 'SAA',
    },
    (edit) => edit.header({ flags: { error: true } }),
  ),
  diameterFault(
    {
      name: 'unknown-mandatory-avp',
      title: 'The I-CSCF sends an AVP with the M bit that Cx does not have',
      catches: 'CHK-DMC-01',
      command: 'UAR',
    },
    (edit) => edit.append({ code: 9999, vendorId: VENDOR_3GPP, mandatory: true, data: Uint8Array.of(1, 2, 3, 4) }),
  ),
  diameterOctetFault(
    {
      name: 'reserved-command-flag-set',
      title: 'The HSS sets a reserved command flag',
      catches: 'CHK-DMC-01',
      command: 'UAA',
    },
    (octets) => {
      const changed = Uint8Array.from(octets);
      changed[4] = (changed[4] ?? 0) | 0x01;
      return [changed];
    },
  ),
  diameterFault(
    {
      name: 'capabilities-without-cx',
      title: 'The HSS does not tell that it speaks Cx',
      catches: 'CHK-DMC-03',
      command: 'CEA',
      at: { fromRole: 'hss' },
    },
    (edit) =>
      edit.at(['Vendor-Specific-Application-Id', 'Auth-Application-Id'], () => ['Auth-Application-Id', 16_777_217]),
  ),
  diameterFault(
    {
      name: 'capabilities-without-product-name',
      title: 'The HSS leaves Product-Name out of its capabilities',
      catches: 'CHK-DMC-03',
      command: 'CEA',
      at: { fromRole: 'hss' },
    },
    (edit) => edit.remove('Product-Name'),
  ),
];
