import { createEnumServer, type EnumServerBehaviour } from '../../functions/enum-server.js';
import { Hss, type HssBehaviour } from '../../functions/hss.js';
import { ICscf, type ICscfBehaviour } from '../../functions/i-cscf.js';
import { Ibcf, type IbcfBehaviour } from '../../functions/ibcf.js';
import { hostPort, type NetworkFunction, type SipSide } from '../../functions/network-function.js';
import { OwnAddresses } from '../../functions/own-address.js';
import { PCscf } from '../../functions/p-cscf.js';
import type { PCscfBehaviour } from '../../functions/p-cscf-policy.js';
import { type BearerEvent, Pcrf, type PcrfBehaviour } from '../../functions/pcrf.js';
import { SCscf } from '../../functions/s-cscf.js';
import type { RegistrationPolicy, SCscfBehaviour } from '../../functions/s-cscf-policy.js';
import { Tas, type TasBehaviour } from '../../functions/tas.js';
import { Trgw, type TrgwBehaviour } from '../../functions/trgw.js';
import { GM_TIMERS } from '../../functions/ue-setup.js';
import type { NetEnvironment } from '../../net/environment.js';
import { createResolver, type Resolver } from '../../net/resolver.js';
import type { ListenPoint, TlsIdentity } from '../../net/sip-stack.js';
import { DEFAULT_TIMERS } from '../../net/sip-timers.js';
import type { ZoneRecord } from '../../net/zone.js';
import { enumRecord } from '../../net/zone-records.js';
import type { InterconnectPlan, OperatorPlan, PlannedNode } from '../topology.js';
import { telephonyCriteria } from './telephony-criteria.js';

/** Named deviations by role, for behaviour faults; none by default. */
export interface HomeNetworkBehaviours {
  readonly 'p-cscf'?: readonly PCscfBehaviour[];
  readonly 'i-cscf'?: readonly ICscfBehaviour[];
  readonly 's-cscf'?: readonly SCscfBehaviour[];
  readonly tas?: readonly TasBehaviour[];
  readonly ibcf?: readonly IbcfBehaviour[];
  readonly trgw?: readonly TrgwBehaviour[];
  readonly hss?: readonly HssBehaviour[];
  readonly pcrf?: readonly PcrfBehaviour[];
  readonly 'enum-server'?: readonly EnumServerBehaviour[];
}

export interface HomeNetworkOptions {
  readonly operator: OperatorPlan;
  readonly interconnect: InterconnectPlan;
  readonly environment: NetEnvironment;
  /** For TLS at Ici. */
  readonly tls?: TlsIdentity;
  readonly behaviours?: HomeNetworkBehaviours;
  readonly registration?: Partial<RegistrationPolicy>;
  /** Told of what would happen at the bearers. */
  readonly onBearer?: (event: BearerEvent) => void;
}

/** An IMS home network that is standing in this process. */
export interface HomeNetwork {
  readonly name: string;
  readonly pCscf: PCscf;
  readonly iCscf: ICscf;
  readonly sCscf: SCscf;
  readonly tas: Tas;
  readonly ibcf: Ibcf;
  readonly trgw: Trgw;
  readonly hss: Hss;
  readonly pcrf: Pcrf;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What any of its functions has left open. */
  leftovers(): readonly string[];
}

/** Stands up one operator of the plan: every function on its own sockets, and nothing shared but the environment. */
export function createHomeNetwork(options: HomeNetworkOptions): HomeNetwork {
  const { operator, interconnect, environment, behaviours = {} } = options;
  const { functions, profile } = operator;
  const { domain, ioi } = profile;
  const timers = {
    ...DEFAULT_TIMERS,
    T1: interconnect.timers.T1,
    T2: interconnect.timers.T2,
    T4: interconnect.timers.T4,
  };
  const enumServer = functions['enum-server'];
  const nameServers = [{ address: interconnect.ipxDns.addresses.address, port: interconnect.ipxDns.addresses.dns }];

  const side = (planned: PlannedNode, ports: readonly number[]): SipSide => ({
    sentBy: planned.addresses.address,
    listen: ports.flatMap((port) => bothTransports(planned.addresses.address, port)),
    timers,
    ...localPorts(planned),
  });
  const diameter = (planned: PlannedNode, server: PlannedNode) => ({
    node: planned.node.name,
    originHost: planned.host,
    originRealm: domain,
    destinationHost: server.host,
    destinationRealm: domain,
    environment,
    remote: {
      address: server.addresses.address,
      port: server.addresses.diameter,
      localAddress: planned.addresses.address,
      ...localPorts(planned),
    },
  });
  const server = (planned: PlannedNode) => ({
    node: planned.node,
    environment,
    originHost: planned.host,
    originRealm: domain,
    listen: { address: planned.addresses.address, port: planned.addresses.diameter },
  });
  const base = <B>(planned: PlannedNode, wanted: readonly B[] | undefined) => ({
    node: planned.node,
    environment,
    ...(wanted === undefined ? {} : { behaviours: wanted }),
  });
  const uri = (planned: PlannedNode, port = planned.addresses.sip): string =>
    `sip:${hostPort({ address: planned.addresses.address, port })}`;

  const hss = new Hss({
    ...server(functions.hss),
    ...(behaviours.hss === undefined ? {} : { behaviours: behaviours.hss }),
    subscribers: operator.subscribers.map((subscriber) => ({
      privateIdentity: subscriber.impi,
      publicIdentities: subscriber.impus,
      k: subscriber.k,
      opc: subscriber.opc,
      initialFilterCriteria: [telephonyCriteria(uri(functions.tas))],
    })),
  });
  const pcrf = new Pcrf({
    ...server(functions.pcrf),
    ...(behaviours.pcrf === undefined ? {} : { behaviours: behaviours.pcrf }),
    ...(options.onBearer === undefined ? {} : { onBearer: options.onBearer }),
  });
  const enums = createEnumServer({
    ...base(enumServer, behaviours['enum-server']),
    address: enumServer.addresses.address,
    port: enumServer.addresses.dns,
    zones: [{ origin: interconnect.enumSuffix, records: numberRecords(interconnect) }],
  });
  const [inner, outer] = halves(functions.trgw.addresses.media);
  const trgw = new Trgw({
    ...base(functions.trgw, behaviours.trgw),
    inner: { address: functions.trgw.addresses.address, ports: inner },
    outer: { address: functions.trgw.addresses.address, ports: outer },
  });
  const ibcf = new Ibcf({
    ...base(functions.ibcf, behaviours.ibcf),
    mx: side(functions.ibcf, [functions.ibcf.addresses.mx]),
    ici: { ...iciSide(options), timers, nameServers },
    iciHost: functions.ibcf.host,
    transport: interconnect.agreement.transport,
    domain,
    topologyHiding: profile.topologyHiding,
    trust: interconnect.agreement.trust,
    iCscf: uri(functions['i-cscf']),
    inside: insideOf(operator),
    media: trgw,
  });
  const tas = new Tas({
    ...base(functions.tas, behaviours.tas),
    isc: side(functions.tas, [functions.tas.addresses.sip]),
    ioi,
  });
  const sCscfNode = functions['s-cscf'];
  let resolver: Resolver | null = null;
  const sCscf = new SCscf({
    ...base(sCscfNode, behaviours['s-cscf']),
    mw: side(sCscfNode, [sCscfNode.addresses.sip]),
    cx: diameter(sCscfNode, functions.hss),
    domain,
    ioi,
    iCscf: uri(functions['i-cscf']),
    exit: uri(functions.ibcf, functions.ibcf.addresses.mx),
    enumLookup: async (number) => {
      const result = await resolver?.enumLookup(number, interconnect.enumSuffix);
      return result?.uris.map((entry) => entry.uri) ?? [];
    },
    ...(options.registration === undefined ? {} : { policy: options.registration }),
  });
  const iCscf = new ICscf({
    ...base(functions['i-cscf'], behaviours['i-cscf']),
    mw: side(functions['i-cscf'], [functions['i-cscf'].addresses.sip]),
    cx: diameter(functions['i-cscf'], functions.hss),
    domain,
    servers: [{ uri: sCscf.uri, capabilities: [] }],
  });
  const pCscfNode = functions['p-cscf'];
  const pCscf = new PCscf({
    ...base(pCscfNode, behaviours['p-cscf']),
    mw: side(pCscfNode, [pCscfNode.addresses.sip]),
    gm: { ...side(pCscfNode, [pCscfNode.addresses.protectedServer]), timers: GM_TIMERS },
    protectedClientPort: pCscfNode.addresses.protectedClient,
    rx: diameter(pCscfNode, functions.pcrf),
    domain,
    ioi,
    iCscf: uri(functions['i-cscf']),
  });

  /** Servers first: clients connect when they start. */
  const order: readonly NetworkFunction[] = [hss, pcrf, enums, trgw, ibcf, tas, sCscf, iCscf, pCscf];
  return {
    name: profile.name,
    pCscf,
    iCscf,
    sCscf,
    tas,
    ibcf,
    trgw,
    hss,
    pcrf,
    start: async () => {
      resolver = createResolver({
        environment,
        node: sCscfNode.node.name,
        address: sCscfNode.addresses.address,
        nameServers: [{ address: enumServer.addresses.address, port: enumServer.addresses.dns }],
        ...localPorts(sCscfNode),
      });
      for (const each of order) await each.start();
    },
    stop: async () => {
      for (const each of [...order].reverse()) await each.stop();
      await resolver?.close();
      resolver = null;
    },
    leftovers: () => order.flatMap((each) => each.leftovers()),
  };
}

function bothTransports(address: string, port: number): readonly ListenPoint[] {
  return [
    { transport: 'udp', address, port },
    { transport: 'tcp', address, port },
  ];
}

function localPorts(planned: PlannedNode): { readonly localPorts?: readonly [number, number] } {
  return planned.addresses.client === undefined ? {} : { localPorts: planned.addresses.client };
}

/** The side at Ici: UDP and TCP on the standard port, or TLS alone where that is agreed. */
function iciSide(options: HomeNetworkOptions): SipSide {
  const { operator, interconnect, tls } = options;
  const planned = operator.functions.ibcf;
  const { address, sip, sipTls } = planned.addresses;
  const secure = interconnect.agreement.transport === 'tls';
  return {
    sentBy: planned.host,
    listen: secure ? [{ transport: 'tls', address, port: sipTls }] : bothTransports(address, sip),
    ...(tls === undefined ? {} : { tls }),
    ...localPorts(planned),
  };
}

/** SIP nodes of the operator other than its border: what topology hiding hides. */
function insideOf(operator: OperatorPlan): OwnAddresses {
  const nodes = [
    ...(['p-cscf', 'i-cscf', 's-cscf', 'tas'] as const).map((role) => operator.functions[role]),
    ...operator.subscribers.map((subscriber) => subscriber.ue),
  ];
  return new OwnAddresses(
    nodes.map((planned) => planned.host),
    nodes.flatMap(({ addresses }) =>
      [addresses.sip, addresses.protectedClient, addresses.protectedServer].map((port) => ({
        transport: 'udp' as const,
        address: addresses.address,
        port,
      })),
    ),
  );
}

/** Carrier ENUM holds the numbers of both operators, GSMA IR.67. */
function numberRecords(interconnect: InterconnectPlan): readonly ZoneRecord[] {
  return [interconnect.homeA, interconnect.homeB].flatMap(({ profile }) =>
    profile.numberPrefixes.map((prefix) =>
      enumRecord({
        number: `${prefix}*`,
        suffix: interconnect.enumSuffix,
        regexp: `!^(.*)$!sip:\\1@${profile.domain};user=phone!`,
      }),
    ),
  );
}

/** One node's media ports for its two sides. */
function halves([first, last]: readonly [number, number]): readonly [
  readonly [number, number],
  readonly [number, number],
] {
  const middle = first + Math.floor((last - first + 1) / 4) * 2;
  return [
    [first, middle - 1],
    [middle, last],
  ];
}
