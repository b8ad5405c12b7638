import { answer } from '../wire/sdp/answer.js';
import { addressType, editSdp, formatSdp } from '../wire/sdp/edit.js';
import type { Direction } from '../wire/sdp/media-attributes.js';
import { type NegotiatedMedia, negotiatedMedia } from '../wire/sdp/negotiated-media.js';
import { parseSdp } from '../wire/sdp/parse.js';
import { payloadsOf } from '../wire/sdp/payload.js';
import {
  covers,
  MIRRORED_TAG,
  type PreconditionState,
  preconditionLines,
  preconditionState,
} from '../wire/sdp/precondition.js';
import type { Sdp } from '../wire/sdp/sdp.js';
import { requiredBandwidth, type VoiceCodec, voiceOffer } from '../wire/sdp/voice.js';

/** What the descriptions of one end are made of. */
export interface NegotiationEnd {
  readonly address: string;
  readonly port: number;
  /** Decimal number; also the first session version. */
  readonly sessionId: string;
  readonly codecs: readonly VoiceCodec[];
  readonly preconditions: boolean;
}

/** Offer and answer of one dialog as one of its ends sees them, RFC 3264, with the preconditions of RFC 3312. */
export class Negotiation {
  #local: Sdp | null = null;
  #remote: Sdp | null = null;
  #version: number;
  #direction: Direction = 'sendrecv';
  /** An offer of ours waits for its answer. */
  pending = false;
  /** The resources of this end are reserved. */
  ready = false;

  constructor(private readonly end: NegotiationEnd) {
    this.#version = Number(end.sessionId);
  }

  /** The same offer for another dialog of a forked request. */
  fork(): Negotiation {
    const other = new Negotiation(this.end);
    other.#local = this.#offered ?? this.#local;
    other.#offered = this.#offered;
    other.#version = this.#version;
    other.pending = true;
    return other;
  }

  #offered: Sdp | null = null;

  /** Offer and answer have been exchanged. */
  get complete(): boolean {
    return this.#local !== null && this.#remote !== null && !this.pending;
  }

  /** Both ends use preconditions. */
  get usesPreconditions(): boolean {
    return this.end.preconditions && this.#state(this.#remote) !== null;
  }

  /** The peer has told that its resources are reserved. */
  get peerReady(): boolean {
    return covers(this.#state(this.#remote)?.local ?? 'none', 'sendrecv');
  }

  /** Both ends have their resources, or nobody asked for them. */
  get met(): boolean {
    return !this.usesPreconditions || (this.ready && this.peerReady);
  }

  get media(): NegotiatedMedia | undefined {
    if (this.#local === null || this.#remote === null) return undefined;
    return negotiatedMedia(this.#local, this.#remote)[0];
  }

  /** The first offer of a call, TS 24.229 §6.1.2. */
  firstOffer(): Uint8Array {
    const { address, port, sessionId, codecs, preconditions } = this.end;
    const local = { address, port, sessionId, sessionVersion: this.#version };
    const offer = voiceOffer({ local, codecs, ...(preconditions ? {} : { precondition: null }) });
    this.#offered = offer;
    return this.#propose(offer);
  }

  /** The offer that tells that the resources of this end are reserved, RFC 3312 §6; only what was negotiated is left in it. */
  resourcesOffer(): Uint8Array {
    this.ready = true;
    return this.#propose(this.#next(this.#direction));
  }

  /** An offer that changes the direction of the stream: hold and resume, RFC 3264 §8.4. */
  directionOffer(direction: Direction): Uint8Array {
    this.#direction = direction;
    return this.#propose(this.#next(direction));
  }

  /** The peer's answer; false where it is none to the pending offer. */
  takeAnswer(octets: Uint8Array): boolean {
    const remote = parseSdp(octets);
    if (!this.pending || this.#local === null || negotiatedMedia(this.#local, remote).length === 0) return false;
    this.#remote = remote;
    this.pending = false;
    return true;
  }

  /** The offer was refused: what was agreed before stays, RFC 3264 §8. */
  withdraw(): void {
    this.pending = false;
  }

  /** Answers an offer; null where nothing in it can be used (488). */
  answer(octets: Uint8Array): Uint8Array | null {
    const offer = parseSdp(octets);
    const made = this.#answered(offer, this.#version);
    if (made === null) return null;
    let local = made;
    if (this.#local !== null && Buffer.compare(formatSdp(made), formatSdp(this.#local)) !== 0) {
      this.#version += 1;
      local = this.#answered(offer, this.#version) ?? made;
    }
    this.#local = local;
    this.#remote = offer;
    return formatSdp(local);
  }

  #answered(offer: Sdp, sessionVersion: number): Sdp | null {
    const { address, port, sessionId, codecs, preconditions } = this.end;
    return answer(
      offer,
      { codecs, telephoneEvent: true },
      {
        local: { address, port, sessionId, sessionVersion },
        precondition: preconditions ? { ready: this.ready } : null,
        direction: this.#direction,
      },
    );
  }

  #propose(offer: Sdp): Uint8Array {
    this.#local = offer;
    this.pending = true;
    return formatSdp(offer);
  }

  /** The current description with the next version, the formats that both ends use, and the present state of the resources. */
  #next(direction: Direction): Sdp {
    const local = this.#local;
    const own = local?.media[0];
    if (local === null || own === undefined) return parseSdp(this.firstOffer());
    this.#version += 1;
    const edit = editSdp(local).raiseVersion().direction(0, direction);
    const media = this.media;
    if (media !== undefined) {
      const kept = [media.send, ...(media.events === null ? [] : [media.events])];
      const formats = own.formats.filter((format) => kept.some(({ payloadType }) => String(payloadType) === format));
      if (formats.length > 0) edit.formats(0, formats);
      const speech = payloadsOf(own).find(({ payloadType }) => payloadType === media.send.payloadType);
      const bandwidth = speech === undefined ? null : requiredBandwidth(speech, addressType(this.end.address));
      if (bandwidth !== null) edit.bandwidth(0, 'AS', bandwidth);
    }
    const state = this.#offeredState();
    for (const name of ['curr', 'des', 'conf']) edit.removeAttribute(0, name);
    for (const line of state === null ? [] : preconditionLines(state)) {
      const colon = line.indexOf(':');
      edit.addAttribute(0, line.slice(2, colon), line.slice(colon + 1));
    }
    return edit.done();
  }

  #offeredState(): PreconditionState | null {
    const theirs = this.#state(this.#remote);
    if (!this.usesPreconditions || theirs === null) return null;
    return {
      local: this.ready ? 'sendrecv' : 'none',
      remote: MIRRORED_TAG[theirs.local],
      desiredLocal: 'mandatory',
      desiredRemote: 'mandatory',
      confirm: false,
    };
  }

  #state(sdp: Sdp | null): PreconditionState | null {
    const media = sdp?.media.find((each) => each.port > 0);
    return media === undefined ? null : preconditionState(media);
  }
}
