import type { SdpLine, SdpMedia } from './sdp.js';

/** Which part of the path a status speaks of, RFC 3312 §4. */
export type QosStatusType = 'e2e' | 'local' | 'remote';
export type QosDirection = 'none' | 'send' | 'recv' | 'sendrecv';
export type QosStrength = 'mandatory' | 'optional' | 'none' | 'failure' | 'unknown';

export interface CurrentStatus {
  readonly type: QosStatusType;
  readonly direction: QosDirection;
  readonly line: SdpLine;
}
export interface DesiredStatus {
  readonly strength: QosStrength;
  readonly type: QosStatusType;
  readonly direction: QosDirection;
  readonly line: SdpLine;
}
export interface ConfirmStatus {
  readonly type: QosStatusType;
  readonly direction: QosDirection;
  readonly line: SdpLine;
}

/** The quality-of-service preconditions of one media description, RFC 3312 §4. `malformed` holds qos lines that break the grammar. */
export interface PreconditionView {
  readonly current: readonly CurrentStatus[];
  readonly desired: readonly DesiredStatus[];
  readonly confirm: readonly ConfirmStatus[];
  readonly malformed: readonly SdpLine[];
}

const CURRENT = /^qos (e2e|local|remote) (none|send|recv|sendrecv)$/;
const DESIRED = /^qos (mandatory|optional|none|failure|unknown) (e2e|local|remote) (none|send|recv|sendrecv)$/;

/** Other precondition types (`sec` of RFC 5027, `conn` of RFC 5898) are not part of the view. */
export function preconditionsOf(media: SdpMedia): PreconditionView {
  const current: CurrentStatus[] = [];
  const desired: DesiredStatus[] = [];
  const confirm: ConfirmStatus[] = [];
  const malformed: SdpLine[] = [];
  for (const { name, value, line } of media.attributes) {
    if (name !== 'curr' && name !== 'des' && name !== 'conf') continue;
    const text = value ?? '';
    if (/^(sec|conn)\b/.test(text)) continue;
    if (name === 'des') {
      const match = DESIRED.exec(text);
      if (match === null) malformed.push(line);
      else {
        desired.push({
          strength: match[1] as QosStrength,
          type: match[2] as QosStatusType,
          direction: match[3] as QosDirection,
          line,
        });
      }
      continue;
    }
    const match = CURRENT.exec(text);
    if (match === null) malformed.push(line);
    else {
      const entry = { type: match[1] as QosStatusType, direction: match[2] as QosDirection, line };
      (name === 'curr' ? current : confirm).push(entry);
    }
  }
  return { current, desired, confirm, malformed };
}

/** Tells whether a media description speaks of preconditions at all. */
export function usesPreconditions(media: SdpMedia): boolean {
  const view = preconditionsOf(media);
  return view.current.length + view.desired.length + view.confirm.length > 0;
}

/** The current status of a segment, `none` where no line tells it. */
export function currentOf(view: PreconditionView, type: QosStatusType): QosDirection {
  return view.current.find((status) => status.type === type)?.direction ?? 'none';
}

/** Tells whether one direction tag contains another: `sendrecv` contains all, everything contains `none`. */
export function covers(reached: QosDirection, wanted: QosDirection): boolean {
  return wanted === 'none' || reached === 'sendrecv' || reached === wanted;
}

/**
 * Tells whether all mandatory preconditions are met, RFC 3312 §5.1: for each desired mandatory direction the current status of the
 * same segment has it. With `type`, only those of that segment.
 */
export function isMet(view: PreconditionView, type?: QosStatusType): boolean {
  return view.desired
    .filter((status) => status.strength === 'mandatory' && (type === undefined || status.type === type))
    .every((status) => covers(currentOf(view, status.type), status.direction));
}

/** The direction tag of the peer's description as seen from here: its send is our recv. RFC 3312 §5.2, table 3. */
export const MIRRORED_TAG: Readonly<Record<QosDirection, QosDirection>> = {
  none: 'none',
  send: 'recv',
  recv: 'send',
  sendrecv: 'sendrecv',
};
export const MIRRORED_TYPE: Readonly<Record<QosStatusType, QosStatusType>> = {
  e2e: 'e2e',
  local: 'remote',
  remote: 'local',
};

/** Strength in rising order; `failure` and `unknown` belong to a 580 and have no rank. RFC 3312 §5.2. */
export const STRENGTH_RANK: Readonly<Partial<Record<QosStrength, number>>> = { none: 0, optional: 1, mandatory: 2 };

/** What an end puts into a description of its own: segmented status, both directions alike. */
export interface PreconditionState {
  readonly local: QosDirection;
  readonly remote: QosDirection;
  readonly desiredLocal: QosStrength;
  readonly desiredRemote: QosStrength;
  /** Asks the peer to confirm when its side is ready: `a=conf:qos remote sendrecv`. */
  readonly confirm: boolean;
}

/** State of the caller in its first offer, RFC 3312 §5.1 and TS 24.229 §6.1.2: nothing reserved, own side mandatory. */
export const FIRST_OFFER: PreconditionState = {
  local: 'none',
  remote: 'none',
  desiredLocal: 'mandatory',
  desiredRemote: 'none',
  confirm: false,
};

/** Attribute lines without line ends, in the order of TS 26.114's examples. */
export function preconditionLines(state: PreconditionState): readonly string[] {
  return [
    `a=curr:qos local ${state.local}`,
    `a=curr:qos remote ${state.remote}`,
    `a=des:qos ${state.desiredLocal} local sendrecv`,
    `a=des:qos ${state.desiredRemote} remote sendrecv`,
    ...(state.confirm ? ['a=conf:qos remote sendrecv'] : []),
  ];
}

/** The state that a description shows, from its sender's side; null without preconditions. The weaker strength where directions differ. */
export function preconditionState(media: SdpMedia): PreconditionState | null {
  const view = preconditionsOf(media);
  if (view.current.length + view.desired.length === 0) return null;
  const strength = (type: QosStatusType): QosStrength =>
    view.desired.find((status) => status.type === type)?.strength ?? 'none';
  return {
    local: currentOf(view, 'local'),
    remote: currentOf(view, 'remote'),
    desiredLocal: strength('local'),
    desiredRemote: strength('remote'),
    confirm: view.confirm.some((status) => status.type === 'remote'),
  };
}
