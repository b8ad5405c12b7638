import type { Role } from './role.js';

/** One network function instance: where it lives and which octets on the wire are its own. */
export interface NetworkNode {
  /** `<role>.<network>`, with a number where a network has several: `ibcf.home-a`, `ue-1.home-a`. */
  readonly name: string;
  readonly network: string;
  readonly role: Role;
  /** Addresses of the node; `ports` (inclusive) only where several nodes share an address, as on `::1`. */
  readonly endpoints: readonly NodeEndpoint[];
  /** Host names under which other nodes may name it in URIs (FQDN of the border, of the S-CSCF …). */
  readonly hosts: readonly string[];
}

export interface NodeEndpoint {
  readonly address: string;
  readonly ports?: readonly [number, number];
}

/** One operator of the interconnection, as the agreement names it. */
export interface OperatorProfile {
  readonly name: string;
  /** IMS home network domain, TS 23.003 §13.2, for example `ims.mnc001.mcc001.3gppnetwork.org`. */
  readonly domain: string;
  readonly mcc: string;
  readonly mnc: string;
  /** The inter-operator identifier that this operator puts into orig-ioi and term-ioi, without any type prefix. */
  readonly ioi: string;
  /** E.164 prefixes of its subscribers, with `+`. */
  readonly numberPrefixes: readonly string[];
  /** This operator's border hides its topology (TS 24.229 §5.10.4). */
  readonly topologyHiding: boolean;
}

/** An option of the agreement sheet (TS 29.165 Annex C): the item's id and the answer. */
export type AgreementAnswer = boolean | number | string | readonly string[];

/** What the two operators agreed. */
export interface Agreement {
  /** Spec(T) of RFC 3324 holds between the two networks (TS 29.165 §6.1.1.3.2). */
  readonly trust: boolean;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly ipVersion: 4 | 6;
  readonly telUriAllowed: boolean;
  readonly codecs: readonly string[];
  readonly precondition: boolean;
  /** Answers to the items of the agreement sheet by item id; an item without an answer has its `harnessDefault`. */
  readonly options: Readonly<Record<string, AgreementAnswer>>;
}

/** Guard and protocol times, milliseconds; names as in catalogue §11. */
export interface ProfileTimers {
  readonly T1: number;
  readonly T2: number;
  readonly T4: number;
  /** How long both parties talk in a call. */
  readonly PX_CALL_DURATION: number;
  /** Guard for one step of a case. */
  readonly PX_GUARD: number;
}

/**
 * PICS, PIXIT and interconnect agreement of one run: who is who, what was agreed, which side is under test.
 * Secrets (K, OPc, private keys) are never part of it; they live in the provider's subscriber store.
 */
export interface Profile {
  readonly version: 1;
  readonly operators: readonly OperatorProfile[];
  readonly nodes: readonly NetworkNode[];
  /** Names of the networks or nodes under test; only their deviations decide a verdict, anybody else's is a harness error. */
  readonly sut: readonly string[];
  readonly agreement: Agreement;
  /** ENUM suffix, RFC 6116 §3.2 asks `e164.arpa`; carrier ENUM uses `e164enum.net` (GSMA IR.67). */
  readonly enumSuffix: string;
  readonly timers: ProfileTimers;
}
