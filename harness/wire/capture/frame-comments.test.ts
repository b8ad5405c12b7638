import { expect, test } from '@playwright/test';
import { LINK_TYPES } from './capture-file.js';
import { withFrameComments } from './frame-comments.js';
import { PcapngWriter } from './pcapng-writer.js';
import { readCapture } from './read-capture.js';

const FRAMES = [1, 2, 3, 4, 5].map((length) => new Uint8Array(length).fill(length));

function written(comments: ReadonlyMap<number, readonly string[]>): Uint8Array {
  const writer = new PcapngWriter({ interfaces: [{ linkType: LINK_TYPES.raw, name: 'Ici' }], comments: ['a section'] });
  FRAMES.forEach((octets, index) => {
    const texts = comments.get(index + 1);
    writer.frame({ interfaceIndex: 0, at: index, octets, ...(texts === undefined ? {} : { comments: texts }) });
  });
  return writer.done();
}

test('comments that are added later make the file that they would have made at once', () => {
  const comments = new Map([
    [1, ['first']],
    [3, ['Q3953-INT-01 · alice calls', 'FAIL GEN-01: hé']],
    [5, ['last']],
  ]);
  expect(Buffer.from(withFrameComments(written(new Map()), comments)).equals(written(comments))).toBe(true);
});

test('comments stand in front of those that a frame has', () => {
  const capture = withFrameComments(written(new Map([[2, ['old']]])), new Map([[2, ['new']]]));
  const { frames, problems } = readCapture(capture);
  expect(problems).toEqual([]);
  expect(frames.map((frame) => frame.comments)).toEqual([[], ['new', 'old'], [], [], []]);
  expect(frames.map((frame) => frame.octets.length)).toEqual([1, 2, 3, 4, 5]);
});

test('no comments, no change', () => {
  expect(Buffer.from(withFrameComments(written(new Map()), new Map())).equals(written(new Map()))).toBe(true);
});
