import type { Evidence, Party, RecordedMessage, Transport } from '../../evidence/model.js';
import type { Agreement, NetworkNode, OperatorProfile, Profile } from '../../profile/profile.js';
import type { ReferencePoint } from '../../profile/reference-point.js';
import type { Role } from '../../profile/role.js';
import { parseSip } from '../../wire/sip/parse.js';

/** One message of a hand-made trace: what a tap would have recorded of it. */
export interface TraceRecord {
  readonly at: number;
  readonly transport: Transport;
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
  readonly octets: Uint8Array;
  readonly protocol: 'sip';
}

const DOMAINS = {
  'home-a': 'ims.mnc001.mcc001.3gppnetwork.org',
  'home-b': 'ims.mnc002.mcc001.3gppnetwork.org',
} as const;
const ROLES: readonly Role[] = ['ue', 'p-cscf', 'i-cscf', 's-cscf', 'tas', 'ibcf', 'trgw'];

function node(network: 'home-a' | 'home-b', role: Role): NetworkNode {
  const name = role === 'ue' ? 'ue-1' : role;
  const address = `192.0.2.${(network === 'home-a' ? 10 : 20) + ROLES.indexOf(role)}`;
  return {
    name: `${name}.${network}`,
    network,
    role,
    endpoints: [{ address }],
    hosts: [`${name}.${DOMAINS[network]}`],
  };
}

function operator(name: 'home-a' | 'home-b', mnc: string, prefix: string): OperatorProfile {
  const domain = DOMAINS[name];
  return { name, domain, mcc: '001', mnc, ioi: domain, numberPrefixes: [prefix], topologyHiding: false };
}

/** What a test may choose of the agreement and the operators. */
export type ProfileChoice = Partial<Agreement> & {
  readonly topologyHiding?: boolean;
  readonly sut?: readonly string[];
};

/** Two home networks that trust each other. */
export function testProfile(choice: ProfileChoice = {}): Profile {
  const { topologyHiding = false, sut = ['home-a', 'home-b'], ...agreement } = choice;
  const operators = [operator('home-a', '01', '+447700900'), operator('home-b', '02', '+467017406')];
  return {
    version: 1,
    operators: operators.map((one) => ({ ...one, topologyHiding })),
    nodes: (['home-a', 'home-b'] as const).flatMap((network) => ROLES.map((role) => node(network, role))),
    sut,
    agreement: {
      trust: true,
      transport: 'tcp',
      ipVersion: 4,
      telUriAllowed: false,
      codecs: ['AMR-WB', 'AMR', 'telephone-event'],
      precondition: true,
      options: {},
      ...agreement,
    },
    enumSuffix: 'e164enum.net',
    timers: { T1: 500, T2: 4000, T4: 5000, PX_CALL_DURATION: 10_000, PX_GUARD: 40_000 },
  };
}

/** A hand-made trace, message by message: `trace().message('ibcf.home-a', 'ibcf.home-b', text)`. */
export class Trace {
  readonly profile: Profile;
  readonly transport: Transport;
  readonly records: TraceRecord[] = [];
  #now = 1_700_000_000_000_000;

  constructor(profile: Profile = testProfile(), transport: Transport = profile.agreement.transport) {
    this.profile = profile;
    this.transport = transport;
  }

  /** Adds a SIP message 1 ms after the one before; lines may end in LF, `Content-Length: *` is filled in. */
  message(from: string, to: string, text: string): this {
    return this.octets(from, to, sipOctets(text));
  }

  octets(from: string, to: string, octets: Uint8Array): this {
    const [source, destination] = [this.#endpoint(from), this.#endpoint(to)];
    this.#now += 1000;
    const transport = this.transport === 'udp' && octets.length > 1300 ? 'tcp' : this.transport;
    this.records.push({ at: this.#now, transport, source, destination, octets, protocol: 'sip' });
    return this;
  }

  /** Lets time pass. */
  wait(milliseconds: number): this {
    this.#now += milliseconds * 1000;
    return this;
  }

  evidence(): Evidence {
    return evidenceOf(this.records, this.profile);
  }

  #endpoint(name: string): { address: string; port: number } {
    const endpoint = this.profile.nodes.find((candidate) => candidate.name === name)?.endpoints[0];
    if (endpoint === undefined) throw new Error(`no node ${name} in the profile of this trace`);
    return { address: endpoint.address, port: endpoint.ports?.[0] ?? 5060 };
  }
}

/** Starts a hand-made trace. */
export function trace(profile?: Profile, transport?: Transport): Trace {
  return new Trace(profile, transport);
}

/** The octets of a SIP message that is written with LF line ends. */
export function sipOctets(text: string): Uint8Array {
  const normal = text.replace(/\r\n/g, '\n').replace(/^\n+/, '');
  const end = normal.indexOf('\n\n');
  const head = (end < 0 ? normal.trimEnd() : normal.slice(0, end)).replaceAll('\n', '\r\n');
  const body = end < 0 ? '' : normal.slice(end + 2).replaceAll('\n', '\r\n');
  const length = Buffer.byteLength(body);
  return Buffer.from(`${head.replace(/^(Content-Length|l):\s*\*/im, `$1: ${length}`)}\r\n\r\n${body}`);
}

/** Evidence of records that hold one whole message each; tests that need reassembly go through a capture. */
export function evidenceOf(records: readonly TraceRecord[], profile: Profile): Evidence {
  const party = (end: { address: string; port: number }): Party => {
    const owner = profile.nodes.find((candidate) =>
      candidate.endpoints.some((endpoint) => endpoint.address === end.address),
    );
    return { ...end, ...(owner === undefined ? {} : { node: owner }) };
  };
  const messages: RecordedMessage[] = records.map((record, index) => {
    const [from, to] = [party(record.source), party(record.destination)];
    const sip = parseSip(record.octets);
    return {
      protocol: 'sip',
      index,
      frame: index + 1,
      frames: [index + 1],
      at: record.at,
      transport: record.transport,
      referencePoint: referencePointOf(from, to),
      from,
      to,
      octets: record.octets,
      defects: sip.defects,
      sip,
    };
  });
  return { frameCount: messages.length, messages, nodes: profile.nodes, integrity: [] };
}

function referencePointOf(from: Party, to: Party): ReferencePoint {
  const roles = [from.node?.role, to.node?.role];
  if (roles[0] === 'ibcf' && roles[1] === 'ibcf') return 'Ici';
  if (roles.includes('ibcf')) return 'Mx';
  if (roles.includes('ue')) return 'Gm';
  return roles.includes('tas') ? 'ISC' : 'Mw';
}
