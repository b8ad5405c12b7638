/** The sockets of one node: its address and the ports it uses by purpose. */
export interface NodeAddresses {
  readonly address: string;
  /** Only where nodes share an address: the node's own block, inclusive. */
  readonly ports?: readonly [number, number];
  readonly sip: number;
  readonly sipTls: number;
  /** Protected client and server ports of sec-agree (TS 33.203 §7.1). */
  readonly protectedClient: number;
  readonly protectedServer: number;
  /** A border's side towards its own network (Mx), which shares the address with its side towards the other one. */
  readonly mx: number;
  readonly diameter: number;
  readonly dns: number;
  /** First and last port for media; even ports carry RTP, the next odd one RTCP. */
  readonly media: readonly [number, number];
  /** Source ports for client connections; undefined lets the kernel choose, as the address alone names the node. */
  readonly client?: readonly [number, number];
}

/** Port offsets inside a node's block on the one IPv6 loopback address. */
const BLOCK = {
  size: 200,
  client: [0, 49],
  sip: 60,
  sipTls: 61,
  protectedClient: 62,
  protectedServer: 63,
  mx: 64,
  diameter: 68,
  dns: 53,
  media: [100, 199],
} as const;

/** Ports below the kernel's ephemeral range, so that nobody else's client socket sits on a planned port. */
const FIRST_PORT = 10_000;
const PORTS_PER_BED = 5_000;
const BEDS_ON_IPV6 = 4;
const NODES_PER_OPERATOR = 12;

/**
 * Addresses for operator `n` (1, 2, …; 9 is the IPX) and node `index` in address block `block`.
 * IPv4: one address of 127.0.0.0/8 per node, standard ports (DNS above 1024, as no privilege is needed).
 * IPv6: Linux gives a process without privileges only ::1, so nodes share it, each with its own block of ports.
 */
export function addressPlan(block: number, ipVersion: 4 | 6): (operator: number, index: number) => NodeAddresses {
  if (ipVersion === 4) {
    return (operator, index) => ({
      address: `127.${block}.${operator}.${10 + index}`,
      sip: 5060,
      sipTls: 5061,
      protectedClient: 5062,
      protectedServer: 5063,
      mx: 5064,
      diameter: 3868,
      dns: 10053,
      media: [20_000, 29_999],
    });
  }
  const bed = FIRST_PORT + (block % BEDS_ON_IPV6) * PORTS_PER_BED;
  return (operator, index) => {
    const slot = operator === 9 ? 2 * NODES_PER_OPERATOR : (operator - 1) * NODES_PER_OPERATOR + index;
    const base = bed + slot * BLOCK.size;
    return {
      address: '::1',
      ports: [base, base + BLOCK.size - 1],
      sip: base + BLOCK.sip,
      sipTls: base + BLOCK.sipTls,
      protectedClient: base + BLOCK.protectedClient,
      protectedServer: base + BLOCK.protectedServer,
      mx: base + BLOCK.mx,
      diameter: base + BLOCK.diameter,
      dns: base + BLOCK.dns,
      media: [base + BLOCK.media[0], base + BLOCK.media[1]],
      client: [base + BLOCK.client[0], base + BLOCK.client[1]],
    };
  };
}

/** The last port of an IPv6 bed's range, which no node has: whoever holds it has the bed. */
export function bedSlotPort(block: number): number {
  return FIRST_PORT + (block % BEDS_ON_IPV6) * PORTS_PER_BED + PORTS_PER_BED - 1;
}
