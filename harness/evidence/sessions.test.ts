import { expect, test } from '@playwright/test';
import { LINK_TYPES } from '../wire/capture/capture-file.js';
import { udpPacket } from '../wire/capture/ip-packet.js';
import { writePcap } from '../wire/capture/pcap-writer.js';
import { editSip } from '../wire/sip/edit.js';
import { parseSip } from '../wire/sip/parse.js';
import { evidenceFromCapture } from './evidence-from-capture.js';
import { sessionsOf } from './sessions.js';
import { captureStatistics } from './statistics.js';
import { A_SIDE, B_SIDE, invite, ok, profile } from './testing/border.js';

function evidence(messages: readonly Uint8Array[]) {
  const frames = messages.map((octets, i) => ({
    at: 1e15 + i * 1e6,
    octets: udpPacket(A_SIDE, B_SIDE, octets, i + 1),
  }));
  return evidenceFromCapture(writePcap(LINK_TYPES.raw, frames), { profile: profile() }).evidence;
}

function withHeaders(octets: Uint8Array, headers: Readonly<Record<string, string>>): Uint8Array {
  const edit = editSip(parseSip(octets));
  for (const [name, value] of Object.entries(headers)) edit.set(name, value);
  return edit.done().octets;
}

test('legs with other Call-IDs join by ICID, and their responses follow', () => {
  const other = withHeaders(invite({ callId: 'leg-2' }), { 'P-Charging-Vector': 'icid-value="icid-leg-1"' });
  const answer = editSip(parseSip(ok({ callId: 'leg-2' })))
    .remove('P-Charging-Vector')
    .done().octets;
  const read = evidence([invite({ callId: 'leg-1' }), other, answer, invite({ callId: 'else' })]);
  expect(sessionsOf(read)).toMatchObject([
    { callId: 'leg-1', callIds: ['leg-1', 'leg-2'], icids: ['icid-leg-1'], method: 'INVITE' },
    { callId: 'else' },
  ]);
  expect(sessionsOf(read)[0]?.messages.map((message) => message.frame)).toEqual([1, 2, 3]);
  expect(sessionsOf(read)).toBe(sessionsOf(read));
  expect(captureStatistics(read)).toEqual({
    frames: 4,
    messages: { sip: 4, diameter: 0, dns: 0, rtp: 0, rtcp: 0, unknown: 0 },
    sessions: 2,
  });
});

test('legs join by Session-ID, but not by its nil half', () => {
  const uuid = 'ab30317f1a784dc48ff824d0d3715d86';
  const nil = '0'.repeat(32);
  const bare = (callId: string, id: string): Uint8Array =>
    withHeaders(
      editSip(parseSip(invite({ callId })))
        .remove('P-Charging-Vector')
        .done().octets,
      { 'Session-ID': id },
    );
  const read = evidence([
    bare('a', `${uuid};remote=${nil}`),
    bare('b', `47755a9de7794ba387653f2099600ef2;remote=${uuid}`),
    bare('c', `${nil};remote=${nil}`),
    bare('d', `${nil}`),
  ]);
  expect(sessionsOf(read).map((session) => session.callIds)).toEqual([['a', 'b'], ['c'], ['d']]);
});
