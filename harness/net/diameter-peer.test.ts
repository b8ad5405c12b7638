import { connect } from 'node:net';
import { expect, test } from '@playwright/test';
import { buildAnswer, buildDiameter } from '../wire/diameter/build.js';
import { APPLICATION_ID, VENDOR_3GPP } from '../wire/diameter/dictionary.js';
import { find, numberOf } from '../wire/diameter/find.js';
import type { DiameterMessage } from '../wire/diameter/message.js';
import { parseDiameter } from '../wire/diameter/parse.js';
import { delay } from './clock.js';
import { DiameterPeer } from './diameter-peer.js';
import { application3gpp, DiameterPeerError } from './diameter-peer-connection.js';
import { createEnvironment } from './environment.js';
import type { TapRecord } from './tap.js';

const PORT = 3868;

function peers(address: string, options: { readonly watchdogMs?: number; readonly applicationId?: number } = {}) {
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: address,
    tap: { record: (record) => records.push(record) },
    onWarning: (text) => warnings.push(text),
  });
  const common = {
    environment,
    originRealm: 'a',
    ...(options.watchdogMs === undefined ? {} : { watchdogMs: options.watchdogMs }),
  };
  const server = new DiameterPeer({
    ...common,
    node: 'hss.a',
    originHost: 'hss.a',
    applications: [application3gpp(APPLICATION_ID.Cx)],
  });
  const client = new DiameterPeer({
    ...common,
    node: 'cscf.a',
    originHost: 'cscf.a',
    applications: [application3gpp(options.applicationId ?? APPLICATION_ID.Cx)],
  });
  const codes = () =>
    records
      .map(({ octets }) => parseDiameter(octets))
      .map(({ commandCode, flags }) => `${commandCode}${flags.request ? 'R' : 'A'}`);
  return { environment, server, client, records, warnings, codes };
}

const lir = (extra: Parameters<typeof buildDiameter>[0]['avps'] = [], without?: string): DiameterMessage =>
  buildDiameter({
    command: 'LIR',
    avps: [
      ['Session-Id', 'cscf.a;1;1'] as const,
      [
        'Vendor-Specific-Application-Id',
        [
          ['Vendor-Id', VENDOR_3GPP],
          ['Auth-Application-Id', APPLICATION_ID.Cx],
        ],
      ] as const,
      ['Auth-Session-State', 1] as const,
      ['Origin-Host', 'cscf.a'] as const,
      ['Origin-Realm', 'a'] as const,
      ['Destination-Realm', 'a'] as const,
      ['Public-Identity', 'sip:u@a'] as const,
      ...extra,
    ].filter((avp) => 'code' in avp || avp[0] !== without),
  });

const success = (request: DiameterMessage): DiameterMessage => buildAnswer(request, [['Result-Code', 2001]]);

test('capabilities, requests in both directions, and an orderly end', async () => {
  const { server, client, codes } = peers('127.44.4.1');
  server.serve(302, success);
  client.serve(304, success);
  await server.listen({ address: '127.44.4.1', port: PORT });
  await client.connect({ address: '127.44.4.1', port: PORT });
  const answers = await Promise.all([1, 2, 3].map(() => client.request(lir())));
  expect(answers.map((answer) => numberOf(answer, 'Result-Code'))).toEqual([2001, 2001, 2001]);
  expect(new Set(answers.map(({ hopByHop }) => hopByHop)).size).toBe(3);
  const rtr = buildDiameter({
    command: 'RTR',
    avps: [
      ['Session-Id', 'hss.a;1;1'],
      [
        'Vendor-Specific-Application-Id',
        [
          ['Vendor-Id', VENDOR_3GPP],
          ['Auth-Application-Id', APPLICATION_ID.Cx],
        ],
      ],
      ['Auth-Session-State', 1],
      ['Origin-Host', 'hss.a'],
      ['Origin-Realm', 'a'],
      ['Destination-Host', 'cscf.a'],
      ['Destination-Realm', 'a'],
      ['User-Name', 'u@a'],
      ['Deregistration-Reason', [['Reason-Code', 'SERVER_CHANGE']]],
    ],
  });
  expect(numberOf(await server.request(rtr), 'Result-Code')).toBe(2001);
  await client.stop();
  await server.stop();
  expect(codes().slice(0, 2)).toEqual(['257R', '257A']);
  expect(codes().slice(-2)).toEqual(['282R', '282A']);
  expect([...client.leftovers(), ...server.leftovers()]).toEqual([]);
});

test('errors of the base protocol are answered by the peer itself', async () => {
  const { server, client } = peers('127.44.4.2');
  server.serve(302, success);
  await server.listen({ address: '127.44.4.2', port: PORT });
  await client.connect({ address: '127.44.4.2', port: PORT });
  const answer = async (request: DiameterMessage) => {
    const got = await client.request(request);
    return [numberOf(got, 'Result-Code'), got.flags.error];
  };
  expect(await answer(buildDiameter({ command: 'STR', applicationId: APPLICATION_ID.Rx, avps: [] }))).toEqual([
    3007,
    true,
  ]);
  expect(await answer(buildDiameter({ command: 4711, applicationId: APPLICATION_ID.Cx, avps: [] }))).toEqual([
    3001,
    true,
  ]);
  expect(await answer(lir([{ code: 4711, vendorId: 99, mandatory: true, data: Uint8Array.of(1) }]))).toEqual([
    5001,
    false,
  ]);
  expect(await answer(lir([{ code: 633, vendorId: VENDOR_3GPP, mandatory: true, data: Uint8Array.of(1) }]))).toEqual([
    5004,
    false,
  ]);
  const missing = await client.request(lir([], 'Public-Identity'));
  expect(numberOf(missing, 'Result-Code')).toBe(5005);
  expect(find(missing, 'Failed-AVP', 'Public-Identity')).toBeDefined();
  await client.stop();
  await server.stop();
});

test('peers without a common application part with 5010', async () => {
  const { server, client, records } = peers('127.44.4.3', { applicationId: APPLICATION_ID.Rx });
  await server.listen({ address: '127.44.4.3', port: PORT });
  await expect(client.connect({ address: '127.44.4.3', port: PORT })).rejects.toMatchObject({ code: 'refused' });
  expect(records.map(({ octets }) => numberOf(parseDiameter(octets), 'Result-Code'))).toEqual([undefined, 5010]);
  await client.stop();
  await server.stop();
});

test('a request without an answer fails in time on the clock, and when the connection goes', async () => {
  const { environment, server, client } = peers('127.44.4.4');
  server.serve(302, () => null);
  await server.listen({ address: '127.44.4.4', port: PORT });
  await client.connect({ address: '127.44.4.4', port: PORT });
  const before = environment.clock.now();
  await expect(client.request(lir())).rejects.toMatchObject({ code: 'timeout' });
  expect(environment.clock.now() - before).toBeGreaterThanOrEqual(4000);
  const lost = client.request(lir()).catch((error: unknown) => error);
  await Promise.all([server.stop(), client.stop()]);
  expect(await lost).toBeInstanceOf(DiameterPeerError);
  await expect(client.request(lir())).rejects.toMatchObject({ code: 'unreachable' });
});

test('an idle connection is watched over', async () => {
  const { environment, server, client, codes } = peers('127.44.4.5', { watchdogMs: 30_000 });
  await server.listen({ address: '127.44.4.5', port: PORT });
  await client.connect({ address: '127.44.4.5', port: PORT });
  await delay(environment.clock, 100_000);
  expect(codes().filter((code) => code === '280R').length).toBeGreaterThanOrEqual(3);
  expect(codes().filter((code) => code === '280R').length).toBe(codes().filter((code) => code === '280A').length);
  await client.stop();
  await server.stop();
});

test('garbage ends the connection, not the peer', async () => {
  const { server, client, warnings } = peers('127.44.4.6');
  server.serve(302, success);
  await server.listen({ address: '127.44.4.6', port: PORT });
  const stranger = connect({ host: '127.44.4.6', port: PORT });
  const closed = new Promise<void>((resolve) => stranger.on('close', () => resolve()));
  stranger.on('error', () => undefined);
  stranger.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await closed;
  const impatient = connect({ host: '127.44.4.6', port: PORT });
  const cut = new Promise<void>((resolve) => impatient.on('close', () => resolve()));
  impatient.on('error', () => undefined);
  impatient.write(lir().octets);
  await cut;
  await client.connect({ address: '127.44.4.6', port: PORT });
  expect(numberOf(await client.request(lir()), 'Result-Code')).toBe(2001);
  await client.stop();
  await server.stop();
  expect(warnings).toHaveLength(2);
  expect(server.leftovers()).toEqual([]);
});

test('nobody there is told as such', async () => {
  const { client } = peers('127.44.4.7');
  await expect(client.connect({ address: '127.44.4.7', port: PORT })).rejects.toMatchObject({ code: 'unreachable' });
});
