import { expect, test } from '@playwright/test';
import { createEnvironment } from '../net/environment.js';
import { createResolver, type Resolver } from '../net/resolver.js';
import { addressRecords, enumRecord, sipServiceRecords } from '../net/zone-records.js';
import type { NetworkNode } from '../profile/profile.js';
import { parseUri } from '../wire/sip/uri.js';
import { createEnumServer, type EnumServerBehaviour } from './enum-server.js';
import { createIpxDns, type IpxDnsBehaviour } from './ipx-dns.js';
import type { NetworkFunction } from './network-function.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

const NUMBER = '+442079460148';
const SUFFIX = 'e164enum.net';
const DOMAIN = 'ims.mnc002.mcc001.3gppnetwork.org';

function node(name: string, role: 'enum-server' | 'ipx-dns'): NetworkNode {
  return { name, network: 'home-a', role, endpoints: [{ address: '127.195.1.1' }], hosts: [] };
}

async function asking<T>(
  create: (environment: ReturnType<typeof createEnvironment>) => NetworkFunction,
  port: number,
  ask: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  const warnings: string[] = [];
  const tap = { record: () => undefined };
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'dns',
    tap,
    onWarning: (text) => warnings.push(text),
  });
  const server = create(environment);
  await server.start();
  const resolver = createResolver({
    environment,
    node: 's-cscf.home-a',
    address: '127.195.1.2',
    nameServers: [{ address: '127.195.1.1', port }],
  });
  const result = await ask(resolver);
  await resolver.close();
  await server.stop();
  expect(server.leftovers()).toEqual([]);
  expect(warnings).toEqual([]);
  return result;
}

const enumOutcomes: readonly (readonly [EnumServerBehaviour | null, string, string])[] = [
  [null, 'found', `sip:${NUMBER}@${DOMAIN};user=phone`],
  ['servfail', 'failed', 'SERVFAIL'],
  ['nxdomain', 'none', 'no NAPTR record'],
  ['silent', 'failed', 'does not answer'],
  ['slow', 'failed', 'does not answer'],
  ['truncated', 'found', `sip:${NUMBER}@${DOMAIN};user=phone`],
  ['wrong-regexp', 'none', 'names a group that is not there'],
  ['wrong-domain', 'found', `sip:${NUMBER}@nowhere.invalid;user=phone`],
];

for (const [behaviour, status, seen] of enumOutcomes) {
  test(`ENUM server, ${behaviour ?? 'as it should be'}: ${status}`, async () => {
    const result = await asking(
      (environment) =>
        createEnumServer({
          node: node('enum-server.home-a', 'enum-server'),
          environment,
          address: '127.195.1.1',
          port: 9_253,
          zones: [
            {
              origin: SUFFIX,
              records: [
                enumRecord({ number: NUMBER, suffix: SUFFIX, regexp: `!^(.*)$!sip:\\1@${DOMAIN};user=phone!` }),
              ],
            },
          ],
          ...(behaviour === null ? {} : { behaviours: [behaviour] }),
        }),
      9_253,
      (resolver) => resolver.enumLookup(NUMBER, SUFFIX),
    );
    expect(result.status).toBe(status);
    expect(status === 'found' ? result.uris[0]?.uri : result.detail).toContain(seen);
  });
}

const dnsOutcomes: readonly (readonly [IpxDnsBehaviour | null, string])[] = [
  [null, 'tcp 127.195.2.9 5070'],
  ['servfail', 'SERVFAIL'],
  ['silent', 'does not answer'],
  ['slow', 'does not answer'],
  ['truncated', 'tcp 127.195.2.9 5070'],
  ['no-srv', 'udp 127.195.2.9 5060'],
  ['wrong-address', 'tcp 192.0.2.1 5070'],
];

for (const [behaviour, seen] of dnsOutcomes) {
  test(`DNS of the IPX, ${behaviour ?? 'as it should be'}: ${seen}`, async () => {
    const result = await asking(
      (environment) =>
        createIpxDns({
          node: node('ipx-dns.ipx', 'ipx-dns'),
          environment,
          address: '127.195.1.1',
          port: 9_254,
          zones: [
            {
              origin: DOMAIN,
              records: [
                ...sipServiceRecords({
                  domain: DOMAIN,
                  host: `ibcf.${DOMAIN}`,
                  addresses: ['127.195.2.9'],
                  points: [{ transport: 'tcp', port: 5070 }],
                }),
                ...addressRecords(DOMAIN, ['127.195.2.9']),
              ],
            },
          ],
          ...(behaviour === null ? {} : { behaviours: [behaviour] }),
        }),
      9_254,
      async (resolver) => {
        const uri = parseUri(`sip:${DOMAIN}`);
        if (uri?.scheme !== 'sip') throw new Error('no SIP URI');
        return resolver.resolve(uri).then(
          ([hop]) => `${hop?.transport} ${hop?.address} ${hop?.port}`,
          (error: unknown) => String(error),
        );
      },
    );
    expect(result).toContain(seen);
  });
}
