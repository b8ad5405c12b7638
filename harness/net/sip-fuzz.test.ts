import { expect, test } from '@playwright/test';
import { buildResponse } from '../wire/sip/build.js';
import { delay } from './clock.js';
import { seededRandom } from './random.js';
import { bed, outcome, request } from './sip-test-bed.js';
import { connectStream } from './stream.js';
import { openUdp } from './udp.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

const SEEDS = [
  ['INVITE', 'branch=z9hG4bKa;rport'],
  ['CANCEL', 'branch=z9hG4bKa;rport'],
  ['ACK', 'branch=1'],
  ['BYE', 'branch=z9hG4bKb;maddr=127.192.20.9;received=nowhere;rport=0'],
] as const;

function message(method: string, via: string): Buffer {
  return Buffer.from(
    `${method} sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.192.20.9:5060;${via}, SIP/2.0/TCP [::1];branch=z9hG4bKq\r\n` +
      `From: "A" <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\nCall-ID: x\r\nCSeq: 1 ${method}\r\nMax-Forwards: 70\r\n` +
      'Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
  );
}

function* mutants(count: number, seed: string): Generator<Buffer> {
  const random = seededRandom(seed);
  const alphabet = Buffer.from('\r\n :;,<>"[]@%=/0129zZ\0\xff\t', 'latin1');
  for (let i = 0; i < count; i += 1) {
    const [method, via] = SEEDS[i % SEEDS.length] ?? SEEDS[0];
    const octets = message(method, via.replace('=z9hG4bK', `=z9hG4bK${i >> 2}`));
    for (let changes = random.integer(6); changes >= 0; changes -= 1) {
      octets[random.integer(octets.length)] = alphabet[random.integer(alphabet.length)] ?? 0;
    }
    yield random.integer(10) === 0 ? octets.subarray(0, random.integer(octets.length)) : octets;
  }
}

test('damaged messages by datagram: the stack stands, and serves the next good one', async () => {
  const net = bed();
  const b = await net.stack('b', '127.192.20.2');
  const c = await net.stack('c', '127.192.20.3');
  let seen = 0;
  b.onRequest((t) => {
    seen += 1;
    if (t.request.method !== 'INVITE' || seen % 2 === 0) t.respond(buildResponse(t.request, 200, { toTag: 't' }));
  });
  const { environment } = net;
  const onDatagram = () => undefined;
  const peer = await openUdp({
    environment,
    node: 'x',
    address: '127.192.20.9',
    port: 5060,
    protocol: 'sip',
    onDatagram,
  });
  for (const octets of mutants(1500, 'datagrams')) {
    peer.send(octets, { address: '127.192.20.2', port: 5060 });
    if (environment.activity.pending > 0) await new Promise(setImmediate);
  }
  await delay(environment.clock, 200_000);
  expect(seen).toBeGreaterThan(100);
  const good = outcome();
  c.send(request('OPTIONS'), { transport: 'udp', address: '127.192.20.2', port: 5060 }, good.events);
  await delay(environment.clock, 1000);
  expect(good.statuses).toEqual([200]);
  expect(net.troubles.filter((text) => text.includes('failed: '))).toEqual([]);
  await peer.close();
  await net.close();
});

test('damaged messages by stream: a connection may be closed for it, the stack stands', async () => {
  const net = bed();
  const b = await net.stack('b', '127.192.21.2');
  const c = await net.stack('c', '127.192.21.3');
  b.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
  const { environment } = net;
  const common = { environment, node: 'x', address: '127.192.21.2', port: 5060, protocol: 'sip' } as const;
  let connection = await connectStream(common);
  connection.onData(() => undefined);
  let connections = 1;
  for (const octets of mutants(400, 'streams')) {
    if (connection.closed) {
      connection = await connectStream(common);
      connection.onData(() => undefined);
      connections += 1;
    }
    connection.write(octets);
    await new Promise(setImmediate);
  }
  await delay(environment.clock, 200_000);
  expect(connections).toBeGreaterThan(1);
  const good = outcome();
  c.send(request('OPTIONS'), { transport: 'tcp', address: '127.192.21.2', port: 5060 }, good.events);
  await delay(environment.clock, 1000);
  expect(good.statuses).toEqual([200]);
  expect(net.troubles.filter((text) => text.includes('failed: '))).toEqual([]);
  connection.destroy();
  await net.close();
});

test('thousands of transactions leave nothing behind', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.22.1');
  const b = await net.stack('b', '127.192.22.2');
  b.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
  const options = request('OPTIONS');
  let answered = 0;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      a.send(
        options,
        { transport: 'udp', address: '127.192.22.2', port: 5060 },
        {
          response: () => {
            answered += 1;
            resolve();
          },
          failed: (_, detail) => reject(new Error(detail)),
        },
      );
    });
  for (let i = 0; i < 200; i += 1) await Promise.all(Array.from({ length: 10 }, one));
  await delay(net.environment.clock, 40_000);
  expect(answered).toBe(2000);
  expect([a.openTransactions, b.openTransactions]).toEqual([0, 0]);
  expect(net.records).toHaveLength(4000);
  expect(net.warnings).toEqual([]);
  await net.close();
});
