import { editSip } from '../wire/sip/edit.js';
import { parseSip } from '../wire/sip/parse.js';
import {
  AT_THE_ICI,
  extraRequest,
  extraResponse,
  INVITE_HEADERS,
  refusalFault,
  withStatus,
} from './extra-transaction.js';
import type { Fault } from './fault.js';
import { octetFault, responseOfB, sipFault } from './sip-change.js';

/** Faults of responses to INVITE. */
export const RSP_FAULTS: readonly Fault[] = [
  octetFault(
    {
      name: 'invite-without-100',
      title: 'Home B lets a re-INVITE wait for seconds and sends no 100',
      catches: 'RSP-01',
      at: AT_THE_ICI,
    },
    (octets) => {
      const message = parseSip(octets);
      if (message.kind === 'request')
        return message.method === 'ACK' ? [octets, extraRequest(octets, 'INVITE', INVITE_HEADERS)] : [octets];
      const ends = message.get('CSeq')?.endsWith(' BYE') === true;
      return ends ? [extraResponse(octets, 'INVITE', 480, 'Temporarily Unavailable'), octets] : [octets];
    },
  ),
  sipFault(
    {
      name: 'record-route-not-mirrored',
      title: "Home B's border loses an entry of Record-Route in the 180",
      catches: 'RSP-02',
      at: responseOfB(180),
    },
    (edit, message) => {
      const last = message.all('Record-Route').length - 1;
      return edit.mapValues('Record-Route', (value, index) => (index === last ? null : value));
    },
  ),
  sipFault(
    {
      name: 'rseq-without-require',
      title: "Home B's border removes 100rel from Require and leaves RSeq",
      catches: 'RSP-03',
      at: responseOfB(183),
    },
    (edit) => edit.set('Require', 'precondition'),
  ),
  octetFault(
    {
      name: 'rseq-jumps',
      title: 'Home B leaves out numbers between its reliable responses',
      catches: 'RSP-04',
      at: AT_THE_ICI,
    },
    (octets) => {
      const message = parseSip(octets);
      if (message.kind === 'response' && message.status === 183) {
        const second = editSip(message)
          .mapValues('RSeq', jumped)
          .set('Require', '100rel')
          .remove('Supported')
          .body(null)
          .done();
        return [octets, second.octets];
      }
      const number = /^(\d+) PRACK$/.exec(message.get('CSeq') ?? '')?.[1];
      if (number === undefined) return [octets];
      // The same number again: that of the UPDATE is the next one.
      const access = message.fields('P-Access-Network-Info').map(({ canonical, value }) => [canonical, value] as const);
      if (message.kind === 'response')
        return [octets, extraResponse(octets, 'PRACK', 200, 'OK', access, Number(number))];
      const rack = (message.get('RAck') ?? '').replace(/^\d+/, jumped);
      return [octets, extraRequest(octets, 'PRACK', [['RAck', rack], ...access], Number(number))];
    },
  ),
  sipFault(
    {
      name: 'rack-of-nothing',
      title: "Home A's border changes RAck",
      catches: 'RSP-05',
      at: { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf', method: 'PRACK', status: 0, nth: 1 },
    },
    (edit) => edit.mapValues('RAck', (value) => value.replace(/^\d+/, '999')),
  ),
  octetFault(
    {
      name: 'rings-without-resources',
      title: 'Home B rings before the caller has confirmed its resources',
      catches: 'RSP-06',
      at: responseOfB(183),
    },
    (octets) => [octets, withStatus(octets, 180, 'Ringing', ['Require', 'RSeq', 'Supported'])],
  ),
  sipFault(
    {
      name: 'callee-not-asserted',
      title: "Home B's border removes the asserted identity of the callee",
      catches: 'RSP-07',
      at: responseOfB(200),
    },
    (edit) => edit.remove('P-Asserted-Identity'),
  ),
  sipFault(
    {
      name: 'early-media-without-direction',
      title: 'Home B says in P-Early-Media what only a request says',
      catches: 'RSP-09',
      at: responseOfB(180),
    },
    (edit) => edit.set('P-Early-Media', 'supported'),
  ),
  octetFault(
    {
      name: '199-without-support',
      title: 'Home B ends an early dialog by 199 although the caller does not support it',
      catches: 'RSP-11',
      at: responseOfB(180),
    },
    (octets) => {
      const ended = withStatus(octets, 199, 'Early Dialog Terminated', ['Require', 'RSeq', 'Supported']);
      return [
        octets,
        editSip(parseSip(ended))
          .mapValues('To', (value) => `${value}fork`)
          .done().octets,
      ];
    },
  ),
  sipFault(
    {
      name: 'session-without-refresher',
      title: 'The 2xx does not say who refreshes the session',
      catches: 'RSP-12',
      at: responseOfB(200),
    },
    (edit) => edit.set('Session-Expires', '1800'),
  ),
  sipFault(
    {
      name: 'second-answer-in-2xx',
      title: 'Home B sends another answer in the 2xx',
      catches: 'RSP-13',
      at: responseOfB(200),
    },
    (edit) =>
      edit.body(
        [
          'v=0',
          'o=- 1 1 IN IP4 0.0.0.0',
          's=-',
          'c=IN IP4 0.0.0.0',
          't=0 0',
          'm=audio 0 RTP/AVP 97',
          'b=AS:41',
          'b=RS:512',
          'b=RR:1537',
          'a=rtpmap:97 AMR-WB/16000/1',
          'a=ptime:20',
          'a=maxptime:240',
          'a=sendrecv',
          '',
        ].join('\r\n'),
        'application/sdp',
      ),
  ),
  sipFault(
    { name: 'reason-in-words', title: 'Home B writes the cause as a word', catches: 'RSP-16', at: responseOfB(180) },
    (edit) => edit.append('Reason', 'Q.850;cause=busy'),
  ),
  refusalFault(
    { name: 'alternative-service-leaks', title: 'Home B answers 380 to another network', catches: 'RSP-17' },
    'INVITE',
    {
      status: 380,
      reason: 'Alternative Service',
    },
  ),
  refusalFault(
    {
      name: '488-without-warning',
      title: 'Home B refuses the codecs and does not say what it could do',
      catches: 'RSP-18',
    },
    'INVITE',
    {
      status: 488,
      reason: 'Not Acceptable Here',
    },
  ),
  refusalFault(
    { name: '420-without-unsupported', title: 'Home B refuses an extension and does not say which', catches: 'RSP-20' },
    'INVITE',
    {
      status: 420,
      reason: 'Bad Extension',
    },
  ),
];

/** A number that leaves a gap. */
function jumped(rseq: string): string {
  return String(Number(rseq) + 7);
}
