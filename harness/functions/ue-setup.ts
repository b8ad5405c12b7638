import type { ProfileTimers } from '../profile/profile.js';
import type { VoiceCodec } from '../wire/sdp/voice.js';
import type { Speaker } from './media/speech.js';
import type { BehaviourRow, FunctionSetup, SipSide } from './network-function.js';

/** Named deviations of the UE. */
export const UE_BEHAVIOURS = {
  'wrong-res': { does: 'answers the challenge with a wrong RES', clause: 'TS 33.203 §6.1.2.1' },
  'sqn-ahead': { does: 'has a USIM whose sequence number is ahead of the HSS', clause: 'TS 33.102 §6.3.5' },
  'unknown-identity': { does: 'registers identities that no HSS knows', clause: 'TS 24.229 §5.3.1.3' },
  'no-reg-event': { does: 'does not subscribe to its registration state', clause: 'TS 24.229 §5.1.1.3' },
  'no-prack': { does: 'leaves reliable provisional responses without PRACK', clause: 'RFC 3262 §4' },
  'no-update': { does: 'never tells that its resources are reserved', clause: 'RFC 3312 §6' },
  'alerts-before-preconditions': { does: 'alerts before the preconditions are met', clause: 'RFC 3312 §6' },
  'requires-precondition': { does: 'puts precondition into Require of the INVITE', clause: 'TS 24.229 §5.1.3.1' },
  'reuses-rack': { does: 'acknowledges every reliable response with the first RSeq', clause: 'RFC 3262 §7.2' },
  'no-session-timer': { does: 'does not know session timers', clause: 'GSMA IR.92 §2.2.8' },
  'no-ack': { does: 'leaves the 200 to its INVITE without ACK', clause: 'RFC 3261 §13.2.2.4' },
  silent: { does: 'sends no speech', clause: 'TS 26.114 §7.4' },
  'talks-before-answer': {
    does: 'sends speech as soon as the session description is answered',
    clause: 'TS 24.229 §5.10.5',
  },
  'talks-after-bye': { does: 'goes on sending speech behind the BYE', clause: 'RFC 3261 §15' },
} as const satisfies Record<string, BehaviourRow>;
export type UeBehaviour = keyof typeof UE_BEHAVIOURS;

/** What is on the ISIM and in the telephone. `k` and `opc` are 32 hexadecimal digits and leave this object nowhere but into AKA. */
export interface UeSubscriber {
  readonly impi: string;
  /** Public identities, the one to register first. */
  readonly impus: readonly string[];
  /** Global number with `+`. */
  readonly number: string;
  readonly k: string;
  readonly opc: string;
  /** 15 digits; one is made from the number without it. */
  readonly imei?: string;
  /** SQN_MS of the USIM; 0 without. */
  readonly sqn?: number;
}

export interface UeSetup extends FunctionSetup<UeBehaviour> {
  readonly subscriber: UeSubscriber;
  /** Home network domain, `ims.mnc001.mcc001.3gppnetwork.org`. */
  readonly domain: string;
  /** Sockets of the Gm side: address, unprotected port, and the protected ports of TS 33.203 §7.1. */
  readonly gm: {
    readonly address: string;
    readonly sip: number;
    readonly protectedClient: number;
    readonly protectedServer: number;
    readonly media: readonly [number, number];
    /** Source ports of its own TCP connections, where several nodes share an address. */
    readonly client?: readonly [number, number];
  };
  /** Where the P-CSCF listens for unprotected requests (from P-CSCF discovery). */
  readonly pCscf: { readonly address: string; readonly port: number; readonly transport?: 'udp' | 'tcp' };
  /** Timers of the UE to P-CSCF leg; TS 24.229 table 7.7.1 without. */
  readonly timers?: SipSide['timers'];
  /** How long an API call waits for its event, in milliseconds on the clock. */
  readonly guard?: ProfileTimers['PX_GUARD'];
  readonly speaker: Speaker;
  /** In order of preference; AMR-WB and AMR without. */
  readonly codecs?: readonly VoiceCodec[];
  /** P-Access-Network-Info; a made-up E-UTRAN cell of the home network without. */
  readonly accessNetworkInfo?: string;
  /** Seconds asked for in REGISTER and SUBSCRIBE; 600000 without (TS 24.229 §5.1.1.2.1). */
  readonly expires?: number;
  /** RFC 3329 with ipsec-3gpp; true without. */
  readonly securityAgreement?: boolean;
  /** Uses RFC 3312 preconditions; true without. */
  readonly preconditions?: boolean;
  /** Scheme of the Request-URI of its calls to numbers; tel without (TS 24.229 §5.1.2A.1.3). */
  readonly dialsWith?: 'tel' | 'sip';
}

/** TS 24.229 table 7.7.1: timers between UE and P-CSCF allow for the radio interface. */
export const GM_TIMERS = { T1: 2000, T2: 16_000, T4: 17_000 } as const;

export const MMTEL = 'urn:urn-7:3gpp-service.ims.icsi.mmtel';
/** The ICSI as a feature tag, TS 24.229 §7.2A.8. */
export const MMTEL_FEATURE = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"';
/** Methods of an IR.92 telephone. */
export const UE_METHODS = 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, NOTIFY, OPTIONS, MESSAGE, INFO';
