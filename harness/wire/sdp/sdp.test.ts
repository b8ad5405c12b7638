import { expect, test } from '@playwright/test';
import { answer } from './answer.js';
import { checkAnswer } from './check-answer.js';
import { buildSdp, editSdp, formatSdp } from './edit.js';
import { rtcpEndpoint } from './media-attributes.js';
import { negotiatedMedia } from './negotiated-media.js';
import { parseSdp } from './parse.js';
import { payloadsOf } from './payload.js';
import { isMet, preconditionState, preconditionsOf } from './precondition.js';
import { bandwidthOf, connectionOf, type Sdp, type SdpMedia } from './sdp.js';
import { requiredBandwidth, voiceOffer } from './voice.js';

const local = { address: '127.0.1.1', port: 49152, sessionId: '1', sessionVersion: 1 };
const peer = { address: '127.0.2.1', port: 49160, sessionId: '2', sessionVersion: 1 };

function first(sdp: Sdp): SdpMedia {
  const media = sdp.media[0];
  if (media === undefined) throw new Error('no media description');
  return media;
}

test('keeps every octet, whatever the line ends', () => {
  for (const text of [
    'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n',
    'v=0\no=- 1 1 IN IP4 192.0.2.1\ns= \nt=0 0\nm=audio 9 RTP/AVP 0',
    'x\r\n\r\n=\r\nv=0\rgarbage\u0000ü',
    '',
  ]) {
    const octets = Buffer.from(text);
    const sdp = parseSdp(octets);
    expect(Buffer.from(formatSdp(sdp)).equals(octets)).toBe(true);
    expect(Buffer.concat(sdp.lines.map((line) => octets.subarray(line.start, line.end))).equals(octets)).toBe(true);
    expect(Buffer.from(editSdp(sdp).done().octets).equals(octets)).toBe(true);
  }
});

test('offers voice without a defect, with a bandwidth that carries every format', () => {
  for (const address of ['192.0.2.1', '2001:db8::1']) {
    const offer = voiceOffer({ local: { ...local, address }, codecs: ['EVS', 'AMR-WB', 'AMR'] });
    expect(offer.defects).toEqual([]);
    const media = first(offer);
    expect(connectionOf(offer, media)?.address).toBe(address);
    for (const payload of payloadsOf(media)) {
      const needed = requiredBandwidth(payload, address.includes(':') ? 'IP6' : 'IP4') ?? 0;
      expect(bandwidthOf(media, 'AS')).toBeGreaterThanOrEqual(needed);
    }
    expect(isMet(preconditionsOf(media))).toBe(false);
    expect(preconditionState(media)).toMatchObject({ local: 'none', desiredLocal: 'mandatory' });
  }
});

test('carries preconditions through FLOW-CALL: 183, UPDATE, 200', () => {
  const capabilities = { codecs: ['AMR-WB', 'AMR'] as const, telephoneEvent: true };
  const offer1 = voiceOffer({ local });
  const answer1 = answer(offer1, capabilities, { local: peer, precondition: { ready: false } });
  if (answer1 === null) throw new Error('no answer');
  expect(answer1.defects).toEqual([]);
  expect(checkAnswer(offer1, answer1)).toEqual([]);
  expect(first(answer1).formats).toEqual(['97', '101']);
  expect(preconditionState(first(answer1))).toMatchObject({ local: 'none', remote: 'none', confirm: true });

  const offer2 = voiceOffer({
    local: { ...local, sessionVersion: 2 },
    precondition: {
      local: 'sendrecv',
      remote: 'none',
      desiredLocal: 'mandatory',
      desiredRemote: 'mandatory',
      confirm: false,
    },
  });
  const answer2 = answer(offer2, capabilities, { local: peer, precondition: { ready: true } });
  if (answer2 === null) throw new Error('no answer');
  expect(checkAnswer(offer2, answer2)).toEqual([]);
  expect(isMet(preconditionsOf(first(answer2)))).toBe(true);
  expect(first(answer2).has('conf')).toBe(false);
  const [stream] = negotiatedMedia(answer2, offer2);
  expect(stream).toMatchObject({ direction: 'sendrecv', ptime: 20, rtcpBandwidth: 2000 });
  expect(stream?.send.payloadType).toBe(97);
  expect(stream?.events?.clockRate).toBe(16000);
  expect(stream?.remote.rtcp).toEqual({ address: '127.0.1.1', port: 49153 });
});

test('tells what is wrong with an answer', () => {
  const offer = editSdp(voiceOffer({ local })).direction(0, 'sendonly').done();
  const good = answer(
    editSdp(offer).attribute(0, 'fmtp', '97 mode-set=0,1,2').done(),
    { codecs: ['AMR-WB'], telephoneEvent: true },
    { local: peer, precondition: { ready: false } },
  );
  if (good === null) throw new Error('no answer');
  const restricted = editSdp(offer).attribute(0, 'fmtp', '97 mode-set=0,1,2').done();
  const codes = (changed: Sdp) => checkAnswer(restricted, changed).map((problem) => problem.code);
  expect(codes(good)).toEqual([]);
  expect(codes(editSdp(good).direction(0, 'sendrecv').done())).toEqual(['direction']);
  expect(codes(editSdp(good).attribute(0, 'fmtp', '97 mode-set=0,1').done())).toEqual(['amr-configuration']);
  expect(codes(editSdp(good).proto(0, 'RTP/SAVP').done())).toEqual(['media-proto']);
  expect(codes(editSdp(good).formats(0, ['97', '99']).addAttribute(0, 'rtpmap', '99 AMR/8000').done())).toContain(
    'several-codecs',
  );
  expect(codes(editSdp(good).attribute(0, 'des', 'qos optional remote sendrecv').done())).toEqual([]);
  expect(
    codes(buildSdp([...Buffer.from(good.octets).toString().trim().split('\r\n'), 'm=video 0 RTP/AVP 99'])),
  ).toEqual(['media-count']);
  const lowered = editSdp(good)
    .mapLines((text) =>
      text.startsWith('a=des:qos mandatory remote') ? 'a=des:qos optional remote sendrecv' : undefined,
    )
    .done();
  expect(codes(lowered)).toEqual(['desired-lowered']);
});

test('refuses what it does not know and keeps the place of every stream', () => {
  const offer = editSdp(voiceOffer({ local })).done();
  const two = buildSdp([
    ...Buffer.from(offer.octets).toString().trim().split('\r\n'),
    'm=video 5000 RTP/AVPF 110',
    'a=rtpmap:110 H264/90000',
  ]);
  const given = answer(two, { codecs: ['AMR'], telephoneEvent: true }, { local: peer, precondition: null });
  expect(given?.media.map((media) => media.port)).toEqual([49160, 0]);
  expect(given === null ? null : checkAnswer(two, given)).toEqual([]);
  expect(answer(two, { codecs: ['EVS'], telephoneEvent: true }, { local: peer, precondition: null })).toBeNull();
});

test('names what breaks the form', () => {
  const codes = (lines: readonly string[]) => buildSdp(lines).defects.map((defect) => defect.code);
  const good = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', 'm=audio 9 RTP/AVP 0'];
  expect(codes(good)).toEqual([]);
  expect(codes(good.map((line) => line.replace('v=0', 'v=1')))).toEqual(['sdp-version']);
  expect(codes(good.filter((line) => !line.startsWith('s=')))).toEqual(['sdp-line-missing']);
  expect(codes(good.filter((line) => !line.startsWith('c=')))).toEqual(['sdp-connection-missing']);
  expect(codes([good[1] ?? '', good[0] ?? '', ...good.slice(2)])).toEqual(['sdp-line-order']);
  expect(codes([...good, 'b=AS:41', 'c=IN IP4 192.0.2.9'])).toEqual(['sdp-line-order']);
  expect(codes([...good, 'b=AS:x'])).toEqual(['sdp-bandwidth-form']);
  expect(codes([...good, 'm=audio'])).toEqual(['sdp-media-form']);
  expect(codes([...good, 'm=audio 70000 RTP/AVP 0'])).toEqual(['sdp-media-port']);
  expect(codes([...good, 'c=IN IP6 192.0.2.1'])).toEqual(['sdp-address-type']);
});

test('edits in place', () => {
  const offer = voiceOffer({ local });
  const changed = editSdp(offer)
    .raiseVersion()
    .connection('session', '2001:db8::9')
    .port(0, 6000)
    .bandwidth(0, 'RR', 600)
    .bandwidth(0, 'TIAS', 40000)
    .attribute(0, 'rtcp', '6005 IN IP6 2001:db8::10')
    .done();
  expect(changed.defects).toEqual([]);
  expect(changed.origin?.sessionVersion).toBe('2');
  expect(connectionOf(changed, first(changed))).toMatchObject({ addressType: 'IP6', address: '2001:db8::9' });
  expect(rtcpEndpoint(changed, first(changed))).toEqual({ address: '2001:db8::10', port: 6005 });
  expect(first(changed).bandwidth.map((line) => line.line.value)).toEqual(['AS:41', 'RS:0', 'RR:600', 'TIAS:40000']);
});

test('stays linear and bounded on hostile input', () => {
  const many = Buffer.from('m=audio 9 RTP/AVP 0\r\n'.repeat(20_000));
  const sdp = parseSdp(many);
  expect(sdp.media.length).toBeLessThanOrEqual(256);
  expect(sdp.defects.map((defect) => defect.code)).toContain('sdp-too-many-media');
  const long = parseSdp(Buffer.alloc(10 * 1024 * 1024, 'a'));
  expect(long.defects.map((defect) => defect.code)).toContain('sdp-too-long');
  expect(parseSdp(Buffer.from('\r'.repeat(100_000))).lines.length).toBeLessThanOrEqual(4096);
});
