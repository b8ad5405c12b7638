import type { Fault } from './fault.js';
import { responseOfB, sipFault } from './sip-change.js';

/** The case whose call the callee refuses. */
const REFUSED = 'Q3953-INT-07';

/** Faults of responses to INVITE. */
export const RSP_FAULTS: readonly Fault[] = [
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
  sipFault(
    {
      name: 'rseq-jumps',
      title: 'Home B leaves out numbers between its reliable responses',
      catches: 'RSP-04',
      at: { referencePoint: 'Ici', protocol: 'sip', fromRole: 'ibcf' },
    },
    (edit, message) => {
      if (message.kind === 'response' && message.status === 180 && message.has('RSeq'))
        return edit.mapValues('RSeq', (value) => String(Number(value) + 7));
      const second = message.kind === 'request' && message.method === 'PRACK' && !message.has('Content-Type');
      return second
        ? edit.mapValues('RAck', (value) =>
            value.replace(/^(\d+)/, (rseq) => (isSecond(rseq) ? String(Number(rseq) + 7) : rseq)),
          )
        : edit;
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
  sipFault(
    {
      name: 'rings-without-resources',
      title: 'Home B rings while its own resources are not there',
      catches: 'RSP-06',
      at: responseOfB(200, 'UPDATE'),
    },
    (edit, message) =>
      edit.body(
        Buffer.from(
          Buffer.from(message.body)
            .toString('latin1')
            .replace(/^a=curr:qos local sendrecv/m, 'a=curr:qos local none'),
          'latin1',
        ),
        message.get('Content-Type'),
      ),
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
  sipFault(
    {
      name: '199-without-support',
      title: 'Home B ends an early dialog by 199 although the caller does not support it',
      catches: 'RSP-11',
      at: responseOfB(180),
    },
    (edit) => edit.statusLine(199, 'Early Dialog Terminated'),
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
          'o=- 1 1 IN IP4 192.0.2.26',
          's=-',
          'c=IN IP4 192.0.2.26',
          't=0 0',
          'm=audio 30000 RTP/AVP 97',
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
    {
      name: 'reason-in-words',
      title: 'Home B writes the cause as a word',
      catches: 'RSP-16',
      at: responseOfB(486),
      carrier: REFUSED,
    },
    (edit) => edit.append('Reason', 'Q.850;cause=busy'),
  ),
  sipFault(
    {
      name: 'alternative-service-leaks',
      title: 'Home B answers 380 to another network',
      catches: 'RSP-17',
      at: responseOfB(486),
      carrier: REFUSED,
    },
    (edit) => edit.statusLine(380, 'Alternative Service'),
  ),
  sipFault(
    {
      name: '488-without-warning',
      title: 'Home B refuses the codecs and does not say what it could do',
      catches: 'RSP-18',
      at: responseOfB(486),
      carrier: REFUSED,
    },
    (edit) => edit.statusLine(488, 'Not Acceptable Here'),
  ),
  sipFault(
    {
      name: '420-without-unsupported',
      title: 'Home B refuses an extension and does not say which',
      catches: 'RSP-20',
      at: responseOfB(486),
      carrier: REFUSED,
    },
    (edit) => edit.statusLine(420, 'Bad Extension'),
  ),
];

/** The first reliable response of a dialog may begin anywhere; ours begin with 1, and a second one follows. */
function isSecond(rseq: string): boolean {
  return Number(rseq) % 2 === 0;
}
