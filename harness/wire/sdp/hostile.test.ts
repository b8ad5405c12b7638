import { expect, test } from '@playwright/test';
import { parse as parseWithSdpTransform } from 'sdp-transform';
import { answer } from './answer.js';
import { actualConfiguration, offeredProfiles } from './capability-negotiation.js';
import { checkAnswer } from './check-answer.js';
import { checkAmrParameters, checkEvsParameters, h264Parameters, telephoneEvents } from './codecs.js';
import { buildSdp, editSdp, formatSdp } from './edit.js';
import {
  candidatesOf,
  contentOf,
  cryptosOf,
  directionOf,
  rtcpEndpoint,
  rtcpFeedbackOf,
  ssrcsOf,
} from './media-attributes.js';
import { negotiatedMedia } from './negotiated-media.js';
import { omrRealms } from './omr.js';
import { parseSdp } from './parse.js';
import { payloadsOf } from './payload.js';
import { preconditionsOf } from './precondition.js';
import { voiceOffer } from './voice.js';

const local = { address: '192.0.2.1', port: 49152, sessionId: '1', sessionVersion: 1 };

/** An offer of voice and video with everything that the views read. TS 26.114 §A.4.2a, TS 29.079 §5.6. */
const RICH = buildSdp([
  ...Buffer.from(voiceOffer({ local, codecs: ['EVS', 'AMR-WB', 'AMR'] }).octets)
    .toString()
    .trimEnd()
    .split('\r\n'),
  'm=video 49154 RTP/AVP 99 100',
  'b=AS:315',
  'b=RS:0',
  'b=RR:2500',
  'a=tcap:1 RTP/AVPF',
  'a=pcfg:1 t=1',
  'a=rtpmap:99 H264/90000',
  'a=fmtp:99 packetization-mode=1; profile-level-id=42e00c; sprop-parameter-sets=J0LgDJWgUH6Af1A=,KM46gA==',
  'a=rtpmap:100 H264/90000',
  'a=fmtp:100 packetization-mode=0; profile-level-id=42e00c',
  'a=rtcp:49200 IN IP4 192.0.2.9',
  'a=rtcp-fb:* nack pli',
  'a=rtcp-fb:* ccm fir',
  'a=rtcp-fb:* trr-int 5000',
  'a=ssrc:1234 cname:ue@home',
  'a=candidate:1 1 UDP 2130706431 192.0.2.1 49154 typ host',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0',
  'a=content:main,g.3gpp.cat',
  'a=visited-realm:1 home-a.net IN IP4 192.0.2.1 49154',
]);

function readEverything(octets: Uint8Array): void {
  const sdp = parseSdp(octets);
  expect(Buffer.compare(formatSdp(editSdp(sdp).done()), octets.subarray(0, sdp.lines.at(-1)?.end ?? 0))).toBe(0);
  for (const media of sdp.media) {
    for (const payload of payloadsOf(media)) {
      checkAmrParameters(payload);
      checkEvsParameters(payload);
      h264Parameters(payload);
      telephoneEvents(payload);
    }
    preconditionsOf(media);
    directionOf(sdp, media);
    rtcpEndpoint(sdp, media);
    for (const view of [rtcpFeedbackOf, ssrcsOf, candidatesOf, cryptosOf, contentOf, omrRealms, actualConfiguration]) {
      view(media);
    }
    offeredProfiles(sdp.session, media);
  }
  checkAnswer(sdp, RICH);
  checkAnswer(RICH, sdp);
  negotiatedMedia(sdp, RICH);
  const capabilities = { codecs: ['EVS', 'AMR-WB', 'AMR'], telephoneEvent: true } as const;
  const given = answer(sdp, capabilities, { local, precondition: { ready: true } });
  if (given !== null) expect(given.media.length).toBe(sdp.media.length);
}

test('reads what a video offer says', () => {
  expect(RICH.defects).toEqual([]);
  const [, video] = RICH.media;
  if (video === undefined) throw new Error('no video');
  const [first] = payloadsOf(video);
  expect(first === undefined ? null : h264Parameters(first)).toMatchObject({
    profile: 'constrained-baseline',
    level: 12,
    packetizationMode: 1,
  });
  expect(offeredProfiles(RICH.session, video)).toEqual(['RTP/AVP', 'RTP/AVPF']);
  expect(rtcpEndpoint(RICH, video)).toEqual({ address: '192.0.2.9', port: 49200 });
  expect(rtcpFeedbackOf(video).map(({ type }) => type)).toEqual(['nack', 'ccm', 'trr-int']);
  expect(ssrcsOf(video)).toEqual([{ ssrc: 1234, attribute: 'cname', value: 'ue@home' }]);
  expect(candidatesOf(video)).toMatchObject([{ address: '192.0.2.1', port: 49154, type: 'host' }]);
  expect(cryptosOf(video)).toEqual([{ tag: 1, suite: 'AES_CM_128_HMAC_SHA1_80' }]);
  expect(contentOf(video)).toEqual(['main', 'g.3gpp.cat']);
  expect(omrRealms(video)).toMatchObject([{ instance: 1, realm: 'home-a.net', port: 49154 }]);
});

test('agrees with sdp-transform on what both read', () => {
  const theirs = parseWithSdpTransform(Buffer.from(RICH.octets).toString());
  expect(theirs.media.map(({ type, port, protocol }) => ({ type, port, protocol }))).toEqual(
    RICH.media.map(({ kind, port, proto }) => ({ type: kind, port, protocol: proto })),
  );
  expect(theirs.media.map(({ rtp }) => rtp.map(({ payload, codec, rate }) => [payload, codec, rate]))).toEqual(
    RICH.media.map((media) =>
      payloadsOf(media).map(({ payloadType, encoding, clockRate }) => [payloadType, encoding, clockRate]),
    ),
  );
  expect(theirs.origin?.address).toBe(RICH.origin?.address);
});

test('reads a description that breaks off anywhere', () => {
  for (let end = 0; end < RICH.octets.length; end++) readEverything(RICH.octets.subarray(0, end));
});

test('reads a description with any octet changed', () => {
  let state = 3953;
  for (let i = 0; i < 1500; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const octets = Uint8Array.from(RICH.octets);
    octets[(state >>> 8) % octets.length] = state & 0xff;
    octets[(state >>> 16) % octets.length] = [0, 10, 13, 32, 58, 61, 255][state % 7] ?? 0;
    readEverything(octets);
  }
});

test('is not slowed down by long lines and long lists', () => {
  const lines = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];
  const formats = Array.from({ length: 20_000 }, (_, format) => format % 128).join(' ');
  const many = buildSdp([...lines, `m=audio 9 RTP/AVP ${formats}`, `a=fmtp:96 ${'mode-set=0;'.repeat(10_000)}`]);
  const started = process.cpuUsage();
  readEverything(many.octets);
  readEverything(Buffer.from(`${lines.join('\r\n')}\r\nm=${' '.repeat(200_000)}\r\na=${':'.repeat(50_000)}\r\n`));
  const used = process.cpuUsage(started);
  expect((used.user + used.system) / 1000).toBeLessThan(5000);
});
