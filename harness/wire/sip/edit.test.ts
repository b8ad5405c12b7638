import { expect, test } from '@playwright/test';
import { buildRequest, buildResponse } from './build.js';
import { editSip } from './edit.js';
import type { SipRequest } from './message.js';
import { bodyOfType, bodyParts, buildMultipart, parseMultipart } from './multipart.js';
import { parseSip } from './parse.js';

const octets = [
  'INVITE sip:b@h SIP/2.0',
  'v:SIP/2.0/UDP a;branch=z9hG4bK1,  SIP/2.0/UDP b;branch=z9hG4bK2',
  'ROUTE: <sip:r1;lr>',
  'f: <sip:a@h>;tag=1',
  't: <sip:b@h>',
  'Call-ID:   1',
  'CSeq: 1 INVITE',
  'Route: <sip:r2;lr> , <sip:r3,x;lr>',
  'Max-Forwards: 70',
  'Record-Route: <sip:p;lr>',
  'Timestamp: 54',
  'Content-Type: text/plain',
  'l: 2',
  '',
  'hi',
].join('\r\n');
const message = parseSip(Buffer.from(octets)) as SipRequest;
const textOf = (of: { readonly octets: Uint8Array }) => Buffer.from(of.octets).toString();

test('each change touches its own lines only', () => {
  const edit = () => editSip(message);
  expect(textOf(edit().done())).toBe(octets);
  expect(textOf(edit().set('max-forwards', '69').done())).toBe(octets.replace('Max-Forwards: 70', 'max-forwards: 69'));
  expect(edit().setAll('Route', ['<sip:x>', '<sip:y>']).done().all('route')).toEqual(['<sip:x>', '<sip:y>']);
  expect(textOf(edit().removeFirst('Route').done())).toBe(octets.replace('ROUTE: <sip:r1;lr>\r\n', ''));
  expect(edit().removeFirst('Via').done().all('Via')).toEqual(['SIP/2.0/UDP b;branch=z9hG4bK2']);
  expect(
    edit()
      .prepend('Route', '<sip:r0>')
      .done()
      .headers.map(({ name }) => name)[1],
  ).toBe('Route');
  expect(
    edit()
      .prepend('Path', '<sip:p>')
      .done()
      .headers.map(({ name }) => name)[1],
  ).toBe('Path');
  expect(edit().remove('Via').prepend('Via', 'x').done().headers[0]?.name).toBe('Via');
  expect(edit().append('Via', 'x').done().all('Via').at(-1)).toBe('x');
  expect(edit().append('X-New', 'x').done().headers.at(-1)?.name).toBe('X-New');
  const mapped = edit()
    .mapValues('Route', (value, index) => (index === 1 ? null : value))
    .done();
  expect(textOf(mapped)).toBe(octets.replace('<sip:r2;lr> , <sip:r3,x;lr>', '<sip:r3,x;lr>'));
  expect(edit().requestUri('tel:+1').done().requestUri).toBe('tel:+1');
});

test('a body with its length and its type; without one nothing describes it', () => {
  const other = editSip(message).body('häh', 'application/sdp').done();
  expect([other.get('Content-Length'), other.get('Content-Type')]).toEqual(['4', 'application/sdp']);
  expect(other.defects).toEqual(message.defects);
  const none = editSip(message).body(null).done();
  expect([none.get('l'), none.has('Content-Type'), none.body.length]).toEqual(['0', false, 0]);
});

test('a value cannot smuggle a line in', () => {
  const smuggled = editSip(message).set('Subject', 'a\r\nRoute: <sip:evil>\r\n\r\nb').done();
  expect(smuggled.all('Route')).toEqual(message.all('Route'));
  expect(smuggled.get('Subject')).toBe('a Route: <sip:evil> b');
  const built = buildRequest({ method: 'INFO', requestUri: 'sip:a@b', headers: [['X', 'a\nY: b']] });
  expect(built.has('Y')).toBe(false);
});

test('responses: Record-Route, Timestamp and tags where RFC 3261 has them', () => {
  expect(buildResponse(message, 100, { toTag: 'x' }).get('Timestamp')).toBe('54');
  expect(buildResponse(message, 100).has('Record-Route')).toBe(false);
  expect(buildResponse(message, 200).all('Record-Route')).toEqual(['<sip:p;lr>']);
  expect(buildResponse(message, 486).has('Record-Route')).toBe(false);
  const again = editSip(message).set('To', '<sip:b@h>;tag=old').done();
  expect(buildResponse(again, 200, { toTag: 'new' }).get('To')).toBe('<sip:b@h>;tag=old');
  expect(buildResponse(message, 299).reason).toBe('OK');
  expect(buildResponse(message, 200, { body: 'v=0', contentType: 'application/sdp' }).get('Content-Length')).toBe('3');
});

test('multiparts: nested, with preamble, not closed, without boundary', () => {
  const inner = buildMultipart([{ contentType: 'application/sdp', octets: 'v=0\r\n' }], 'in', 'alternative');
  const outer = buildMultipart(
    [
      { contentType: 'application/pidf+xml', octets: '<a/>', headers: [['Content-ID', '<1@h>']] },
      { contentType: inner.contentType, octets: inner.body },
    ],
    'out',
  );
  const request = editSip(message).body(outer.body, outer.contentType).done();
  expect(bodyParts(request).map(({ type }) => type)).toEqual(['application/pidf+xml', 'application/sdp']);
  expect(bodyParts(request)[0]?.contentId).toBe('<1@h>');
  expect(Buffer.from(bodyOfType(request, 'application/SDP') ?? []).toString()).toBe('v=0\r\n');
  expect(bodyOfType(request, 'text/plain')).toBeNull();
  const preamble = parseMultipart(
    Buffer.from('ignored\r\n--b\r\n\r\none\r\n--bb\r\n--b--\r\nepilogue'),
    'a/b;boundary=b',
  );
  expect(preamble.parts.map((part) => Buffer.from(part.octets).toString())).toEqual(['one\r\n--bb']);
  expect(preamble.defects).toEqual([]);
  const open = parseMultipart(Buffer.from('--b\r\n\r\none'), 'a/b;boundary=b');
  expect([open.parts.length, open.defects[0]?.code]).toEqual([1, 'sip-multipart-not-closed']);
  expect(parseMultipart(Buffer.from('x'), 'a/b').defects[0]?.code).toBe('sip-multipart-boundary');
});
