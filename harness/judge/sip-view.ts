import type { RecordedSip } from '../evidence/model.js';
import type { ReferencePoint } from '../profile/reference-point.js';
import { parseSdp } from '../wire/sdp/parse.js';
import type { Sdp } from '../wire/sdp/sdp.js';
import {
  type ChargingVector,
  type CSeq,
  type NameAddr,
  parseChargingVector,
  parseCSeq,
  parseNameAddr,
  parsePrivacy,
  parseTokens,
  parseVia,
  type Via,
} from '../wire/sip/headers.js';
import type { SipMessage } from '../wire/sip/message.js';
import { bodyOfType } from '../wire/sip/multipart.js';
import { parseUri, type Uri } from '../wire/sip/uri.js';
import type { SipDialog, SipTransaction } from './correlation.js';

const LOWER = new Map<string, string>();

/** Rules ask for the same few hundred names over and over. */
function lowerCase(header: string): string {
  let lower = LOWER.get(header);
  if (lower === undefined) {
    lower = header.toLowerCase();
    if (LOWER.size < 1024) LOWER.set(header, lower);
  }
  return lower;
}

/**
 * One SIP message as the rules see it: the recorded octets, its headers decoded once, and its place in transaction and
 * dialog. Decoded values are null or empty where the octets cannot be read: that is some other rule's finding.
 */
export class SipView {
  readonly record: RecordedSip;
  readonly sip: SipMessage;
  readonly isRequest: boolean;
  /** 0 for a request. */
  readonly status: number;
  /** The identical message that this one repeats on the same hop. */
  retransmissionOf: SipView | null = null;
  /** Its transaction on this hop; an ACK belongs to its INVITE transaction. */
  transaction: SipTransaction | null = null;
  /** Its dialog on this hop, RFC 3261 §12. */
  dialog: SipDialog | null = null;

  #method: string | undefined;
  #cseq: CSeq | null | undefined;
  #from: NameAddr | null | undefined;
  #to: NameAddr | null | undefined;
  #vias: readonly (Via | null)[] | undefined;
  #requestUri: Uri | null | undefined;
  #chargingVector: ChargingVector | null | undefined;
  #names: ReadonlySet<string> | undefined;
  #sdp: Uint8Array | null | undefined;
  #nameAddrs: Map<string, readonly (NameAddr | null)[]> | undefined;
  #callId: string | undefined;
  #branch: string | undefined;
  #description: Sdp | null | undefined;
  #fromTag: string | undefined;
  #toTag: string | undefined;

  constructor(record: RecordedSip) {
    this.record = record;
    this.sip = record.sip;
    this.isRequest = record.sip.kind === 'request';
    this.status = record.sip.kind === 'response' ? record.sip.status : 0;
  }

  /** Method of the request, or of the CSeq of a response; empty where it cannot be read. */
  get method(): string {
    this.#method ??= this.sip.kind === 'request' ? this.sip.method : (this.cseq?.method ?? '');
    return this.#method;
  }

  /** A request that each hop makes anew: CANCEL (RFC 3261 §9.1) and the ACK of a failure (§17.1.1.3), which has the Route of its INVITE. */
  get isHopByHop(): boolean {
    if (!this.isRequest) return false;
    if (this.method === 'CANCEL') return true;
    return this.method === 'ACK' && this.transaction?.responses.some((response) => response.status >= 300) === true;
  }

  get referencePoint(): ReferencePoint {
    return this.record.referencePoint;
  }

  get callId(): string {
    this.#callId ??= this.sip.get('Call-ID') ?? '';
    return this.#callId;
  }

  get cseq(): CSeq | null {
    if (this.#cseq === undefined) this.#cseq = parseCSeq(this.sip.get('CSeq') ?? '');
    return this.#cseq;
  }

  get from(): NameAddr | null {
    if (this.#from === undefined) this.#from = parseNameAddr(this.sip.get('From') ?? '');
    return this.#from;
  }

  get to(): NameAddr | null {
    if (this.#to === undefined) this.#to = parseNameAddr(this.sip.get('To') ?? '');
    return this.#to;
  }

  get fromTag(): string {
    this.#fromTag ??= this.from?.params.get('tag') ?? '';
    return this.#fromTag;
  }

  get toTag(): string {
    this.#toTag ??= this.to?.params.get('tag') ?? '';
    return this.#toTag;
  }

  get vias(): readonly (Via | null)[] {
    this.#vias ??= this.sip.all('Via').map(parseVia);
    return this.#vias;
  }

  /** The branch of the topmost Via, which alone is decoded for it. */
  get branch(): string {
    this.#branch ??= parseVia(this.sip.get('Via') ?? '')?.branch ?? '';
    return this.#branch;
  }

  /** The session description, decoded; null where there is none. */
  get description(): Sdp | null {
    if (this.#description === undefined) this.#description = this.sdp === null ? null : parseSdp(this.sdp);
    return this.#description;
  }

  /** The Request-URI; null for responses and for what is no URI. */
  get requestUri(): Uri | null {
    if (this.#requestUri === undefined)
      this.#requestUri = this.sip.kind === 'request' ? parseUri(this.sip.requestUri) : null;
    return this.#requestUri;
  }

  /** The first P-Charging-Vector; null where absent or unreadable. */
  get chargingVector(): ChargingVector | null {
    if (this.#chargingVector === undefined) {
      const value = this.sip.get('P-Charging-Vector');
      this.#chargingVector = value === undefined ? null : parseChargingVector(value);
    }
    return this.#chargingVector;
  }

  /** Values of a header whose grammar is name-addr, decoded; null for one that cannot be read. */
  nameAddrs(header: string): readonly (NameAddr | null)[] {
    this.#nameAddrs ??= new Map();
    let values = this.#nameAddrs.get(header);
    if (values === undefined) {
      values = this.sip.all(header).map(parseNameAddr);
      this.#nameAddrs.set(header, values);
    }
    return values;
  }

  get privacy(): readonly string[] {
    return this.sip.all('Privacy').flatMap(parsePrivacy);
  }

  /** Option tags or tokens of a header, lower case: `Supported`, `Require`, `Allow` … */
  tokens(header: string): readonly string[] {
    return this.sip.all(header).flatMap((value) => parseTokens(value).map((token) => token.toLowerCase()));
  }

  /** Canonical header names in the message, lower case. */
  get names(): ReadonlySet<string> {
    this.#names ??= new Set(this.sip.headers.map((field) => lowerCase(field.canonical)));
    return this.#names;
  }

  has(header: string): boolean {
    return this.names.has(lowerCase(header));
  }

  get(header: string): string | undefined {
    return this.sip.get(header);
  }

  all(header: string): readonly string[] {
    return this.sip.all(header);
  }

  /** 1-based line of the first field of a header; undefined where there is none. */
  lineOf(header: string): number | undefined {
    return this.sip.fields(header)[0]?.line;
  }

  /** Octets of the session description, also from inside a multipart body; null without one. */
  get sdp(): Uint8Array | null {
    if (this.#sdp === undefined)
      this.#sdp = this.sip.body.length === 0 ? null : bodyOfType(this.sip, 'application/sdp');
    return this.#sdp;
  }

  /** A request inside a dialog has a To tag; a response counts as its request does. Undefined where the request was not seen. */
  get inDialog(): boolean | undefined {
    if (this.isRequest) return this.toTag !== '';
    return this.transaction?.request?.inDialog;
  }

  /** `INVITE`, or `183 (INVITE)`. */
  get title(): string {
    return this.isRequest ? this.method : `${this.status} (${this.method})`;
  }
}
