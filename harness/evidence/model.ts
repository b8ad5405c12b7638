import type { NetworkNode } from '../profile/profile.js';
import type { ReferencePoint } from '../profile/reference-point.js';
import type { Defect } from '../wire/defect.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import type { DnsMessage } from '../wire/dns/message.js';
import type { RtcpPacket } from '../wire/rtp/rtcp.js';
import type { RtpPacket } from '../wire/rtp/rtp.js';
import type { SipMessage } from '../wire/sip/message.js';

export type Transport = 'udp' | 'tcp' | 'tls' | 'sctp';

/** An end of a message: its address, and the network function that has this address where the profile (or inference) knows it. */
export interface Party {
  readonly address: string;
  readonly port: number;
  readonly node?: NetworkNode;
}

interface Recorded {
  /** Position in `Evidence.messages`, from 0. */
  readonly index: number;
  /** 1-based number of the capture frame that completed the message; all frames it was spread over are in `frames`. */
  readonly frame: number;
  readonly frames: readonly number[];
  /** Microseconds since the epoch, from the capture. */
  readonly at: number;
  readonly transport: Transport;
  readonly referencePoint: ReferencePoint;
  readonly from: Party;
  readonly to: Party;
  readonly octets: Uint8Array;
  /** Codec defects of this message. */
  readonly defects: readonly Defect[];
}

export interface RecordedSip extends Recorded {
  readonly protocol: 'sip';
  readonly sip: SipMessage;
}
export interface RecordedDiameter extends Recorded {
  readonly protocol: 'diameter';
  readonly diameter: DiameterMessage;
}
export interface RecordedDns extends Recorded {
  readonly protocol: 'dns';
  readonly dns: DnsMessage;
}
export interface RecordedRtp extends Recorded {
  readonly protocol: 'rtp';
  readonly rtp: RtpPacket;
}
export interface RecordedRtcp extends Recorded {
  readonly protocol: 'rtcp';
  readonly rtcp: readonly RtcpPacket[];
}
/** Octets on a known port that no codec claims. */
export interface RecordedUnknown extends Recorded {
  readonly protocol: 'unknown';
}

/** One message of any reference point, as seen on the wire. */
export type RecordedMessage =
  | RecordedSip
  | RecordedDiameter
  | RecordedDns
  | RecordedRtp
  | RecordedRtcp
  | RecordedUnknown;

/** What makes a capture less than whole: a truncated file, a TCP gap, a frame cut by the snap length, no frame at all. */
export interface IntegrityIssue {
  readonly code:
    | 'no-frames'
    | 'truncated-file'
    | 'cut-frame'
    | 'tcp-gap'
    | 'missing-fragment'
    | 'undecodable-frame'
    | 'clock-skew';
  readonly severity: 'error' | 'info';
  readonly text: string;
  readonly frame: number | null;
}

/** Everything that was seen, in the order of the capture. The judge reads nothing else. */
export interface Evidence {
  readonly frameCount: number;
  readonly messages: readonly RecordedMessage[];
  readonly nodes: readonly NetworkNode[];
  readonly integrity: readonly IntegrityIssue[];
  /** The case that the capture says it belongs to, where it says so. */
  readonly caseId?: string;
}
