import { expect, test } from '@playwright/test';
import { createEnvironment } from '../net/environment.js';
import { createSipStack } from '../net/sip-endpoint.js';
import type { ClientTransaction, ServerTransaction, SipStack } from '../net/sip-stack.js';
import { buildRequest, buildResponse } from '../wire/sip/build.js';
import type { SipRequest, SipResponse } from '../wire/sip/message.js';
import { OwnAddresses } from './own-address.js';
import { type Branch, type Incoming, ProxyCore } from './proxy.js';
import type { ForwardEvents } from './proxy-context.js';
import { sendRequest } from './request-client.js';

let next = 0;

interface Bed {
  readonly caller: SipStack;
  readonly callees: readonly SipStack[];
  readonly core: ProxyCore;
  readonly proxyUri: string;
  uri(callee: number): string;
  /** What the callees got, by callee. */
  readonly received: SipRequest[][];
  onCallee(index: number, handler: (transaction: ServerTransaction) => void): void;
  stop(): Promise<void>;
}

/** A proxy between one caller and two callees, each on its own loopback address. */
async function bed(handle?: (incoming: Incoming, core: ProxyCore) => void): Promise<Bed> {
  next += 1;
  const address = (host: number): string => `127.77.${next + 20 * test.info().parallelIndex}.${host}`;
  const environment = createEnvironment({ clock: 'skipping', seed: 'proxy', tap: { record: () => undefined } });
  const stack = (host: number): SipStack =>
    createSipStack({
      node: `node-${host}`,
      sentBy: address(host),
      listen: (['udp', 'tcp'] as const).map((transport) => ({ transport, address: address(host), port: 5060 })),
      environment,
    });
  const caller = stack(1);
  const proxy = stack(2);
  const callees = [stack(3), stack(4)];
  const received: SipRequest[][] = [[], []];
  const handlers: ((transaction: ServerTransaction) => void)[] = [];
  for (const [index, callee] of callees.entries()) {
    callee.onRequest((transaction) => {
      received[index]?.push(transaction.request);
      const handler = handlers[index];
      if (handler) handler(transaction);
      else transaction.respond(buildResponse(transaction.request, 200, { toTag: `callee-${index}` }));
    });
    callee.onAck((ack) => received[index]?.push(ack));
  }
  const core: ProxyCore = new ProxyCore(
    'proxy',
    new OwnAddresses(['proxy.example'], [{ transport: 'udp', address: address(2), port: 5060 }]),
    environment,
    {
      request: (incoming) => {
        if (handle) handle(incoming, core);
        else core.forward(incoming, [{ request: incoming.request }]);
      },
      ack: (ack) => ({ request: ack }),
    },
  );
  core.attach(proxy);
  const stacks = [caller, proxy, ...callees];
  for (const each of stacks) await each.start();
  return {
    caller,
    callees,
    core,
    received,
    proxyUri: `sip:${address(2)}:5060`,
    uri: (callee) => `sip:callee@${address(3 + callee)}:5060`,
    onCallee: (index, handler) => {
      handlers[index] = handler;
    },
    stop: async () => {
      for (const each of stacks) await each.stop();
      expect(core.problems).toEqual([]);
      expect(core.openContexts).toBe(0);
    },
  };
}

function request(method: string, uri: string, more: readonly (readonly [string, string])[] = []): SipRequest {
  return buildRequest({
    method,
    requestUri: uri,
    headers: [
      ...(more.some(([name]) => name === 'Max-Forwards') ? [] : [['Max-Forwards', '70'] as const]),
      ['From', '<sip:caller@example>;tag=1'],
      ['To', '<sip:callee@example>'],
      ['Call-ID', 'proxy-test'],
      ['CSeq', `1 ${method}`],
      ['Contact', '<sip:caller@127.0.0.1>'],
      ...more,
    ],
  });
}

function invite(
  stack: SipStack,
  message: SipRequest,
  target: string,
): { readonly client: ClientTransaction; readonly responses: SipResponse[]; readonly final: Promise<SipResponse> } {
  const responses: SipResponse[] = [];
  let client: ClientTransaction | undefined;
  const final = new Promise<SipResponse>((resolve, reject) => {
    client = stack.send(message, target, {
      response: (response) => {
        responses.push(response);
        if (response.status >= 200) resolve(response);
      },
      failed: (cause, detail) => reject(new Error(`${cause} ${detail}`)),
    });
  });
  if (client === undefined) throw new Error('not sent');
  return { client, responses, final };
}

test('takes its own Route off, counts Max-Forwards down, leaves the rest of Route alone (RFC 3261 §16.4, §16.6)', async () => {
  const { caller, proxyUri, uri, received, stop } = await bed();
  const routes: readonly (readonly [string, string])[] = [
    ['Route', `<${proxyUri};lr>, <sip:token@proxy.example;lr>`],
    ['Route', `<${uri(1)};lr>`],
  ];
  const answer = await sendRequest(caller, request('MESSAGE', uri(0), routes), proxyUri);
  expect(typeof answer === 'string' ? answer : answer.status).toBe(200);
  const [got] = received[1] ?? [];
  expect(got?.get('Max-Forwards')).toBe('69');
  expect(got?.all('Route')).toEqual([`<${uri(1)};lr>`]);
  expect(got?.requestUri).toBe(uri(0));
  await stop();
});

test('refuses what may go no further with 483 (RFC 3261 §16.3)', async () => {
  const { caller, proxyUri, uri, received, stop } = await bed();
  const answer = await sendRequest(caller, request('MESSAGE', uri(0), [['Max-Forwards', '0']]), proxyUri);
  expect(typeof answer === 'string' ? answer : answer.status).toBe(483);
  expect(received[0]).toEqual([]);
  await stop();
});

test('notices a loop and lets a spiral pass (RFC 3261 §16.3 step 4)', async () => {
  let visits = 0;
  const looping = await bed((incoming, core) =>
    core.forward(incoming, [{ request: incoming.request, target: proxyUri }]),
  );
  const { proxyUri } = looping;
  const loop = await sendRequest(looping.caller, request('MESSAGE', looping.uri(0)), proxyUri);
  expect(typeof loop === 'string' ? loop : loop.status).toBe(482);
  await looping.stop();

  const spiralling = await bed((incoming, core) => {
    visits += 1;
    const again = buildRequest({
      method: incoming.request.method,
      requestUri: visits === 1 ? `sip:other@proxy.example` : spiralling.uri(0),
      headers: incoming.request.headers.map((field) => [field.name, field.value] as const),
    });
    core.forward(incoming, [visits === 1 ? { request: again, target: spiralling.proxyUri } : { request: again }]);
  });
  const spiral = await sendRequest(spiralling.caller, request('MESSAGE', spiralling.uri(0)), spiralling.proxyUri);
  expect(typeof spiral === 'string' ? spiral : spiral.status).toBe(200);
  expect(visits).toBe(2);
  await spiralling.stop();
});

test('passes CANCEL on with its Reason, and 487 back (RFC 3261 §16.10, RFC 3326)', async () => {
  const { caller, proxyUri, uri, onCallee, stop } = await bed();
  let reason: string | undefined;
  onCallee(0, (transaction) => {
    transaction.respond(buildResponse(transaction.request, 180, { toTag: 'x' }));
    transaction.onCancel((cancel) => {
      reason = cancel.get('Reason');
      transaction.respond(buildResponse(transaction.request, 487, { toTag: 'x' }));
    });
  });
  const call = invite(caller, request('INVITE', uri(0)), proxyUri);
  await expect.poll(() => call.responses.some((response) => response.status === 180)).toBe(true);
  call.client.cancel([['Reason', 'SIP;cause=200;text="Call completed elsewhere"']]);
  expect((await call.final).status).toBe(487);
  expect(reason).toContain('cause=200');
  await stop();
});

test('forks: the first 2xx wins and the other branch is cancelled (RFC 3261 §16.7)', async () => {
  const { caller, proxyUri, onCallee, uri, stop } = await bed((incoming, core) => {
    const branch = (callee: number): Branch => ({ request: incoming.request, target: uri(callee) });
    core.forward(incoming, [branch(0), branch(1)]);
  });
  let cancelled = false;
  onCallee(0, (transaction) => {
    transaction.respond(buildResponse(transaction.request, 180, { toTag: 'a' }));
    transaction.onCancel(() => {
      cancelled = true;
      transaction.respond(buildResponse(transaction.request, 487, { toTag: 'a' }));
    });
  });
  onCallee(1, (transaction) => transaction.respond(buildResponse(transaction.request, 200, { toTag: 'b' })));
  const call = invite(caller, request('INVITE', 'sip:callee@proxy.example'), proxyUri);
  const final = await call.final;
  expect(final.status).toBe(200);
  caller.sendAck(request('ACK', uri(1)), proxyUri);
  await expect.poll(() => cancelled).toBe(true);
  await stop();
});

for (const [first, second, best] of [
  [404, 302, 302],
  [503, 486, 486],
  [603, 486, 603],
  [480, 401, 401],
] as const) {
  test(`of ${first} and ${second} it chooses ${best} (RFC 3261 §16.7 step 6)`, async () => {
    const { caller, proxyUri, onCallee, uri, stop } = await bed((incoming, core) => {
      const branch = (callee: number): Branch => ({ request: incoming.request, target: uri(callee) });
      core.forward(incoming, [branch(0), branch(1)]);
    });
    for (const [index, status] of [first, second].entries()) {
      onCallee(index, (transaction) =>
        transaction.respond(buildResponse(transaction.request, status, { toTag: `${index}` })),
      );
    }
    const { final } = invite(caller, request('INVITE', 'sip:callee@proxy.example'), proxyUri);
    expect((await final).status).toBe(best);
    await stop();
  });
}

test('a callee that says nothing is 408 to an INVITE, and to nothing else (RFC 3261 §16.8, RFC 4320 §4.2)', async () => {
  const { caller, proxyUri, onCallee, uri, stop } = await bed();
  onCallee(0, () => undefined);
  const silent = `sip:nobody@${new URL(uri(0).replace('sip:callee@', 'http://')).hostname}:5999`;
  const { final } = invite(caller, request('INVITE', silent), proxyUri);
  expect((await final).status).toBe(408);
  await stop();
});

test('a handler may swallow a final response and go on elsewhere', async () => {
  const events = (uri: string): ForwardEvents => ({
    response: (response, context) => {
      if (response.status !== 503) return response;
      context.add({ request: context.incoming.request, target: uri });
      return null;
    },
  });
  const { caller, proxyUri, onCallee, uri, received, stop } = await bed((incoming, core) =>
    core.forward(incoming, [{ request: incoming.request, target: uri(0) }], events(uri(1))),
  );
  onCallee(0, (transaction) => transaction.respond(buildResponse(transaction.request, 503, { toTag: 'a' })));
  const answer = await sendRequest(caller, request('MESSAGE', 'sip:callee@proxy.example'), proxyUri);
  expect(typeof answer === 'string' ? answer : answer.status).toBe(200);
  expect(received[1]).toHaveLength(1);
  await stop();
});

test('a handler that fails is a 500 and a problem told, and the proxy lives on', async () => {
  let first = true;
  const { caller, proxyUri, uri, core, stop } = await bed((incoming, proxy) => {
    if (first) {
      first = false;
      throw new Error('on purpose');
    }
    proxy.forward(incoming, [{ request: incoming.request }]);
  });
  const failed = await sendRequest(caller, request('MESSAGE', uri(0)), proxyUri);
  expect(typeof failed === 'string' ? failed : failed.status).toBe(500);
  expect(core.problems.splice(0)).toHaveLength(1);
  const fine = await sendRequest(caller, request('MESSAGE', uri(0)), proxyUri);
  expect(typeof fine === 'string' ? fine : fine.status).toBe(200);
  await stop();
});
