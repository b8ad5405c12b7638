import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { expect, test } from '@playwright/test';
import { delay } from './clock.js';
import { createEnvironment, type NetEnvironment } from './environment.js';
import { NetError } from './net-error.js';
import { connectStream, listenStream } from './stream.js';
import type { StreamConnection } from './stream-connection.js';
import type { TapRecord } from './tap.js';
import { openUdp } from './udp.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

function bed(deviation?: NetEnvironment['deviation']) {
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'sockets',
    tap: { record: (record) => records.push(record) },
    onWarning: (text) => warnings.push(text),
    ...(deviation === undefined ? {} : { deviation }),
  });
  return { environment, records, warnings };
}

const text = (octets: Uint8Array) => Buffer.from(octets).toString('latin1');

for (const address of ['127.191.1.1', '::1']) {
  test(`a datagram between two sockets of ours is recorded once and counted, ${address}`, async () => {
    const { environment, records, warnings } = bed();
    const got: string[] = [];
    const common = { environment, address, port: 0, protocol: 'sip' } as const;
    const b = await openUdp({ ...common, node: 'b', onDatagram: (octets) => got.push(text(octets)) });
    const a = await openUdp({ ...common, node: 'a', onDatagram: () => undefined });
    a.send(Buffer.from('one'), b);
    expect(environment.activity.pending).toBe(1);
    await delay(environment.clock, 500);
    expect(got).toEqual(['one']);
    expect(records.map((r) => [text(r.octets), r.source.port, r.destination.port])).toEqual([['one', a.port, b.port]]);
    await b.close();
    a.send(Buffer.from('to nobody'), b);
    expect(environment.activity.pending).toBe(0);
    await a.close();
    expect(warnings).toEqual([]);
  });

  test(`a stream between two sockets of ours is recorded by message and counted, ${address}`, async () => {
    const { environment, records, warnings } = bed();
    const server: StreamConnection[] = [];
    const heard: string[] = [];
    const common = { environment, address, protocol: 'sip' } as const;
    const listener = await listenStream({
      ...common,
      node: 'b',
      port: 0,
      onConnection: (connection) => {
        server.push(connection);
        connection.onData((octets) => {
          heard.push(text(octets));
          connection.write(octets);
        });
      },
    });
    const client = await connectStream({ ...common, node: 'a', port: listener.port, localAddress: address });
    let back = '';
    client.onData((octets) => {
      back += text(octets);
    });
    client.write(Buffer.from('one'));
    client.write(Buffer.from('two'));
    await delay(environment.clock, 500);
    expect(heard.join('')).toBe('onetwo');
    expect(back).toBe('onetwo');
    expect(records.filter((r) => r.source.port === client.local.port).map((r) => text(r.octets))).toEqual([
      'one',
      'two',
    ]);
    expect(records.every((r) => r.transport === 'tcp')).toBe(true);
    const closed: string[] = [];
    server[0]?.onClose(() => closed.push('server'));
    client.onClose(() => closed.push('client'));
    client.destroy();
    await delay(environment.clock, 500);
    expect(closed.sort()).toEqual(['client', 'server']);
    await listener.close();
    expect(environment.activity.pending).toBe(0);
    expect(warnings).toEqual([]);
  });
}

test('connections come from the block of ports they are given', async () => {
  const { environment } = bed();
  const common = { environment, address: '::1', protocol: 'sip' } as const;
  const listener = await listenStream({
    ...common,
    node: 'b',
    port: 0,
    onConnection: (c) => c.onData(() => undefined),
  });
  const taken = createServer().listen(9_111, '::1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const local = { localAddress: '::1', localPorts: [9_111, 9_114] as const };
  const ports: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const connection = await connectStream({ ...common, node: 'a', port: listener.port, ...local });
    ports.push(connection.local.port);
  }
  expect(ports).toEqual([9_112, 9_113, 9_114]);
  taken.close();
  await listener.close();
});

test('what a deviation makes of a datagram is what is sent and recorded', async () => {
  const { environment, records } = bed((outgoing) =>
    outgoing.node === 'a' ? [Buffer.from(`${text(outgoing.octets)}!`), Buffer.from('twice')] : [],
  );
  const got: string[] = [];
  const common = { environment, address: '127.191.1.1', port: 0, protocol: 'sip' } as const;
  const b = await openUdp({ ...common, node: 'b', onDatagram: (octets) => got.push(text(octets)) });
  const a = await openUdp({ ...common, node: 'a', onDatagram: () => got.push('must not come') });
  a.send(Buffer.from('one'), b);
  b.send(Buffer.from('dropped'), a);
  await delay(environment.clock, 100);
  expect(got).toEqual(['one!', 'twice']);
  expect(records.map((r) => text(r.octets))).toEqual(['one!', 'twice']);
  await Promise.all([a.close(), b.close()]);
});

test('a foreign peer is recorded by the receiver, and never counted', async () => {
  const { environment, records } = bed();
  const foreign = createSocket('udp4').bind(0, '127.191.1.9');
  await new Promise((resolve) => foreign.once('listening', resolve));
  const got = new Promise<string>((resolve) => {
    void openUdp({
      environment,
      node: 'a',
      address: '127.191.1.1',
      port: 9_120,
      protocol: 'sip',
      onDatagram: (octets) => resolve(text(octets)),
    }).then((a) => {
      a.send(Buffer.from('out'), foreign.address());
      expect(environment.activity.pending).toBe(0);
      foreign.send('in', 9_120, '127.191.1.1');
    });
  });
  expect(await got).toBe('in');
  expect(records.map((r) => text(r.octets))).toEqual(['out', 'in']);
  expect(records[1]?.source.address).toBe('127.191.1.9');
  foreign.close();
});

test('an address in use is an error that says who mends it', async () => {
  const { environment } = bed();
  const common = { environment, node: 'a', address: '127.191.1.1', protocol: 'sip' } as const;
  const first = await openUdp({ ...common, port: 0, onDatagram: () => undefined });
  const second = await openUdp({ ...common, port: first.port, onDatagram: () => undefined }).catch((error) => error);
  expect(second).toBeInstanceOf(NetError);
  expect(second).toMatchObject({
    code: 'EADDRINUSE',
    port: first.port,
    hint: expect.stringContaining('another process'),
  });
  const listener = await listenStream({ ...common, port: 0, onConnection: () => undefined });
  const again = await listenStream({ ...common, port: listener.port, onConnection: () => undefined }).catch((e) => e);
  expect(again).toMatchObject({ code: 'EADDRINUSE', address: '127.191.1.1' });
  await listener.close();
  const refused = await connectStream({ ...common, port: listener.port }).catch((error) => error);
  expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
  expect(environment.activity.pending).toBe(0);
  const wrong = await openUdp({ ...common, address: 'p-cscf.home', port: 0, onDatagram: () => undefined }).catch(
    (e) => e,
  );
  expect(wrong).toMatchObject({ code: 'EINVALID' });
  await first.close();
});

test('a datagram to port 0 or to a name is an error, not a throw', async () => {
  const { environment } = bed();
  const errors: string[] = [];
  const a = await openUdp({
    environment,
    node: 'a',
    address: '127.191.1.1',
    port: 0,
    protocol: 'sip',
    onDatagram: () => undefined,
    onError: (error) => errors.push(error.code),
  });
  a.send(Buffer.from('x'), { address: '127.191.1.2', port: 0 });
  a.send(Buffer.from('x'), { address: 'nowhere.example', port: 5060 });
  a.send(Buffer.alloc(70_000), { address: '127.191.1.2', port: 5060 });
  await delay(environment.clock, 10);
  expect(errors).toEqual(['EINVALID', 'EINVALID', 'EMSGSIZE']);
  await a.close();
});

test('a peer that never reads is cut off', async () => {
  const { environment } = bed();
  const lazy = createServer((socket) => {
    socket.pause();
    socket.on('error', () => undefined);
  }).listen(0, '127.191.1.1');
  await new Promise((resolve) => lazy.once('listening', resolve));
  const at = lazy.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  const connection = await connectStream({ environment, node: 'a', address: '127.191.1.1', port, protocol: 'sip' });
  connection.onData(() => undefined);
  const closed = new Promise<NetError | null>((resolve) => connection.onClose(resolve));
  for (let i = 0; i < 40 && !connection.closed; i += 1) connection.write(Buffer.alloc(1024 * 1024));
  expect((await closed)?.code).toBe('ESLOWPEER');
  lazy.close();
});

test('a listener that closes takes its connections along', async () => {
  const { environment } = bed();
  const listener = await listenStream({
    environment,
    node: 'b',
    address: '127.191.1.1',
    port: 0,
    protocol: 'sip',
    onConnection: (connection) => connection.onData(() => undefined),
  });
  const peer = connect(listener.port, '127.191.1.1');
  await new Promise((resolve) => peer.once('connect', resolve));
  const closed = new Promise((resolve) => peer.once('close', resolve));
  peer.resume();
  await listener.close();
  await closed;
});
