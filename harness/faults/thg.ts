import type { Fault } from './fault.js';
import { requestOfA, responseOfB, sipFault } from './sip-change.js';

const HIDING = { topologyHiding: 'on' } as const;
const HOST_A = 'ims.mnc001.mcc001.3gppnetwork.org';

/** Changes the second Via of a message: the first entry behind the border's own. */
function secondVia(change: (value: string) => string): (value: string, index: number) => string {
  return (value, index) => (index === 1 ? change(value) : value);
}

/** Faults of topology hiding; an ACK shows them alone, as no response returns its Via. */
export const THG_FAULTS: readonly Fault[] = [
  sipFault(
    {
      name: 'proxy-in-clear',
      title: "Home A's border forgets to hide its S-CSCF in an ACK",
      catches: 'THG-01',
      at: requestOfA('ACK'),
      options: HIDING,
    },
    (edit) =>
      edit.mapValues(
        'Via',
        secondVia(() => `SIP/2.0/TCP s-cscf.${HOST_A};branch=z9hG4bKclear`),
      ),
  ),
  sipFault(
    {
      name: 'token-of-nobody',
      title: "Home A's border says of its tokens that nobody made them",
      catches: 'THG-02',
      at: requestOfA('ACK'),
      options: HIDING,
    },
    (edit) =>
      edit.mapValues(
        'Via',
        secondVia((value) => value.replace(/tokenized-by=[^;,\s]+/, 'tokenized-by=nobody.invalid')),
      ),
  ),
  sipFault(
    {
      name: 'border-hides-itself',
      title: "Home A's border encrypts its own Via",
      catches: 'THG-04',
      at: requestOfA('ACK'),
      options: HIDING,
    },
    (edit) => edit.mapValues('Via', (value, index) => (index === 0 ? `${value};tokenized-by=${HOST_A}` : value)),
  ),
  sipFault(
    {
      name: 'token-reaches-the-core',
      title: "Home A's border does not decrypt what it had encrypted",
      catches: 'THG-05',
      at: {
        referencePoint: 'Mx',
        protocol: 'sip',
        fromRole: 'ibcf',
        fromNetwork: 'home-a',
        method: 'INVITE',
        status: 180,
        nth: 1,
      },
      options: HIDING,
    },
    (edit, message) => {
      const last = message.all('Record-Route').length - 1;
      return edit.mapValues('Record-Route', (value, index) =>
        index === last ? `<sip:t0ken@${HOST_A};lr;tokenized-by=${HOST_A}>` : value,
      );
    },
  ),
  sipFault(
    {
      name: 'token-without-hiding',
      title: "Home A's border writes tokens although it hides nothing",
      catches: 'THG-09',
      at: requestOfA('ACK'),
      options: { topologyHiding: 'off' },
    },
    (edit) =>
      edit.mapValues(
        'Via',
        secondVia((value) => `${value};tokenized-by=${HOST_A}`),
      ),
  ),
  sipFault(
    {
      name: 'host-name-in-server',
      title: "Home B's S-CSCF introduces itself by its host name",
      catches: 'THG-10',
      at: responseOfB(180),
      options: HIDING,
    },
    (edit) => edit.append('Server', 'proxy at s-cscf.ims.mnc002.mcc001.3gppnetwork.org'),
  ),
  sipFault(
    {
      name: 'origin-of-the-ue',
      title: "Home A's border leaves the address of an inner function in o=",
      catches: 'THG-11',
      at: { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf', fromNetwork: 'home-a' },
      options: HIDING,
    },
    (edit, message) => {
      const ue = /@([^:;>]+)/.exec(message.get('Contact') ?? '')?.[1];
      if (message.body.length === 0 || ue === undefined) return edit;
      const text = Buffer.from(message.body).toString('latin1');
      return edit.body(
        Buffer.from(text.replace(/^(o=.* IN IP4) \S+/m, `$1 ${ue}`), 'latin1'),
        message.get('Content-Type'),
      );
    },
  ),
  sipFault(
    {
      name: 'token-used-twice',
      title: 'Encryption without a fresh initialisation vector: the same entry gives the same token',
      catches: 'THG-12',
      at: { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf' },
      options: HIDING,
    },
    (edit) =>
      edit.mapValues('Via', (value) =>
        value.includes('tokenized-by=') && value.includes('mnc001')
          ? value.replace(/^(\S+)\s+[^;]+/, `$1 t0ken@${HOST_A}`)
          : value,
      ),
  ),
];
