import type { Agreement, NetworkNode, OperatorProfile, Profile, ProfileTimers } from '../profile/profile.js';
import type { Role } from '../profile/role.js';
import { addressPlan, type NodeAddresses } from './address-plan.js';

/** A network function of the plan: the node as the judge knows it, and the sockets that its function opens. */
export interface PlannedNode {
  readonly node: NetworkNode;
  /** Fully qualified name inside the operator's domain. */
  readonly host: string;
  readonly addresses: NodeAddresses;
}

/** A simulated subscriber; the secrets stay in the provider and the HSS, never in a profile or a report. */
export interface SubscriberPlan {
  readonly impi: string;
  /** SIP identity first, then its tel alias. */
  readonly impus: readonly [string, string];
  readonly number: string;
  readonly ue: PlannedNode;
  readonly k: string;
  readonly opc: string;
}

/** One simulated operator: everything needed to stand it up. */
export interface OperatorPlan {
  readonly profile: OperatorProfile;
  readonly functions: Readonly<Record<CoreRole, PlannedNode>>;
  readonly subscribers: readonly SubscriberPlan[];
}

/** The functions that every home network has. */
export const CORE_ROLES = [
  'p-cscf',
  'i-cscf',
  's-cscf',
  'tas',
  'ibcf',
  'trgw',
  'hss',
  'pcrf',
  'enum-server',
] as const satisfies readonly Role[];
export type CoreRole = (typeof CORE_ROLES)[number];

/** The two home networks and the IPX between them. */
export interface InterconnectPlan {
  readonly homeA: OperatorPlan;
  readonly homeB: OperatorPlan;
  readonly ipxDns: PlannedNode;
  readonly agreement: Agreement;
  readonly enumSuffix: string;
  readonly timers: ProfileTimers;
}

/** What a case's configuration chooses; the rest of the agreement has its defaults. */
export interface InterconnectOptions {
  /** Number of the address block, so that several beds live on one machine. */
  readonly block: number;
  readonly transport: Agreement['transport'];
  readonly ipVersion: Agreement['ipVersion'];
  readonly trust: boolean;
  readonly topologyHiding: boolean;
  readonly telUriAllowed?: boolean;
  readonly codecs?: Agreement['codecs'];
  readonly precondition?: boolean;
  readonly enumSuffix?: string;
  readonly options?: Agreement['options'];
  readonly timers?: Partial<ProfileTimers>;
}

interface OperatorFacts {
  readonly name: string;
  readonly mcc: string;
  readonly mnc: string;
  readonly numberPrefix: string;
  readonly subscribers: readonly { readonly number: string; readonly k: string; readonly opc: string }[];
}

/** Test PLMNs 001/01 and 001/02 (ITU-T E.212 Annex A); numbers from ranges that regulators keep for fiction; keys of no real card. */
const HOME_A: OperatorFacts = {
  name: 'home-a',
  mcc: '001',
  mnc: '01',
  numberPrefix: '+447700900',
  subscribers: [
    { number: '+447700900101', k: '465b5ce8b199b49faa5f0a2ee238a6bc', opc: 'cd63cb71954a9f4e48a5994e37a02baf' },
    { number: '+447700900102', k: '0396eb317b6d1c36f19c1c84cd6ffd16', opc: '53c15671c60a4b731c55b4a441c0bde2' },
  ],
};
const HOME_B: OperatorFacts = {
  name: 'home-b',
  mcc: '001',
  mnc: '02',
  numberPrefix: '+467017406',
  subscribers: [
    { number: '+46701740605', k: 'fec86ba6eb707ed08905757b1bb44b8f', opc: '1006020f0a478bf6b699f15c062e42b3' },
    { number: '+46701740606', k: '9e5944aea94b81165c82fbf9f32db751', opc: 'a64a507ae1a2a98bb88eb4210135dc87' },
  ],
};

export const DEFAULT_TIMERS: ProfileTimers = {
  T1: 500,
  T2: 4000,
  T4: 5000,
  PX_CALL_DURATION: 10_000,
  PX_GUARD: 40_000,
};

/** IMS home network domain of a PLMN, TS 23.003 §13.2: a two-digit MNC is padded with a leading zero. */
export function homeDomain(mcc: string, mnc: string): string {
  return `ims.mnc${mnc.padStart(3, '0')}.mcc${mcc}.3gppnetwork.org`;
}

/** The plan of home-a, home-b and the IPX for one configuration. Pure: opens nothing. */
export function interconnectPlan(options: InterconnectOptions): InterconnectPlan {
  const plan = addressPlan(options.block, options.ipVersion);
  const operator = (facts: OperatorFacts, number: number): OperatorPlan => {
    const domain = homeDomain(facts.mcc, facts.mnc);
    const planned = (role: Role, index: number, name: string): PlannedNode => {
      const addresses = plan(number, index);
      const host = `${name}.${domain}`;
      const endpoint = {
        address: addresses.address,
        ...(addresses.ports === undefined ? {} : { ports: addresses.ports }),
      };
      const node: NetworkNode = {
        name: `${name}.${facts.name}`,
        network: facts.name,
        role,
        endpoints: [endpoint],
        hosts: [host],
      };
      return { node, host, addresses };
    };
    const functions = Object.fromEntries(CORE_ROLES.map((role, index) => [role, planned(role, index, role)])) as Record<
      CoreRole,
      PlannedNode
    >;
    return {
      profile: {
        name: facts.name,
        domain,
        mcc: facts.mcc,
        mnc: facts.mnc,
        ioi: domain,
        numberPrefixes: [facts.numberPrefix],
        topologyHiding: options.topologyHiding,
      },
      functions,
      subscribers: facts.subscribers.map((subscriber, index) => {
        const imsi = `${facts.mcc}${facts.mnc}${subscriber.number.slice(-8).padStart(10, '0')}`;
        return {
          impi: `${imsi}@${domain}`,
          impus: [`sip:${subscriber.number}@${domain};user=phone`, `tel:${subscriber.number}`] as const,
          number: subscriber.number,
          ue: planned('ue', CORE_ROLES.length + index, `ue-${index + 1}`),
          k: subscriber.k,
          opc: subscriber.opc,
        };
      }),
    };
  };
  const ipxAddresses = plan(9, 0);
  const ipxHost = 'dns.ipx.3gppnetwork.org';
  return {
    homeA: operator(HOME_A, 1),
    homeB: operator(HOME_B, 2),
    ipxDns: {
      node: {
        name: 'ipx-dns.ipx',
        network: 'ipx',
        role: 'ipx-dns',
        endpoints: [
          { address: ipxAddresses.address, ...(ipxAddresses.ports === undefined ? {} : { ports: ipxAddresses.ports }) },
        ],
        hosts: [ipxHost],
      },
      host: ipxHost,
      addresses: ipxAddresses,
    },
    agreement: {
      trust: options.trust,
      transport: options.transport,
      ipVersion: options.ipVersion,
      telUriAllowed: options.telUriAllowed ?? false,
      codecs: options.codecs ?? ['AMR-WB', 'AMR', 'telephone-event'],
      precondition: options.precondition ?? true,
      options: options.options ?? {},
    },
    enumSuffix: options.enumSuffix ?? 'e164enum.net',
    timers: { ...DEFAULT_TIMERS, ...options.timers },
  };
}

/** The profile that the judge gets for a plan. In the embedded tier both home networks are under test: a run proves them and the harness at once. */
export function profileOf(plan: InterconnectPlan, sut: readonly string[] = ['home-a', 'home-b']): Profile {
  const operators = [plan.homeA, plan.homeB];
  return {
    version: 1,
    operators: operators.map((operator) => operator.profile),
    nodes: [
      ...operators.flatMap((operator) => [
        ...CORE_ROLES.map((role) => operator.functions[role].node),
        ...operator.subscribers.map((subscriber) => subscriber.ue.node),
      ]),
      plan.ipxDns.node,
    ],
    sut,
    agreement: plan.agreement,
    enumSuffix: plan.enumSuffix,
    timers: plan.timers,
  };
}
