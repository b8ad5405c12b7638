import { buildRtp, parseRtp, type RtpPacket, type RtpParts } from '../wire/rtp/rtp.js';
import { editSip } from '../wire/sip/edit.js';
import { parseSip } from '../wire/sip/parse.js';
import {
  AT_THE_ICI,
  cancelFault,
  extraRequest,
  extraResponse,
  INVITE_HEADERS,
  refusalFault,
  renumbered,
} from './extra-transaction.js';
import type { Fault } from './fault.js';
import { mediaOfA, sdpFault } from './sdp-change.js';
import { octetFault, requestOfA, responseOfB, sipFault } from './sip-change.js';

/** What a packet of RTP is built of. */
function partsOf({ payloadType, sequenceNumber, timestamp, ssrc, payload, marker }: RtpPacket): RtpParts {
  return { payloadType, sequenceNumber, timestamp, ssrc, payload, marker };
}

/** A packet amid the talk. */
const LAST_WORDS = 100;

/** Method of a request or of the CSeq of a response. */
function methodOf(octets: Uint8Array): string {
  return /\b[A-Z]+$/.exec(parseSip(octets).get('CSeq') ?? '')?.[0] ?? '';
}

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
  octetFault(
    {
      name: 'ack-without-answer',
      title: 'Home A asks home B for an offer and does not answer it in the ACK',
      catches: 'DLG-03',
      at: AT_THE_ICI,
    },
    (octets) => {
      const message = parseSip(octets);
      const method = methodOf(octets);
      if (method === 'BYE') return [renumbered(octets)];
      if (message.kind === 'request') {
        if (method === 'UPDATE') return [octets, extraRequest(octets, 'INVITE', INVITE_HEADERS)];
        return method === 'ACK' ? [octets, extraRequest(octets, 'ACK')] : [octets];
      }
      if (method !== 'UPDATE') return [octets];
      const offer = extraResponse(octets, 'INVITE', 200, 'OK', [...INVITE_HEADERS, ['Supported', 'timer']]);
      return [octets, editSip(parseSip(offer)).body(message.body, 'application/sdp').done().octets];
    },
  ),
  octetFault(
    {
      name: 'media-after-release',
      title: "Home A's TrGW goes on with media after the release of the call",
      catches: 'DLG-07',
      at: mediaOfA(LAST_WORDS),
      delay: 10_500,
    },
    // From a source of its own: that the terminals go on talking is for the flow of the case.
    (octets) => {
      const packet = parseRtp(octets);
      return packet === null ? [octets] : [buildRtp({ ...partsOf(packet), ssrc: 0x0ddba11 }).octets];
    },
  ),
  sdpFault(
    {
      name: 'held-by-address',
      title: 'The UPDATE holds the stream by the address 0.0.0.0',
      catches: 'DLG-14',
      at: requestOfA('UPDATE'),
    },
    (edit) => edit.connection('session', '0.0.0.0'),
  ),
  octetFault(
    {
      name: 'two-offers-at-once',
      title: 'Home A offers again before its UPDATE is answered, and home B accepts both offers',
      catches: 'DLG-16',
      at: AT_THE_ICI,
    },
    (octets) => {
      const message = parseSip(octets);
      const method = methodOf(octets);
      if (method === 'BYE') return [renumbered(octets)];
      if (method !== 'UPDATE') return [octets];
      const again =
        message.kind === 'request'
          ? extraRequest(octets, 'UPDATE', INVITE_HEADERS)
          : extraResponse(octets, 'UPDATE', 200, 'OK', INVITE_HEADERS);
      return [octets, editSip(parseSip(again)).body(message.body, 'application/sdp').done().octets];
    },
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
