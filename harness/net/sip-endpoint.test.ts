import { expect, test } from '@playwright/test';
import { buildResponse } from '../wire/sip/build.js';
import type { SipRequest } from '../wire/sip/message.js';
import { parseSip } from '../wire/sip/parse.js';
import { delay } from './clock.js';
import { startDnsServer } from './dns-server.js';
import { createSipStack } from './sip-endpoint.js';
import type { ListenPoint, ServerTransaction } from './sip-stack.js';
import { bed, firstLine, lines, outcome, points, request } from './sip-test-bed.js';
import type { Zone, ZoneRecord } from './zone.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

for (const transport of ['udp', 'tcp'] as const) {
  for (const host of ['127.192.1.', '::1'] as const) {
    const six = host === '::1';
    const address = (n: number) => (six ? '::1' : `${host}${n}`);
    test(`a call over ${transport}, IPv${six ? 6 : 4}: provisional and final responses, ACK, BYE`, async () => {
      const net = bed();
      const port = six ? 9_060 : 5060;
      const listen = (n: number, at: number) =>
        (['udp', 'tcp'] as const).map((each) => ({ transport: each, address: address(n), port: at }));
      const a = await net.stack('ue-1.home-a', address(1), {
        listen: listen(1, port),
        ...(six ? { localPorts: [9_070, 9_079] as const } : {}),
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

test('a lost request and a lost response are sent again, and the function sees the request once', async () => {
  const lost = new Set<string>();
  const net = bed(({ octets }) => {
    const line = firstLine(octets);
    if (lost.has(line)) return [octets];
    lost.add(line);
    return [];
  });
  const a = await net.stack('a', '127.192.2.1');
  const b = await net.stack('b', '127.192.2.2');
  let seen = 0;
  b.onRequest((transaction) => {
    seen += 1;
    transaction.respond(buildResponse(transaction.request, 200, { toTag: 'b1' }));
  });
  const result = outcome();
  a.send(request('MESSAGE'), { transport: 'udp', address: '127.192.2.2', port: 5060 }, result.events);
  await delay(net.environment.clock, 40_000);
  expect(result.statuses).toEqual([200]);
  expect(seen).toBe(1);
  expect(lines(net.records)).toHaveLength(3);
  await net.close();
});

test('100 after 200 ms where the function has not answered; a silent peer is a timeout after 64*T1', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.3.1');
  const b = await net.stack('b', '127.192.3.2');
  b.onRequest(() => undefined);
  const invite = outcome();
  const started = net.environment.clock.now();
  a.send(request('INVITE'), { transport: 'udp', address: '127.192.3.2', port: 5060 }, invite.events);
  await delay(net.environment.clock, 300);
  expect(invite.statuses).toEqual([100]);
  expect(invite.responses[0]?.get('To')).toBe('<sip:bob@b.example>');
  const lost = outcome();
  a.send(request('OPTIONS'), { transport: 'udp', address: '127.192.3.77', port: 5060 }, lost.events);
  await delay(net.environment.clock, 33_000);
  expect(lost.failures).toEqual(['timeout: udp:127.192.3.77:5060: Timer F: no final response to OPTIONS']);
  expect(net.environment.clock.now() - started).toBeGreaterThan(32_000);
  await net.close();
});

test('CANCEL waits for a provisional response, matches, and is answered; the INVITE ends with 487', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.4.1');
  const b = await net.stack('b', '127.192.4.2');
  const cancels: SipRequest[] = [];
  b.onRequest((transaction) => {
    transaction.onCancel((cancel) => {
      cancels.push(cancel);
      transaction.respond(buildResponse(transaction.request, 487, { toTag: 'b1' }));
    });
    net.environment.clock.after(100, () =>
      transaction.respond(buildResponse(transaction.request, 180, { toTag: 'b1' })),
    );
  });
  const invite = outcome();
  const transaction = a.send(
    request('INVITE', [['Route', '<sip:b.example;lr>']]),
    { transport: 'udp', address: '127.192.4.2', port: 5060 },
    invite.events,
  );
  transaction.cancel([['Reason', 'SIP;cause=200;text="Call completed elsewhere"']]);
  transaction.cancel();
  await delay(net.environment.clock, 40_000);
  expect(invite.statuses).toEqual([180, 487]);
  expect(invite.failures).toEqual([]);
  expect(lines(net.records)).toEqual([
    'INVITE sip:bob@b.example SIP/2.0',
    'SIP/2.0 180 Ringing',
    'CANCEL sip:bob@b.example SIP/2.0',
    'SIP/2.0 200 OK',
    'SIP/2.0 487 Request Terminated',
    'ACK sip:bob@b.example SIP/2.0',
  ]);
  expect(cancels[0]?.get('Reason')).toContain('Call completed elsewhere');
  expect(cancels[0]?.get('CSeq')).toBe('1 CANCEL');
  expect(cancels[0]?.get('Route')).toBe('<sip:b.example;lr>');
  expect(cancels[0]?.get('Via')?.split(';rport')[0]).toBe(transaction.request.get('Via')?.split(';rport')[0]);
  const ok = net.records.find(({ octets }) => firstLine(octets) === 'SIP/2.0 200 OK');
  expect(parseSip(ok?.octets ?? Buffer.alloc(0)).get('To')).toContain('tag=b1');
  expect([a.openTransactions, b.openTransactions]).toEqual([0, 0]);
  await net.close();
});

test('a cancelled INVITE that is never answered is given up after 64*T1', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.5.1');
  const b = await net.stack('b', '127.192.5.2');
  b.onRequest(() => undefined);
  const invite = outcome();
  const transaction = a.send(
    request('INVITE'),
    { transport: 'tcp', address: '127.192.5.2', port: 5060 },
    invite.events,
  );
  await delay(net.environment.clock, 1000);
  transaction.cancel();
  await delay(net.environment.clock, 40_000);
  expect(invite.failures).toEqual(['timeout: no final response to a cancelled INVITE within 64*T1']);
  expect(a.openTransactions).toBe(0);
  await net.close();
});

test('a request beyond 1300 octets goes over TCP, its Via says so; a peer without TCP gets it over UDP', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.6.1');
  const b = await net.stack('b', '127.192.6.2');
  const c = await net.stack('c', '127.192.6.3', { listen: points('127.192.6.3', 'udp') });
  for (const each of [b, c]) {
    each.onRequest((transaction) => transaction.respond(buildResponse(transaction.request, 200, { toTag: 't' })));
  }
  const big = request('MESSAGE', [['Content-Type', 'text/plain']], 'x'.repeat(1300));
  const [over, back] = [outcome(), outcome()];
  const sent = a.send(big, { transport: 'udp', address: '127.192.6.2', port: 5060 }, over.events);
  expect(sent.request.get('Via')).toMatch(/^SIP\/2\.0\/TCP 127\.192\.6\.1:5060;/);
  await delay(net.environment.clock, 100);
  const fallback = a.send(big, { transport: 'udp', address: '127.192.6.3', port: 5060 }, back.events);
  await delay(net.environment.clock, 100);
  expect(fallback.request.get('Via')).toMatch(/^SIP\/2\.0\/UDP /);
  expect([over.statuses, back.statuses]).toEqual([[200], [200]]);
  expect(net.records.map(({ transport }) => transport)).toEqual(['tcp', 'tcp', 'udp', 'udp']);
  const small = outcome();
  a.send(request('MESSAGE'), { transport: 'udp', address: '127.192.6.2', port: 5060 }, small.events);
  await delay(net.environment.clock, 100);
  expect(net.records.at(-1)?.transport).toBe('udp');
  await net.close();
});

test('a connection is used again, in both directions', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.7.1');
  const b = await net.stack('b', '127.192.7.2');
  for (const each of [a, b]) {
    each.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
  }
  const result = outcome();
  for (const method of ['OPTIONS', 'MESSAGE']) {
    a.send(request(method), { transport: 'tcp', address: '127.192.7.2', port: 5060 }, result.events);
  }
  await delay(net.environment.clock, 100);
  const flow = net.records[0]?.source ?? { address: '', port: 0 };
  b.send(request('OPTIONS'), { transport: 'tcp', ...flow }, result.events);
  await delay(net.environment.clock, 100);
  expect(result.statuses).toEqual([200, 200, 200]);
  expect(new Set(net.records.map(({ source }) => source.port))).toEqual(new Set([flow.port, 5060]));
  await net.close();
});

test('a response whose connection is gone goes where its Via says, over another', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.17.1');
  const b = await net.stack('b', '127.192.17.2');
  const held: ServerTransaction[] = [];
  b.onRequest((transaction) => held.push(transaction));
  const strays: number[] = [];
  a.onStrayResponse(({ status }) => strays.push(status));
  a.send(request('INFO'), { transport: 'tcp', address: '127.192.17.2', port: 5060 }, outcome().events);
  await delay(net.environment.clock, 100);
  await a.stop();
  await a.start();
  await delay(net.environment.clock, 100);
  for (const transaction of held) transaction.respond(buildResponse(transaction.request, 200, { toTag: 't' }));
  await delay(net.environment.clock, 100);
  expect(strays).toEqual([200]);
  expect(net.records.at(-1)?.destination).toEqual({ address: '127.192.17.1', port: 5060 });
  await net.close();
  expect(net.warnings).toEqual([]);
});

test('the next hop is tried when one refuses, is silent or answers 503; the branch is another', async () => {
  const net = bed();
  const zone: Zone = {
    origin: 'b.example',
    records: [
      ...[1, 2, 3].flatMap((n): ZoneRecord[] => [
        { type: 'SRV', name: '_sip._udp.b.example', priority: n, weight: 0, port: 5060, target: `n${n}.b.example` },
        { type: 'A', name: `n${n}.b.example`, address: `127.192.8.1${n}` },
      ]),
      { type: 'SRV', name: '_sip._tcp.b.example', priority: 1, weight: 0, port: 5999, target: 'n1.b.example' },
      { type: 'SRV', name: '_sip._tcp.b.example', priority: 2, weight: 0, port: 5060, target: 'n3.b.example' },
    ],
  };
  const { environment } = net;
  const dns = await startDnsServer({
    environment,
    node: 'ipx-dns',
    address: '127.192.8.53',
    port: 5353,
    zones: [zone],
  });
  const a = await net.stack('a', '127.192.8.1', { nameServers: [dns] });
  const overloaded = await net.stack('n2', '127.192.8.12');
  const good = await net.stack('n3', '127.192.8.13');
  overloaded.onRequest((t) => t.respond(buildResponse(t.request, 503, { toTag: 't' })));
  good.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
  const udp = outcome();
  const sent = a.send(request('OPTIONS'), 'sip:b.example', udp.events);
  await delay(environment.clock, 40_000);
  expect(udp.statuses).toEqual([200]);
  expect(udp.failures).toEqual([]);
  const requests = net.records.filter(({ octets }) => firstLine(octets).startsWith('OPTIONS'));
  expect([...new Set(requests.map(({ destination }) => destination.address))]).toEqual([
    '127.192.8.11',
    '127.192.8.12',
    '127.192.8.13',
  ]);
  expect(new Set(requests.map(({ octets }) => parseSip(octets).get('Via'))).size).toBe(3);
  expect(sent.request.get('Via')).toBe(parseSip(requests.at(-1)?.octets ?? Buffer.alloc(0)).get('Via'));
  const tcp = outcome();
  a.send(request('OPTIONS'), 'sip:b.example;transport=tcp', tcp.events);
  await delay(environment.clock, 100);
  expect(tcp.statuses).toEqual([200]);
  const nowhere = outcome();
  a.send(request('OPTIONS'), 'sip:nobody.b.example', nowhere.events);
  a.send(request('OPTIONS'), 'tel:+441', nowhere.events);
  await delay(environment.clock, 100);
  expect(nowhere.failures).toEqual(
    expect.arrayContaining([expect.stringMatching(/no SIP URI/), expect.stringMatching(/no SIP server/)]),
  );
  await net.close();
  await dns.close();
  expect(net.warnings).toEqual([]);
});

test('a port of its own for each purpose: a request leaves from the point that is named, and arrives at one', async () => {
  const net = bed();
  const listen = (address: string): ListenPoint[] => [
    ...points(address, 'udp'),
    { transport: 'udp', address, port: 5063 },
  ];
  const a = await net.stack('ue-1.home-a', '127.192.15.1', { listen: listen('127.192.15.1') });
  const b = await net.stack('p-cscf.home-a', '127.192.15.2', { listen: listen('127.192.15.2') });
  const arrivals: number[][] = [];
  b.onRequest((t) => {
    arrivals.push([t.source.port, t.arrivedAt.port]);
    t.respond(buildResponse(t.request, 200, { toTag: 't' }));
  });
  const result = outcome();
  const from = { transport: 'udp', address: '127.192.15.1', port: 5063 } as const;
  a.send(request('REGISTER'), { transport: 'udp', address: '127.192.15.2', port: 5060 }, result.events);
  a.send(request('REGISTER'), { transport: 'udp', address: '127.192.15.2', port: 5063 }, result.events, { from });
  await delay(net.environment.clock, 100);
  expect(arrivals).toEqual([
    [5060, 5060],
    [5063, 5063],
  ]);
  expect(result.statuses).toEqual([200, 200]);
  expect(lines(net.records)).toHaveLength(4);
  await net.close();
});

test('a stack that stops and starts again works again; a port in use is a NetError and leaves nothing open', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.16.1');
  const b = await net.stack('b', '127.192.16.2');
  b.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
  for (const transport of ['udp', 'tcp'] as const) {
    await a.stop();
    await a.start();
    const result = outcome();
    a.send(request('OPTIONS'), { transport, address: '127.192.16.2', port: 5060 }, result.events);
    await delay(net.environment.clock, 100);
    expect(result.statuses).toEqual([200]);
  }
  const options = { node: 'c', sentBy: 'c', environment: net.environment };
  const clash = createSipStack({
    ...options,
    listen: [...points('127.192.16.3', 'udp'), ...points('127.192.16.2', 'tcp')],
  });
  await expect(clash.start()).rejects.toMatchObject({ code: 'EADDRINUSE', address: '127.192.16.2', port: 5060 });
  const free = createSipStack({ ...options, listen: points('127.192.16.3', 'udp') });
  await free.start();
  await free.stop();
  await net.close();
  expect(net.warnings).toEqual([]);
});
