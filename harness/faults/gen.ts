import { refusalFault } from './extra-transaction.js';
import type { Fault } from './fault.js';
import { octetFault, requestOfA, responseOfB, sipFault, standalone } from './sip-change.js';

/** One textual change of the octets, which need not leave a message that can be read. */
function replaced(octets: Uint8Array, pattern: RegExp, by: string): Uint8Array {
  return Buffer.from(Buffer.from(octets).toString('latin1').replace(pattern, by), 'latin1');
}

/** Faults of generic SIP over the Ici. */
export const GEN_FAULTS: readonly Fault[] = [
  {
    ...octetFault(
      {
        name: 'large-request-over-udp',
        title: "Home A's border sends an INVITE of more than 1300 octets over UDP",
        catches: 'GEN-01',
        options: { transport: 'udp' },
      },
      (octets) => [octets],
    ),
    transport: 'udp',
  },
  refusalFault(
    { name: 'large-request-refused', title: 'Home B refuses a large request for its size', catches: 'GEN-02' },
    'INFO',
    { status: 513, reason: 'Message Too Large' },
    [['User-Agent', `border/${'1.'.repeat(700)}0`]],
  ),
  sipFault(
    {
      name: 'request-without-max-forwards',
      title: "Home A's border removes Max-Forwards",
      catches: 'GEN-03',
      at: requestOfA('BYE'),
    },
    (edit) => edit.remove('Max-Forwards'),
  ),
  octetFault(
    {
      name: 'branch-without-cookie',
      title: "Home A's border writes branches as RFC 2543 did",
      catches: 'GEN-04',
      at: requestOfA('ACK'),
    },
    (octets) => [replaced(octets, /branch=z9hG4bK/, 'branch=1')],
  ),
  sipFault(
    {
      name: 'response-with-other-to',
      title: "Home B's border writes another To URI into a response",
      catches: 'GEN-05',
      at: responseOfB(200, 'BYE'),
    },
    (edit) => edit.mapValues('To', (value) => value.replace(/<[^>]*>/, '<sip:somebody@home-b.example>')),
  ),
  sipFault(
    {
      name: 'max-forwards-reset',
      title: "Home A's border resets Max-Forwards to 70",
      catches: 'GEN-06',
      at: requestOfA('BYE'),
    },
    (edit) => edit.set('Max-Forwards', '70'),
  ),
  sipFault(
    {
      name: 'content-length-too-large',
      title: "Home A's border does not adapt Content-Length",
      catches: 'GEN-07',
      at: requestOfA('BYE'),
    },
    (edit) => edit.set('Content-Length', '17'),
  ),
  sipFault(
    {
      name: 'body-without-content-type',
      title: "Home B's border removes Content-Type and leaves the body",
      catches: 'GEN-08',
      at: responseOfB(183),
    },
    (edit) => edit.remove('Content-Type'),
  ),
  sipFault(
    { name: 'proprietary-header', title: "Home A's border lets a proprietary header pass", catches: 'GEN-09' },
    (edit) => edit.append('X-Vendor-Charging', 'rate=7'),
  ),
  sipFault(
    {
      name: 'update-without-contact',
      title: "Home A's border removes Contact from UPDATE",
      catches: 'GEN-10',
      at: requestOfA('UPDATE'),
    },
    (edit) => edit.remove('Contact'),
  ),
  octetFault(
    {
      name: 'options-without-accept',
      title: "Home A's border sends OPTIONS without Accept",
      catches: 'GEN-11',
      at: requestOfA('BYE'),
    },
    (octets) => [
      octets,
      standalone(octets, 'OPTIONS', [
        'Contact: <sip:border@192.0.2.1>',
        'P-Asserted-Identity: <sip:border@options.invalid>',
      ]),
    ],
  ),
  sipFault(
    {
      name: 'ack-with-require',
      title: "Home A's border adds Require to ACK",
      catches: 'GEN-13',
      at: requestOfA('ACK'),
    },
    (edit) => edit.append('Require', 'timer'),
  ),
  octetFault(
    { name: 'overlap-invite', title: 'Home A sends the called number digit by digit', catches: 'GEN-18' },
    (octets) => {
      const text = Buffer.from(octets).toString('latin1');
      const longer = text
        .replace(/^INVITE (sip:[^@;]*)/, 'INVITE $17')
        .replace(/branch=z9hG4bK/, 'branch=z9hG4bKx')
        .replace(/^(Via:.*\r\n)(?:Via:.*\r\n)*/im, '$1')
        .replace(/^Record-Route:.*tokenized-by.*\r\n/gim, '')
        .replace(/^(CSeq:\s*)(\d+)/im, (_match, name: string, number: string) => `${name}${Number(number) + 1000}`);
      return [octets, Buffer.from(longer, 'latin1')];
    },
  ),
  sipFault(
    {
      name: 'route-without-lr',
      title: "Home A's border drops lr from the Route",
      catches: 'GEN-19',
      options: { topologyHiding: 'off' },
      at: requestOfA('BYE'),
    },
    (edit) => edit.mapValues('Route', (value) => value.replace(/;lr(?=[;>])/, '')),
  ),
  sipFault(
    {
      name: 'response-source-in-180',
      title: 'A network function of home B signs its 180',
      catches: 'GEN-20',
      at: responseOfB(180),
    },
    (edit) => edit.append('Response-Source', '<urn:3gpp:fe:s-cscf.term>'),
  ),
  sipFault(
    {
      name: 'session-id-with-hyphens',
      title: 'A B2BUA of home A writes Session-ID as a UUID with hyphens',
      catches: 'GEN-21',
      at: requestOfA('BYE'),
    },
    (edit) => edit.append('Session-ID', '123E4567-e89b-12d3-a456-426614174000'),
  ),
  sipFault(
    {
      name: 'sigcomp-over-the-border',
      title: 'A Contact with signalling compression crosses the border',
      catches: 'GEN-22',
      at: requestOfA('UPDATE'),
    },
    (edit) => edit.mapValues('Contact', (value) => value.replace(/>/, ';comp=sigcomp>')),
  ),
  sipFault(
    {
      name: 'ipv6-literal-in-sdp',
      title: "Home A's border leaves the IPv6 origin of the UE in the session description",
      catches: 'GEN-23',
      at: { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf', fromNetwork: 'home-a' },
    },
    (edit, message) =>
      edit.body(replaced(message.body, /^(o=.*) IN IP4 \S+/m, '$1 IN IP6 ::1'), message.get('Content-Type')),
  ),
];
