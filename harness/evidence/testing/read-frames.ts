import { LINK_TYPES } from '../../wire/capture/capture-file.js';
import { writePcap } from '../../wire/capture/pcap-writer.js';
import { evidenceFromCapture } from '../evidence-from-capture.js';
import type { Evidence } from '../model.js';
import { profile } from './border.js';

/** When the captures of the tests begin, microseconds. */
export const AT = 1_790_000_000_000_000;

export interface Timed {
  readonly at: number;
  readonly octets: Uint8Array;
  readonly originalLength?: number;
}

/** The evidence in a capture of these frames, one millisecond apart where they have no time of their own. */
export function read(frames: readonly (Uint8Array | Timed)[], linkType: number = LINK_TYPES.raw): Evidence {
  const timed = frames.map((frame, i) => ('octets' in frame ? frame : { at: AT + i * 1000, octets: frame }));
  return evidenceFromCapture(writePcap(linkType, timed), { profile: profile() }).evidence;
}

export function protocols(evidence: Evidence): string[] {
  return evidence.messages.map((message) => message.protocol);
}

export function texts(evidence: Evidence): string[] {
  return evidence.messages.map((message) => Buffer.from(message.octets).toString('latin1'));
}
