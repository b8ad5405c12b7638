import { expect, test } from '@playwright/test';
import type { RecordedMessage } from '../evidence/model.js';
import { parseSip } from '../wire/sip/parse.js';
import { judge } from './judge.js';
import { goodCall } from './testing/call.js';
import { testProfile } from './testing/trace.js';

const PROFILES = [
  testProfile(),
  testProfile({ trust: false }),
  testProfile({ topologyHiding: true }),
  testProfile({ transport: 'udp' }),
];
const CALLS = [{}, { rejectedWith: 486 }, { cancelled: true }];

test('has nothing to say about well-behaved calls', () => {
  for (const profile of PROFILES) {
    for (const choice of CALLS) {
      const judgement = judge(goodCall({ ...choice, profile }).evidence(), profile);
      expect(judgement.findings).toEqual([]);
      expect(judgement.verdict).toBe('pass');
      expect(Object.keys(judgement.exercised).length).toBeGreaterThan(0);
    }
  }
});

test('gives no pass for nothing', () => {
  const profile = testProfile();
  const nothing = { frameCount: 3, messages: [], nodes: profile.nodes, integrity: [] };
  expect(judge(nothing, profile)).toMatchObject({ conformance: 'inconc', service: 'inconc', verdict: 'inconc' });
  expect(judge({ ...nothing, frameCount: 0 }, profile).verdict).toBe('error');
});

test('judges what SIP itself asks where nobody can tell which hop is the border, and gives no pass for that', () => {
  const profile = testProfile();
  const call = goodCall({ profile });
  const unplaced = (change: (text: string) => string) => {
    const messages = call.evidence().messages.map((message, index): RecordedMessage => {
      const octets = Buffer.from(change(Buffer.from(message.octets).toString('latin1')), 'latin1');
      const { from, to } = message;
      return Object.assign(Object.create(message), {
        ...{ index, octets, sip: parseSip(octets), referencePoint: 'unknown' },
        from: { address: from.address, port: from.port },
        to: { address: to.address, port: to.port },
      });
    });
    return judge({ ...call.evidence(), messages }, profile);
  };
  const right = unplaced((text) => text);
  expect(right.findings).toEqual([]);
  expect(right).toMatchObject({ conformance: 'inconc', verdict: 'inconc' });
  expect(Object.keys(right.exercised)).toEqual(expect.arrayContaining(['GEN-03', 'GEN-07']));
  const wrong = unplaced((text) => text.replace(/^Max-Forwards:.*\r\n/m, ''));
  expect(wrong.conformance).toBe('fail');
  expect(new Set(wrong.findings.map((finding) => finding.rule))).toEqual(new Set(['GEN-03']));
});
