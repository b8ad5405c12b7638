import { Resolver as NodeResolver } from 'node:dns/promises';
import { expect, test } from '@playwright/test';
import { parseDns } from '../wire/dns/parse.js';
import { parseUri, type SipUri } from '../wire/sip/uri.js';
import { type DnsReaction, type DnsServer, startDnsServer } from './dns-server.js';
import { createEnvironment } from './environment.js';
import { createResolver } from './resolver.js';
import type { TapRecord } from './tap.js';
import type { Zone, ZoneAnswer } from './zone.js';
import { addressRecords, enumRecord, sipServiceRecords } from './zone-records.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

const DOMAIN = 'ims.mnc002.mcc001.3gppnetwork.org';
const SUFFIX = 'e164enum.net';

const ZONES: readonly Zone[] = [
  {
    origin: DOMAIN,
    records: [
      ...sipServiceRecords({
        domain: DOMAIN,
        host: `ibcf.${DOMAIN}`,
        addresses: ['127.193.2.9'],
        points: [
          { transport: 'tcp', port: 5070 },
          { transport: 'udp', port: 5060 },
        ],
      }),
      { type: 'SRV', name: `_sip._udp.plain.${DOMAIN}`, priority: 20, weight: 0, port: 5090, target: `two.${DOMAIN}` },
      { type: 'SRV', name: `_sip._udp.plain.${DOMAIN}`, priority: 10, weight: 0, port: 5080, target: `one.${DOMAIN}` },
      ...addressRecords(`one.${DOMAIN}`, ['127.193.2.1', '2001:db8::1']),
      ...addressRecords(`two.${DOMAIN}`, ['127.193.2.2']),
      { type: 'CNAME', name: `alias.${DOMAIN}`, target: `two.${DOMAIN}` },
      { type: 'CNAME', name: `loop.${DOMAIN}`, target: `loop.${DOMAIN}` },
      { type: 'SRV', name: `_sip._tcp.closed.${DOMAIN}`, priority: 1, weight: 0, port: 5060, target: '' },
      { type: 'TXT', name: `long.${DOMAIN}`, strings: Array.from({ length: 30 }, (_, i) => `${i}`.repeat(100)) },
    ],
  },
  {
    origin: SUFFIX,
    records: [
      enumRecord({ number: '+442079460148', suffix: SUFFIX, regexp: `!^(.*)$!sip:\\1@${DOMAIN};user=phone!` }),
      enumRecord({ number: '+331*', suffix: SUFFIX, regexp: '!^\\+33(.*)$!sip:0\\1@range.example!' }),
      ...Array.from({ length: 40 }, (_, i) =>
        enumRecord({ number: '+4930123', suffix: SUFFIX, regexp: `!^.*$!sip:n${i}@y.example!`, preference: 100 - i }),
      ),
    ],
  },
];

let port = 27_000;

async function bed(react?: (usual: ZoneAnswer) => DnsReaction) {
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'dns',
    tap: { record: (record) => records.push(record) },
    onWarning: (text) => warnings.push(text),
  });
  port += 1;
  const common = { environment, port, zones: ZONES };
  const server: DnsServer = await startDnsServer({
    ...common,
    node: 'ipx-dns',
    address: '127.193.1.1',
    ...(react === undefined ? {} : { react }),
  });
  const resolver = createResolver({
    environment,
    node: 's-cscf.home-a',
    address: '127.193.1.2',
    nameServers: [server],
  });
  const close = async () => {
    await resolver.close();
    await server.close();
  };
  return { environment, records, warnings, server, resolver, close };
}

function uri(text: string): SipUri {
  const parsed = parseUri(text);
  if (parsed === null || (parsed.scheme !== 'sip' && parsed.scheme !== 'sips')) throw new Error(text);
  return parsed;
}

for (const [target, hops] of [
  [`sip:${DOMAIN}`, ['tcp 127.193.2.9 5070', 'udp 127.193.2.9 5060']],
  [`sip:${DOMAIN};transport=udp`, ['udp 127.193.2.9 5060']],
  [`sip:plain.${DOMAIN}`, ['udp 127.193.2.1 5080', 'udp 127.193.2.2 5090']],
  [`sip:one.${DOMAIN}`, ['udp 127.193.2.1 5060']],
  [`sip:one.${DOMAIN};transport=tcp`, ['tcp 127.193.2.1 5060']],
  [`sip:alias.${DOMAIN}:5099`, ['udp 127.193.2.2 5099']],
  [`sips:one.${DOMAIN}`, ['tls 127.193.2.1 5061']],
  [`sip:else.example;maddr=127.193.2.7`, ['udp 127.193.2.7 5060']],
] as const) {
  test(`RFC 3263: ${target}`, async () => {
    const { resolver, close, warnings } = await bed();
    const found = await resolver.resolve(uri(target));
    expect(found.map(({ transport, address, port: at }) => `${transport} ${address} ${at}`)).toEqual(hops);
    await close();
    expect(warnings).toEqual([]);
  });
}

for (const [target, why] of [
  [`sip:nobody.${DOMAIN}`, /no SIP server/],
  [`sip:closed.${DOMAIN};transport=tcp`, /no SIP server/],
  ['sip:elsewhere.example', /REFUSED/],
  [`sip:loop.${DOMAIN}:5060`, /aliases/],
] as const) {
  test(`RFC 3263: ${target} leads nowhere, and says why`, async () => {
    const { resolver, close } = await bed();
    await expect(resolver.resolve(uri(target))).rejects.toThrow(why);
    await close();
  });
}

test('every query and every answer is recorded once, and an answer is kept for its time to live', async () => {
  const { resolver, records, environment, close } = await bed();
  await resolver.resolve(uri(`sip:alias.${DOMAIN}:5060`));
  const messages = records.map(({ octets }) => parseDns(octets));
  expect(messages.map(({ response }) => response)).toEqual([false, true]);
  expect(messages[1]?.defects).toEqual([]);
  expect(records.every(({ protocol }) => protocol === 'dns')).toBe(true);
  await resolver.resolve(uri(`sip:alias.${DOMAIN}:5060`));
  expect(records).toHaveLength(2);
  await new Promise<void>((resolve) => {
    environment.clock.after(301_000, resolve);
  });
  await resolver.resolve(uri(`sip:alias.${DOMAIN}:5060`));
  expect(records).toHaveLength(4);
  await close();
});

test('ENUM: a number, a number of a range, a number without record, and what is no number', async () => {
  const { resolver, records, close } = await bed();
  const found = await resolver.enumLookup('+442079460148', SUFFIX);
  expect(found).toMatchObject({ status: 'found', domain: `8.4.1.0.6.4.9.7.0.2.4.4.${SUFFIX}` });
  expect(found.uris.map((each) => each.uri)).toEqual([`sip:+442079460148@${DOMAIN};user=phone`]);
  expect((await resolver.enumLookup('tel:+33-1-7946-0999', SUFFIX)).uris[0]?.uri).toBe('sip:0179460999@range.example');
  expect(await resolver.enumLookup('+15550000', SUFFIX)).toMatchObject({ status: 'none', uris: [] });
  const before = records.length;
  for (const number of ['112', '02079460148', '+1234567890123456', 'sip:a@b']) {
    expect((await resolver.enumLookup(number, SUFFIX)).status).toBe('not-e164');
  }
  expect(records).toHaveLength(before);
  await close();
});

test('a large answer comes over TCP, and the records are in the order of their preference', async () => {
  const { resolver, records, warnings, close } = await bed((usual) => ({ answer: usual, truncate: true }));
  const { uris } = await resolver.enumLookup('+4930123', SUFFIX);
  expect(uris).toHaveLength(40);
  expect(uris[0]?.uri).toBe('sip:n39@y.example');
  expect(records.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp', 'tcp']);
  await close();
  expect(warnings).toEqual([]);
});

test('a server that is silent, or fails: the next one is asked', async () => {
  for (const react of [
    () => ({ answer: null }),
    (usual: ZoneAnswer) => ({ answer: { ...usual, answers: [], rcode: 2 } }),
  ]) {
    const bad = await bed(react);
    port += 1;
    const common = { environment: bad.environment, zones: ZONES };
    const good = await startDnsServer({ ...common, node: 'dns-2', address: '127.193.1.3', port });
    const resolver = createResolver({
      environment: bad.environment,
      node: 's-cscf.home-a',
      address: '127.193.1.2',
      nameServers: [bad.server, good],
    });
    const found = await resolver.enumLookup('+442079460148', SUFFIX);
    expect(found.status).toBe('found');
    const failed = await bad.resolver.enumLookup('+442079460148', SUFFIX);
    expect(failed.status).toBe('failed');
    expect(failed.detail).toMatch(/does not answer|SERVFAIL/);
    await resolver.close();
    await good.close();
    await bad.close();
    expect(bad.warnings).toEqual([]);
  }
});

test('a slow server is waited for on the clock, not in real time', async () => {
  const { resolver, environment, close } = await bed((usual) => ({ answer: usual, delayMs: 900 }));
  const started = performance.now();
  const before = environment.clock.now();
  expect((await resolver.enumLookup('+442079460148', SUFFIX)).status).toBe('found');
  expect(environment.clock.now() - before).toBeGreaterThanOrEqual(900);
  expect(performance.now() - started).toBeLessThan(600);
  await close();
});

test("Node's own resolver understands the server", async () => {
  const { server, close } = await bed();
  const node = new NodeResolver({ timeout: 1000, tries: 2 });
  node.setServers([`127.193.1.1:${server.port}`]);
  const [naptr] = await node.resolveNaptr(`8.4.1.0.6.4.9.7.0.2.4.4.${SUFFIX}`);
  expect(naptr).toMatchObject({
    order: 100,
    preference: 10,
    flags: 'u',
    service: 'E2U+sip',
    regexp: `!^(.*)$!sip:\\1@${DOMAIN};user=phone!`,
  });
  expect(await node.resolveNaptr(DOMAIN)).toHaveLength(2);
  expect(await node.resolveSrv(`_sip._tcp.${DOMAIN}`)).toMatchObject([{ name: `ibcf.${DOMAIN}`, port: 5070 }]);
  expect(await node.resolve4(`alias.${DOMAIN}`)).toEqual(['127.193.2.2']);
  expect(await node.resolve6(`one.${DOMAIN}`)).toEqual(['2001:db8::1']);
  expect((await node.resolveTxt(`long.${DOMAIN}`))[0]).toHaveLength(30);
  expect(await node.resolveSoa(DOMAIN)).toMatchObject({ nsname: `ns.${DOMAIN}` });
  await expect(node.resolve4(`nobody.${DOMAIN}`)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(node.resolve6(`two.${DOMAIN}`)).rejects.toMatchObject({ code: 'ENODATA' });
  await expect(node.resolve4('elsewhere.example')).rejects.toMatchObject({ code: 'EREFUSED' });
  await close();
});

test('a port in use is an error, not a hang', async () => {
  const first = await bed();
  const { environment, server } = first;
  const again = startDnsServer({ environment, node: 'dns-2', address: '127.193.1.1', port: server.port, zones: [] });
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE', port: server.port });
  await first.close();
});
