import { parseSip } from '../wire/sip/parse.js';
import { cancelFault, withStatus } from './extra-transaction.js';
import type { Fault } from './fault.js';
import {
  INVITE_OF_A,
  octetFault,
  requestOfA,
  responseOfB,
  type SipFaultRow,
  sipFault,
  standalone,
} from './sip-change.js';

const PCV = 'P-Charging-Vector';
const VECTOR = 'icid-value="0123456789";orig-ioi=ims.mnc001.mcc001.3gppnetwork.org';

/** What a 183 carries and a 100 does not. */
const BEHIND_100 = [
  'Accept',
  'Allow',
  'Contact',
  'P-Access-Network-Info',
  'P-Asserted-Identity',
  'P-Early-Media',
  'Record-Route',
  'Require',
  'RSeq',
  'Supported',
];

/** A fault that rewrites the P-Charging-Vector of a message. */
function vectorFault(row: SipFaultRow, change: (value: string) => string): Fault {
  return sipFault(row, (edit, message) => {
    const value = message.fields(PCV)[0]?.value;
    return value === undefined ? edit : edit.set(PCV, change(value));
  });
}

/** A fault that remembers the vector of the call, for a MESSAGE behind its end. */
function chargingIdentifierAgain(): Fault {
  let vector = VECTOR;
  const row: SipFaultRow = {
    name: 'charging-identifier-again',
    title: 'A MESSAGE behind the call carries the charging identifier of the call',
    catches: 'PCV-05',
    at: { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf', fromNetwork: 'home-a', status: 0 },
  };
  return octetFault(row, (octets) => {
    const message = parseSip(octets);
    if (message.kind === 'response' || message.method !== 'BYE') {
      if (message.kind === 'request' && message.method === 'INVITE') vector = message.get(PCV) ?? vector;
      return [octets];
    }
    const headers = ['P-Asserted-Identity: <sip:border@message.invalid>', `${PCV}: ${vector}`];
    return [octets, standalone(octets, 'MESSAGE', headers)];
  });
}

/** Faults of P-Charging-Vector and the inter-operator identifiers. */
export const PCV_FAULTS: readonly Fault[] = [
  sipFault(
    { name: 'two-charging-vectors', title: 'A second charging vector is added', catches: 'PCV-01' },
    (edit, message) => edit.append(PCV, message.fields(PCV)[0]?.value ?? VECTOR),
  ),
  sipFault(
    {
      name: 'charging-vector-removed',
      title: "Home A's border removes the charging vector of the INVITE",
      catches: 'PCV-03',
      at: INVITE_OF_A,
    },
    (edit) => edit.mapValues(PCV, (value) => value.replace(/;\s*orig-ioi=("[^"]*"|[^;]*)/, '')),
  ),
  sipFault(
    {
      name: 'other-icid-in-ack',
      title: "Home A's border makes a new charging identifier for the ACK",
      catches: 'PCV-04',
      at: requestOfA('ACK'),
    },
    (edit) => edit.set(PCV, VECTOR),
  ),
  chargingIdentifierAgain(),
  vectorFault(
    { name: 'term-ioi-in-request', title: 'The INVITE names the terminating network already', catches: 'PCV-07' },
    (value) => `${value};term-ioi=ims.mnc002.mcc001.3gppnetwork.org`,
  ),
  vectorFault(
    {
      name: 'orig-ioi-not-returned',
      title: 'Home B does not return orig-ioi',
      catches: 'PCV-08',
      at: responseOfB(180),
    },
    (value) => value.replace(/;\s*orig-ioi=("[^"]*"|[^;]*)/, ''),
  ),
  vectorFault(
    {
      name: 'term-ioi-missing',
      title: 'Home B does not name itself in its responses',
      catches: 'PCV-09',
      at: responseOfB(180),
    },
    (value) => value.replace(/;\s*term-ioi=("[^"]*"|[^;]*)/, ''),
  ),
  octetFault(
    {
      name: 'charging-vector-in-100',
      title: "Home B's border copies the charging vector into its 100",
      catches: 'PCV-10',
      at: responseOfB(183),
    },
    (octets) => [withStatus(octets, 100, 'Trying', BEHIND_100), octets],
  ),
  vectorFault(
    {
      name: 'type-1-at-non-roaming-border',
      title: 'The identifier of a roaming leg leaves towards a home network',
      catches: 'PCV-11',
      at: { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf', method: 'INVITE' },
    },
    (value) => value.replace(/orig-ioi=("[^"]*"|[^;]*)/, 'orig-ioi="Type 1ims.mnc001.mcc001.3gppnetwork.org"'),
  ),
  vectorFault(
    {
      name: 'type-3-identifier',
      title: "The identifier of home B's application server leaves the network",
      catches: 'PCV-13',
      at: responseOfB(180),
    },
    (value) => value.replace(/term-ioi=("[^"]*"|[^;]*)/, 'term-ioi="Type 3ims.mnc002.mcc001.3gppnetwork.org"'),
  ),
  vectorFault(
    {
      name: 'access-charging-leaks',
      title: "Charging information of the caller's bearer leaves the network",
      catches: 'PCV-19',
    },
    (value) => `${value};pdngw=192.0.2.77;eps-sig=yes;ecid=0A0B0C0D`,
  ),
  vectorFault(
    { name: 'function-names-leak', title: 'The names of the functions passed leave the network', catches: 'PCV-20' },
    (value) => `${value};fe-identifier="s-cscf.home-a.example"`,
  ),
  vectorFault(
    { name: 'transit-without-index', title: 'A transit network adds its name without an index', catches: 'PCV-21' },
    (value) => `${value};transit-ioi="carrier"`,
  ),
  vectorFault(
    { name: 'transit-index-falls', title: 'A transit network counts wrongly', catches: 'PCV-22' },
    (value) => `${value};transit-ioi="carrierx.2,carriery.1"`,
  ),
  vectorFault(
    {
      name: 'transit-on-direct-interconnection',
      title: 'A transit network that nobody agreed on was in the path',
      catches: 'PCV-24',
    },
    (value) => `${value};transit-ioi="carrierx.1"`,
  ),
  vectorFault(
    {
      name: 'unknown-term-ioi',
      title: 'Home B names itself by an identifier that was never exchanged',
      catches: 'PCV-27',
      at: responseOfB(180),
    },
    (value) => value.replace(/term-ioi=("[^"]*"|[^;]*)/, 'term-ioi=lab.example'),
  ),
  sipFault(
    {
      name: 'charging-vector-to-the-ue',
      title: "Home B's P-CSCF passes the charging vector to the UE",
      catches: 'PCV-28',
      at: {
        referencePoint: 'Gm',
        protocol: 'sip',
        fromRole: 'p-cscf',
        fromNetwork: 'home-b',
        method: 'INVITE',
        status: 0,
        nth: 1,
      },
    },
    (edit) => edit.append(PCV, VECTOR),
  ),
  vectorFault(
    {
      name: 'icid-origin-leaks',
      title: "The charging identifier tells the name of home A's P-CSCF",
      catches: 'PCV-29',
      options: { topologyHiding: 'on' },
    },
    (value) => `${value};icid-generated-at=p-cscf.ims.mnc001.mcc001.3gppnetwork.org`,
  ),
  cancelFault(
    { name: 'charging-vector-in-cancel', title: 'The charging vector is copied into CANCEL', catches: 'PCV-30' },
    (edit) => edit.append(PCV, VECTOR),
  ),
  sipFault(
    {
      name: 'charging-vector-without-trust',
      title: 'The charging vector goes to a network that is not trusted with it',
      catches: 'PCV-31',
      options: { trust: 'off' },
    },
    (edit) => edit.append(PCV, VECTOR),
  ),
  vectorFault(
    {
      name: 'other-icid-in-180',
      title: 'Home B returns a charging identifier of its own',
      catches: 'PCV-32',
      at: responseOfB(180),
    },
    (value) => value.replace(/icid-value="[^"]*"/, 'icid-value="of-home-b"'),
  ),
];
