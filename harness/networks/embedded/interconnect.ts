import { createIpxDns, type IpxDnsBehaviour } from '../../functions/ipx-dns.js';
import type { NetworkFunction } from '../../functions/network-function.js';
import type { BearerEvent } from '../../functions/pcrf.js';
import type { RegistrationPolicy } from '../../functions/s-cscf-policy.js';
import { createTestAuthority, type TestAuthority } from '../../net/certificate.js';
import type { NetEnvironment } from '../../net/environment.js';
import type { TlsIdentity } from '../../net/sip-stack.js';
import type { Zone } from '../../net/zone.js';
import { addressRecords, sipServiceRecords } from '../../net/zone-records.js';
import type { InterconnectPlan, OperatorPlan } from '../topology.js';
import { createHomeNetwork, type HomeNetwork, type HomeNetworkBehaviours } from './home-network.js';

export interface InterconnectSetup {
  readonly plan: InterconnectPlan;
  readonly environment: NetEnvironment;
  /** Deviations by operator name, and of the IPX. */
  readonly behaviours?: Readonly<Record<string, HomeNetworkBehaviours>>;
  readonly ipxBehaviours?: readonly IpxDnsBehaviour[];
  readonly registration?: Partial<RegistrationPolicy>;
  readonly onBearer?: (event: BearerEvent) => void;
}

/** Both home networks and the IPX, standing in this process. */
export interface Interconnect {
  readonly homeA: HomeNetwork;
  readonly homeB: HomeNetwork;
  start(): Promise<void>;
  stop(): Promise<void>;
  leftovers(): readonly string[];
}

/** Stands up the plan: the DNS of the IPX and the two home networks. */
export function createInterconnect(setup: InterconnectSetup): Interconnect {
  const { plan, environment } = setup;
  const authority = plan.agreement.transport === 'tls' ? createTestAuthority('q3953 interconnect') : null;
  const ipxDns = createIpxDns({
    node: plan.ipxDns.node,
    environment,
    address: plan.ipxDns.addresses.address,
    port: plan.ipxDns.addresses.dns,
    zones: [plan.homeA, plan.homeB].map((operator) => borderZone(plan, operator)),
    ...(setup.ipxBehaviours === undefined ? {} : { behaviours: setup.ipxBehaviours }),
  });
  const home = (operator: OperatorPlan): HomeNetwork => {
    const behaviours = setup.behaviours?.[operator.profile.name];
    return createHomeNetwork({
      operator,
      interconnect: plan,
      environment,
      ...(authority === null ? {} : { tls: identityOf(authority, operator) }),
      ...(behaviours === undefined ? {} : { behaviours }),
      ...(setup.registration === undefined ? {} : { registration: setup.registration }),
      ...(setup.onBearer === undefined ? {} : { onBearer: setup.onBearer }),
    });
  };
  const homeA = home(plan.homeA);
  const homeB = home(plan.homeB);
  const all: readonly Pick<NetworkFunction, 'start' | 'stop' | 'leftovers'>[] = [ipxDns, homeA, homeB];
  return {
    homeA,
    homeB,
    start: async () => {
      for (const each of all) await each.start();
    },
    stop: async () => {
      for (const each of [...all].reverse()) await each.stop();
    },
    leftovers: () => all.flatMap((each) => each.leftovers()),
  };
}

/** What the IPX knows of an operator: the way to its border, RFC 3263 and GSMA IR.67. */
function borderZone(plan: InterconnectPlan, operator: OperatorPlan): Zone {
  const { host, addresses } = operator.functions.ibcf;
  const { domain } = operator.profile;
  const { transport } = plan.agreement;
  const points = {
    udp: [
      { transport: 'udp', port: addresses.sip },
      { transport: 'tcp', port: addresses.sip },
    ],
    tcp: [{ transport: 'tcp', port: addresses.sip }],
    tls: [{ transport: 'tls', port: addresses.sipTls }],
  } as const;
  const records = sipServiceRecords({ domain, host, addresses: [addresses.address], points: points[transport] });
  const named = records.some((record) => record.name === host);
  return { origin: domain, records: named ? records : [...records, ...addressRecords(host, [addresses.address])] };
}

function identityOf(authority: TestAuthority, operator: OperatorPlan): TlsIdentity {
  const { node, host, addresses } = operator.functions.ibcf;
  return authority.issue({ name: node.name, hosts: [host, operator.profile.domain], addresses: [addresses.address] });
}
