import { expect, test } from '@playwright/test';
import type { Evidence, RecordedMessage } from '../evidence/model.js';
import { judge } from './judge.js';
import { goodCall } from './testing/call.js';
import { testProfile } from './testing/trace.js';

const profile = testProfile();

/** What a probe that sees one direction of the border has of a call. */
function halfOf(evidence: Evidence, sender: string): Evidence {
  const heard = evidence.messages.filter(
    (message) => message.referencePoint === 'Ici' && message.from.node?.name === sender,
  );
  const messages = heard.map((message, index): RecordedMessage => Object.assign(Object.create(message), { index }));
  return { ...evidence, messages };
}

for (const choice of [{}, { rejectedWith: 486 }, { cancelled: true }]) {
  for (const sender of ['ibcf.home-a', 'ibcf.home-b']) {
    test(`holds nothing against ${sender} that only the other direction tells: ${JSON.stringify(choice)}`, () => {
      const evidence = halfOf(goodCall({ ...choice, profile }).evidence(), sender);
      const { findings, conformance, service } = judge(evidence, profile);
      expect(findings.filter((finding) => finding.severity !== 'info')).toEqual([]);
      expect(findings).toMatchObject([{ rule: 'EVIDENCE', seen: expect.stringContaining(`Only what ${sender} sent`) }]);
      expect({ conformance, service }).toEqual({ conformance: 'pass', service: 'inconc' });
    });
  }
}

test('a border that never answers is silent, not unheard', () => {
  const { messages, ...rest } = goodCall({ profile }).evidence();
  const invite = messages.find((message) => message.referencePoint === 'Ici');
  if (invite === undefined) throw new Error('a call begins with an INVITE');
  const again = (index: number, at: number): RecordedMessage =>
    Object.assign(Object.create(invite), { index, at: invite.at + at });
  const evidence = { ...rest, messages: [again(0, 0), again(1, 40_000_000)] };
  const { findings } = judge(evidence, profile);
  expect(findings.filter((finding) => finding.rule === 'EVIDENCE')).toEqual([]);
});
