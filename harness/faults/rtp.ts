import type { Fault } from './fault.js';
import { mediaOfA, sdpFault } from './sdp-change.js';
import { INVITE_OF_A, octetFault, responseOfB } from './sip-change.js';

/** Any packet amid the talk. */
const AMID = 100;

function changedOctet(octets: Uint8Array, index: number, change: (octet: number) => number): Uint8Array {
  const copy = Uint8Array.from(octets);
  copy[index] = change(octets[index] ?? 0) & 0xff;
  return copy;
}

/** Faults of RTP and RTCP at Izi. */
export const RTP_FAULTS: readonly Fault[] = [
  octetFault(
    {
      name: 'rtp-of-version-1',
      title: "Home A's TrGW sends a packet of RTP version 1",
      catches: 'RTP-01',
      at: mediaOfA(AMID),
    },
    (octets) => [changedOctet(octets, 0, (first) => (first & 0x3f) | 0x40)],
  ),
  octetFault(
    { name: 'no-rtcp', title: "Home A's TrGW relays no RTCP", catches: 'RTP-03', at: mediaOfA(undefined, 'rtcp') },
    () => [],
  ),
  sdpFault(
    {
      name: 'mux-not-offered',
      title: "Home B's border answers with rtcp-mux, which was not offered",
      catches: 'RTP-04',
      at: responseOfB(183),
    },
    (edit) => edit.addAttribute(0, 'rtcp-mux', null),
  ),
  sdpFault(
    {
      name: 'media-from-another-port',
      title: "Home A's border announces another port than its TrGW sends from",
      catches: 'RTP-05',
      at: { ...INVITE_OF_A, method: undefined, status: undefined, nth: undefined },
    },
    (edit, sdp) => edit.port(0, (sdp.media[0]?.port ?? 0) + 2),
  ),
  {
    kind: 'behaviour',
    name: 'talks-before-answer',
    title: 'The caller sends speech as soon as the session description is answered',
    catches: 'RTP-06',
    carrier: 'Q3953-INT-01',
    role: 'ue',
    network: 'home-a',
    behaviour: 'talks-before-answer',
  },
  octetFault(
    {
      name: 'source-changes',
      title: "Home A's TrGW sends a packet with another SSRC amid the talk",
      catches: 'RTP-07',
      at: mediaOfA(AMID),
    },
    (octets) => [changedOctet(octets, 11, (last) => last ^ 1)],
  ),
];
