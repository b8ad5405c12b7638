import { inspect } from 'node:util';
import { expect, test } from '@playwright/test';
import { createEnvironment } from '../net/environment.js';
import type { TapRecord } from '../net/tap.js';
import type { NetworkNode } from '../profile/profile.js';
import { checkCommand } from '../wire/diameter/check.js';
import { numberOf } from '../wire/diameter/find.js';
import { parseDiameter } from '../wire/diameter/parse.js';
import { readUserProfile } from '../wire/xml/service-profile.js';
import { buildAuts, openChallenge } from './aka.js';
import { CxClient, type RegistrationTermination } from './cx-client.js';
import { Hss, type HssBehaviour } from './hss.js';
import type { SubscriberInput } from './subscriber.js';
import { Subscriber } from './subscriber.js';

const REALM = 'ims.mnc001.mcc001.3gppnetwork.org';
const IMPI = `001010000000101@${REALM}`;
const IMPU = `sip:+447700900101@${REALM}`;
const SCSCF = `sip:scscf.${REALM}:5060`;
const K = '465b5ce8b199b49faa5f0a2ee238a6bc';
const OPC = 'cd63cb71954a9f4e48a5994e37a02baf';
const keys = { k: Buffer.from(K, 'hex'), opc: Buffer.from(OPC, 'hex') };
const user: SubscriberInput = { privateIdentity: IMPI, publicIdentities: [IMPU, 'tel:+447700900101'], k: K, opc: OPC };
const other: SubscriberInput = { ...user, privateIdentity: `other@${REALM}`, publicIdentities: [`sip:other@${REALM}`] };

interface Bed {
  readonly hss: Hss;
  readonly cx: CxClient;
  readonly records: TapRecord[];
}

async function withHss(
  address: string,
  options: { readonly subscribers?: readonly SubscriberInput[]; readonly behaviours?: readonly HssBehaviour[] },
  body: (bed: Bed) => Promise<void>,
): Promise<void> {
  const records: TapRecord[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: address,
    tap: { record: (record) => records.push(record) },
  });
  const node: NetworkNode = { name: 'hss.home-a', network: 'home-a', role: 'hss', endpoints: [{ address }], hosts: [] };
  const hss = new Hss({
    node,
    environment,
    originHost: `hss.${REALM}`,
    originRealm: REALM,
    listen: { address, port: 3868 },
    subscribers: options.subscribers ?? [user, other],
    behaviours: options.behaviours ?? [],
  });
  const cx = new CxClient({
    node: 's-cscf.home-a',
    originHost: `scscf.${REALM}`,
    originRealm: REALM,
    remote: { address, port: 3868 },
    destinationRealm: REALM,
    environment,
  });
  await hss.start();
  try {
    await body({ hss, cx, records });
  } finally {
    await cx.stop();
    await hss.stop();
  }
}

const uar = { privateIdentity: IMPI, publicIdentity: IMPU, visitedNetwork: REALM };
const mar = { privateIdentity: IMPI, publicIdentity: IMPU, serverName: SCSCF };
const sar = { privateIdentity: IMPI, publicIdentities: [IMPU], serverName: SCSCF };

test('a registration with AKA, its refresh and its end', async () => {
  await withHss('127.44.1.1', {}, async ({ hss, cx, records }) => {
    expect(await cx.userAuthorization(uar)).toMatchObject({
      result: 'FIRST_REGISTRATION',
      experimental: true,
      serverName: null,
    });
    const { items, result } = await cx.multimediaAuth(mar);
    expect(result).toBe('SUCCESS');
    const item = items[0];
    if (item === undefined) throw new Error('no vector');
    const challenge = openChallenge(keys, item.authenticate.subarray(0, 16), item.authenticate.subarray(16));
    expect(challenge?.macValid).toBe(true);
    expect(Buffer.from(challenge?.res ?? [])).toEqual(Buffer.from(item.authorization));
    expect(Buffer.from(challenge?.ck ?? [])).toEqual(Buffer.from(item.confidentialityKey));
    expect(Buffer.from(challenge?.ik ?? [])).toEqual(Buffer.from(item.integrityKey));
    expect(await cx.userAuthorization(uar)).toMatchObject({ result: 'SUBSEQUENT_REGISTRATION', serverName: SCSCF });
    const assigned = await cx.serverAssignment({ ...sar, type: 'REGISTRATION' });
    expect(assigned).toMatchObject({ ok: true, result: 'SUCCESS', code: 2001 });
    expect(readUserProfile(assigned.userData ?? '').profile?.serviceProfiles[0]?.publicIdentities).toHaveLength(2);
    expect(hss.registration('tel:+44-7700-900101')).toEqual({
      state: 'registered',
      serverName: SCSCF,
      authenticationPending: false,
    });
    expect(await cx.locationInfo({ publicIdentity: IMPU })).toMatchObject({ result: 'SUCCESS', serverName: SCSCF });
    const again = await cx.serverAssignment({ ...sar, type: 'RE_REGISTRATION', userDataAlreadyAvailable: true });
    expect(again).toMatchObject({ ok: true, userData: null });
    expect(await cx.userAuthorization({ ...uar, type: 'DE_REGISTRATION' })).toMatchObject({
      result: 'SUCCESS',
      serverName: SCSCF,
    });
    expect(await cx.serverAssignment({ ...sar, type: 'USER_DEREGISTRATION' })).toMatchObject({
      ok: true,
      userData: null,
    });
    expect(hss.registration(IMPU)).toEqual({ state: 'not-registered', serverName: null, authenticationPending: false });
    const messages = records.map(({ octets }) => parseDiameter(octets));
    expect(messages.flatMap(({ defects }) => defects)).toEqual([]);
    expect(messages.flatMap((message) => checkCommand(message))).toEqual([]);
    expect(messages.map(({ commandCode }) => commandCode)).toContain(257);
    expect(cx.leftovers()).toEqual([]);
    expect(hss.leftovers()).toEqual([]);
  });
});

test('a synchronisation failure leads to a vector that the card accepts', async () => {
  await withHss('127.44.1.2', {}, async ({ cx }) => {
    const first = (await cx.multimediaAuth(mar)).items[0];
    const rand = first?.authenticate.subarray(0, 16) ?? new Uint8Array();
    const auts = buildAuts(keys, rand, 77_777);
    const second = (await cx.multimediaAuth({ ...mar, resynchronisation: { rand, auts } })).items[0];
    const authenticate = second?.authenticate ?? new Uint8Array(32);
    expect(openChallenge(keys, authenticate.subarray(0, 16), authenticate.subarray(16))?.sqn).toBeGreaterThan(77_777);
    auts[13] = (auts[13] ?? 0) ^ 1;
    expect(await cx.multimediaAuth({ ...mar, resynchronisation: { rand, auts } })).toMatchObject({
      ok: false,
      items: [],
    });
  });
});

test('refusals come in the order of TS 29.228', async () => {
  const guest = { ...user, allowedVisitedNetworks: ['visited.example.org'] };
  const barred: SubscriberInput = { ...other, publicIdentities: [{ identity: `sip:other@${REALM}`, barred: true }] };
  await withHss('127.44.1.3', { subscribers: [guest, barred] }, async ({ cx }) => {
    const result = async (query: object) => (await cx.userAuthorization({ ...uar, ...query })).result;
    expect(await result({ privateIdentity: 'nobody@x' })).toBe('USER_UNKNOWN');
    expect(await result({ publicIdentity: `sip:other@${REALM}` })).toBe('IDENTITIES_DONT_MATCH');
    expect(await result({ privateIdentity: barred.privateIdentity, publicIdentity: `sip:other@${REALM}` })).toBe(
      'AUTHORIZATION_REJECTED',
    );
    expect(await result({})).toBe('ROAMING_NOT_ALLOWED');
    expect(await result({ emergency: true })).toBe('FIRST_REGISTRATION');
    expect(await result({ type: 'DE_REGISTRATION' })).toBe('IDENTITY_NOT_REGISTERED');
    expect((await cx.multimediaAuth({ ...mar, scheme: 'SIP Digest' })).result).toBe('AUTH_SCHEME_NOT_SUPPORTED');
    expect((await cx.locationInfo({ publicIdentity: 'sip:nobody@x' })).result).toBe('USER_UNKNOWN');
    expect((await cx.locationInfo({ publicIdentity: IMPU })).result).toBe('IDENTITY_NOT_REGISTERED');
  });
});

test('an unregistered user with services is served where an S-CSCF takes him', async () => {
  await withHss('127.44.1.4', { subscribers: [{ ...user, unregisteredServices: true }] }, async ({ cx, hss }) => {
    expect(await cx.locationInfo({ publicIdentity: IMPU })).toMatchObject({
      result: 'UNREGISTERED_SERVICE',
      serverName: null,
    });
    const assigned = await cx.serverAssignment({
      publicIdentities: [IMPU],
      serverName: SCSCF,
      type: 'UNREGISTERED_USER',
    });
    expect(assigned.userData).not.toBeNull();
    expect(hss.registration(IMPU)?.state).toBe('unregistered');
    expect(await cx.locationInfo({ publicIdentity: IMPU })).toMatchObject({ result: 'SUCCESS', serverName: SCSCF });
    expect(await cx.serverAssignment({ ...sar, serverName: 'sip:elsewhere', type: 'REGISTRATION' })).toMatchObject({
      result: 'IDENTITY_ALREADY_REGISTERED',
    });
  });
});

test('a failed authentication clears the S-CSCF, but not that of a registered user', async () => {
  await withHss('127.44.1.5', {}, async ({ cx, hss }) => {
    await cx.multimediaAuth(mar);
    expect(hss.registration(IMPU)?.authenticationPending).toBe(true);
    await cx.serverAssignment({ ...sar, type: 'AUTHENTICATION_FAILURE' });
    expect(hss.registration(IMPU)).toEqual({ state: 'not-registered', serverName: null, authenticationPending: false });
    await cx.serverAssignment({ ...sar, type: 'REGISTRATION' });
    await cx.serverAssignment({ ...sar, type: 'AUTHENTICATION_FAILURE' });
    expect(hss.registration(IMPU)).toMatchObject({ state: 'registered', serverName: SCSCF });
  });
});

test('the HSS de-registers a user and pushes a profile', async () => {
  await withHss('127.44.1.6', {}, async ({ cx, hss }) => {
    const seen: RegistrationTermination[] = [];
    const pushed: (string | null)[] = [];
    cx.onRegistrationTermination((termination) => {
      seen.push(termination);
    });
    cx.onPushedProfile(({ userData }) => {
      pushed.push(userData);
    });
    expect(await hss.deregister(IMPI, 'PERMANENT_TERMINATION')).toBe(false);
    await cx.serverAssignment({ ...sar, type: 'REGISTRATION' });
    expect(await hss.pushProfile(IMPI)).toBe(true);
    expect(pushed[0]).toContain(IMPU);
    expect(await hss.deregister(IMPI, 'PERMANENT_TERMINATION', 'end of contract')).toBe(true);
    expect(seen).toEqual([
      {
        privateIdentity: IMPI,
        publicIdentities: [IMPU, 'tel:+447700900101'],
        reason: 'PERMANENT_TERMINATION',
        reasonInfo: 'end of contract',
      },
    ]);
    expect(hss.registration(IMPU)?.state).toBe('not-registered');
  });
});

test('an S-CSCF that does not answer leaves the user registered', async () => {
  await withHss('127.44.1.7', {}, async ({ cx, hss }) => {
    await Promise.all([1, 2, 3].map(() => cx.serverAssignment({ ...sar, type: 'REGISTRATION' })));
    expect(await hss.deregister(IMPI, 'SERVER_CHANGE')).toBe(false);
    expect(hss.registration(IMPU)?.state).toBe('registered');
    await cx.stop();
    expect(await hss.deregister(IMPI, 'SERVER_CHANGE')).toBe(false);
    expect(hss.leftovers()).toHaveLength(1);
  });
});

test('requests that come together share one connection', async () => {
  await withHss('127.44.1.8', {}, async ({ cx, records }) => {
    await Promise.all([
      cx.userAuthorization(uar),
      cx.userAuthorization(uar),
      cx.locationInfo({ publicIdentity: IMPU }),
    ]);
    expect(records.filter(({ octets }) => parseDiameter(octets).commandCode === 257)).toHaveLength(2);
  });
});

const MISBEHAVIOURS: readonly (readonly [
  HssBehaviour,
  string,
  (records: readonly TapRecord[], cx: CxClient) => Promise<unknown>,
  unknown,
])[] = [
  ['answers-nothing', '127.44.2.1', async (_, cx) => (await cx.userAuthorization(uar)).result, 'UNREACHABLE'],
  ['too-busy', '127.44.2.2', async (_, cx) => (await cx.userAuthorization(uar)).code, 3004],
  ['knows-nobody', '127.44.2.3', async (_, cx) => (await cx.userAuthorization(uar)).result, 'USER_UNKNOWN'],
  [
    'leaves-out-integrity-key',
    '127.44.2.4',
    async (_, cx) => (await cx.multimediaAuth(mar)).items[0]?.integrityKey.length,
    0,
  ],
  [
    'leaves-out-user-data',
    '127.44.2.5',
    async (_, cx) => (await cx.serverAssignment({ ...sar, type: 'REGISTRATION' })).userData,
    null,
  ],
  [
    'gives-both-results',
    '127.44.2.6',
    async (records, cx) => {
      await cx.userAuthorization(uar);
      const answer = parseDiameter(records.at(-1)?.octets ?? new Uint8Array());
      return [numberOf(answer, 'Result-Code'), numberOf(answer, 'Experimental-Result', 'Experimental-Result-Code')];
    },
    [2001, 2001],
  ],
  [
    'forgets-server-name',
    '127.44.2.7',
    async (_, cx) => {
      await cx.serverAssignment({ ...sar, type: 'REGISTRATION' });
      return (await cx.locationInfo({ publicIdentity: IMPU })).serverName;
    },
    null,
  ],
  [
    'gives-stale-vectors',
    '127.44.2.8',
    async (_, cx) => {
      const authenticate = (await cx.multimediaAuth(mar)).items[0]?.authenticate ?? new Uint8Array(32);
      return openChallenge(keys, authenticate.subarray(0, 16), authenticate.subarray(16))?.sqn;
    },
    0,
  ],
];
for (const [behaviour, address, observe, expected] of MISBEHAVIOURS) {
  test(`an HSS that ${behaviour} is seen to`, async () => {
    await withHss(address, { behaviours: [behaviour] }, async ({ cx, records }) => {
      expect(await observe(records, cx)).toEqual(expected);
    });
  });
}

test('printing a subscriber shows no key', () => {
  const subscriber = new Subscriber(user);
  for (const text of [
    JSON.stringify(subscriber),
    inspect(subscriber, { depth: 9, showHidden: true }),
    String(subscriber),
  ]) {
    expect(text.toLowerCase()).not.toContain(K.slice(0, 8));
    expect(text.toLowerCase()).not.toContain(OPC.slice(0, 8));
  }
  expect(() => new Subscriber({ ...user, k: 'deadbeef' })).toThrow(/^K is not 32 hexadecimal digits$/);
});
