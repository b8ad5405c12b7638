import { expect, test } from '@playwright/test';
import { applicationString, enumDomain, enumservices } from './enum-client.js';
import { compileEre } from './ere.js';
import { substitute } from './naptr-regexp.js';

const UK = '+442079460148';

/** Application Unique String, expression, and the URI, or what becomes of the record. */
const VECTORS: readonly (readonly [string, string, string])[] = [
  [UK, '!^.*$!sip:info@example.com!', 'sip:info@example.com'],
  [UK, '!^(.*)$!sip:\\1@ims.example;user=phone!', 'sip:+442079460148@ims.example;user=phone'],
  [UK, '!^\\+(.*)$!sip:\\1@y.example!', 'sip:442079460148@y.example'],
  [UK, '!^(\\+44)(.*)$!sip:0\\2@y.example!', 'sip:02079460148@y.example'],
  [UK, '#^(.*)$#sip:\\1@y.example#', 'sip:+442079460148@y.example'],
  [UK, '/^(.*)$/sip:\\1@y.example;x=a\\/z/', 'sip:+442079460148@y.example;x=a/z'],
  [UK, '!^(.*)$!sip:\\1@y.example;x=a\\!b!', 'sip:+442079460148@y.example;x=a!b'],
  [UK, '|^\\+44(.*)$|sip:\\1@y.example|', 'sip:2079460148@y.example'],
  [UK, '!^[+]44(.*)$!sip:\\1@y.example!', 'sip:2079460148@y.example'],
  [UK, '!^\\+44([[:digit:]]{2})([0-9]+)$!sip:\\2@a\\1.example!', 'sip:79460148@a20.example'],
  [UK, '!^\\+(44|1)([0-9]*)$!sip:\\2@cc\\1.example!', 'sip:2079460148@cc44.example'],
  [UK, '!^\\+44(20(7(9)))([0-9]+)$!sip:\\1-\\2-\\3-\\4@y.example!', 'sip:2079-79-9-460148@y.example'],
  [UK, '!^(.*)$!sip:\\10@y.example!', 'sip:+4420794601480@y.example'],
  [UK, '!^.*$!sip:a&b@y.example!', 'sip:a&b@y.example'],
  [UK, '!^\\+44(1)?(2079460148)$!sip:x\\1y\\2@z.example!', 'sip:xy2079460148@z.example'],
  [UK, '!^\\+44([^0-9]*)(.*)$!sip:\\1\\2@y.example!', 'sip:2079460148@y.example'],
  [UK, '!^.*$!SIP:Alice@Example.COM!', 'SIP:Alice@Example.COM'],
  [UK, '!^(.*)$!sip:\\1@y.example!i', 'sip:+442079460148@y.example'],
  [UK, '!^(.*)$!sip:\\1@y.example!ii', 'sip:+442079460148@y.example'],
  [UK, '!^(.*)0148$!tel:\\1;ext=0148!', 'tel:+44207946;ext=0148'],
  ['+12155550123', '!(^.*)$!tel:\\1;npdi!', 'tel:+12155550123;npdi'],
  [UK, '!^\\+441632(.*)$!sip:\\1@y.example!', 'no-match'],
  [UK, '!^.*$!!', 'no-match'],
  [UK, '!^(.*)$!sip:\\2@y.example!', 'invalid'],
  [UK, '1^.*$1sip:a@y1', 'invalid'],
  [UK, '0^.*$0sip:a@y0', 'invalid'],
  [UK, 'i^.*$itel:+1i', 'invalid'],
  [UK, '!^.*$!sip:a@y.example', 'invalid'],
  [UK, '!^.*$!sip:a@y.example!!', 'invalid'],
  [UK, '!^(.*)$!sip:\\1@y.example!g', 'invalid'],
  [UK, '!^(.*)$!\\1!', 'invalid'],
  [UK, '!^.*$!sip:\\0@y.example!', 'invalid'],
  [UK, '!^+44(.*)$!sip:\\1@y.example!', 'invalid'],
  [UK, '!^(?:\\+44)(.*)$!sip:\\1@y.example!', 'invalid'],
  [UK, '!^\\d+$!sip:a@y.example!', 'invalid'],
  [UK, '', 'invalid'],
  [UK, '!^[$!sip:a@y.example!', 'invalid'],
  [UK, '!^a{999}$!sip:a@y.example!', 'invalid'],
  [UK, `!${'('.repeat(100)}a${')'.repeat(100)}!sip:a@y.example!`, 'invalid'],
];

test('substitution expressions do what RFC 3402 says, or the record is left out', () => {
  for (const [aus, expression, expected] of VECTORS) {
    const result = substitute(expression, aus);
    expect([expression, result.kind === 'uri' ? result.uri : result.kind]).toEqual([expression, expected]);
  }
});

test('an expression that would keep a backtracking engine for ever is done at once', () => {
  const text = `+${'1'.repeat(15)}`;
  const started = performance.now();
  expect(compileEre('^\\+((((([0-9]+)+)+)+)+)+x$')?.match(text)).toBeNull();
  expect(compileEre('^(([0-9+]{0,255}){0,30})$')?.match(text)?.[1] ?? text).toBe(text);
  expect(performance.now() - started).toBeLessThan(1500);
});

test('leftmost, and longest where several start there', () => {
  expect(compileEre('a|ab|abc')?.match('xabcd')).toEqual(['abc']);
  expect(compileEre('(ab|a)(bc|c)?')?.match('abc')?.[0]).toBe('abc');
  expect(compileEre('ABC', true)?.match('xaBcy')?.[0]).toBe('aBc');
  expect(compileEre('[]a-]+')?.match('x]-ay')?.[0]).toBe(']-a');
});

test('a number becomes its domain name, RFC 6116 section 3.2', () => {
  expect(enumDomain('+442079460148', 'e164.arpa')).toBe('8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa');
  expect(enumDomain('+123456789012345', '.e164enum.net.')).toBe('5.4.3.2.1.0.9.8.7.6.5.4.3.2.1.e164enum.net');
  expect(applicationString('tel:+1(202)555-0100')).toBe('+12025550100');
  expect(applicationString('+1234567890123456')).toBeNull();
  expect(applicationString('tel:112;phone-context=+44')).toBeNull();
});

test('service fields, with the order of RFC 2916 too', () => {
  expect(enumservices('E2U+sip')).toEqual(['sip']);
  expect(enumservices('e2u+PSTN:tel+sip')).toEqual(['pstn:tel', 'sip']);
  expect(enumservices('sip+E2U')).toEqual(['sip']);
  for (const wrong of ['', 'E2U', 'E2U+', 'SIP+D2U', 'E2U+sip+E2U', `E2U+${'x'.repeat(33)}`, 'E2U+s!p']) {
    expect([wrong, enumservices(wrong)]).toEqual([wrong, null]);
  }
});
