import { expect, test } from '@playwright/test';
import { buildRequest, buildResponse } from '../wire/sip/build.js';
import type { SipMessage, SipRequest, SipResponse } from '../wire/sip/message.js';
import { ManualClock } from './clock.js';
import { InviteClientTransaction } from './invite-client.js';
import { InviteServerTransaction } from './invite-server.js';
import { NonInviteClientTransaction } from './non-invite-client.js';
import { NonInviteServerTransaction } from './non-invite-server.js';
import { DEFAULT_TIMERS, sipTimers } from './sip-timers.js';
import { StateMachine } from './state-machine.js';

function request(method: string): SipRequest {
  return buildRequest({
    method,
    requestUri: 'sip:bob@b.example',
    headers: [
      ['Via', 'SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1'],
      ['Via', 'SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bK0'],
      ['Max-Forwards', '68'],
      ['Route', '<sip:one.example;lr>, <sip:two.example;lr>'],
      ['Route', '<sip:three.example;lr>'],
      ['From', '<sip:alice@a.example>;tag=a1'],
      ['To', '<sip:bob@b.example>'],
      ['Call-ID', 'c@a.example'],
      ['CSeq', `7 ${method}`],
    ],
  });
}

const response = (to: SipRequest, status: number): SipResponse => buildResponse(to, status, { toTag: 'b1' });

/** A transaction with a fake transport below: what it sends and tells, each with its time. */
function bench(reliable: boolean) {
  const clock = new ManualClock();
  const sent: [number, string][] = [];
  const messages: SipMessage[] = [];
  const told: [number, string][] = [];
  const name = (message: SipMessage) => (message.kind === 'request' ? message.method : String(message.status));
  const context = {
    clock,
    timers: sipTimers(DEFAULT_TIMERS, reliable),
    transmit: (message: SipMessage) => {
      sent.push([clock.now(), name(message)]);
      messages.push(message);
    },
    response: (message: SipResponse) => told.push([clock.now(), name(message)]),
    failed: (cause: string, detail: string) => told.push([clock.now(), `${cause}: ${detail}`]),
    terminated: () => told.push([clock.now(), 'terminated']),
  };
  return { clock, sent, messages, told, context };
}

const times = (sent: readonly (readonly [number, string])[]) => sent.map(([at]) => at);

test('INVITE client over UDP: Timer A doubles from T1, Timer B ends it at 64*T1', () => {
  const { clock, sent, told, context } = bench(false);
  const transaction = new InviteClientTransaction(request('INVITE'), context);
  transaction.start();
  clock.advance(60_000);
  expect(times(sent)).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
  expect(told).toEqual([
    [32_000, 'terminated'],
    [32_000, 'timeout: Timer B: no response to INVITE'],
  ]);
  expect(clock.timers).toBe(0);
});

test('INVITE client over TCP: no retransmission, Timer B all the same', () => {
  const { clock, sent, told, context } = bench(true);
  new InviteClientTransaction(request('INVITE'), context).start();
  clock.advance(60_000);
  expect(times(sent)).toEqual([0]);
  expect(told[0]).toEqual([32_000, 'terminated']);
});

test('INVITE client: a provisional response stops Timers A and B for good', () => {
  const { clock, sent, told, context } = bench(false);
  const transaction = new InviteClientTransaction(request('INVITE'), context);
  transaction.start();
  clock.advance(700);
  transaction.receive(response(transaction.request, 100));
  transaction.receive(response(transaction.request, 180));
  clock.advance(600_000);
  expect(transaction.state).toBe('proceeding');
  expect(times(sent)).toEqual([0, 500]);
  expect(told).toEqual([
    [700, '100'],
    [700, '180'],
  ]);
});

test('INVITE client: a failure is acknowledged, and again with each retransmission, until Timer D', () => {
  const { clock, sent, messages, told, context } = bench(false);
  const transaction = new InviteClientTransaction(request('INVITE'), context);
  transaction.start();
  const busy = response(transaction.request, 486);
  transaction.receive(busy);
  clock.advance(500);
  transaction.receive(busy);
  expect(sent).toEqual([
    [0, 'INVITE'],
    [0, 'ACK'],
    [500, 'ACK'],
  ]);
  const ack = messages[1];
  expect(ack?.all('Via')).toEqual(['SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1']);
  expect(ack?.all('Route')).toEqual(['<sip:one.example;lr>', '<sip:two.example;lr>', '<sip:three.example;lr>']);
  expect(ack?.get('To')).toBe('<sip:bob@b.example>;tag=b1');
  expect(ack?.get('CSeq')).toBe('7 ACK');
  expect(ack?.kind === 'request' && ack.requestUri).toBe('sip:bob@b.example');
  clock.advance(31_499);
  expect(transaction.state).toBe('completed');
  clock.advance(1);
  expect(transaction.state).toBe('terminated');
  expect(told).toEqual([
    [0, '486'],
    [32_000, 'terminated'],
  ]);
});

test('INVITE client over TCP: Timer D is zero', () => {
  const { clock, told, context } = bench(true);
  const transaction = new InviteClientTransaction(request('INVITE'), context);
  transaction.start();
  transaction.receive(response(transaction.request, 603));
  clock.advance(0);
  expect(told).toEqual([
    [0, '603'],
    [0, 'terminated'],
  ]);
});

test('INVITE client, RFC 6026: every 2xx goes up until Timer M, nothing else does', () => {
  const { clock, sent, told, context } = bench(false);
  const transaction = new InviteClientTransaction(request('INVITE'), context);
  transaction.start();
  transaction.receive(response(transaction.request, 200));
  clock.advance(1000);
  transaction.receive(response(transaction.request, 200));
  transaction.receive(response(transaction.request, 180));
  transaction.receive(response(transaction.request, 486));
  transaction.transportFailed('of no interest');
  clock.advance(30_999);
  expect(transaction.state).toBe('accepted');
  clock.advance(1);
  expect(told).toEqual([
    [0, '200'],
    [1000, '200'],
    [32_000, 'terminated'],
  ]);
  expect(sent).toEqual([[0, 'INVITE']]);
});

test('INVITE client: a transport that fails ends it at once while it is calling', () => {
  const { clock, told, context } = bench(false);
  const transaction = new InviteClientTransaction(request('INVITE'), context);
  transaction.start();
  transaction.transportFailed('refused');
  expect(told).toEqual([
    [0, 'terminated'],
    [0, 'transport: refused'],
  ]);
  expect(clock.timers).toBe(0);
});

test('non-INVITE client over UDP: Timer E doubles up to T2, Timer F ends it', () => {
  const { clock, sent, told, context } = bench(false);
  new NonInviteClientTransaction(request('REGISTER'), context).start();
  clock.advance(60_000);
  expect(times(sent)).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
  expect(told[1]).toEqual([32_000, 'timeout: Timer F: no final response to REGISTER']);
});

test('non-INVITE client: in proceeding it retransmits every T2, and Timer F still runs', () => {
  const { clock, sent, told, context } = bench(false);
  const transaction = new NonInviteClientTransaction(request('OPTIONS'), context);
  transaction.start();
  clock.advance(600);
  transaction.receive(response(transaction.request, 100));
  clock.advance(60_000);
  expect(times(sent)).toEqual([0, 500, 1500, 5500, 9500, 13_500, 17_500, 21_500, 25_500, 29_500]);
  expect(told.map(([at]) => at)).toEqual([600, 32_000, 32_000]);
});

test('non-INVITE client: the final response goes up once; Timer K absorbs the rest', () => {
  for (const [reliable, end] of [
    [false, 5000],
    [true, 0],
  ] as const) {
    const { clock, told, context } = bench(reliable);
    const transaction = new NonInviteClientTransaction(request('BYE'), context);
    transaction.start();
    transaction.receive(response(transaction.request, 200));
    transaction.receive(response(transaction.request, 200));
    clock.advance(60_000);
    expect(told).toEqual([
      [0, '200'],
      [end, 'terminated'],
    ]);
  }
});

test('INVITE server: 100 after 200 ms unless its core was quicker', () => {
  const slow = bench(false);
  new InviteServerTransaction(request('INVITE'), slow.context, () => undefined);
  slow.clock.advance(60_000);
  expect(slow.sent).toEqual([[200, '100']]);
  const quick = bench(false);
  const transaction = new InviteServerTransaction(request('INVITE'), quick.context, () => undefined);
  quick.clock.advance(199);
  transaction.respond(response(transaction.request, 180));
  quick.clock.advance(1000);
  expect(quick.sent).toEqual([[199, '180']]);
  transaction.retransmitted();
  expect(quick.sent.at(-1)).toEqual([1199, '180']);
});

test('INVITE server over UDP: Timer G doubles up to T2 until Timer H, which tells that no ACK came', () => {
  const { clock, sent, told, context } = bench(false);
  const transaction = new InviteServerTransaction(request('INVITE'), context, () => told.push([clock.now(), 'no ACK']));
  transaction.respond(response(transaction.request, 486));
  clock.advance(60_000);
  expect(times(sent)).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
  expect(told).toEqual([
    [32_000, 'terminated'],
    [32_000, 'no ACK'],
  ]);
});

test('INVITE server over TCP: no Timer G, but Timer H', () => {
  const { clock, sent, told, context } = bench(true);
  const transaction = new InviteServerTransaction(request('INVITE'), context, () => told.push([clock.now(), 'no ACK']));
  transaction.respond(response(transaction.request, 486));
  clock.advance(60_000);
  expect(times(sent)).toEqual([0]);
  expect(told.at(-1)).toEqual([32_000, 'no ACK']);
});

test('INVITE server: the ACK stops the retransmissions; Timer I absorbs more of them', () => {
  for (const [reliable, end] of [
    [false, 5600],
    [true, 600],
  ] as const) {
    const { clock, sent, told, context } = bench(reliable);
    const transaction = new InviteServerTransaction(request('INVITE'), context, () => told.push([-1, 'no ACK']));
    transaction.respond(response(transaction.request, 603));
    clock.advance(600);
    expect(transaction.acknowledged()).toBe(false);
    expect(transaction.state).toBe('confirmed');
    expect(transaction.acknowledged()).toBe(false);
    transaction.retransmitted();
    clock.advance(60_000);
    expect(times(sent)).toEqual(reliable ? [0] : [0, 500]);
    expect(told).toEqual([[end, 'terminated']]);
  }
});

test('INVITE server, RFC 6026: behind a 2xx the core may repeat it, INVITEs are absorbed, ACKs go up, Timer L ends it', () => {
  const { clock, sent, told, context } = bench(false);
  const transaction = new InviteServerTransaction(request('INVITE'), context, () => undefined);
  const ok = response(transaction.request, 200);
  transaction.respond(ok);
  transaction.retransmitted();
  clock.advance(500);
  transaction.respond(ok);
  expect(transaction.acknowledged()).toBe(true);
  expect(() => transaction.respond(response(transaction.request, 486))).toThrow(/final response has been sent/);
  expect(() => transaction.respond(response(transaction.request, 180))).toThrow(/final response has been sent/);
  clock.advance(31_500);
  expect(sent).toEqual([
    [0, '200'],
    [500, '200'],
  ]);
  expect(told).toEqual([[32_000, 'terminated']]);
  expect(() => transaction.respond(ok)).toThrow(/terminated/);
});

test('non-INVITE server: retransmissions are answered as the request was; Timer J ends it', () => {
  for (const [reliable, end] of [
    [false, 32_000],
    [true, 0],
  ] as const) {
    const { clock, sent, told, context } = bench(reliable);
    const transaction = new NonInviteServerTransaction(request('MESSAGE'), context);
    transaction.retransmitted();
    expect(sent).toEqual([]);
    transaction.respond(response(transaction.request, 200));
    transaction.retransmitted();
    expect(() => transaction.respond(response(transaction.request, 486))).toThrow(/final response has been sent/);
    clock.advance(60_000);
    transaction.retransmitted();
    expect(sent).toEqual([
      [0, '200'],
      [0, '200'],
    ]);
    expect(told).toEqual([[end, 'terminated']]);
  }
});

test('timers follow T1, T2 and T4, for the access network too (TS 24.229 Table 7.7.1)', () => {
  const timers = sipTimers({ T1: 2000, T2: 16_000, T4: 17_000 }, false);
  expect(timers).toMatchObject({ A: 2000, B: 128_000, D: 128_000, F: 128_000, H: 128_000, I: 17_000, K: 17_000 });
});

test('a state that has no such move says so', () => {
  const machine = new StateMachine<'a' | 'b'>('machine', 'a', { a: ['b'], b: [] });
  machine.to('b');
  expect(() => machine.to('a')).toThrow('machine cannot go from b to a');
});
