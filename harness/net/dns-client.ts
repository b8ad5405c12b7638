import { isIP } from 'node:net';
import { buildDns } from '../wire/dns/build.js';
import { DnsFramer, frameDns } from '../wire/dns/framing.js';
import { type DnsContent, type DnsMessage, NO_FLAGS, RCODES } from '../wire/dns/message.js';
import { parseDns } from '../wire/dns/parse.js';
import { DNS_TYPES, type DnsRecord, type DnsTypeName, type OptRecord } from '../wire/dns/record.js';
import { DnsCache } from './dns-cache.js';
import type { NetEnvironment } from './environment.js';
import { NetError } from './net-error.js';
import type { Endpoint } from './socket-registry.js';
import { connectStream } from './stream.js';
import { openUdp, type UdpSocket } from './udp.js';

export interface DnsClientOptions {
  readonly environment: NetEnvironment;
  /** Name of the network function that asks. */
  readonly node: string;
  /** Address that it asks from. */
  readonly address: string;
  /** Ports (inclusive) that it asks from, where several nodes share an address. */
  readonly localPorts?: readonly [number, number];
  readonly nameServers: readonly Endpoint[];
  /** Milliseconds until the next try; doubled in the second round. Default 1000. */
  readonly tryMs?: number;
}

/** What the name servers say to one question, CNAMEs followed. */
export interface DnsAnswer {
  /** `NOERROR` or `NXDOMAIN`. */
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  /** Records of the type asked for, at the name asked for or where its aliases lead. */
  readonly records: readonly DnsRecord[];
}

/** No name server gave an answer that can be used. */
export class DnsFailure extends Error {
  override readonly name = 'DnsFailure';
}

const ROUNDS = 2;
/** RFC 6891 §6.2.5. */
const UDP_PAYLOAD = 4096;
const MOST_ALIASES = 8;
const NOERROR = 0;
const FORMERR = 1;
const NXDOMAIN = 3;

type Reply =
  | { readonly kind: 'message'; readonly message: DnsMessage }
  | { readonly kind: 'nothing'; readonly why: string };

interface Waiting {
  readonly server: Endpoint;
  readonly question: string;
  settle(reply: Reply): void;
}

/** A stub resolver over sockets of our own, so that every query is evidence: RFC 1035 §7, RFC 5452, RFC 6891, RFC 7766. */
export class DnsClient {
  readonly #options: DnsClientOptions;
  readonly #cache: DnsCache<DnsAnswer>;
  readonly #asked = new Map<string, Promise<DnsAnswer>>();
  readonly #waiting = new Map<number, Waiting>();
  #socket: Promise<UdpSocket> | null = null;

  constructor(options: DnsClientOptions) {
    this.#options = options;
    this.#cache = new DnsCache(options.environment.clock);
  }

  /** Rejects with `DnsFailure`. Answers come from the cache while their TTL lasts. */
  query(name: string, type: Exclude<DnsTypeName, 'OPT' | 'ANY'>): Promise<DnsAnswer> {
    const plain = name.toLowerCase().replace(/\.$/, '');
    const key = `${plain} ${type}`;
    const cached = this.#cache.get(key);
    if (cached !== null) return Promise.resolve(cached);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#follow(plain, type, key).finally(() => this.#asked.delete(key));
      this.#asked.set(key, asked);
    }
    return asked;
  }

  /** Closes the socket; the next query opens another. */
  async close(): Promise<void> {
    for (const waiting of [...this.#waiting.values()]) waiting.settle({ kind: 'nothing', why: 'was closed' });
    const socket = this.#socket;
    this.#socket = null;
    await (await socket?.catch(() => null))?.close();
  }

  async #follow(name: string, type: DnsTypeName, key: string): Promise<DnsAnswer> {
    let owner = name;
    let ttl = Number.POSITIVE_INFINITY;
    for (let aliases = 0; ; ) {
      const message = await this.#ask(owner, type);
      for (;;) {
        const at = owner;
        const alias = message.answers.find((record) => record.type === 'CNAME' && sameName(record.name, at));
        if (alias?.type !== 'CNAME' || aliases > MOST_ALIASES) break;
        ttl = Math.min(ttl, alias.ttl);
        owner = alias.target.toLowerCase();
        aliases += 1;
      }
      if (aliases > MOST_ALIASES) throw new DnsFailure(`${name} leads through more than ${MOST_ALIASES} aliases`);
      const records = message.answers.filter((record) => record.type === type && sameName(record.name, owner));
      const aliased = message.answers.length > 0 && records.length === 0 && aliases > 0 && message.rcode === NOERROR;
      if (aliased && !sameName(message.questions[0]?.name ?? '', owner)) continue;
      const answer: DnsAnswer = { rcode: message.rcode === NXDOMAIN ? 'NXDOMAIN' : 'NOERROR', records };
      const lifetime =
        records.length > 0 ? Math.min(ttl, ...records.map((record) => record.ttl)) : negativeTtl(message);
      this.#cache.put(key, answer, lifetime);
      return answer;
    }
  }

  /** Each server in turn, twice; a server that cannot help is not asked again. */
  async #ask(name: string, type: DnsTypeName): Promise<DnsMessage> {
    const { nameServers } = this.#options;
    if (nameServers.length === 0) throw new DnsFailure(`${this.#options.node} has no name server`);
    const useless = new Map<Endpoint, string>();
    let last = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const server of nameServers) {
        if (useless.has(server)) continue;
        const reply = await this.#exchange(server, name, type, round);
        if (reply.kind === 'nothing') {
          last = `${server.address}:${server.port} ${reply.why}`;
          continue;
        }
        const { rcode } = reply.message;
        if (rcode === NOERROR || rcode === NXDOMAIN) return reply.message;
        last = `${server.address}:${server.port} says ${RCODES[rcode] ?? `RCODE ${rcode}`}`;
        useless.set(server, last);
      }
    }
    throw new DnsFailure(`no answer for ${type} of ${name}: ${last}`);
  }

  async #exchange(server: Endpoint, name: string, type: DnsTypeName, round: number): Promise<Reply> {
    let reply = await this.#overUdp(server, name, type, round, true);
    // RFC 6891 §7: a server of before EDNS answers FORMERR without OPT.
    if (reply.kind === 'message' && reply.message.rcode === FORMERR && !hasOpt(reply.message)) {
      reply = await this.#overUdp(server, name, type, round, false);
    }
    if (reply.kind === 'message' && reply.message.flags.truncated) return this.#overTcp(server, name, type, round);
    return reply;
  }

  async #overUdp(server: Endpoint, name: string, type: DnsTypeName, round: number, edns: boolean): Promise<Reply> {
    let socket: UdpSocket;
    try {
      this.#socket ??= this.#open();
      socket = await this.#socket;
    } catch (error) {
      this.#socket = null;
      throw new DnsFailure(error instanceof Error ? error.message : String(error));
    }
    return new Promise((resolve) => {
      const id = this.#freshId();
      const timer = this.#options.environment.clock.after(this.#tryMs(round), () => {
        this.#waiting.get(id)?.settle({ kind: 'nothing', why: 'does not answer' });
      });
      this.#waiting.set(id, {
        server,
        question: `${name} ${type}`,
        settle: (reply) => {
          timer.cancel();
          this.#waiting.delete(id);
          resolve(reply);
        },
      });
      socket.send(buildDns(queryFor(id, name, type, edns)), server, (error) => {
        this.#waiting.get(id)?.settle({ kind: 'nothing', why: error.message });
      });
    });
  }

  /** RFC 5452 §9.1: what is no answer to our question from the server we asked is no answer. */
  #received(octets: Uint8Array, source: Endpoint): void {
    const message = parseDns(octets);
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined || !answers(message, waiting.question)) return;
    if (waiting.server.address !== source.address || waiting.server.port !== source.port) return;
    waiting.settle({ kind: 'message', message });
  }

  async #overTcp(server: Endpoint, name: string, type: DnsTypeName, round: number): Promise<Reply> {
    const { environment, node, address, localPorts } = this.#options;
    const id = this.#freshId();
    try {
      const connection = await connectStream({
        environment,
        node,
        address: server.address,
        port: server.port,
        protocol: 'dns',
        localAddress: address,
        ...(localPorts === undefined ? {} : { localPorts }),
      });
      return await new Promise<Reply>((resolve) => {
        const framer = new DnsFramer();
        const settle = (reply: Reply) => {
          timer.cancel();
          connection.destroy();
          resolve(reply);
        };
        const timer = environment.clock.after(this.#tryMs(round), () => {
          settle({ kind: 'nothing', why: 'does not answer over TCP' });
        });
        connection.onData((octets) => {
          for (const frame of framer.push(octets)) {
            const message = parseDns(frame);
            if (message.id === id && answers(message, `${name} ${type}`)) settle({ kind: 'message', message });
          }
        });
        connection.onClose(() => settle({ kind: 'nothing', why: 'closes the TCP connection' }));
        connection.write(frameDns(buildDns(queryFor(id, name, type, true))));
      });
    } catch (error) {
      return { kind: 'nothing', why: error instanceof Error ? error.message : String(error) };
    }
  }

  #tryMs(round: number): number {
    return (this.#options.tryMs ?? 1000) * 2 ** round;
  }

  #freshId(): number {
    const { random } = this.#options.environment;
    let id = random.integer(65_536);
    while (this.#waiting.has(id)) id = random.integer(65_536);
    return id;
  }

  async #open(): Promise<UdpSocket> {
    const { environment, node, address, localPorts } = this.#options;
    const open = (port: number) =>
      openUdp({
        environment,
        node,
        address,
        port,
        protocol: 'dns',
        onDatagram: (octets, source) => this.#received(octets, source),
      });
    if (localPorts === undefined) return open(0);
    for (let port = localPorts[1]; port > localPorts[0]; port -= 1) {
      try {
        return await open(port);
      } catch (error) {
        if (!(error instanceof NetError && error.code === 'EADDRINUSE')) throw error;
      }
    }
    return open(localPorts[0]);
  }
}

function queryFor(id: number, name: string, type: DnsTypeName, edns: boolean): DnsContent {
  const opt: OptRecord = { type: 'OPT', name: '', class: UDP_PAYLOAD, ttl: 0, options: [] };
  return {
    id,
    response: false,
    opcode: 0,
    flags: { ...NO_FLAGS, recursionDesired: true },
    rcode: NOERROR,
    questions: [{ name, type, typeNumber: DNS_TYPES[type], class: 1 }],
    answers: [],
    authorities: [],
    additionals: edns ? [opt] : [],
  };
}

/** A whole response to that question; what cannot be read to its end is none (no partial use). */
function answers(message: DnsMessage, question: string): boolean {
  const [asked] = message.questions;
  if (!message.response || message.opcode !== 0 || asked === undefined || message.questions.length !== 1) return false;
  if (message.defects.length > 0 && !message.flags.truncated) return false;
  return `${asked.name.toLowerCase()} ${asked.type}` === question && asked.class === 1;
}

function hasOpt(message: DnsMessage): boolean {
  return message.additionals.some((record) => record.type === 'OPT');
}

/** RFC 2308 §5: the TTL of the SOA, which the server has bounded by its minimum; without SOA nothing is kept. */
function negativeTtl(message: DnsMessage): number {
  const soa = message.authorities.find((record) => record.type === 'SOA');
  return soa?.type === 'SOA' ? Math.min(soa.ttl, soa.minimum) : 0;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether a name can be asked for at all: labels of 1 to 63 octets, 253 in all, no address literal. */
export function isHostName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  return isIP(name) === 0 && name.length <= 254 && labels.every((label) => /^[\x21-\x7e]{1,63}$/.test(label));
}
