import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { expect, test } from '@playwright/test';
import { buildResponse } from '../wire/sip/build.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import { parseSip } from '../wire/sip/parse.js';
import { bed, outcome, request } from './sip-test-bed.js';

// The tests of this file share addresses and ports: one after the other, in one worker.
test.describe.configure({ mode: 'default' });

/** A peer that is none of ours, over UDP. */
async function foreign(address: string) {
  const socket = createSocket('udp4').bind(0, address);
  await new Promise((resolve) => socket.once('listening', resolve));
  const heard: SipMessage[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (octets) => {
    heard.push(parseSip(octets));
    for (const wake of waiting.splice(0)) wake();
  });
  const hears = async (count: number) => {
    while (heard.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return heard;
  };
  const port = socket.address().port;
  return { socket, heard, hears, port, send: (text: string, to: string) => socket.send(text, 5060, to) };
}

function raw(method: string, via: string, more = '', cSeq = `1 ${method}`): string {
  return `${method} sip:b SIP/2.0\r\nVia: ${via}\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: x\r\nCSeq: ${cSeq}\r\n${more}Content-Length: 0\r\n\r\n`;
}

test('responses go back to where the request came from: rport, received, and sent-by without rport', async () => {
  const net = bed();
  const b = await net.stack('b', '127.192.9.2');
  b.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
  const peer = await foreign('127.192.9.9');
  peer.send(raw('OPTIONS', 'SIP/2.0/UDP behind.nat.example:5060;rport;branch=z9hG4bKr1'), '127.192.9.2');
  const [natted] = await peer.hears(1);
  expect(natted?.get('Via')).toBe(
    `SIP/2.0/UDP behind.nat.example:5060;rport=${peer.port};branch=z9hG4bKr1;received=127.192.9.9`,
  );
  peer.send(raw('OPTIONS', `SIP/2.0/UDP elsewhere.example:${peer.port};branch=z9hG4bKr2`), '127.192.9.2');
  const heard = await peer.hears(2);
  expect(heard[1]?.get('Via')).toBe(`SIP/2.0/UDP elsewhere.example:${peer.port};branch=z9hG4bKr2;received=127.192.9.9`);
  peer.socket.close();
  await net.close();
});

test('what lacks the indispensable is refused; a CANCEL without INVITE is 481; octets that are no SIP are dropped', async () => {
  const net = bed();
  const b = await net.stack('b', '127.192.10.2');
  let seen = 0;
  b.onRequest(() => {
    seen += 1;
  });
  const peer = await foreign('127.192.10.9');
  const via = `SIP/2.0/UDP 127.192.10.9:${peer.port};branch=z9hG4bK`;
  const statuses: string[] = [];
  for (const [text, n] of [
    [raw('OPTIONS', `${via}1`, '', '1 INVITE'), 1],
    [raw('OPTIONS', `${via}2`, '').replace('Call-ID: x\r\n', ''), 2],
    [raw('OPTIONS', `${via}3`, '').replace('Content-Length: 0', 'Content-Length: 99'), 3],
    [raw('CANCEL', `${via}4`), 4],
    [raw('OPTIONS', `${via}5`).replace('SIP/2.0\r\nVia', 'SIP/3.0\r\nVia'), 5],
  ] as const) {
    peer.send(text, '127.192.10.2');
    const last = (await peer.hears(n))[n - 1];
    statuses.push(last?.kind === 'response' ? `${last.status} ${last.reason}` : '');
  }
  expect(statuses).toEqual([
    '400 CSeq Does Not Match',
    '400 Missing Call-ID',
    '400 Content-Length Too Large',
    '481 Call/Transaction Does Not Exist',
    '505 Version Not Supported',
  ]);
  for (const garbage of [
    '',
    '\r\n\r\n',
    'hello',
    '\0\0\0\0',
    'OPTIONS sip:b SIP/2.0\r\n\r\n',
    'SIP/2.0 200 OK\r\n\r\n',
  ]) {
    peer.send(garbage, '127.192.10.2');
  }
  peer.send(raw('OPTIONS', `${via}6`, '', '1 INVITE'), '127.192.10.2');
  await peer.hears(6);
  expect(seen).toBe(0);
  expect(net.troubles).toHaveLength(4);
  peer.socket.close();
  await net.close();
});

test('RFC 2543 peers without the branch cookie: the retransmission, the CANCEL and the ACK find their INVITE', async () => {
  const net = bed();
  const b = await net.stack('b', '127.192.11.2');
  let seen = 0;
  let cancelled = 0;
  const acks: SipRequest[] = [];
  b.onAck((ack) => acks.push(ack));
  b.onRequest((t) => {
    seen += 1;
    t.respond(buildResponse(t.request, 180, { toTag: 'old' }));
    t.onCancel(() => {
      cancelled += 1;
      t.respond(buildResponse(t.request, 487, { toTag: 'old' }));
    });
  });
  const peer = await foreign('127.192.11.9');
  const via = `SIP/2.0/UDP 127.192.11.9:${peer.port};branch=1`;
  peer.send(raw('INVITE', via), '127.192.11.2');
  await peer.hears(1);
  peer.send(raw('INVITE', via), '127.192.11.2');
  await peer.hears(2);
  peer.send(raw('CANCEL', via, '', '1 CANCEL'), '127.192.11.2');
  const heard = await peer.hears(4);
  expect(heard.map((message) => (message.kind === 'response' ? message.status : 0))).toEqual([180, 180, 200, 487]);
  peer.send(raw('ACK', via, '', '1 ACK').replace('To: <sip:b>', 'To: <sip:b>;tag=old'), '127.192.11.2');
  peer.send(raw('ACK', via, '', '1 ACK').replace('To: <sip:b>', 'To: <sip:b>;tag=another'), '127.192.11.2');
  while (acks.length === 0) await new Promise(setImmediate);
  expect([seen, cancelled, acks.length]).toEqual([1, 1, 1]);
  expect(acks[0]?.get('To')).toContain('tag=another');
  peer.socket.close();
  await net.close();
});

/** A peer that is none of ours, over TCP. */
async function caller(to: string) {
  const socket = connect(5060, to);
  await new Promise((resolve) => socket.once('connect', resolve));
  let text = '';
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const each of waiting.splice(0)) each();
  };
  let closed = false;
  socket.on('data', (octets) => {
    text += octets.toString('latin1');
    wake();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
    wake();
  });
  const until = async (done: (text: string, closed: boolean) => boolean) => {
    while (!done(text, closed)) await new Promise<void>((resolve) => waiting.push(resolve));
    return text;
  };
  return { socket, until };
}

test('a stream in pieces, several messages in one, keep-alives, half a message: nobody waits for anybody', async () => {
  const net = bed();
  const b = await net.stack('b', '127.192.12.2');
  b.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
  const half = await caller('127.192.12.2');
  half.socket.write(raw('OPTIONS', 'SIP/2.0/TCP h:5060;branch=z9hG4bKh').slice(0, 40));
  const peer = await caller('127.192.12.2');
  peer.socket.write('\r\n\r\n');
  expect(await peer.until((text) => text.length >= 2)).toBe('\r\n');
  const two = [1, 2].map((n) => raw('OPTIONS', `SIP/2.0/TCP p:5060;branch=z9hG4bK${n}`)).join('');
  for (const piece of two.match(/[\s\S]{1,7}/g) ?? []) peer.socket.write(piece);
  const answers = await peer.until((text) => text.split('SIP/2.0 200 OK').length === 3);
  expect(answers).toContain('branch=z9hG4bK2');
  peer.socket.destroy();
  half.socket.destroy();
  await peer.until((_, closed) => closed);
  while (net.troubles.length === 0) await new Promise(setImmediate);
  expect(net.troubles).toEqual([expect.stringMatching(/in the middle of a message/)]);
  await net.close();
});

for (const [what, octets] of [
  ['garbage', () => Buffer.from(`${'\x00\x01garbage '.repeat(50)}\r\n\r\n`)],
  [
    'ten megabytes of one message',
    () =>
      Buffer.concat([
        Buffer.from(raw('MESSAGE', 'SIP/2.0/TCP p;branch=z9hG4bKb').replace('Length: 0', 'Length: 10485760')),
        Buffer.alloc(10 * 1024 * 1024, 0x61),
      ]),
  ],
  ['headers without end', () => Buffer.from(`OPTIONS sip:b SIP/2.0\r\n${'X: y\r\n'.repeat(200_000)}`)],
  ['no Content-Length', () => Buffer.from('OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP p;branch=z9hG4bKc\r\n\r\n')],
] as const) {
  test(`a stream of ${what} is closed and told of; others are served`, async () => {
    const net = bed();
    const b = await net.stack('b', '127.192.13.2');
    b.onRequest((t) => t.respond(buildResponse(t.request, 200, { toTag: 't' })));
    const bad = await caller('127.192.13.2');
    const good = await caller('127.192.13.2');
    bad.socket.write(octets());
    good.socket.write(raw('OPTIONS', 'SIP/2.0/TCP p:5060;branch=z9hG4bKg'));
    await bad.until((_, closed) => closed);
    await good.until((text) => text.includes('200 OK'));
    expect(net.troubles.some((text) => text.includes('closes the connection'))).toBe(true);
    good.socket.destroy();
    await net.close();
  });
}

test('a 2xx that comes again goes up again; a response that nobody waits for is a stray, one that is not ours is dropped', async () => {
  const net = bed();
  const a = await net.stack('a', '127.192.14.1');
  const strays: SipResponse[] = [];
  a.onStrayResponse((response) => strays.push(response));
  const peer = await foreign('127.192.14.9');
  const invite = outcome();
  a.send(request('INVITE'), { transport: 'udp', address: '127.192.14.9', port: peer.port }, invite.events);
  const [received] = await peer.hears(1);
  if (received?.kind !== 'request') throw new Error('no request');
  const ok = Buffer.from(buildResponse(received, 200, { toTag: 'p' }).octets).toString('latin1');
  const via = received.get('Via') ?? '';
  const branch = /branch=(\w+)/.exec(via)?.[1] ?? '';
  peer.send(ok, '127.192.14.1');
  peer.send(ok, '127.192.14.1');
  peer.send(ok.replace('tag=p', 'tag=fork'), '127.192.14.1');
  peer.send(ok.replace(branch, 'z9hG4bKother'), '127.192.14.1');
  peer.send(ok.replace('127.192.14.1:5060', '127.192.14.7:5060'), '127.192.14.1');
  while (net.troubles.length === 0) await new Promise(setImmediate);
  expect(invite.statuses).toEqual([200, 200, 200]);
  expect(strays.map(({ status }) => status)).toEqual([200]);
  expect(strays[0]?.has('Via')).toBe(false);
  expect(net.troubles).toEqual([expect.stringMatching(/without its Via/)]);
  peer.socket.close();
  await net.close();
});

test('a function that stumbles over a request answers 500 and is told of; the next request is served', async () => {
  const net = bed();
  const b = await net.stack('b', '127.192.18.2');
  b.onRequest((t) => {
    if (t.request.has('Evil')) throw new Error('stumbled');
    t.respond(buildResponse(t.request, 200, { toTag: 't' }));
  });
  const peer = await foreign('127.192.18.9');
  const via = `SIP/2.0/UDP 127.192.18.9:${peer.port};branch=z9hG4bK`;
  peer.send(raw('OPTIONS', `${via}1`, 'Evil: yes\r\n'), '127.192.18.2');
  await peer.hears(1);
  peer.send(raw('OPTIONS', `${via}2`), '127.192.18.2');
  const heard = await peer.hears(2);
  expect(heard.map((message) => (message.kind === 'response' ? message.status : 0))).toEqual([500, 200]);
  expect(net.troubles).toEqual([expect.stringContaining('stumbled')]);
  peer.socket.close();
  await net.close();
});
