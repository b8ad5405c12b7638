import { expect, test } from '@playwright/test';
import * as dnsPacket from 'dns-packet';
import { buildDns } from './build.js';
import { DnsFramer, frameDns } from './framing.js';
import { type DnsContent, NO_FLAGS } from './message.js';
import { nameFits, readName, sameName } from './name.js';
import { looksLikeDns, parseDns } from './parse.js';
import type { DnsRecord } from './record.js';

const IN = { class: 1, ttl: 300 } as const;
const NAPTR: DnsRecord = {
  ...IN,
  name: '5.0.6.0.4.7.1.0.7.6.4.e164enum.net',
  type: 'NAPTR',
  order: 10,
  preference: 100,
  flags: 'u',
  service: 'E2U+sip',
  regexp: '!^.*$!sip:+46701740605@ims.mnc002.mcc001.3gppnetwork.org;user=phone!',
  replacement: '',
};
const ANSWERS: readonly DnsRecord[] = [
  NAPTR,
  { ...IN, name: 'a.example.net', type: 'A', address: '192.0.2.1' },
  { ...IN, name: 'a.example.net', type: 'AAAA', address: '2001:db8::1' },
  { ...IN, name: 'b.example.net', type: 'CNAME', target: 'a.example.net' },
  { ...IN, name: 'example.net', type: 'NS', target: 'ns.example.net' },
  { ...IN, name: '1.2.0.192.in-addr.arpa', type: 'PTR', target: 'a.example.net' },
  { ...IN, name: 'example.net', type: 'TXT', strings: ['one', 'two \xff'] },
  { ...IN, name: '_sip._tcp.example.net', type: 'SRV', priority: 1, weight: 2, port: 5060, target: 'a.example.net' },
  {
    ...IN,
    name: 'example.net',
    type: 'SOA',
    primary: 'ns.example.net',
    mailbox: 'host\\.master.example.net',
    serial: 4_000_000_000,
    refresh: 1,
    retry: 2,
    expire: 3,
    minimum: 4,
  },
  { ...IN, name: 'x.example.net', type: 'raw', typeNumber: 65, data: Buffer.from([0, 1, 0]) },
];
const CONTENT: DnsContent = {
  id: 0xbeef,
  response: true,
  opcode: 0,
  flags: { ...NO_FLAGS, authoritative: true, recursionDesired: true },
  rcode: 0,
  questions: [{ name: NAPTR.name, type: 'NAPTR', typeNumber: 35, class: 1 }],
  answers: ANSWERS,
  authorities: [],
  additionals: [{ name: '', class: 1232, ttl: 0, type: 'OPT', options: [{ code: 10, data: Buffer.from([1, 2]) }] }],
};

test('every record type reads back as it was built', () => {
  const octets = buildDns(CONTENT);
  const message = parseDns(octets);
  expect(message.defects).toEqual([]);
  const { octets: same, defects: _, ...content } = message;
  expect(same).toBe(octets);
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_key, item) => (item instanceof Uint8Array ? [...item] : item)));
  const raw = (records: readonly DnsRecord[]): unknown =>
    plain(records.map((record) => (record.type === 'raw' ? { ...record, data: [...record.data] } : record)));
  expect(raw(content.answers)).toEqual(raw(ANSWERS));
  expect(content).toMatchObject({ id: 0xbeef, response: true, rcode: 0, questions: CONTENT.questions });
  expect(content.additionals).toMatchObject([{ type: 'OPT', class: 1232 }]);
});

test('dns-packet reads what we build, and we read what it builds', () => {
  const theirs = dnsPacket.decode(Buffer.from(buildDns(CONTENT)));
  expect(theirs.answers?.map((answer) => answer.type).slice(0, 9)).toEqual([
    'NAPTR',
    'A',
    'AAAA',
    'CNAME',
    'NS',
    'PTR',
    'TXT',
    'SRV',
    'SOA',
  ]);
  const built = dnsPacket.encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'SRV', name: '_sip._udp.example.net' }],
    answers: [{ type: 'SRV', name: '_sip._udp.example.net', data: { port: 5060, target: 'a.example.net' } }],
  });
  expect(parseDns(built)).toMatchObject({
    id: 7,
    response: true,
    defects: [],
    answers: [{ type: 'SRV', port: 5060, target: 'a.example.net' }],
  });
});

test('octets cut anywhere, and flipped, give defects and never throw', () => {
  const octets = buildDns(CONTENT);
  for (let length = 0; length < octets.length; length += 1) {
    expect(parseDns(octets.subarray(0, length)).defects.length).toBeGreaterThan(0);
  }
  for (let at = 0; at < octets.length; at += 1) {
    const flipped = Uint8Array.from(octets);
    flipped[at] = (flipped[at] ?? 0) ^ 0xff;
    parseDns(flipped);
  }
});

/** A query whose name is the given octets. */
function query(name: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1]);
}

test('names that loop, point forwards, or are too long are defects', () => {
  const codes = (name: readonly number[]): string[] => parseDns(query(name)).defects.map((defect) => defect.code);
  expect(codes([0xc0, 12])).toContain('dns-name-loop');
  expect(codes([1, 97, 0xc0, 12])).toContain('dns-name-loop');
  expect(codes([0xc0, 40])).toContain('dns-name-loop');
  expect(codes([0x80, 0])).toContain('dns-label-type');
  const long = Array.from({ length: 10 }, () => [63, ...new Array<number>(63).fill(97)]).flat();
  expect(codes([...long, 0])).toContain('dns-name-too-long');
  expect(codes([1, 97, 0])).toEqual([]);
});

test('a chain of pointers ends', () => {
  const octets = new Uint8Array(20_000);
  for (let at = 2; at < octets.length; at += 2) octets.set([0xc0 | ((at - 2) >> 8), (at - 2) & 0xff], at);
  expect(readName(octets, 16_000).problem?.code).toBe('dns-name-loop');
});

test('counts beyond the octets cost nothing', () => {
  const octets = Uint8Array.from([0, 1, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  expect(parseDns(octets)).toMatchObject({ questions: [], defects: [{ code: 'dns-name-truncated' }] });
});

test('what cannot be built says so', () => {
  const a = (name: string, address: string): DnsContent => ({
    ...CONTENT,
    answers: [{ ...IN, name, type: 'A', address }],
  });
  expect(() => buildDns(a(`${'x'.repeat(64)}.net`, '192.0.2.1'))).toThrow(RangeError);
  expect(() => buildDns(a('a.net', '::1'))).toThrow(RangeError);
  expect(nameFits('a.'.repeat(127))).toBe(true);
  expect(nameFits('a.'.repeat(128))).toBe(false);
  expect(sameName('A.Example.', 'a.example')).toBe(true);
});

test('TCP framing gives whole messages in any chunking', () => {
  const one = buildDns(CONTENT);
  const two = query([1, 97, 0]);
  const stream = Buffer.concat([frameDns(one), frameDns(two), frameDns(one)]);
  for (const size of [1, 2, 3, 50, 1000]) {
    const framer = new DnsFramer();
    const found: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) found.push(...framer.push(stream.subarray(at, at + size)));
    expect(found.map((message) => Buffer.from(message).toString('hex'))).toEqual(
      [one, two, one].map((message) => Buffer.from(message).toString('hex')),
    );
    expect(framer.pending).toBe(0);
  }
});

test('DNS is known by its content, and other protocols are not taken for it', () => {
  expect(looksLikeDns(buildDns(CONTENT))).toBe(true);
  expect(looksLikeDns(query([1, 97, 0]))).toBe(true);
  expect(looksLikeDns(Buffer.from('INVITE sip:a@b SIP/2.0\r\nVia: x\r\n\r\n'))).toBe(false);
  expect(looksLikeDns(Buffer.alloc(60))).toBe(false);
});
