import { expect, test } from '@playwright/test';
import { claimAddressBlock } from '../../../fixtures/address-block.js';
import { createEnvironment } from '../../net/environment.js';
import type { TapRecord } from '../../net/tap.js';
import type { SipMessage, SipRequest } from '../../wire/sip/message.js';
import { parseSip } from '../../wire/sip/parse.js';
import { type InterconnectOptions, type InterconnectPlan, interconnectPlan, type PlannedNode } from '../topology.js';
import { createInterconnect, type Interconnect, type InterconnectSetup } from './interconnect.js';
import { ScriptedUe } from './testing/scripted-ue.js';

interface Bed {
  readonly plan: InterconnectPlan;
  readonly interconnect: Interconnect;
  readonly a: ScriptedUe;
  readonly b: ScriptedUe;
  readonly records: TapRecord[];
  stop(): Promise<void>;
}

async function bed(
  options: Partial<InterconnectOptions> = {},
  more: Pick<InterconnectSetup, 'behaviours' | 'registration'> = {},
): Promise<Bed> {
  const block = await claimAddressBlock(options.ipVersion ?? 4);
  const plan = interconnectPlan({
    block: block.number,
    transport: 'udp',
    ipVersion: 4,
    trust: true,
    topologyHiding: false,
    ...options,
  });
  const trace = process.env['Q3953_TRACE'] !== undefined;
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'home-network',
    tap: {
      record: (record) => {
        records.push(record);
        if (trace) console.log(shown(record));
      },
    },
    onWarning: (text) => warnings.push(text),
  });
  const interconnect = createInterconnect({ plan, environment, ...more });
  await interconnect.start();
  const ue = (home: 'homeA' | 'homeB'): ScriptedUe => {
    const [subscriber] = plan[home].subscribers;
    if (subscriber === undefined) throw new Error('no subscriber');
    const pCscf = plan[home].functions['p-cscf'].addresses;
    return new ScriptedUe({ environment, subscriber, domain: plan[home].profile.domain, pCscf });
  };
  const a = ue('homeA');
  const b = ue('homeB');
  await a.start();
  await b.start();
  return {
    plan,
    interconnect,
    a,
    b,
    records,
    stop: async () => {
      await a.stop();
      await b.stop();
      await interconnect.stop();
      await block.release();
      expect(warnings).toEqual([]);
    },
  };
}

/** For a look at what went over the wire: `Q3953_TRACE=1`. */
function shown(record: TapRecord): string {
  const way = `${record.source.address}:${record.source.port} -> ${record.destination.address}:${record.destination.port}`;
  if (record.protocol !== 'sip') return `${way} ${record.protocol} ${record.octets.length}`;
  return `${way} ${record.transport}\n${Buffer.from(record.octets).toString('utf8')}`;
}

/** SIP messages that a function (or UE) got, in order. */
function receivedBy(records: readonly TapRecord[], planned: PlannedNode): readonly SipMessage[] {
  return records
    .filter((record) => record.protocol === 'sip' && record.destination.address === planned.addresses.address)
    .map((record) => parseSip(record.octets));
}

function requestsTo(records: readonly TapRecord[], planned: PlannedNode, method: string): readonly SipRequest[] {
  return receivedBy(records, planned).flatMap((message) =>
    message.kind === 'request' && message.method === method ? [message] : [],
  );
}

test('registers with AKA, and is told of it', async () => {
  const { a, interconnect, stop } = await bed();
  const registered = await a.register();
  expect(registered.status).toBe(200);
  expect(registered.all('Service-Route')).toHaveLength(1);
  expect(registered.all('P-Associated-URI')).toHaveLength(2);
  expect(interconnect.homeA.sCscf.isRegistered(a.identity)).toBe(true);
  expect(interconnect.homeA.tas.servedUsers).toHaveLength(1);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

for (const options of [
  {},
  { topologyHiding: true },
  { trust: false },
  { transport: 'tcp' },
  { transport: 'tls' },
  { ipVersion: 6 },
] as const satisfies readonly Partial<InterconnectOptions>[]) {
  test(`a call between two home networks ${JSON.stringify(options)}`, async () => {
    const { a, b, interconnect, plan, records, stop } = await bed(options);
    expect((await a.register()).status).toBe(200);
    expect((await b.register()).status).toBe(200);
    b.answers();
    const call = await a.call(b.number);
    expect(call.answer.status).toBe(200);
    const bye = await a.bye(call);
    expect(bye.status).toBe(200);
    await stop();
    expect(interconnect.leftovers()).toEqual([]);
    expect(requestsTo(records, plan.homeB.functions.ibcf, 'BYE').length).toBeGreaterThan(0);
  });
}

test('a wrong RES is 403, told to the HSS, and nobody is registered', async () => {
  const { a, interconnect, stop } = await bed();
  expect((await a.register(600_000, { res: true })).status).toBe(403);
  expect(interconnect.homeA.sCscf.isRegistered(a.identity)).toBe(false);
  expect((await a.register()).status).toBe(200);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

test('a changed Security-Verify is 494, and the REGISTER goes no further; RFC 3329 §2.3.1', async () => {
  const { a, plan, records, stop } = await bed();
  const refused = await a.register(600_000, { securityVerify: 'ipsec-3gpp;q=0.1;alg=hmac-md5-96;ealg=null;spi-c=1' });
  expect(refused.status).toBe(494);
  expect(refused.has('Security-Server')).toBe(true);
  expect(requestsTo(records, plan.homeA.functions['i-cscf'], 'REGISTER')).toHaveLength(1);
  await stop();
});

test('a registration shorter than the network wants is 423 with Min-Expires', async () => {
  const { a, stop } = await bed({}, { registration: { minExpires: 120 } });
  const refused = await a.register(60);
  expect(refused.status).toBe(423);
  expect(refused.get('Min-Expires')).toBe('120');
  await stop();
});

test('after a de-registration the user is gone everywhere', async () => {
  const { a, b, interconnect, stop } = await bed();
  await a.register();
  await b.register();
  expect((await b.register(0)).status).toBe(200);
  await expect.poll(() => interconnect.homeB.pCscf.registeredIdentities).toEqual([]);
  expect(interconnect.homeB.sCscf.isRegistered(b.identity)).toBe(false);
  expect(interconnect.homeB.tas.servedUsers).toEqual([]);
  expect((await a.call(b.number)).answer.status).toBe(480);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

test('a number that nobody has is 404, and nothing crosses the border', async () => {
  const { a, plan, records, stop } = await bed();
  await a.register();
  expect((await a.call('+33199000001')).answer.status).toBe(404);
  expect(requestsTo(records, plan.homeA.functions.ibcf, 'INVITE')).toEqual([]);
  await stop();
});

test('a number of the other network that is no subscriber of it is 404 from there', async () => {
  const { a, plan, records, interconnect, stop } = await bed();
  await a.register();
  expect((await a.call('+46701740699')).answer.status).toBe(404);
  expect(requestsTo(records, plan.homeB.functions.ibcf, 'INVITE')).toHaveLength(1);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

test('a subscriber that is not registered is 480', async () => {
  const { a, b, interconnect, stop } = await bed();
  await a.register();
  expect((await a.call(b.number)).answer.status).toBe(480);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

for (const status of [486, 603]) {
  test(`${status} of the called user reaches the caller and leaves nothing behind`, async () => {
    const { a, b, interconnect, stop } = await bed();
    await a.register();
    await b.register();
    b.refuses(status);
    expect((await a.call(b.number)).answer.status).toBe(status);
    await stop();
    expect(interconnect.leftovers()).toEqual([]);
  });
}

test('a CANCEL goes to the called user hop by hop with its Reason, and 487 comes back', async () => {
  const { a, b, interconnect, stop } = await bed();
  await a.register();
  await b.register();
  b.rings();
  const call = await a.call(b.number, { cancelAfter: 180 });
  expect(call.answer.status).toBe(487);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

test('a UE that is not registered may not call', async () => {
  const { a, b, plan, records, stop } = await bed();
  expect((await a.call(b.number)).answer.status).toBe(403);
  expect(requestsTo(records, plan.homeA.functions['s-cscf'], 'INVITE')).toEqual([]);
  await stop();
});

test('the P-CSCF believes neither the identity nor the route that a UE makes up', async () => {
  const { a, b, plan, records, stop } = await bed();
  await a.register();
  await b.register();
  b.answers();
  const call = await a.call(b.number, {
    headers: [
      ['P-Asserted-Identity', '<sip:director@ims.mnc001.mcc001.3gppnetwork.org>'],
      ['P-Charging-Vector', 'icid-value=free-of-charge'],
      ['P-Served-User', '<sip:director@ims.mnc001.mcc001.3gppnetwork.org>'],
    ],
    serviceRoute: ['<sip:127.0.0.9:5099;lr>'],
  });
  expect(call.answer.status).toBe(200);
  const [first] = requestsTo(records, plan.homeA.functions['s-cscf'], 'INVITE');
  expect(first?.all('P-Asserted-Identity')).toEqual([`<${a.identity}>`]);
  expect(first?.get('P-Charging-Vector')).not.toContain('free-of-charge');
  expect(first?.has('P-Served-User')).toBe(false);
  expect(first?.has('Security-Verify') || first?.has('Require') || first?.has('Proxy-Require')).toBe(false);
  await a.bye(call);
  await stop();
});

test('what the core knows does not reach the UE, and a caller who wants privacy stays unknown', async () => {
  const { a, b, plan, records, stop } = await bed();
  await a.register();
  await b.register();
  b.answers();
  const call = await a.call(b.number, { headers: [['Privacy', 'id']] });
  expect(call.answer.status).toBe(200);
  const [invite] = requestsTo(records, plan.homeB.subscribers[0]?.ue ?? plan.ipxDns, 'INVITE');
  for (const header of [
    'P-Charging-Vector',
    'P-Asserted-Identity',
    'P-Asserted-Service',
    'P-Access-Network-Info',
    'Route',
  ]) {
    expect(invite?.has(header), header).toBe(false);
  }
  expect(invite?.get('P-Called-Party-ID')).toContain(b.number);
  const [crossing] = requestsTo(records, plan.homeB.functions.ibcf, 'INVITE');
  expect(crossing?.all('P-Asserted-Identity')).toHaveLength(2);
  await a.bye(call);
  await stop();
});

test('without trust a border neither tells an identity that wants privacy nor believes one that it is told', async () => {
  for (const privacy of ['id', 'none']) {
    const { a, b, plan, records, stop } = await bed({ trust: false });
    await a.register();
    await b.register();
    b.answers();
    const call = await a.call(b.number, { headers: [['Privacy', privacy]] });
    expect(call.answer.status).toBe(200);
    const [crossing] = requestsTo(records, plan.homeB.functions.ibcf, 'INVITE');
    const [entered] = requestsTo(records, plan.homeB.functions['i-cscf'], 'INVITE');
    expect(crossing?.has('P-Asserted-Identity'), privacy).toBe(privacy === 'none');
    expect(entered?.has('P-Asserted-Identity'), privacy).toBe(false);
    await a.bye(call);
    await stop();
  }
});

test('the application server is asked on both sides, with the identifier of its hop', async () => {
  const { a, b, plan, records, stop } = await bed();
  await a.register();
  await b.register();
  b.answers();
  const call = await a.call(b.number);
  const [originating] = requestsTo(records, plan.homeA.functions.tas, 'INVITE');
  const [terminating] = requestsTo(records, plan.homeB.functions.tas, 'INVITE');
  expect(originating?.get('P-Served-User')).toContain('sescase=orig;regstate=reg');
  expect(terminating?.get('P-Served-User')).toContain('sescase=term;regstate=reg');
  for (const invite of [originating, terminating])
    expect(invite?.get('P-Charging-Vector')).toContain('orig-ioi="Type 3');
  const [crossing] = requestsTo(records, plan.homeB.functions.ibcf, 'INVITE');
  expect(crossing?.get('P-Charging-Vector')).toContain('orig-ioi=ims.mnc001');
  await a.bye(call);
  await stop();
});

test('an application server that fails is passed over where the criteria say so', async () => {
  const { a, b, interconnect, stop } = await bed({}, { behaviours: { 'home-a': { tas: ['drops-odi'] } } });
  await a.register();
  await b.register();
  b.answers();
  const call = await a.call(b.number);
  expect(call.answer.status).toBe(200);
  expect((await a.bye(call)).status).toBe(200);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

test('the PCRF that refuses ends the call', async () => {
  const { a, b, interconnect, stop } = await bed({}, { behaviours: { 'home-b': { pcrf: ['refuses-service'] } } });
  await a.register();
  await b.register();
  b.answers();
  const call = await a.call(b.number);
  expect(call.answer.status).toBe(200);
  await expect.poll(() => a.received.some((request) => request.method === 'BYE')).toBe(true);
  await expect.poll(() => b.received.some((request) => request.method === 'BYE')).toBe(true);
  expect(a.received.find((request) => request.method === 'BYE')?.get('Reason')).toContain('cause=503');
  await expect.poll(() => interconnect.leftovers()).toEqual([]);
  await stop();
});

test('the HSS may end a registration', async () => {
  const { a, b, interconnect, plan, records, stop } = await bed();
  await a.register();
  await b.register();
  await expect.poll(() => requestsTo(records, plan.homeB.functions['p-cscf'], 'NOTIFY').length).toBe(1);
  await interconnect.homeB.hss.deregister(plan.homeB.subscribers[0]?.impi ?? '', 'PERMANENT_TERMINATION');
  await expect.poll(() => interconnect.homeB.pCscf.registeredIdentities).toEqual([]);
  expect((await a.call(b.number)).answer.status).toBe(480);
  await stop();
});
