import { payloadsOf } from '../wire/sdp/payload.js';
import { editSip } from '../wire/sip/edit.js';
import { parseSip } from '../wire/sip/parse.js';
import type { Fault, FaultPlace } from './fault.js';
import { ANSWER_OF_B, changedSdp, OFFER_OF_A, sdpFault } from './sdp-change.js';
import { INVITE_OF_A, octetFault, requestOfA, responseOfB, sipFault } from './sip-change.js';

/** Replaces the line `a=<from>` by `a=<to>`. */
function attributeLine(from: string, to: string | null): (text: string) => string | null | undefined {
  return (text) => (text === `a=${from}` ? (to === null ? null : `a=${to}`) : undefined);
}

/** PRACK on every hop: the borders pass what the terminal put into it. */
const PRACK: FaultPlace = { protocol: 'sip', method: 'PRACK', status: 0 };

/** Faults of session descriptions and of offer and answer. */
export const SDP_FAULTS: readonly Fault[] = [
  sdpFault(
    { name: 'sdp-without-session-name', title: "Home A's border drops the s= line of the offer", catches: 'SDP-01' },
    (edit) => edit.mapLines((text) => (text.startsWith('s=') ? null : undefined)),
  ),
  sipFault(
    {
      name: 'encrypted-body',
      title: 'A request carries an encrypted body across the border',
      catches: 'SDP-02',
      at: PRACK,
    },
    (edit) => edit.body(Buffer.from('MIIB'), 'application/pkcs7-mime; smime-type=enveloped-data'),
  ),
  sdpFault(
    { name: 'offer-without-bandwidth', title: "Home A's border drops b=AS of the offer", catches: 'SDP-03' },
    (edit) => edit.bandwidth(0, 'AS', null),
  ),
  sdpFault(
    { name: 'offer-without-rtcp-bandwidth', title: "Home A's border drops b=RS and b=RR", catches: 'SDP-04' },
    (edit) => edit.bandwidth(0, 'RS', null).bandwidth(0, 'RR', null),
  ),
  sdpFault(
    {
      name: 'answer-over-other-transport',
      title: "Home B's border answers RTP/AVP with RTP/SAVP",
      catches: 'SDP-05',
      at: responseOfB(183),
    },
    (edit) => edit.proto(0, 'RTP/SAVP'),
  ),
  sdpFault(
    {
      name: 'answer-with-two-codecs',
      title: "Home B's terminal answers with two speech codecs",
      catches: 'SDP-06',
      at: ANSWER_OF_B,
    },
    (edit, sdp) =>
      edit
        .formats(0, [...(sdp.media[0]?.formats ?? []).filter((format) => format !== '3'), '3'])
        .attribute(0, 'rtpmap:3 GSM/8000', null),
  ),
  sdpFault(
    {
      name: 'media-past-the-trgw',
      title: "Home A's border shows an address of its inner network instead of its TrGW's",
      catches: 'SDP-07',
    },
    (edit) => edit.connection('session', '198.51.100.77'),
  ),
  sdpFault(
    { name: 'border-changes-packet-time', title: "Home A's border writes its own maxptime", catches: 'SDP-08' },
    (edit) => edit.attribute(0, 'maxptime', '80'),
  ),
  sdpFault(
    {
      name: 'no-agreed-codec',
      title: "Home A's terminal offers only a codec that was not agreed",
      catches: 'SDP-09',
      at: OFFER_OF_A,
    },
    (edit, sdp) => {
      const events = sdp.media.flatMap(payloadsOf).filter(({ encoding }) => encoding === 'telephone-event');
      return edit.formats(0, ['3', ...events.map(({ payloadType }) => String(payloadType))]);
    },
  ),
  sdpFault(
    {
      name: 'precondition-without-remote-status',
      title: "Home A's border drops the status of the remote segment",
      catches: 'SDP-10',
    },
    (edit) => edit.mapLines(attributeLine('curr:qos remote none', null)),
  ),
  sdpFault(
    {
      name: 'answer-without-confirmation',
      title: "Home B's border drops the wish to be told of the caller's resources",
      catches: 'SDP-11',
      at: responseOfB(183),
    },
    (edit) => edit.removeAttribute(0, 'conf'),
  ),
  sdpFault(
    {
      name: 'update-desires-less',
      title: "Home A's border lowers a desired strength in the UPDATE",
      catches: 'SDP-12',
      at: requestOfA('UPDATE'),
    },
    (edit) => edit.mapLines(attributeLine('des:qos mandatory remote sendrecv', 'des:qos optional remote sendrecv')),
  ),
  sdpFault(
    {
      name: 'update-answer-forgets-status',
      title: "Home B's answer to the UPDATE does not take over that the caller is ready",
      catches: 'SDP-13',
      at: responseOfB(200, 'UPDATE'),
    },
    (edit) => edit.mapLines(attributeLine('curr:qos remote sendrecv', 'curr:qos remote none')),
  ),
  sdpFault(
    {
      name: 'answer-desires-less',
      title: "Home B's border lowers a desired strength in the answer",
      catches: 'SDP-14',
      at: responseOfB(183),
    },
    (edit) => edit.mapLines(attributeLine('des:qos mandatory remote sendrecv', 'des:qos optional remote sendrecv')),
  ),
  octetFault(
    {
      name: 'call-without-preconditions-refused',
      title: 'Home B refuses a call with 580 because it does not use preconditions',
      catches: 'SDP-15',
      carrier: 'Q3953-INT-05',
      at: { ...INVITE_OF_A, fromNetwork: undefined, status: undefined, nth: undefined },
    },
    (octets) => {
      const message = parseSip(octets);
      if (message.kind === 'response') {
        return [message.status < 300 ? octets : editSip(message).statusLine(580, 'Precondition Failure').done().octets];
      }
      const plain = changedSdp(octets, (edit) => edit.removeAttribute(0, 'curr').removeAttribute(0, 'des'));
      const without = editSip(parseSip(plain)).mapValues('Supported', (tag) => (tag === 'precondition' ? null : tag));
      return [without.done().octets];
    },
  ),
  sdpFault(
    {
      name: 'misspelt-precondition',
      title: "Home A's border adds a precondition line that breaks its grammar",
      catches: 'SDP-17',
    },
    (edit) => edit.addAttribute(0, 'conf', 'qos remote both'),
  ),
  sdpFault(
    {
      name: 'direction-does-not-fit',
      title: 'The UPDATE offers sendonly and is answered by sendrecv',
      catches: 'SDP-18',
      at: requestOfA('UPDATE'),
    },
    (edit) => edit.direction(0, 'sendonly'),
  ),
  sdpFault(
    {
      name: 'capability-taken-silently',
      title: 'The answer takes RTP/AVPF out of the offered capabilities without saying so',
      catches: 'SDP-19',
      at: { ...INVITE_OF_A, fromNetwork: undefined, status: undefined, nth: undefined },
    },
    (edit, _sdp, status) =>
      status === 0 ? edit.attribute(0, 'tcap', '1 RTP/AVPF').attribute(0, 'pcfg', '1 t=1') : edit.proto(0, 'RTP/AVPF'),
  ),
  sipFault(
    {
      name: 'body-of-unagreed-type',
      title: 'A body of a type that nobody agreed to crosses the border',
      catches: 'SDP-20',
      at: PRACK,
    },
    (edit) => edit.body(Buffer.from('hello'), 'text/plain'),
  ),
];
