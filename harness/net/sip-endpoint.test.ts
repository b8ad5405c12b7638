import { expect, test } from '@playwright/test';
import { buildRequest, buildResponse } from '../wire/sip/build.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { delay } from './clock.js';
import { createEnvironment, type NetEnvironment } from './environment.js';
import { createSipStack } from './sip-endpoint.js';
import type { ClientEvents, ListenPoint, SipStack, SipStackOptions, SipTransport } from './sip-stack.js';
import type { TapRecord } from './tap.js';

interface Bed {
  readonly environment: NetEnvironment;
  readonly records: TapRecord[];
  readonly warnings: string[];
  readonly troubles: string[];
  stack(name: string, address: string, options?: Partial<SipStackOptions>): Promise<SipStack>;
  close(): Promise<void>;
}

function bed(deviation?: NetEnvironment['deviation']): Bed {
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const troubles: string[] = [];
  const stacks: SipStack[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'endpoint',
    tap: { record: (record) => records.push(record) },
    onWarning: (text) => warnings.push(text),
    ...(deviation === undefined ? {} : { deviation }),
  });
  return {
    environment,
    records,
    warnings,
    troubles,
    stack: async (name, address, options = {}) => {
      const stack = createSipStack({
        node: name,
        sentBy: address,
        listen: points(address, 'udp', 'tcp'),
        environment,
        onTrouble: (text) => troubles.push(text),
        ...options,
      });
      await stack.start();
      stacks.push(stack);
      return stack;
    },
    close: async () => {
      await Promise.all(stacks.map((each) => each.stop()));
    },
  };
}

function points(address: string, ...transports: readonly SipTransport[]): ListenPoint[] {
  return transports.map((transport) => ({ transport, address, port: 5060 }));
}

function request(method: string, more: readonly (readonly [string, string])[] = [], body = ''): SipRequest {
  return buildRequest({
    method,
    requestUri: 'sip:bob@b.example',
    headers: [
      ['Max-Forwards', '70'],
      ['From', '<sip:alice@a.example>;tag=a1'],
      ['To', '<sip:bob@b.example>'],
      ['Call-ID', `${method}@a.example`],
      ['CSeq', `1 ${method}`],
      ...more,
    ],
    body,
  });
}

interface Outcome {
  readonly statuses: number[];
  readonly responses: SipResponse[];
  readonly failures: string[];
  readonly events: ClientEvents;
}

function outcome(): Outcome {
  const responses: SipResponse[] = [];
  const statuses: number[] = [];
  const failures: string[] = [];
  return {
    statuses,
    responses,
    failures,
    events: {
      response: (response) => {
        responses.push(response);
        statuses.push(response.status);
      },
      failed: (cause, detail) => failures.push(`${cause}: ${detail}`),
    },
  };
}

const firstLine = (octets: Uint8Array) => Buffer.from(octets).toString('utf8').split('\r\n', 1)[0] ?? '';
const lines = (records: readonly TapRecord[]) => records.map((record) => firstLine(record.octets));

for (const transport of ['udp', 'tcp'] as const) {
  for (const host of ['127.12.1.', '::1'] as const) {
    const six = host === '::1';
    const address = (n: number) => (six ? '::1' : `${host}${n}`);
    test(`a call over ${transport}, IPv${six ? 6 : 4}: provisional and final responses, ACK, BYE`, async () => {
      const net = bed();
      const port = six ? 26_060 : 5060;
      const listen = (n: number, at: number) =>
        (['udp', 'tcp'] as const).map((each) => ({ transport: each, address: address(n), port: at }));
      const a = await net.stack('ue-1.home-a', address(1), {
        listen: listen(1, port),
        ...(six ? { localPorts: [26_070, 26_079] as const } : {}),
      });
      const b = await net.stack('ue-1.home-b', address(2), { listen: listen(2, port + 1) });
      const acks: SipRequest[] = [];
      b.onAck((ack) => acks.push(ack));
      b.onRequest((transaction) => {
        const { method } = transaction.request;
        expect(transaction.arrivedAt).toEqual({ transport, address: address(2), port: port + 1 });
        if (method === 'INVITE') {
          transaction.respond(buildResponse(transaction.request, 180, { toTag: 'b1' }));
          net.environment.clock.after(1000, () => {
            transaction.respond(buildResponse(transaction.request, 200, { toTag: 'b1' }));
          });
        } else transaction.respond(buildResponse(transaction.request, 200, { toTag: 'b1' }));
      });
      const hop = { transport, address: address(2), port: port + 1 };
      const invite = outcome();
      const transaction = a.send(request('INVITE'), hop, invite.events);
      expect(transaction.request.get('Via')).toMatch(
        new RegExp(
          `^SIP/2.0/${transport.toUpperCase()} ${six ? '\\[::1\\]' : address(1)}:${port};branch=z9hG4bK\\w+;rport$`,
        ),
      );
      await delay(net.environment.clock, 5000);
      expect(invite.statuses).toEqual([180, 200]);
      expect(invite.responses.every((each) => !each.has('Via'))).toBe(true);
      a.sendAck(request('ACK'), hop);
      const bye = outcome();
      a.send(request('BYE'), hop, bye.events);
      await delay(net.environment.clock, 40_000);
      expect(bye.statuses).toEqual([200]);
      expect(acks).toHaveLength(1);
      expect(acks[0]?.get('Via')).toContain('received=');
      expect([a.openTransactions, b.openTransactions]).toEqual([0, 0]);
      await net.close();
      expect(lines(net.records)).toEqual([
        'INVITE sip:bob@b.example SIP/2.0',
        'SIP/2.0 180 Ringing',
        'SIP/2.0 200 OK',
        'ACK sip:bob@b.example SIP/2.0',
        'BYE sip:bob@b.example SIP/2.0',
        'SIP/2.0 200 OK',
      ]);
      expect(net.warnings).toEqual([]);
      expect(net.troubles).toEqual([]);
    });
  }
}
