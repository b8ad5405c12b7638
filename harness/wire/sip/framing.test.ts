import { expect, test } from '@playwright/test';
import { SipFramer } from './framing.js';

const message = (body: string) =>
  `MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nl: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

function kinds(chunks: readonly (string | Buffer)[]) {
  const framer = new SipFramer();
  const frames = chunks.flatMap((chunk) => framer.push(Buffer.from(chunk)));
  return [...frames, ...framer.end()].map((frame) => ({
    kind: frame.kind,
    text: Buffer.from(frame.octets).toString(),
  }));
}

test('several messages in a segment, and any chunking of them, give the same frames', () => {
  const stream = Buffer.from(`${message('häh')}${message('')}\r\n\r\n${message('x\r\n\r\nSIP/2.0')}`);
  const whole = kinds([stream]);
  expect(whole.map(({ kind }) => kind)).toEqual(['message', 'message', 'keep-alive', 'message']);
  expect(whole.map(({ text }) => text).join('')).toBe(stream.toString());
  for (const size of [1, 2, 3, 7, 50]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
    const messages = kinds(chunks).filter(({ kind }) => kind === 'message');
    expect(messages).toEqual(whole.filter(({ kind }) => kind === 'message'));
  }
});

test('what cannot be cut is garbage with a defect, and every octet comes out', () => {
  for (const bad of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\nrest',
    'OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\nrest',
    'OPTIONS sip:a@b SIP/2.0\r\nl: -1\r\n\r\nrest',
    'OPTIONS sip:a@b SIP/2.0\r\nl: 1\r\nContent-Length: 2\r\n\r\nrest',
    'OPTIONS sip:a@b SIP/2.0\r\nl: 9999999999\r\n\r\nrest',
    'OPTIONS sip:a@b SIP/2.0\r\nl: 50\r\n\r\nhalf',
  ]) {
    const frames = kinds([bad, 'more']);
    expect(frames.every(({ kind }) => kind === 'garbage')).toBe(true);
    expect(frames.map(({ text }) => text).join('')).toBe(`${bad}more`);
  }
});

test('a header section without end is given up at the bound, octet by octet in linear time', () => {
  const framer = new SipFramer();
  const octet = Buffer.from('a');
  let frames = 0;
  for (let i = 0; i < 70_000; i++) frames += framer.push(octet).filter(({ kind }) => kind === 'garbage').length;
  expect(framer.lost).toBe(true);
  expect(frames).toBeGreaterThan(0);
});
