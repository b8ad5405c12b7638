import { expect, test } from '@playwright/test';
import { buildDiameter } from './build.js';
import { DiameterFramer } from './framing.js';

const watchdog = (host: string) => buildDiameter({ command: 'DWR', avps: [['Origin-Host', host]] }).octets;

test('messages come out whole, however the stream is chunked', () => {
  const stream = Buffer.concat([watchdog('a'), watchdog('bb.example.org'), watchdog('c')]);
  for (let size = 1; size <= stream.length; size += 1) {
    const framer = new DiameterFramer();
    const frames = [];
    for (let offset = 0; offset < stream.length; offset += size) {
      frames.push(...framer.push(stream.subarray(offset, offset + size)));
    }
    expect(frames.map((frame) => frame.kind)).toEqual(['message', 'message', 'message']);
    expect(Buffer.concat(frames.map((frame) => frame.octets))).toEqual(stream);
    expect(framer.end()).toEqual([]);
  }
});

test('octets that cannot begin a message end the stream with one defect', () => {
  const framer = new DiameterFramer();
  const frames = [
    ...framer.push(watchdog('a')),
    ...framer.push(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    ...framer.push(watchdog('a')),
  ];
  expect(frames.map((frame) => frame.kind)).toEqual(['message', 'garbage']);
});

test('a length beyond the limit is refused before anything is kept', () => {
  const [frame] = new DiameterFramer({ maxLength: 1000 }).push(Uint8Array.of(1, 0xff, 0xff, 0xfc));
  expect(frame).toMatchObject({ kind: 'garbage', defect: { code: 'diameter-stream' } });
});

test('a message that the end of the stream cuts is told', () => {
  const framer = new DiameterFramer();
  framer.push(watchdog('a').subarray(0, 21));
  expect(framer.end()).toMatchObject([{ kind: 'garbage' }]);
});
