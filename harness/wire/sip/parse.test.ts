import { expect, test } from '@playwright/test';
import { buildRequest, buildResponse } from './build.js';
import { editSip } from './edit.js';
import { parseSip } from './parse.js';

const invite = [
  'INVITE sip:+15550100@home-b.example;user=phone SIP/2.0',
  'v: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKa , SIP/2.0/TCP b.example;branch=z9hG4bKb',
  'Via: SIP/2.0/UDP c.example;branch=z9hG4bKc',
  'Max-Forwards: 70',
  'f: "A, B" <sip:a@home-a.example>;tag=1',
  't: <tel:+15550100>',
  'i: x@y',
  'CSeq: 1 INVITE',
  'Subject: I know,',
  '  you are, there',
  'Record-Route: <sip:r1;lr>, <sip:r2,x;lr>',
  'l: 4',
  '',
  'bodyXX',
].join('\r\n');

test('a message is indexed by long, compact and any-case names, and lists are split', () => {
  const message = parseSip(Buffer.from(invite));
  expect(message.kind === 'request' && [message.method, message.requestUri]).toEqual([
    'INVITE',
    'sip:+15550100@home-b.example;user=phone',
  ]);
  expect(message.all('VIA')).toHaveLength(3);
  expect(message.get('from')).toBe('"A, B" <sip:a@home-a.example>;tag=1');
  expect(message.get('Subject')).toBe('I know, you are, there');
  expect(message.all('record-route')).toEqual(['<sip:r1;lr>', '<sip:r2,x;lr>']);
  expect(Buffer.from(message.body).toString()).toBe('body');
  expect(message.fields('Subject')[0]?.line).toBe(9);
  const subject = message.fields('Subject')[0];
  expect(subject && Buffer.from(message.octets).toString('latin1', subject.start, subject.end)).toBe(
    'Subject: I know,\r\n  you are, there\r\n',
  );
});

test('an edit changes its lines and no other octet', () => {
  const message = parseSip(Buffer.from(invite));
  const edited = editSip(message).set('Max-Forwards', '69').done();
  expect(Buffer.from(edited.octets).toString()).toBe(invite.replace('70', '69'));
  const popped = editSip(message).removeFirst('Via').done();
  expect(popped.all('Via')).toEqual(message.all('Via').slice(1));
  expect(editSip(message).prepend('Via', 'x').done().all('Via')[0]).toBe('x');
});

test('a response copies what RFC 3261 §8.2.6 says', () => {
  const request = parseSip(Buffer.from(invite));
  if (request.kind !== 'request') throw new Error('not a request');
  const response = buildResponse(request, 180, { toTag: 't' });
  expect(response.all('Via')).toEqual(request.all('Via'));
  expect(response.all('Record-Route')).toEqual(request.all('Record-Route'));
  expect(response.get('To')).toBe('<tel:+15550100>;tag=t');
  expect(response.get('Content-Length')).toBe('0');
});

test('a request is built with Content-Length in octets', () => {
  const request = buildRequest({
    method: 'MESSAGE',
    requestUri: 'sip:a@b',
    headers: [],
    body: 'ä',
    contentType: 'text/plain',
  });
  expect(request.get('l')).toBe('2');
});
