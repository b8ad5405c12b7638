import type { Profile } from '../profile/profile.js';
import type { ReferencePoint } from '../profile/reference-point.js';
import type { CaptureFile } from '../wire/capture/capture-file.js';
import { readCapture } from '../wire/capture/read-capture.js';
import type { Defect } from '../wire/defect.js';
import { parseRtcp } from '../wire/rtp/rtcp.js';
import { parseRtp } from '../wire/rtp/rtp.js';
import type { SipMessage } from '../wire/sip/message.js';
import { readCaptureHeader } from './capture-header.js';
import { isEnum } from './enum-query.js';
import { inferProfile } from './inference/infer-profile.js';
import { MediaEndpoints, type MediaUse } from './media-endpoints.js';
import type { Evidence, IntegrityIssue, Party, RecordedMessage, RecordedSip, Transport } from './model.js';
import { NodeDirectory } from './node-directory.js';
import { diameterPointOf, referencePointOf } from './reference-points.js';
import type { Sighting } from './sighting.js';
import { sightingsOf } from './sightings.js';

export interface CaptureReading {
  readonly evidence: Evidence;
  /** The profile given, else the one in the capture's own header, else the inferred one. */
  readonly profile: Profile;
  /** One sentence for each thing that the messages told and no profile did; empty where a profile was given or found. */
  readonly inferred: readonly string[];
}

/**
 * Reads a capture as evidence: the one way to the judge, for live runs and for anybody's file. Never throws; what is wrong
 * with the file is in `evidence.integrity`.
 */
export function evidenceFromCapture(octets: Uint8Array, options: { readonly profile?: Profile } = {}): CaptureReading {
  const capture = readCapture(octets);
  const header = readCaptureHeader(capture.comments);
  const { messages: sightings, problems } = sightingsOf(capture, {
    hints: header?.sockets ?? new Map(),
    complete: header !== null && capture.problems.length === 0,
  });
  const given = options.profile ?? header?.profile;
  const inference = given ? { profile: given, inferred: [] } : inferProfile(sightings, capture.names);
  const { profile, inferred } = inference;
  const media = new MediaEndpoints(header?.sockets ?? new Map());
  for (const sighting of sightings) if (sighting.protocol === 'sip') media.learn(sighting.sip);
  const uses = media.decide(sightings.filter((sighting) => sighting.protocol === 'media'));
  const directory = new NodeDirectory(profile.nodes);
  const messages: RecordedMessage[] = [];
  for (const sighting of sightings) {
    const message = recorded(sighting, messages.length, uses.get(sighting), directory, profile);
    if (message) messages.push(message);
  }
  return {
    evidence: {
      frameCount: frameCountOf(capture),
      messages,
      nodes: profile.nodes,
      integrity: [...integrityOf(capture), ...problems],
      ...(header?.caseId === undefined ? {} : { caseId: header.caseId }),
    },
    profile,
    inferred,
  };
}

function recorded(
  sighting: Sighting,
  index: number,
  use: MediaUse | undefined,
  directory: NodeDirectory,
  profile: Profile,
): RecordedMessage | null {
  const from = directory.party(sighting.source);
  const to = directory.party(sighting.destination);
  const { frame, frames, at, transport, octets, framingDefects } = sighting;
  const base = { index, frame, frames, at, transport, from, to, octets };
  switch (sighting.protocol) {
    case 'sip': {
      const { sip } = sighting;
      const referencePoint = referencePointOf('sip', from, to);
      return new RecordedSipMessage(base, referencePoint, sip, framingDefects);
    }
    case 'diameter': {
      const { diameter } = sighting;
      const byRoles = referencePointOf('diameter', from, to);
      // Behind an agent, or on addresses that nodes share, the application still tells.
      const referencePoint = byRoles === 'unknown' ? diameterPointOf(diameter.applicationId) : byRoles;
      return {
        ...base,
        referencePoint,
        protocol: 'diameter',
        diameter,
        defects: [...framingDefects, ...diameter.defects],
      };
    }
    case 'dns': {
      const { dns } = sighting;
      const referencePoint = isEnum(dns, profile.enumSuffix) ? 'ENUM' : 'DNS';
      return { ...base, referencePoint, protocol: 'dns', dns, defects: [...framingDefects, ...dns.defects] };
    }
    case 'media': {
      if (use === undefined) return null;
      if (use === 'unknown') return { ...base, referencePoint: 'unknown', protocol: 'unknown', defects: [] };
      const referencePoint = referencePointOf(use, from, to);
      if (use === 'rtcp') {
        const rtcp = parseRtcp(octets);
        return { ...base, referencePoint, protocol: 'rtcp', rtcp, defects: rtcp.flatMap((packet) => packet.defects) };
      }
      const rtp = parseRtp(octets);
      if (!rtp) return { ...base, referencePoint, protocol: 'unknown', defects: [] };
      // Written out, because packets are most of a capture and spreading is slow.
      const { defects } = rtp;
      return { index, frame, frames, at, transport, from, to, octets, referencePoint, protocol: 'rtp', rtp, defects };
    }
    case 'unknown':
      return { ...base, referencePoint: 'unknown', protocol: 'unknown', defects: framingDefects };
  }
}

/** The codec finds its defects when asked, so that nobody pays for messages that no rule looks at. */
class RecordedSipMessage implements RecordedSip {
  readonly protocol = 'sip';
  readonly index: number;
  readonly frame: number;
  readonly frames: readonly number[];
  readonly at: number;
  readonly transport: Transport;
  readonly from: Party;
  readonly to: Party;
  readonly octets: Uint8Array;

  constructor(
    base: Omit<RecordedSip, 'protocol' | 'sip' | 'defects' | 'referencePoint'>,
    readonly referencePoint: ReferencePoint,
    readonly sip: SipMessage,
    private readonly framingDefects: readonly Defect[],
  ) {
    this.index = base.index;
    this.frame = base.frame;
    this.frames = base.frames;
    this.at = base.at;
    this.transport = base.transport;
    this.from = base.from;
    this.to = base.to;
    this.octets = base.octets;
  }

  get defects(): readonly Defect[] {
    return this.framingDefects.length === 0 ? this.sip.defects : [...this.framingDefects, ...this.sip.defects];
  }
}

/** Frames in the file, those included that could not be read. */
function frameCountOf(capture: CaptureFile): number {
  return Math.max(capture.frames.length, capture.frames.at(-1)?.number ?? 0);
}

/** A clock that is set back by more than this makes every time that is judged doubtful, microseconds. */
const SKEW = 1_000_000;

function integrityOf(capture: CaptureFile): IntegrityIssue[] {
  const issues: IntegrityIssue[] = [...capture.problems];
  if (capture.frames.length === 0) {
    issues.push({ code: 'no-frames', severity: 'error', text: 'The capture has no frame.', frame: null });
  }
  let latest = 0;
  for (const frame of capture.frames) {
    if (frame.at < latest - SKEW) {
      issues.push({
        code: 'clock-skew',
        severity: 'info',
        text: `The time of frame ${frame.number} lies ${((latest - frame.at) / 1e6).toFixed(1)} s before an earlier frame's.`,
        frame: frame.number,
      });
      break;
    }
    latest = Math.max(latest, frame.at);
  }
  return issues;
}
