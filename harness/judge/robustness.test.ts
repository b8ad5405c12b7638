import { expect, test } from '@playwright/test';
import { judge } from './judge.js';
import { goodCall } from './testing/call.js';
import { evidenceOf, type TraceRecord, testProfile } from './testing/trace.js';

const CALLS = [{}, { rejectedWith: 486 }, { cancelled: true }];
const COMPACT: Readonly<Record<string, string>> = {
  Via: 'v',
  From: 'f',
  To: 't',
  'Call-ID': 'i',
  Contact: 'm',
  'Content-Type': 'c',
  'Content-Length': 'l',
  Supported: 'k',
  'Session-Expires': 'x',
  'Accept-Contact': 'a',
};

/** Rules that speak up about a trace, with what they saw; that a cut capture is not whole is said of the capture, not of anybody in it. */
function told(records: readonly TraceRecord[], profile = testProfile()): readonly string[] {
  return judge(evidenceOf(records, profile), profile)
    .findings.filter((finding) => finding.rule !== 'EVIDENCE' || finding.severity !== 'info')
    .map((finding) => `${finding.rule}: ${finding.seen}`);
}

function rewritten(record: TraceRecord, change: (text: string) => string): TraceRecord {
  return { ...record, octets: Buffer.from(change(Buffer.from(record.octets).toString('latin1')), 'latin1') };
}

test('a trace of the border alone has nothing to say either', () => {
  for (const choice of CALLS) {
    const border = goodCall(choice).records.filter(
      ({ source, destination }) => source.address.endsWith('5') && destination.address.endsWith('5'),
    );
    expect(border.length).toBeGreaterThan(3);
    expect(told(border)).toEqual([]);
  }
});

test('a trace that begins or ends in the middle blames nobody', () => {
  for (const choice of CALLS) {
    const { records } = goodCall(choice);
    for (let cut = 1; cut < records.length; cut += 1) {
      expect(told(records.slice(cut)), `without the first ${cut}`).toEqual([]);
      expect(told(records.slice(0, cut)), `the first ${cut}`).toEqual([]);
    }
  }
});

test('retransmissions are folded', () => {
  const profile = testProfile({ transport: 'udp' });
  const { records } = goodCall({ profile });
  const twice = records.flatMap((record) => [record, { ...record, at: record.at + 500_000 }]);
  expect(told(twice, profile)).toEqual([]);
});

test('compact names, other cases and folded lines say the same', () => {
  const { records } = goodCall();
  const compact = records.map((record) =>
    rewritten(record, (text) =>
      text.replace(/^([A-Za-z-]+):/gm, (whole, name: string) => (name in COMPACT ? `${COMPACT[name]}:` : whole)),
    ),
  );
  expect(told(compact)).toEqual([]);
  const lower = records.map((record) =>
    rewritten(record, (text) =>
      text.replace(/^(?:P-[A-Za-z-]+|Route|Record-Route|CSeq|Allow|Supported|RSeq|RAck):/gm, (name) =>
        name.toLowerCase(),
      ),
    ),
  );
  expect(told(lower)).toEqual([]);
  const folded = records.map((record) =>
    rewritten(record, (text) => text.replace(/^(Allow|Supported|Accept): /gm, '$1:\r\n ')),
  );
  expect(told(folded)).toEqual([]);
});

test('a callee that asks for no preconditions and answers at once is right too', () => {
  const { records } = goodCall();
  const plain = records.map((record) => rewritten(record, (text) => text.replace(/, precondition/g, '')));
  expect(told(plain).filter((line) => !line.startsWith('SDP'))).toEqual([]);
});

test('damaged octets never stop the judge', () => {
  const { records } = goodCall();
  let seed = 20_240_229;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 150; round += 1) {
    const damaged = records.map((record) => {
      const octets = Uint8Array.from(record.octets);
      for (let count = random(4); count > 0; count -= 1) octets[random(octets.length)] = random(256);
      return { ...record, octets: random(5) === 0 ? octets.slice(0, random(octets.length)) : octets };
    });
    expect(() => told(damaged)).not.toThrow();
  }
});
