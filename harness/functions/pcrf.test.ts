import { expect, test } from '@playwright/test';
import { createEnvironment } from '../net/environment.js';
import type { TapRecord } from '../net/tap.js';
import type { NetworkNode } from '../profile/profile.js';
import { checkCommand } from '../wire/diameter/check.js';
import { octetsOf } from '../wire/diameter/find.js';
import { parseDiameter } from '../wire/diameter/parse.js';
import { parseSdp } from '../wire/sdp/parse.js';
import { type BearerEvent, Pcrf, type PcrfSetup } from './pcrf.js';
import { type RxAbort, RxClient, type RxEvent } from './rx-client.js';
import { mediaComponents } from './rx-client-media.js';

const REALM = 'ims.mnc001.mcc001.3gppnetwork.org';
const sdp = (address: string, port: number, bandwidth: number, direction = 'sendrecv') =>
  parseSdp(
    [
      'v=0',
      `o=- 1 1 IN IP4 ${address}`,
      's=-',
      `c=IN IP4 ${address}`,
      't=0 0',
      `m=audio ${port} RTP/AVP 97`,
      `b=AS:${bandwidth}`,
      'b=RS:0',
      'b=RR:2000',
      'a=rtpmap:97 AMR-WB/16000/1',
      `a=${direction}`,
      '',
    ].join('\r\n'),
  );
const UE = sdp('192.0.2.10', 49152, 49);
const PEER = sdp('198.51.100.20', 30000, 38);

interface Bed {
  readonly pcrf: Pcrf;
  readonly rx: RxClient;
  readonly bearers: BearerEvent[];
  readonly records: TapRecord[];
  readonly settled: () => Promise<void>;
}

async function withPcrf(
  address: string,
  options: Partial<PcrfSetup>,
  body: (bed: Bed) => Promise<void>,
): Promise<void> {
  const records: TapRecord[] = [];
  const bearers: BearerEvent[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: address,
    tap: { record: (record) => records.push(record) },
  });
  const node: NetworkNode = {
    name: 'pcrf.home-a',
    network: 'home-a',
    role: 'pcrf',
    endpoints: [{ address }],
    hosts: [],
  };
  const pcrf = new Pcrf({
    node,
    environment,
    originHost: `pcrf.${REALM}`,
    originRealm: REALM,
    listen: { address, port: 3868 },
    onBearer: (event) => bearers.push(event),
    ...options,
  });
  const rx = new RxClient({
    node: 'p-cscf.home-a',
    originHost: `pcscf.${REALM}`,
    originRealm: REALM,
    remote: { address, port: 3868 },
    destinationRealm: REALM,
    environment,
  });
  await pcrf.start();
  try {
    const settled = () => new Promise<void>((resolve) => environment.clock.after(1, resolve));
    await body({ pcrf, rx, bearers, records, settled });
  } finally {
    await rx.stop();
    await pcrf.stop();
  }
}

const authorization = {
  framedAddress: '192.0.2.10',
  afChargingIdentifier: 'icid-1',
  specificActions: ['INDICATION_OF_LOSS_OF_BEARER', 'INDICATION_OF_RELEASE_OF_BEARER'],
  subscription: { type: 'END_USER_SIP_URI', data: `sip:+447700900101@${REALM}` },
} as const;

test('a session is authorised, its gate opened, and ended, and the bearers follow', async () => {
  await withPcrf('127.44.3.1', {}, async ({ pcrf, rx, bearers, records, settled }) => {
    const closed = mediaComponents({ ue: UE, peer: PEER, offerer: 'ue', gate: 'closed' });
    const { ok, session, accessNetworkChargingIdentifier } = await rx.authorize({
      ...authorization,
      components: closed,
    });
    expect(ok).toBe(true);
    expect(accessNetworkChargingIdentifier).toBe('00000001');
    if (session === null) throw new Error('no session');
    await settled();
    expect(pcrf.sessions).toMatchObject([
      { id: session.id, framedAddress: '192.0.2.10', afChargingIdentifier: 'icid-1' },
    ]);
    const open = mediaComponents({ ue: UE, peer: PEER, offerer: 'ue', gate: 'open' });
    expect(await rx.modify(session, { components: open })).toMatchObject({
      ok: true,
      accessNetworkChargingIdentifier: null,
    });
    await settled();
    expect(await rx.terminate(session)).toMatchObject({ ok: true, code: 2001 });
    await settled();
    expect(
      bearers.map(({ kind, bearers: [bearer] }) => [
        kind,
        bearer?.flowStatus,
        bearer?.qci,
        bearer?.uplink,
        bearer?.downlink,
      ]),
    ).toEqual([
      ['set-up', 'DISABLED', 1, 38_000, 49_000],
      ['modified', 'ENABLED', 1, 38_000, 49_000],
      ['released', 'ENABLED', 1, 38_000, 49_000],
    ]);
    const messages = records.map(({ octets }) => parseDiameter(octets));
    expect(messages.flatMap((message) => [...message.defects, ...checkCommand(message)])).toEqual([]);
    expect(rx.leftovers()).toEqual([]);
    expect(pcrf.leftovers()).toEqual([]);
    expect(await rx.terminate(session)).toMatchObject({ ok: false, result: 'UNKNOWN_SESSION' });
    expect(await rx.modify(session, { components: open })).toMatchObject({
      ok: false,
      result: 'UNKNOWN_SESSION',
      session: null,
    });
  });
});

test('the PCRF reports a lost bearer and aborts a session', async () => {
  await withPcrf('127.44.3.2', {}, async ({ pcrf, rx }) => {
    const events: RxEvent[] = [];
    const aborts: RxAbort[] = [];
    rx.onEvent((event) => events.push(event));
    rx.onAbort((abort) => aborts.push(abort));
    const components = mediaComponents({ ue: UE, peer: PEER, offerer: 'peer', gate: 'open' });
    const { session } = await rx.authorize({ ...authorization, components });
    const id = session?.id ?? '';
    expect(await pcrf.report(id, ['INDICATION_OF_LOSS_OF_BEARER'], [1])).toBe(true);
    expect(await pcrf.abort(id, 'BEARER_RELEASED')).toBe(true);
    expect(await pcrf.abort('nothing', 'BEARER_RELEASED')).toBe(false);
    expect(events).toEqual([{ sessionId: id, actions: ['INDICATION_OF_LOSS_OF_BEARER'], components: [1] }]);
    expect(aborts).toEqual([{ sessionId: id, cause: 'BEARER_RELEASED' }]);
    expect(rx.leftovers()).toHaveLength(1);
    expect(pcrf.leftovers()).toHaveLength(1);
    if (session !== null) await rx.terminate(session);
  });
});

test('refusals name their reason', async () => {
  const video = parseSdp(
    'v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=video 5000 RTP/AVPF 99\r\n',
  );
  const setup = { allowedMedia: ['AUDIO'], hasIpCanSession: (address: string) => address === '192.0.2.10' } as const;
  await withPcrf('127.44.3.3', setup, async ({ rx }) => {
    const components = mediaComponents({ ue: UE, peer: null, offerer: 'ue', gate: 'open' });
    const result = async (change: Partial<Parameters<RxClient['authorize']>[0]>) =>
      (await rx.authorize({ ...authorization, components, ...change })).result;
    expect(await result({ framedAddress: '192.0.2.99' })).toBe('IP-CAN_SESSION_NOT_AVAILABLE');
    expect(await result({ components: mediaComponents({ ue: video, peer: null, offerer: 'ue', gate: 'open' }) })).toBe(
      'REQUESTED_SERVICE_NOT_AUTHORIZED',
    );
    const [component] = components;
    if (component === undefined) throw new Error('no component');
    const denied = [{ number: 1, usage: 'NO_INFORMATION', descriptions: ['deny in ip from any to any'] }] as const;
    expect(await result({ components: [{ ...component, flows: denied }] })).toBe('FILTER_RESTRICTIONS');
  });
  await withPcrf('127.44.3.4', { behaviours: ['answers-nothing'] }, async ({ rx }) => {
    expect(await rx.authorize({ ...authorization, components: [] })).toMatchObject({
      ok: false,
      result: 'UNREACHABLE',
      session: null,
    });
  });
});

test('a UE on IPv6 is named by a prefix of 128 bits', async () => {
  await withPcrf('127.44.3.5', {}, async ({ pcrf, rx, records }) => {
    const { session } = await rx.authorize({ framedAddress: '2001:db8::7', components: [] });
    expect(pcrf.sessions[0]?.framedAddress).toBe('2001:db8::7');
    const request = records.map(({ octets }) => parseDiameter(octets)).find(({ commandCode }) => commandCode === 265);
    expect(Buffer.from((request && octetsOf(request, 'Framed-IPv6-Prefix')) ?? []).toString('hex')).toBe(
      '008020010db8000000000000000000000007',
    );
    if (session !== null) await rx.terminate(session);
  });
});

test('gates follow the direction, removal and the filters both descriptions', () => {
  const status = (ueDirection: string, peerDirection: string) =>
    mediaComponents({
      ue: sdp('192.0.2.10', 49152, 49, ueDirection),
      peer: sdp('198.51.100.20', 30000, 38, peerDirection),
      offerer: 'ue',
      gate: 'open',
    })[0]?.flowStatus;
  expect(status('sendrecv', 'sendrecv')).toBe('ENABLED');
  expect(status('sendonly', 'recvonly')).toBe('ENABLED-UPLINK');
  expect(status('sendrecv', 'sendonly')).toBe('ENABLED-DOWNLINK');
  expect(status('inactive', 'inactive')).toBe('DISABLED');
  expect(mediaComponents({ ue: sdp('192.0.2.10', 0, 49), peer: PEER, offerer: 'ue', gate: 'open' })[0]).toMatchObject({
    flowStatus: 'REMOVED',
    flows: [],
  });
  const [component] = mediaComponents({ ue: UE, peer: PEER, offerer: 'ue', gate: 'open' });
  expect(component?.flows).toEqual([
    {
      number: 1,
      usage: 'NO_INFORMATION',
      descriptions: [
        'permit in 17 from 192.0.2.10 49152 to 198.51.100.20 30000',
        'permit out 17 from 198.51.100.20 30000 to 192.0.2.10 49152',
      ],
    },
    {
      number: 2,
      usage: 'RTCP',
      descriptions: [
        'permit in 17 from 192.0.2.10 49153 to 198.51.100.20 30001',
        'permit out 17 from 198.51.100.20 30001 to 192.0.2.10 49153',
      ],
    },
  ]);
  expect(component).toMatchObject({
    number: 1,
    mediaType: 'AUDIO',
    maxRequestedBandwidthUplink: 38_000,
    maxRequestedBandwidthDownlink: 49_000,
    rsBandwidth: 0,
    rrBandwidth: 2000,
  });
  expect(component?.codecData[0]).toMatch(/^uplink\noffer\nm=audio 49152 RTP\/AVP 97\nc=IN IP4 192\.0\.2\.10\n/);
  expect(component?.codecData[1]).toMatch(/^downlink\nanswer\nm=audio 30000/);
});
