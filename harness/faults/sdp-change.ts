import { editSdp, type SdpEdit } from '../wire/sdp/edit.js';
import { parseSdp } from '../wire/sdp/parse.js';
import type { Sdp } from '../wire/sdp/sdp.js';
import { editSip } from '../wire/sip/edit.js';
import { parseSip } from '../wire/sip/parse.js';
import type { FaultPlace, WireFault } from './fault.js';
import { octetFault, type SipFaultRow } from './sip-change.js';

/** The initial INVITE on every hop of home A, so that its border changes nothing by itself. */
export const OFFER_OF_A: FaultPlace = { protocol: 'sip', fromNetwork: 'home-a', method: 'INVITE', status: 0 };

/** The answer of home B's terminal on every hop of home B. */
export const ANSWER_OF_B: FaultPlace = { protocol: 'sip', fromNetwork: 'home-b', method: 'INVITE', status: 183 };

/** RTP that home A's TrGW sends at Izi, from the n-th packet on or all of it. */
export function mediaOfA(nth?: number, protocol: 'rtp' | 'rtcp' = 'rtp'): FaultPlace {
  const place = { referencePoint: 'Izi', protocol, fromRole: 'trgw', fromNetwork: 'home-a' } as const;
  return nth === undefined ? place : { ...place, nth };
}

export type SdpChange = (edit: SdpEdit, sdp: Sdp, status: number) => SdpEdit;

/** A fault that edits the session description of a message; a message without one stays as it is. `status` is 0 for a request. */
export function sdpFault(row: SipFaultRow, change: SdpChange): WireFault {
  return octetFault(row, (octets) => [changedSdp(octets, change)]);
}

/** The octets of a SIP message with its description changed. */
export function changedSdp(octets: Uint8Array, change: SdpChange): Uint8Array {
  const message = parseSip(octets);
  if (message.get('Content-Type')?.toLowerCase().startsWith('application/sdp') !== true) return octets;
  if (message.body.length === 0) return octets;
  const sdp = parseSdp(message.body);
  const changed = change(editSdp(sdp), sdp, message.kind === 'request' ? 0 : message.status).done();
  return editSip(message).body(changed.octets).done().octets;
}
