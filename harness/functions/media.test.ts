import { expect, test } from '@playwright/test';
import { delay } from '../net/clock.js';
import { createEnvironment, type NetEnvironment } from '../net/environment.js';
import type { TapRecord } from '../net/tap.js';
import type { NetworkNode } from '../profile/profile.js';
import { parseAmr } from '../wire/rtp/amr.js';
import { parseRtcp } from '../wire/rtp/rtcp.js';
import { parseRtp } from '../wire/rtp/rtp.js';
import { answer } from '../wire/sdp/answer.js';
import { editSdp } from '../wire/sdp/edit.js';
import { negotiatedMedia } from '../wire/sdp/negotiated-media.js';
import type { Sdp } from '../wire/sdp/sdp.js';
import { voiceOffer } from '../wire/sdp/voice.js';
import { MediaPorts } from './media-ports.js';
import { MediaSession } from './media-session.js';
import { Trgw, type TrgwRelay } from './trgw.js';

const CAPABILITIES = { codecs: ['AMR-WB', 'AMR'], telephoneEvent: true } as const;

function environment(records: TapRecord[]): NetEnvironment {
  return createEnvironment({ clock: 'skipping', seed: 'media', tap: { record: (record) => records.push(record) } });
}

function node(name: string, address: string): NetworkNode {
  return { name, network: 'home-a', role: 'trgw', endpoints: [{ address }], hosts: [] };
}

async function session(env: NetEnvironment, name: string, address: string, ports: readonly [number, number]) {
  const range = new MediaPorts(env, name, { address, ports });
  const speaker = name === 'ue-a' ? 'first' : 'second';
  return MediaSession.open({ environment: env, ports: range, speaker, cname: name });
}

function described(end: MediaSession, sessionVersion = 1) {
  return { ...end.local, sessionId: '1', sessionVersion };
}

function one<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error('the list is empty');
  return first;
}

/** What the border does to a description: its own ports of one side in place of the sender's. */
function rewritten(sdp: Sdp, relay: TrgwRelay, side: 'inner' | 'outer'): Sdp {
  const local = relay.local(side);
  return editSdp(sdp).connection('session', local.address).port(0, local.rtpPort).done();
}

test('two ends talk through a TrGW from IPv4 to IPv6, with reports, digits, hold and resume', async () => {
  const records: TapRecord[] = [];
  const env = environment(records);
  const trgw = new Trgw({
    node: node('trgw.home-a', '127.61.1.1'),
    environment: env,
    inner: { address: '127.61.1.1', ports: [41_000, 41_020] },
    outer: { address: '::1', ports: [41_000, 41_020] },
  });
  const a = await session(env, 'ue-a', '127.61.1.2', [41_000, 41_020]);
  const b = await session(env, 'ue-b', '::1', [41_100, 41_120]);
  const relay = await trgw.allocate();

  const offer = voiceOffer({ local: described(a), precondition: null });
  const reply = answer(rewritten(offer, relay, 'outer'), CAPABILITIES, { local: described(b), precondition: null });
  if (reply === null) throw new Error('no answer');
  const atA = one(negotiatedMedia(offer, rewritten(reply, relay, 'inner')));
  const atB = one(negotiatedMedia(reply, rewritten(offer, relay, 'outer')));
  relay.bind('inner', { rtp: a.local, rtcp: { address: a.local.address, port: a.local.port + 1 } });
  relay.bind('outer', { rtp: b.local, rtcp: { address: b.local.address, port: b.local.port + 1 } });
  a.apply(atA);
  b.apply(atB);
  a.start();
  b.start();
  await delay(env.clock, 1000);
  expect(relay.traffic('inner')).toMatchObject({ rtpPackets: 0 });
  expect(relay.traffic('inner').dropped).toBeGreaterThan(40);

  relay.gate('open');
  await Promise.all([a.heard(300), b.heard(300)]);
  await expect(a.sendKey('5', 160)).resolves.toBe(true);
  await expect(a.sendKey('#', 100)).resolves.toBe(true);
  const before = b.statistics;
  await delay(env.clock, 200);
  expect(b.statistics.digits).toBe('5#');
  expect(before.received).toHaveLength(1);
  expect(one(b.statistics.received)).toMatchObject({ ssrc: a.statistics.ssrc, payloadTypes: [97, 101] });
  expect(one(b.statistics.received).jitter).toBeLessThan(20);
  expect(one(a.statistics.received).lost).toBe(0);
  expect(b.statistics.unexpected).toBe(0);
  expect(a.statistics.receivedRtcp).toBeGreaterThanOrEqual(1);

  const held = editSdp(offer).direction(0, 'sendonly').raiseVersion().done();
  const heldReply = answer(held, CAPABILITIES, { local: described(b, 2), precondition: null });
  if (heldReply === null) throw new Error('no answer');
  b.apply(one(negotiatedMedia(heldReply, rewritten(held, relay, 'outer'))));
  a.apply(one(negotiatedMedia(held, rewritten(heldReply, relay, 'inner'))));
  const silent = a.statistics.receivedPackets;
  await delay(env.clock, 500);
  expect(a.statistics.receivedPackets).toBeLessThanOrEqual(silent + 1);
  expect(b.statistics.receivedPackets).toBeGreaterThan(300);
  b.apply(atB);
  a.apply(atA);
  await a.heard(silent + 20);

  await a.close();
  await b.close();
  await relay.release();
  expect(trgw.leftovers()).toEqual([]);

  const rtp = records.filter((record) => record.protocol === 'rtp' && record.source.address === '127.61.1.2');
  expect(rtp.length).toBeGreaterThan(300);
  let previous: number | null = null;
  for (const record of rtp) {
    const packet = parseRtp(record.octets);
    if (packet === null) throw new Error('no RTP');
    expect(packet.defects).toEqual([]);
    if (previous !== null) expect(packet.sequenceNumber).toBe((previous + 1) & 0xffff);
    previous = packet.sequenceNumber;
    if (packet.payloadType !== 97) continue;
    const { defects, frames } = parseAmr(packet.payload, { wideband: true, octetAligned: false });
    expect(defects).toEqual([]);
    expect(frames).toHaveLength(1);
  }
  const reports = records.filter((record) => record.protocol === 'rtcp').map((record) => parseRtcp(record.octets));
  expect(reports.length).toBeGreaterThan(2);
  for (const compound of reports) {
    expect(compound.flatMap((packet) => packet.defects)).toEqual([]);
    expect(['SR', 'RR']).toContain(compound[0]?.kind);
    expect(compound[1]?.kind).toBe('SDES');
  }
});

test('the same seed gives the same packets', async () => {
  const run = async (): Promise<string[]> => {
    const records: TapRecord[] = [];
    const env = environment(records);
    const a = await session(env, 'ue-a', '127.61.2.1', [41_200, 41_220]);
    const b = await session(env, 'ue-b', '127.61.2.2', [41_200, 41_220]);
    const offer = voiceOffer({ local: described(a), codecs: ['AMR'], precondition: null });
    const reply = answer(offer, CAPABILITIES, { local: described(b), precondition: null });
    if (reply === null) throw new Error('no answer');
    a.apply(one(negotiatedMedia(offer, reply)));
    b.apply(one(negotiatedMedia(reply, offer)));
    a.start();
    b.start();
    await b.heard(10);
    await Promise.all([a.close(), b.close()]);
    return records
      .filter((record) => record.protocol === 'rtp' && record.source.address === '127.61.2.1')
      .slice(0, 10)
      .map((record) => Buffer.from(record.octets).toString('hex'));
  };
  const first = await run();
  expect(first).toHaveLength(10);
  expect(await run()).toEqual(first);
});

test('a TrGW without a free port says so, and keeps nothing', async () => {
  const env = environment([]);
  const range = { address: '127.61.3.1', ports: [41_300, 41_303] } as const;
  const trgw = new Trgw({ node: node('trgw.home-a', range.address), environment: env, inner: range, outer: range });
  const relay = await trgw.allocate();
  await expect(trgw.allocate()).rejects.toThrow(/no free pair of media ports.*EADDRINUSE/s);
  await relay.release();
  const again = await trgw.allocate();
  expect(trgw.leftovers()).toEqual([`relay ${again.id} is still allocated`]);
  await trgw.stop();
  expect(trgw.leftovers()).toEqual([]);
});

test('a TrGW tells once that media has stopped', async () => {
  const env = environment([]);
  const silent: number[] = [];
  const range = { address: '127.61.4.1', ports: [41_400, 41_419] } as const;
  const trgw = new Trgw({
    node: node('trgw.home-a', range.address),
    environment: env,
    inner: range,
    outer: range,
    inactivity: { ms: 30_000, onInactive: (relay) => silent.push(relay.id) },
  });
  const relay = await trgw.allocate();
  relay.gate('open');
  await delay(env.clock, 29_000);
  expect(silent).toEqual([]);
  await delay(env.clock, 60_000);
  expect(silent).toEqual([relay.id]);
  await trgw.stop();
});
