import { expect, test } from '@playwright/test';
import { buildAmr } from '../../wire/rtp/amr.js';
import { buildRtp, parseRtp } from '../../wire/rtp/rtp.js';
import { buildTelephoneEvent } from '../../wire/rtp/telephone-event.js';
import { editSdp, type SdpEdit } from '../../wire/sdp/edit.js';
import { parseSdp } from '../../wire/sdp/parse.js';
import type { Sdp } from '../../wire/sdp/sdp.js';
import { editSip } from '../../wire/sip/edit.js';
import { parseSip } from '../../wire/sip/parse.js';
import { judge } from '../judge.js';
import { type CallRecord, goodMediaCall, mediaEvidence } from '../testing/media.js';
import { type ProfileChoice, testProfile } from '../testing/trace.js';
import { RTP } from './rtp.js';
import { SDP } from './sdp.js';
import { VOC } from './voc.js';

const RULES = [...SDP, ...VOC, ...RTP];
/** Media socket of home A's TrGW in the hand-made call. */
const A = '192.0.2.16';

type Records = readonly CallRecord[];
/** Which description: `INVITE`, `183`, `UPDATE`, `200 UPDATE`. */
type Title = string;

function titleOf(record: CallRecord): Title {
  if (record.protocol !== 'sip') return record.protocol;
  const sip = parseSip(record.octets);
  if (sip.kind === 'request') return sip.method;
  const method = sip.get('CSeq')?.split(' ')[1] ?? '';
  return method === 'INVITE' ? String(sip.status) : `${sip.status} ${method}`;
}

function findings(records: Records, choice: ProfileChoice = {}): readonly string[] {
  const profile = testProfile(choice);
  const { findings: all } = judge(mediaEvidence(records, profile), profile, { rules: RULES });
  return [...new Set(all.map((finding) => `${finding.rule} ${finding.severity}`))];
}

/** The call with descriptions changed on every hop, so that no border is to blame. */
function described(titles: readonly Title[], change: (edit: SdpEdit, sdp: Sdp) => SdpEdit): Records {
  return goodMediaCall().map((record) => {
    if (!titles.includes(titleOf(record))) return record;
    const sip = parseSip(record.octets);
    if (sip.body.length === 0) return record;
    const sdp = parseSdp(sip.body);
    return {
      ...record,
      octets: editSip(sip)
        .body(change(editSdp(sdp), sdp).done().octets)
        .done().octets,
    };
  });
}

const ALL = ['INVITE', '183', 'UPDATE', '200 UPDATE'];

/** The call with home A's media changed packet by packet; null drops one. */
function spoken(
  change: (packet: NonNullable<ReturnType<typeof parseRtp>>, index: number) => Uint8Array | null,
): Records {
  let index = 0;
  return goodMediaCall().flatMap((record) => {
    if (record.protocol !== 'rtp' || record.source.address !== A) return [record];
    const packet = parseRtp(record.octets);
    const octets = packet === null ? null : change(packet, index++);
    return octets === null ? [] : [{ ...record, octets }];
  });
}

function appended(octets: Uint8Array, lines: readonly string[]): Uint8Array {
  const sip = parseSip(octets);
  const body = Buffer.concat([sip.body, Buffer.from(lines.map((line) => `${line}\r\n`).join(''))]);
  return editSip(sip).body(body).done().octets;
}

test('accepts video that is offered and refused', () => {
  const video = ['m=video 40000 RTP/AVPF 110', 'b=AS:315', 'b=RS:0', 'b=RR:2500', 'a=rtpmap:110 H264/90000'];
  const records = goodMediaCall().map((record) => {
    const title = titleOf(record);
    if (title === 'INVITE' || title === 'UPDATE') return { ...record, octets: appended(record.octets, video) };
    if (title !== '183' && title !== '200 UPDATE') return record;
    return { ...record, octets: appended(record.octets, ['m=video 0 RTP/AVPF 110']) };
  });
  expect(findings(records)).toEqual([]);
});

test('accepts hold, and tells which answer does not fit', () => {
  const held = (answer: string) =>
    goodMediaCall().map((record) => {
      const title = titleOf(record);
      if (title !== 'UPDATE' && title !== '200 UPDATE') return record;
      const sip = parseSip(record.octets);
      const edit = editSdp(parseSdp(sip.body)).direction(0, title === 'UPDATE' ? 'sendonly' : answer);
      return { ...record, octets: editSip(sip).body(edit.done().octets).done().octets };
    });
  expect(findings(held('recvonly'))).toEqual([]);
  expect(findings(held('inactive'))).toEqual([]);
  expect(findings(held('sendonly'))).toEqual(['SDP-18 fail']);
});

test('accepts a call without preconditions and with end-to-end status', () => {
  const without = described(ALL, (edit) =>
    edit.removeAttribute(0, 'curr').removeAttribute(0, 'des').removeAttribute(0, 'conf'),
  );
  expect(findings(without)).toEqual([]);
  const endToEnd = described(ALL, (edit) =>
    edit
      .removeAttribute(0, 'curr')
      .removeAttribute(0, 'des')
      .removeAttribute(0, 'conf')
      .addAttribute(0, 'curr', 'qos e2e none')
      .addAttribute(0, 'des', 'qos mandatory e2e sendrecv'),
  );
  expect(findings(endToEnd)).toEqual([]);
});

test('accepts a first answer whose own resources are ready, and one that does not speak of preconditions', () => {
  const ready = described(['183'], (edit) =>
    edit.mapLines((text) => (text === 'a=curr:qos local none' ? 'a=curr:qos local sendrecv' : undefined)),
  );
  expect(findings(ready)).toEqual([]);
  const silent = described(['183'], (edit) =>
    edit.removeAttribute(0, 'curr').removeAttribute(0, 'des').removeAttribute(0, 'conf'),
  );
  expect(findings(silent)).toEqual([]);
});

test('tells a confirmation that never comes', () => {
  const never = described(['UPDATE'], (edit) =>
    edit.mapLines((text) => (text === 'a=curr:qos local sendrecv' ? 'a=curr:qos local none' : undefined)),
  );
  expect(findings(never)).toEqual(expect.arrayContaining(['SDP-12 fail']));
});

test('takes a mode-set that the answer repeats or chooses, and no other', () => {
  const fmtp = (text: string) => (edit: SdpEdit) =>
    edit.mapLines((line) =>
      line.startsWith('a=fmtp:97 ') ? `a=fmtp:97 ${text};mode-change-capability=2;max-red=220` : undefined,
    );
  const both = described(ALL, fmtp('mode-set=0,1,2'));
  expect(findings(both)).toEqual([]);
  const chosen = described(['183', 'UPDATE', '200 UPDATE'], fmtp('mode-set=0,1,2'));
  expect(findings(chosen)).toEqual([]);
  const other = described(['INVITE'], fmtp('mode-set=0,1,2,8'));
  expect(findings(other)).toEqual(['VOC-07 fail']);
  const lower = described(ALL, fmtp('mode-set=0,1'));
  expect(findings(lower)).toEqual(['VOC-17 fail']);
  expect(findings(described(ALL, fmtp('mode-set=0,9')))).toEqual(expect.arrayContaining(['VOC-05 fail']));
});

test('judges a description that came without its last line end or with a blank line mildly', () => {
  const bent = (change: (body: Uint8Array) => Uint8Array) =>
    goodMediaCall().map((record) => {
      if (titleOf(record) !== 'UPDATE') return record;
      const sip = parseSip(record.octets);
      return { ...record, octets: editSip(sip).body(change(sip.body)).done().octets };
    });
  expect(findings(bent((body) => body.subarray(0, body.length - 2)))).toEqual(['SDP-01 warn']);
  expect(findings(bent((body) => Buffer.concat([body, Buffer.from('\r\n')])))).toEqual(['SDP-01 warn']);
  const bare = bent((body) => Buffer.from(Buffer.from(body).toString('latin1').replaceAll('\r\n', '\n'), 'latin1'));
  expect(findings(bare)).toEqual(['SDP-01 fail']);
});

test('names the line of the message that offends', () => {
  const profile = testProfile();
  const records = described(['183'], (edit) => edit.addAttribute(0, 'curr', 'qos nowhere none'));
  const { findings: all } = judge(mediaEvidence(records, profile), profile, { rules: RULES });
  const [finding] = all;
  const octets = records[finding?.message ?? -1]?.octets ?? new Uint8Array();
  const lines = Buffer.from(octets).toString('latin1').split('\r\n');
  expect(finding?.rule).toBe('SDP-17');
  expect(lines[(finding?.line ?? 0) - 1]).toBe('a=curr:qos nowhere none');
});

test('accepts keys sent as they should be, and tells a missing repetition', () => {
  const keyed = (ends: number) =>
    spoken((packet, index) => {
      const start = 100;
      const length = 5;
      if (index < start || index >= start + length + ends) return packet.octets;
      const duration = Math.min(index - start + 1, length + 1) * 320;
      const payload = buildTelephoneEvent({ event: 1, end: index >= start + length, volume: 10, duration });
      const timestamp = (packet.timestamp - 320 * (index - start)) >>> 0;
      return buildRtp({
        ...packet,
        extension: undefined,
        payloadType: 101,
        timestamp,
        payload,
        marker: index === start,
      }).octets;
    });
  expect(findings(keyed(3))).toEqual([]);
  expect(findings(keyed(1))).toEqual(['VOC-14 warn']);
});

test('accepts silence with comfort noise at every eighth frame', () => {
  const noise = buildAmr([{ type: 9, quality: true, speech: new Uint8Array(5) }], {
    wideband: true,
    octetAligned: false,
  });
  const silent = (interval: number) =>
    spoken((packet, index) => {
      const { payloadType, sequenceNumber, ssrc } = packet;
      // Packet 100 and those behind it are noise; each stands for `interval` frames.
      if (index < 100) return packet.octets;
      const timestamp = (packet.timestamp + (index - 100) * (interval - 1) * 320) >>> 0;
      return buildRtp({ payloadType, sequenceNumber, ssrc, timestamp, payload: noise }).octets;
    });
  expect(findings(silent(8))).toEqual([]);
  expect(findings(silent(10))).toEqual(['VOC-18 warn']);
});

test('does not blame anybody for loss, duplicates and reordering on the way to the tap', () => {
  expect(findings(spoken((packet, index) => (index % 7 === 3 ? null : packet.octets)))).toEqual([]);
  const records = [...goodMediaCall()];
  const media = records.flatMap((record, index) =>
    record.protocol === 'rtp' && record.source.address === A ? [index] : [],
  );
  for (let i = 10; i + 1 < media.length; i += 10) {
    const [a, b] = [media[i] ?? 0, media[i + 1] ?? 0];
    const [first, second] = [records[a], records[b]];
    if (first === undefined || second === undefined) continue;
    records[a] = { ...second, at: first.at };
    records[b] = { ...first, at: second.at };
  }
  expect(findings(records)).toEqual([]);
  expect(
    findings(goodMediaCall().flatMap((record) => (record.protocol === 'rtp' ? [record, record] : [record]))),
  ).toEqual([]);
});

test('tells media that comes before the answer, unless it was authorised or is only just ahead of the 200', () => {
  const early = (from: string, before: number) => {
    const records = goodMediaCall();
    const border = (record: CallRecord) =>
      record.source.address === '192.0.2.25' && record.destination.address === '192.0.2.15';
    const answer = records.find((record) => border(record) && titleOf(record) === '200')?.at ?? 0;
    const moved = records.findIndex((record) => record.protocol === 'rtp' && record.source.address === from);
    return records
      .map((record, index) => (index === moved ? { ...record, at: answer - before } : record))
      .sort((a, b) => a.at - b.at);
  };
  expect(findings(early(A, 100_000))).toEqual(['RTP-06 warn']);
  expect(findings(early('192.0.2.26', 100_000))).toEqual([]);
  expect(findings(early('192.0.2.26', 1_000_000))).toEqual(['RTP-06 warn']);
  expect(findings(early(A, 100_000), { trust: false })).toEqual([]);
  const authorised = early(A, 100_000).map((record) =>
    titleOf(record) === '183'
      ? { ...record, octets: editSip(parseSip(record.octets)).set('P-Early-Media', 'sendrecv').done().octets }
      : record,
  );
  expect(findings(authorised)).toEqual([]);
});

test('judges nothing of media whose descriptions were not captured', () => {
  const media = goodMediaCall().filter((record) => record.protocol !== 'sip');
  expect(findings(media)).toEqual([]);
});
