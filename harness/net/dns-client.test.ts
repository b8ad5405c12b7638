import { createSocket } from 'node:dgram';
import { expect, test } from '@playwright/test';
import { buildDns } from '../wire/dns/build.js';
import { type DnsContent, type DnsMessage, NO_FLAGS } from '../wire/dns/message.js';
import { parseDns } from '../wire/dns/parse.js';
import type { NaptrRecord } from '../wire/dns/record.js';
import { createEnvironment } from './environment.js';
import { createResolver } from './resolver.js';
import type { TapRecord } from './tap.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

const NUMBER = '+442079460148';
const SUFFIX = 'e164enum.net';
const KEY = `8.4.1.0.6.4.9.7.0.2.4.4.${SUFFIX}`;

function naptr(name: string, more: Partial<NaptrRecord>): NaptrRecord {
  return {
    type: 'NAPTR',
    name,
    class: 1,
    ttl: 300,
    order: 100,
    preference: 10,
    flags: 'u',
    service: 'E2U+sip',
    regexp: '!^.*$!sip:next@y.example!',
    replacement: '',
    ...more,
  };
}

function answerTo(query: DnsMessage, more: Partial<DnsContent>): Buffer {
  const { id, questions } = query;
  const flags = { ...NO_FLAGS, authoritative: true };
  return Buffer.from(
    buildDns({
      id,
      response: true,
      opcode: 0,
      flags,
      rcode: 0,
      questions,
      answers: [],
      authorities: [],
      additionals: [],
      ...more,
    }),
  );
}

/** A name server that is none of ours: it sends whatever `reply` makes of a query. The clock is the real one, tries are short. */
async function against(reply: (query: DnsMessage, nth: number) => readonly Buffer[], tryMs = 100) {
  const socket = createSocket('udp4').bind(9_353, '127.193.9.1');
  await new Promise((resolve) => socket.once('listening', resolve));
  const queries: DnsMessage[] = [];
  socket.on('message', (octets, from) => {
    const query = parseDns(octets);
    queries.push(query);
    for (const each of reply(query, queries.length)) socket.send(each, from.port, from.address);
  });
  const records: TapRecord[] = [];
  const environment = createEnvironment({ clock: 'real', seed: 'dns', tap: { record: (r) => records.push(r) } });
  const nameServers = [{ address: '127.193.9.1', port: 9_353 }];
  const resolver = createResolver({ environment, node: 's-cscf.home-a', address: '127.193.9.2', nameServers, tryMs });
  const lookup = () => resolver.enumLookup(NUMBER, SUFFIX);
  const close = async () => {
    await resolver.close();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  };
  return { queries, records, lookup, close };
}

const good = (query: DnsMessage) => answerTo(query, { answers: [naptr(KEY, {})] });

test('what is no answer to the question is not taken for one: wrong ID, name, type, or a query', async () => {
  const { lookup, close, queries } = await against((query) => [
    answerTo({ ...query, id: query.id ^ 1 }, { answers: [naptr(KEY, { regexp: '!^.*$!sip:spoofed@y.example!' })] }),
    answerTo(query, { questions: [{ name: 'other.example', type: 'NAPTR', typeNumber: 35, class: 1 }] }),
    answerTo(query, { questions: [{ name: KEY, type: 'A', typeNumber: 1, class: 1 }] }),
    Buffer.from(query.octets),
    Buffer.from([1, 2, 3]),
    good(query),
  ]);
  expect((await lookup()).uris[0]?.uri).toBe('sip:next@y.example');
  expect(queries).toHaveLength(1);
  await close();
});

test('a malformed answer is no answer: nothing of it is used, and the question is asked again', async () => {
  for (const spoil of [
    (octets: Buffer) => octets.subarray(0, octets.length - 5),
    (octets: Buffer) => octets.subarray(0, 12),
    (octets: Buffer) => Buffer.concat([octets.subarray(0, 6), Buffer.from([0, 9]), octets.subarray(8)]),
    (octets: Buffer) => Buffer.concat([octets, Buffer.alloc(60_000, 0xc0)]),
  ]) {
    const { lookup, close, queries } = await against((query, nth) => [nth === 1 ? spoil(good(query)) : good(query)]);
    const { uris } = await lookup();
    expect(uris.map(({ uri }) => uri)).toEqual(['sip:next@y.example']);
    expect(queries.length).toBeLessThanOrEqual(2);
    await close();
  }
});

test('a server of before EDNS gets the question without it', async () => {
  const { lookup, close, queries } = await against((query) => [
    query.additionals.length > 0 ? answerTo(query, { rcode: 1 }) : good(query),
  ]);
  expect((await lookup()).status).toBe('found');
  expect(queries.map(({ additionals }) => additionals.length)).toEqual([1, 0]);
  await close();
});

test('a silent server is asked twice, and every query is recorded', async () => {
  const { lookup, close, records } = await against(() => [], 20);
  expect(await lookup()).toMatchObject({ status: 'failed', detail: expect.stringContaining('does not answer') });
  expect(records).toHaveLength(2);
  expect(records.every(({ protocol, transport }) => protocol === 'dns' && transport === 'udp')).toBe(true);
  await close();
});

const SETS: readonly (readonly [string, readonly Partial<NaptrRecord>[], readonly string[]])[] = [
  [
    'order before preference',
    [
      { order: 200, preference: 1, regexp: '!^.*$!sip:b@y!' },
      { order: 100, preference: 99, regexp: '!^.*$!sip:a@y!' },
    ],
    ['sip:a@y', 'sip:b@y'],
  ],
  ['equal ones as they came', [{ regexp: '!^.*$!sip:b@y!' }, { regexp: '!^.*$!sip:a@y!' }], ['sip:b@y', 'sip:a@y']],
  [
    'an unsupported service is passed over',
    [{ service: 'E2U+email:mailto', regexp: '!^.*$!mailto:a@y!' }, { order: 200 }],
    ['sip:next@y.example'],
  ],
  ['case is no matter', [{ flags: 'U', service: 'e2u+SIP' }], ['sip:next@y.example']],
  ['an unknown flag is passed over', [{ flags: 'p', order: 1 }, { order: 200 }], ['sip:next@y.example']],
  ['a regexp and a replacement are too much', [{ replacement: 'b.example' }, { order: 200 }], ['sip:next@y.example']],
  ['a scheme that is not of the service', [{ regexp: '!^.*$!mailto:a@y!' }, {}], ['sip:next@y.example']],
  ['the order of RFC 2916', [{ service: 'sip+E2U' }], ['sip:next@y.example']],
];

for (const [what, answers, uris] of SETS) {
  test(`ENUM record sets: ${what}`, async () => {
    const { lookup, close } = await against((query) => [
      answerTo(query, { answers: answers.map((each) => naptr(KEY, each)) }),
    ]);
    expect((await lookup()).uris.map(({ uri }) => uri)).toEqual(uris);
    await close();
  });
}

test('non-terminal records are followed with the number as it was; loops and long chains end', async () => {
  const step = (name: string, replacement: string) => naptr(name, { flags: '', service: '', regexp: '', replacement });
  const tree: Readonly<Record<string, readonly NaptrRecord[]>> = {
    [KEY]: [step(KEY, 'b.example'), step(KEY, 'loop.example'), step(KEY, 'c0.example'), naptr(KEY, { order: 900 })],
    'b.example': [naptr('b.example', { regexp: '!^(.*)$!sip:\\1@b.example!' })],
    'loop.example': [step('loop.example', KEY), step('loop.example', 'loop.example')],
    ...Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`c${i}.example`, [step(`c${i}.example`, `c${i + 1}.example`)]]),
    ),
  };
  const { lookup, close, queries } = await against((query) => [
    answerTo(query, { answers: tree[query.questions[0]?.name ?? ''] ?? [] }),
  ]);
  const { uris } = await lookup();
  expect(uris.map(({ uri }) => uri)).toEqual([`sip:${NUMBER}@b.example`, 'sip:next@y.example']);
  const asked = queries.map(({ questions }) => questions[0]?.name);
  expect(asked.filter((name) => name?.startsWith('c'))).toHaveLength(5);
  expect(new Set(asked).size).toBe(asked.length);
  await close();
});
