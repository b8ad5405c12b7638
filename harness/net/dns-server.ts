import type { RemoteInfo } from 'node:dgram';
import { isIPv6, type Socket } from 'node:net';
import dns2 from 'dns2';
import { buildDns } from '../wire/dns/build.js';
import { type DnsContent, NO_FLAGS } from '../wire/dns/message.js';
import { DNS_TYPES, dnsTypeName, type OptRecord } from '../wire/dns/record.js';
import type { NetEnvironment } from './environment.js';
import { netError } from './net-error.js';
import { type Endpoint, endpointKey, socketRegistry } from './socket-registry.js';
import { type Zone, type ZoneAnswer, ZoneIndex } from './zone.js';

/** What becomes of a question: an answer, an answer later, or none. */
export interface DnsReaction {
  readonly answer: ZoneAnswer | null;
  /** Milliseconds on the clock before the answer leaves. */
  readonly delayMs?: number;
  /** Over UDP say that the answer is truncated, whatever its size. */
  readonly truncate?: boolean;
}

export interface DnsServerOptions {
  readonly environment: NetEnvironment;
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly zones: readonly Zone[];
  /** Puts another reaction in place of the usual one: for deviations. */
  react?(usual: ZoneAnswer): DnsReaction;
  onTrouble?(text: string): void;
}

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

type Packet = InstanceType<typeof dns2.Packet>;

/** RFC 1035 §4.2.1. */
const SMALLEST_UDP = 512;
/** RFC 6891 §6.2.5. */
const OWN_UDP = 4096;

/** What the header of a response says when there is nothing to look up. */
const RCODE = { formatError: 1, notImplemented: 4, refused: 5, badVersion: 16 } as const;

/**
 * An authoritative name server over UDP and TCP: dns2 listens, our codec answers (dns2 cannot write NAPTR, and drops all of an
 * answer that is too large). Its sockets are not tapped; clients of ours record both directions. Rejects with a `NetError`.
 */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { environment, node, address, port } = options;
  const registry = socketRegistry(environment.activity);
  const index = new ZoneIndex(options.zones);
  const own: Endpoint = { address, port };
  const udp = new dns2.UDPServer({ type: isIPv6(address) ? 'udp6' : 'udp4' });
  const tcp = new dns2.TCPServer();
  const sockets = new Set<Socket>();
  tcp.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  const closeBoth = async () => {
    registry.udp.get(endpointKey(own))?.flow.drop();
    registry.udp.delete(endpointKey(own));
    registry.listeners.delete(endpointKey(own));
    for (const socket of sockets) socket.destroy();
    await Promise.all([closed(udp), closed(tcp)]);
  };
  try {
    await Promise.all([
      listening(udp, () => udp.bind({ address, port, exclusive: true })),
      listening(tcp, () => tcp.listen({ host: address, port, exclusive: true })),
    ]);
  } catch (error) {
    await closeBoth();
    throw netError(error, own, `${node} cannot open its name server`);
  }
  const trouble = (error: Error) => options.onTrouble?.(netError(error, own, `${node} has trouble`).message);
  udp.on('error', trouble);
  tcp.on('error', trouble);

  const datagrams = registry.flow(`DNS queries to ${node} at ${address}:${port}`);
  registry.udp.set(endpointKey(own), { flow: datagrams, tapped: false });
  registry.listeners.set(endpointKey(own), { flow: registry.flow(`connects to ${node}`), tapped: false });

  const reply = (request: Packet, most: number, send: (octets: Buffer) => void) => {
    const reaction = react(options, index, request);
    if (reaction.answer === null) return;
    const answer = reaction.answer;
    const octets = written(request, answer, reaction.truncate === true && most < 65_535 ? 0 : most);
    if (reaction.delayMs === undefined) send(octets);
    else environment.clock.after(reaction.delayMs, () => send(octets));
  };
  const sendFailed = (error: unknown) => options.onTrouble?.(netError(error, own, `${node} cannot answer`).message);

  udp.on('request', (request, send, client) => {
    const source = client as RemoteInfo;
    const peer = registry.udp.get(endpointKey(source));
    reply(request, payloadSize(request), (octets) => {
      const now = registry.udp.get(endpointKey(source));
      now?.flow.sent(1);
      send(octets).catch((error: unknown) => {
        now?.flow.received(1);
        sendFailed(error);
      });
    });
    if (peer !== undefined) datagrams.received(1);
  });
  udp.on('requestError', () => datagrams.received(1));

  tcp.on('request', (request, send, client) => {
    const socket = client as Socket;
    const peer = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    reply(request, 65_535, (octets) => {
      registry.streamFlow(own, peer)?.sent(octets.length + 2);
      // dns2 answers nothing here although its types say a promise.
      Promise.resolve(send(octets)).catch(sendFailed);
    });
    registry.streamFlow(peer, own)?.drop();
  });
  tcp.on('requestError', (error) => environment.onWarning?.(`${node} cannot read a query over TCP: ${error.message}`));

  return { ...own, close: closeBoth };
}

function react(options: DnsServerOptions, index: ZoneIndex, request: Packet): DnsReaction {
  const failure = (rcode: number): DnsReaction => ({
    answer: { rcode, authoritative: false, answers: [], authorities: [], additionals: [] },
  });
  const [question] = request.questions;
  if (request.header.opcode !== 0) return failure(RCODE.notImplemented);
  if (request.questions.length !== 1 || question === undefined || request.errors.length > 0) {
    return failure(RCODE.formatError);
  }
  if ((edns(request)?.version ?? 0) > 0) return failure(RCODE.badVersion);
  if (question.class !== 1) return failure(RCODE.refused);
  const usual = index.answer(question.name, question.type);
  return options.react?.(usual) ?? { answer: usual };
}

/** The response in octets; too large for `most`, it is the question with TC set (RFC 2181 §9). */
function written(request: Packet, answer: ZoneAnswer, most: number): Buffer {
  const opt = edns(request) === undefined ? [] : [ownOpt(answer.rcode)];
  const content = (truncated: boolean): DnsContent => ({
    id: request.header.id,
    response: true,
    opcode: request.header.opcode,
    flags: {
      ...NO_FLAGS,
      authoritative: answer.authoritative,
      truncated,
      recursionDesired: request.header.rd === 1,
    },
    rcode: answer.rcode & 0xf,
    questions: request.questions.map(({ name, type, class: inClass }) => ({
      name,
      type: dnsTypeName(type),
      typeNumber: type,
      class: inClass,
    })),
    answers: truncated ? [] : answer.answers,
    authorities: truncated ? [] : answer.authorities,
    additionals: truncated ? opt : [...answer.additionals, ...opt],
  });
  const whole = buildDns(content(false));
  return Buffer.from(whole.length <= most ? whole : buildDns(content(true)));
}

function ownOpt(rcode: number): OptRecord {
  return { type: 'OPT', name: '', class: OWN_UDP, ttl: (rcode >> 4) << 24, options: [] };
}

function edns(request: Packet) {
  return request.additionals.find((record) => record.type === DNS_TYPES.OPT);
}

function payloadSize(request: Packet): number {
  return Math.min(OWN_UDP, Math.max(SMALLEST_UDP, edns(request)?.class ?? SMALLEST_UDP));
}

interface Listening {
  once(event: string, listener: (error: Error) => void): unknown;
  off(event: string, listener: (error: Error) => void): unknown;
}

/** dns2 tells of a port in use only by an event. */
function listening(server: Listening, open: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    open();
  });
}

function closed(server: { close(done?: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    try {
      server.close(() => resolve());
    } catch {
      // It never was open: that is what was asked for.
      resolve();
    }
  });
}
