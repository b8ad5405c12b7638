import { X509Certificate } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { expect, test } from '@playwright/test';
import { buildRequest, buildResponse } from '../wire/sip/build.js';
import { createTestAuthority } from './certificate.js';
import { delay } from './clock.js';
import { createEnvironment } from './environment.js';
import { createSipStack } from './sip-endpoint.js';
import type { SipStack, TlsIdentity } from './sip-stack.js';
import { connectStream } from './stream.js';
import type { TapRecord } from './tap.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

const authority = createTestAuthority('q3953 test authority');

function identity(
  name: string,
  address: string,
  from = authority,
  more: { readonly notAfter?: Date } = {},
): TlsIdentity {
  return from.issue({ name, hosts: [`${name}.example`], addresses: [address], ...more });
}

test('a certificate is what the platform takes for one', () => {
  const { cert, ca } = identity('ibcf.home-a', '::1');
  const parsed = new X509Certificate(cert);
  expect(parsed.subjectAltName).toBe(
    'DNS:ibcf.home-a.example, URI:sip:ibcf.home-a.example, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(parsed.verify(new X509Certificate(ca).publicKey)).toBe(true);
  expect(parsed.checkIP('::1')).toBe('::1');
  expect(parsed.checkHost('ibcf.home-a.example')).toBe('ibcf.home-a.example');
  expect(new X509Certificate(ca).ca).toBe(true);
  expect(parsed.ca).toBe(false);
});

async function bed(a: { address: string; tls: TlsIdentity }, b: { address: string; tls: TlsIdentity }, port: number) {
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const troubles: string[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'tls',
    tap: { record: (record) => records.push(record) },
    onWarning: (text) => warnings.push(text),
  });
  const stack = (node: string, { address, tls }: { address: string; tls: TlsIdentity }, at: number): SipStack =>
    createSipStack({
      node,
      sentBy: address,
      listen: [{ transport: 'tls', address, port: at }],
      environment,
      tls,
      onTrouble: (text) => troubles.push(text),
    });
  const client = stack('ibcf.home-a', a, port);
  const server = stack('ibcf.home-b', b, port + 1);
  await client.start();
  await server.start();
  server.onRequest((transaction) => transaction.respond(buildResponse(transaction.request, 200, { toTag: 'b' })));
  const options = async (): Promise<string> => {
    const request = buildRequest({
      method: 'OPTIONS',
      requestUri: 'sips:b.example',
      headers: [
        ['From', '<sip:a@a.example>;tag=1'],
        ['To', '<sip:b.example>'],
        ['Call-ID', 'c'],
        ['CSeq', '1 OPTIONS'],
      ],
    });
    return new Promise((resolve) => {
      client.send(
        request,
        { transport: 'tls', address: b.address, port: port + 1 },
        {
          response: (response) => resolve(String(response.status)),
          failed: (cause, detail) => resolve(`${cause}: ${detail}`),
        },
      );
    });
  };
  const close = async () => {
    await Promise.all([client.stop(), server.stop()]);
  };
  return { environment, records, warnings, troubles, options, close };
}

for (const [one, other] of [
  ['127.194.1.1', '127.194.1.2'],
  ['::1', '::1'],
] as const) {
  test(`a request over TLS, ${one}: both ends show a certificate, the tap sees plain octets`, async () => {
    const port = one === '::1' ? 9_161 : 5061;
    const net = await bed(
      { address: one, tls: identity('a', one) },
      { address: other, tls: identity('b', other) },
      port,
    );
    expect(await net.options()).toBe('200');
    expect(
      net.records.map(({ transport, octets }) => [transport, Buffer.from(octets).toString('latin1', 0, 7)]),
    ).toEqual([
      ['tls', 'OPTIONS'],
      ['tls', 'SIP/2.0'],
    ]);
    await delay(net.environment.clock, 40_000);
    await net.close();
    expect(net.warnings).toEqual([]);
    expect(net.troubles).toEqual([]);
  });
}

test('a server may vouch for the name that led to it instead of for its address', async () => {
  const { environment, close } = await bed(
    { address: '127.194.5.1', tls: identity('a', '127.194.5.1') },
    { address: '127.194.5.2', tls: identity('b', '127.194.5.77') },
    5061,
  );
  const common = { environment, node: 'a', address: '127.194.5.2', port: 5062, protocol: 'sip' } as const;
  const tls = identity('a', '127.194.5.1');
  const connection = await connectStream({ ...common, tls, serverName: 'b.example' });
  connection.destroy();
  await expect(connectStream({ ...common, tls, serverName: 'c.example' })).rejects.toMatchObject({ code: 'ETLS' });
  await close();
});

const stranger = createTestAuthority('somebody else');
for (const [what, a, b] of [
  ['of another authority', identity('a', '127.194.2.1'), identity('b', '127.194.2.2', stranger)],
  ['for another address', identity('a', '127.194.2.1'), identity('b', '127.194.2.9')],
  [
    'that has expired',
    identity('a', '127.194.2.1'),
    identity('b', '127.194.2.2', authority, { notAfter: new Date(0) }),
  ],
] as const) {
  test(`a server with a certificate ${what} is not spoken to`, async () => {
    const net = await bed({ address: '127.194.2.1', tls: a }, { address: '127.194.2.2', tls: b }, 5061);
    expect(await net.options()).toMatch(/^transport: .*ETLS/);
    expect(net.records).toEqual([]);
    await net.close();
    expect(net.environment.activity.pending).toBe(0);
  });
}

test('a client with a certificate of another authority is refused, and told of', async () => {
  const tls = { ...identity('a', '127.194.3.1', stranger), ca: authority.certificate };
  const net = await bed(
    { address: '127.194.3.1', tls },
    { address: '127.194.3.2', tls: identity('b', '127.194.3.2') },
    5061,
  );
  expect(await net.options()).toMatch(/^(transport|timeout): /);
  await net.close();
  expect(net.troubles.join('\n')).toMatch(/refused a TLS connection/);
  expect(net.records.filter(({ source }) => source.address === '127.194.3.2')).toEqual([]);
});

test('somebody who speaks plain text to a TLS port is refused', async () => {
  const tls = identity('b', '127.194.4.2');
  const net = await bed(
    { address: '127.194.4.1', tls: identity('a', '127.194.4.1') },
    { address: '127.194.4.2', tls },
    5061,
  );
  const peer = connectTcp(5062, '127.194.4.2');
  const closed = new Promise((resolve) => peer.on('error', resolve).on('close', resolve));
  peer.write('OPTIONS sip:b SIP/2.0\r\n\r\n');
  peer.resume();
  await closed;
  await net.close();
  expect(net.troubles.join('\n')).toMatch(/refused a TLS connection/);
});
