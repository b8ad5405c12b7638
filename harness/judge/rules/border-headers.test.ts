import { expect, test } from '@playwright/test';
import type { Profile } from '../../profile/profile.js';
import { editSip, type SipEdit } from '../../wire/sip/edit.js';
import { parseCSeq } from '../../wire/sip/headers.js';
import type { SipMessage } from '../../wire/sip/message.js';
import { parseSip } from '../../wire/sip/parse.js';
import type { Finding } from '../finding.js';
import { judge } from '../judge.js';
import { type CallChoice, goodCall } from '../testing/call.js';
import { evidenceOf, type TraceRecord, testProfile, trace } from '../testing/trace.js';

const A = 'ims.mnc001.mcc001.3gppnetwork.org';
const B = 'ims.mnc002.mcc001.3gppnetwork.org';
const PCV = 'P-Charging-Vector';
const IBCF_A = '192.0.2.15';
const IBCF_B = '192.0.2.25';

type Edit = (edit: SipEdit<SipMessage>, message: SipMessage) => SipEdit<SipMessage>;

/** Changes one message of the call where it crosses the border, and nothing else: `INVITE`, `180`, `200 BYE`. */
function atTheBorder(title: string, change: Edit, choice: CallChoice = {}): readonly Finding[] {
  const call = goodCall(choice);
  let changed = 0;
  const records = call.records.map((record): TraceRecord => {
    if (!isBetweenBorders(record)) return record;
    const message = parseSip(record.octets);
    if (titleOf(message) !== title) return record;
    changed += 1;
    return { ...record, octets: change(editSip(message), message).done().octets };
  });
  expect(changed, `${title} is in the call`).toBeGreaterThan(0);
  return judge(evidenceOf(records, call.profile), call.profile).findings;
}

function isBetweenBorders({ source, destination }: TraceRecord): boolean {
  return [IBCF_A, IBCF_B].includes(source.address) && [IBCF_A, IBCF_B].includes(destination.address);
}

function titleOf(message: SipMessage): string {
  if (message.kind === 'request') return message.method;
  const method = parseCSeq(message.get('CSeq') ?? '')?.method ?? '';
  return method === 'INVITE' ? String(message.status) : `${message.status} ${method}`;
}

function told(findings: readonly Finding[]): readonly string[] {
  const lines = findings.map(({ rule, severity, attributedTo }) => `${rule} ${severity} ${attributedTo}`);
  return [...new Set(lines)].sort();
}

const add =
  (header: string, value: string): Edit =>
  (edit) =>
    edit.append(header, value);
const remove =
  (header: string): Edit =>
  (edit) =>
    edit.remove(header);
const change =
  (header: string, by: (value: string) => string): Edit =>
  (edit, message) =>
    edit.set(header, by(message.fields(header)[0]?.value ?? ''));
const target =
  (uri: string): Edit =>
  (edit) =>
    edit.requestUri(uri);

const ioi = (name: 'orig' | 'term', value: string): Edit =>
  change(PCV, (vector) =>
    vector.replace(new RegExp(`;${name}-ioi=[^;]*`), value === '' ? '' : `;${name}-ioi=${value}`),
  );

/** One header changed at the border of an otherwise good call: exactly this rule speaks, and blames the sender. */
const DEVIATIONS: readonly (readonly [title: string, what: string, change: Edit, told: string])[] = [
  ['INVITE', 'orig-ioi of the callee', ioi('orig', B), 'PCV-11 fail ibcf.home-a'],
  ['INVITE', 'orig-ioi of nobody', ioi('orig', 'nobody.example'), 'PCV-27 fail ibcf.home-a'],
  ['INVITE', 'orig-ioi of type 1', ioi('orig', `"Type 1 ${A}"`), 'PCV-11 warn ibcf.home-a'],
  ['INVITE', 'orig-ioi of type 3', ioi('orig', `"Type 3${A}"`), 'PCV-13 warn ibcf.home-a'],
  ['INVITE', 'term-ioi in a request', ioi('orig', `${A};term-ioi=${B}`), 'PCV-07 warn ibcf.home-a'],
  ['INVITE', 'no charging vector', remove(PCV), 'PCV-03 fail ibcf.home-a'],
  ['INVITE', 'icid-value behind', change(PCV, (v) => v.replace(/^([^;]*);(.*)$/, '$2;$1')), 'PCV-01 fail ibcf.home-a'],
  ['INVITE', 'two vectors in a line', change(PCV, (v) => `${v}, icid-value=2;orig-ioi=x`), 'PCV-01 fail ibcf.home-a'],
  ['INVITE', 'other icid-value', change(PCV, (v) => v.replace(/"[^"]*"/, '"x"')), 'PCV-04 fail ibcf.home-a'],
  ['180', 'other icid-value', change(PCV, (v) => v.replace(/"[^"]*"/, '"x"')), 'PCV-32 fail ibcf.home-b'],
  ['183', 'term-ioi of the caller', ioi('term', A), 'PCV-09 fail ibcf.home-b'],
  ['180', 'term-ioi of type 1', ioi('term', `"Type 1${B}"`), 'PCV-11 warn ibcf.home-b'],
  ['180', 'other From tag', change('From', (v) => v.replace(/tag=.*/, 'tag=zz')), 'GEN-05 fail ibcf.home-b'],
  ['180', 'other CSeq', change('CSeq', () => '7 INVITE'), 'GEN-05 fail ibcf.home-b'],
  ['200', 'no term-ioi', ioi('term', ''), 'PCV-09 fail ibcf.home-b'],
  ['180', 'other orig-ioi', ioi('orig', B), 'PCV-08 fail ibcf.home-b'],
  ['INVITE', 'access charging', change(PCV, (v) => `${v};ggsn=192.0.2.3;gcid=1`), 'PCV-19 fail ibcf.home-a'],
  ['INVITE', 'functions passed', change(PCV, (v) => `${v};fe-identifier="x"`), 'PCV-20 warn ibcf.home-a'],
  ['200 BYE', 'charging addresses', add('P-Charging-Function-Addresses', 'ccf=192.0.2.9'), 'HDR-01 fail ibcf.home-b'],
  ['INVITE', 'user database', add('p-user-database', '<aaa://hss.example>'), 'HDR-02 fail ibcf.home-a'],
  ['INVITE', 'sec-agree', add('Proxy-Require', 'SEC-AGREE'), 'HDR-04 fail ibcf.home-a'],
  ['UPDATE', 'empty Proxy-Require', add('Proxy-Require', ''), 'HDR-05 fail ibcf.home-a'],
  ['183', 'media authorisation', add('P-Media-Authorization', '0020'), 'HDR-06 fail ibcf.home-b'],
  ['UPDATE', 'visited network', add('P-Visited-Network-ID', '"x"'), 'HDR-07 fail ibcf.home-a'],
  ['200', 'Service-Route', add('Service-Route', '<sip:s.example;lr>'), 'HDR-07 fail ibcf.home-b'],
  ['180', 'no Allow any more', remove('Allow'), 'HDR-09 warn ibcf.home-b'],
  ['INVITE', 'no Session-Expires any more', remove('Session-Expires'), 'HDR-09 fail ibcf.home-a'],
  ['BYE', 'P-Early-Media', add('P-Early-Media', 'sendrecv'), 'GEN-09 warn ibcf.home-a'],
  ['INVITE', 'access network that is none', add('P-Access-Network-Info', '@@'), 'GEN-03 fail ibcf.home-a'],
  ['183', 'no From', remove('From'), 'GEN-05 fail ibcf.home-b'],
  ['200 BYE', 'empty CSeq', change('CSeq', () => ''), 'GEN-03 fail ibcf.home-b'],
  ['180', 'two From', add('From', '<sip:x@y.example>;tag=1'), 'GEN-03 fail ibcf.home-b'],
  ['200', 'other To tag', change('To', (v) => v.replace(/tag=.*/, 'tag=zz')), 'GEN-05 fail ibcf.home-b'],
  ['UPDATE', 'Content-Type that is none', change('Content-Type', () => 'sdp'), 'GEN-08 fail ibcf.home-a'],
  ['UPDATE', 'empty Contact', change('Contact', () => ''), 'GEN-03 fail ibcf.home-a'],
  ['INVITE', 'empty Min-SE', change('Min-SE', () => ''), 'GEN-03 fail ibcf.home-a'],
  ['INVITE', 'stray semicolon', change('Accept', (v) => `${v};`), 'GEN-03 fail ibcf.home-a'],
  ['INVITE', 'national number', target(`sip:0701740605@${B};user=phone`), 'URI-05 fail ibcf.home-a'],
  ['INVITE', 'number without user=phone', target(`sip:+46701740605@${B}`), 'URI-06 warn ibcf.home-a'],
  ['INVITE', 'context', target(`sip:+46701740605;phone-context=+46@${B};user=phone`), 'URI-10 fail ibcf.home-a'],
  ['INVITE', 'category', target(`sip:+46701740605;cpc=ordinary@${B};user=phone`), 'URI-17 fail ibcf.home-a'],
  ['INVITE', 'category behind', target(`sip:+46701740605@${B};user=phone;cpc=test`), 'URI-17 fail ibcf.home-a'],
];

for (const [title, what, edit, expected] of DEVIATIONS) {
  test(`${title} with ${what}: ${expected}`, () => {
    expect(told(atTheBorder(title, edit))).toContain(expected);
    expect(told(atTheBorder(title, edit)).filter((line) => /^(GEN|MTH|HDR|TRU|URI|PCV)-/.test(line))).toEqual([
      expected,
    ]);
  });
}

test('an identity in a response is judged, one that was only repeated is not', () => {
  const local = change('P-Asserted-Identity', () => '<tel:0701740605>');
  expect(told(atTheBorder('200', local))).toContain('URI-05 fail ibcf.home-b');
  const from = { From: `<sip:+447700900101@under_score.example;user=phone>;tag=a1f4` };
  const titles = [
    'INVITE',
    '100',
    '183',
    'PRACK',
    '200 PRACK',
    'UPDATE',
    '200 UPDATE',
    '180',
    '200 INVITE',
    'ACK',
    'BYE',
    '200 BYE',
  ];
  const headers = Object.fromEntries(titles.map((title) => [title, from]));
  const findings = judge(goodCall({ headers }).evidence(), testProfile()).findings;
  expect(findings.map(({ rule, attributedTo }) => `${rule} ${attributedTo}`)).toEqual(['URI-12 ibcf.home-a']);
});

test('asserted identities may change their order and separators, not their number', () => {
  const same = `<tel:+44-7700-900101>, <sip:+447700900101@${A};user=phone>`;
  expect(
    told(
      atTheBorder(
        'INVITE',
        change('P-Asserted-Identity', () => same),
      ),
    ),
  ).toEqual([]);
  const half = change('P-Asserted-Identity', () => `<sip:+46701740605@${B};user=phone>`);
  expect(told(atTheBorder('183', half))).toContain('TRU-14 fail ibcf.home-b');
});

/** An exchange at the border alone, as a capture of the interconnection shows it. */
function request(method: string, more: readonly string[] = [], uri = `sip:+46701740605@${B};user=phone`): string {
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/TCP ibcf.${A};branch=z9hG4bK${method}${more.length}`,
    'Max-Forwards: 66',
    `From: <sip:+447700900101@${A};user=phone>;tag=a1`,
    `To: <sip:+46701740605@${B};user=phone>${method === 'INVITE' ? '' : ';tag=b1'}`,
    'Call-ID: one@192.0.2.1',
    `CSeq: ${method === 'INVITE' ? 1 : 2} ${method}`,
    ...more,
    'Content-Length: 0',
    '',
    '',
  ].join('\n');
}

function response(to: string, status: number, more: readonly string[] = []): string {
  return to
    .replace(/^.* SIP\/2\.0/, `SIP/2.0 ${status} Text`)
    .replace(/^(To: [^;]*;user=phone>)$/m, '$1;tag=b1')
    .replace(/^Max-Forwards.*\n/m, '')
    .replace(/^(?:P-|Record-Route|Contact|Route).*\n/gm, '')
    .replace('Content-Length', [...more, 'Content-Length'].join('\n'));
}

function rulesOf(messages: readonly (readonly [toB: boolean, text: string])[], profile: Profile = testProfile()) {
  const made = trace(profile);
  for (const [toB, text] of messages)
    made.message(toB ? 'ibcf.home-a' : 'ibcf.home-b', toB ? 'ibcf.home-b' : 'ibcf.home-a', text);
  return told(judge(made.evidence(), profile).findings);
}

test('a route without lr is the fault of who recorded it', () => {
  const route = `<sip:s-cscf.${A}>`;
  const invite = request('INVITE', [`Record-Route: ${route}`]);
  const ok = response(invite, 200, [`Record-Route: ${route}`]);
  const bye = request('BYE').replace('To:', 'X:').replace('From:', 'To:').replace('X:', 'From:');
  const back = bye.replace('Content-Length', `Route: ${route}\nContent-Length`);
  const rules = rulesOf([
    [true, invite],
    [false, ok],
    [false, back],
  ]);
  expect(rules.filter((rule) => rule.startsWith('GEN-19'))).toEqual(['GEN-19 fail ibcf.home-a']);
});

test('headers of a visited network are told in a re-INVITE too', () => {
  const again = request('UPDATE', ['P-Served-User: <sip:a@b.example>']).replaceAll('UPDATE', 'INVITE');
  expect(rulesOf([[true, again]])).toContain('HDR-07 fail ibcf.home-a');
});

test('a network that does not charge owes no vector, a transit network names the caller', () => {
  const invite = request('INVITE', [`${PCV}: icid-value=1;orig-ioi=${A}`]);
  const none = rulesOf([
    [true, invite],
    [false, response(invite, 180)],
  ]);
  expect(none.filter((rule) => rule.startsWith('PCV'))).toEqual([]);
  const profile = testProfile({ options: { 'charging-nonroaming': true } });
  const agreed = rulesOf(
    [
      [true, invite],
      [false, response(invite, 180)],
    ],
    profile,
  );
  expect(agreed).toContain('PCV-09 fail ibcf.home-b');
  const [operator] = testProfile().operators;
  if (operator === undefined) throw new Error('no operator');
  const caller = { ...operator, name: 'caller', domain: 'caller.example', ioi: 'caller.example' };
  const three = { ...testProfile(), operators: [...testProfile().operators, caller] };
  const transit = (from: string): string =>
    request('INVITE', [`${PCV}: icid-value=1;orig-ioi=caller.example`]).replace(
      `@${A};user=phone>;tag`,
      `@${from}>;tag`,
    );
  expect(rulesOf([[true, transit('caller.example')]], three).filter((rule) => rule.startsWith('PCV'))).toEqual([]);
  expect(rulesOf([[true, transit(A)]], three)).toContain('PCV-11 fail ibcf.home-a');
});

test('a border that makes calls of its own is not taken to refuse what came from behind', () => {
  const profile = testProfile();
  const options = request('OPTIONS').replace(/;tag=b1/, '');
  const refused = response(options, 501);
  const own = (text: string): string =>
    text.replaceAll('one@192.0.2.1', 'two@192.0.2.1').replaceAll('tag=a1', 'tag=x1');
  const made = trace(profile)
    .message('ibcf.home-a', 'ibcf.home-b', options)
    .message('ibcf.home-b', 's-cscf.home-b', own(options))
    .message('s-cscf.home-b', 'ibcf.home-b', own(refused))
    .message('ibcf.home-b', 'ibcf.home-a', refused);
  expect(told(judge(made.evidence(), profile).findings).filter((rule) => rule.startsWith('MTH-01'))).toEqual([]);
});

test('media of one IP version over signalling of the other is right where both networks have it', () => {
  const six = (edit: SipEdit<SipMessage>, message: SipMessage): SipEdit<SipMessage> =>
    edit.body(
      Buffer.from(
        Buffer.from(message.body)
          .toString('latin1')
          .replace(/^c=IN IP4 \S+/m, 'c=IN IP6 2001:db8::1'),
      ),
      message.get('Content-Type'),
    );
  expect(told(atTheBorder('183', six))).toContain('GEN-23 fail ibcf.home-b');
  const { records, profile } = goodCall();
  const both = records.map((record) => {
    const message = parseSip(record.octets);
    return message.body.length === 0 ? record : { ...record, octets: six(editSip(message), message).done().octets };
  });
  const rules = judge(evidenceOf(both, profile), profile).findings.filter(({ severity }) => severity === 'fail');
  expect(rules.map(({ rule }) => rule)).not.toContain('GEN-23');
});

test('plain TCP is told where TLS was agreed', () => {
  const made = trace(testProfile({ transport: 'tls' }), 'tcp').message('ibcf.home-a', 'ibcf.home-b', request('INVITE'));
  expect(told(judge(made.evidence(), made.profile).findings)).toContain('GEN-22 warn ibcf.home-a');
});

test('charging addresses towards a UE are told', () => {
  const made = trace().message(
    'p-cscf.home-b',
    'ue-1.home-b',
    request('INVITE', ['P-Charging-Function-Addresses: ccf=192.0.2.9']),
  );
  expect(told(judge(made.evidence(), made.profile).findings)).toContain('PCV-28 fail p-cscf.home-b');
});

test('octets that begin no message are the fault of the Content-Length in front of them', () => {
  const described = request('INVITE', ['Content-Type: application/sdp'])
    .replace('Content-Length: 0', 'Content-Length: *')
    .concat('v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n');
  const made = trace()
    .message('ibcf.home-a', 'ibcf.home-b', described)
    .octets('ibcf.home-a', 'ibcf.home-b', Buffer.from('a=ptime:20\r\n'));
  const findings = judge(made.evidence(), made.profile).findings;
  expect(told(findings)).toContain('GEN-07 fail ibcf.home-a');
  expect(findings.find(({ rule }) => rule === 'GEN-07')).toMatchObject({ frame: 1, line: 9 });
  expect(told(findings).filter((rule) => rule.startsWith('GEN-03'))).toEqual([]);
});
