import { expect, test } from '@playwright/test';
import type { Evidence, Party, RecordedDiameter } from '../../evidence/model.js';
import { type AvpInput, buildAnswer, buildDiameter } from '../../wire/diameter/build.js';
import { APPLICATION_ID, VENDOR_3GPP } from '../../wire/diameter/dictionary.js';
import type { DiameterMessage } from '../../wire/diameter/message.js';
import { parseDiameter } from '../../wire/diameter/parse.js';
import type { Finding } from '../finding.js';
import { judge } from '../judge.js';
import { testProfile } from '../testing/trace.js';
import { CX } from './cx.js';
import { DIAMETER } from './diameter.js';
import { RX } from './rx.js';

const CSCF: Party = { address: '192.0.2.1', port: 40000 };
const AGENT: Party = { address: '192.0.2.2', port: 3868 };
const AGENT_OUT: Party = { address: '192.0.2.2', port: 41000 };
const HSS: Party = { address: '192.0.2.3', port: 3868 };

type Step = readonly [from: Party, to: Party, octets: Uint8Array];

function findings(...steps: readonly Step[]): readonly Finding[] {
  const messages = steps.map(([from, to, octets], index): RecordedDiameter => {
    const diameter = parseDiameter(octets);
    return {
      protocol: 'diameter',
      index,
      frame: index + 1,
      frames: [index + 1],
      at: index * 1000,
      transport: 'sctp',
      referencePoint: 'Cx',
      from,
      to,
      octets,
      defects: diameter.defects,
      diameter,
    };
  });
  const evidence: Evidence = { frameCount: messages.length, messages, nodes: [], integrity: [] };
  return judge(evidence, testProfile(), { rules: [...DIAMETER, ...CX, ...RX], service: 'pass' }).findings;
}

const APPLICATION: AvpInput = [
  'Vendor-Specific-Application-Id',
  [
    ['Vendor-Id', VENDOR_3GPP],
    ['Auth-Application-Id', APPLICATION_ID.Cx],
  ],
];

function request(command: string, avps: readonly AvpInput[], hopByHop = 7): DiameterMessage {
  return buildDiameter({
    command,
    hopByHop,
    endToEnd: 9,
    avps: [
      ['Session-Id', 'cscf;1;1'],
      APPLICATION,
      ['Auth-Session-State', 1],
      ['Origin-Host', 'cscf.a'],
      ['Origin-Realm', 'a'],
      ['Destination-Realm', 'a'],
      ...avps,
    ],
  });
}

function answer(to: DiameterMessage, avps: readonly AvpInput[]): DiameterMessage {
  return buildAnswer(to, [
    APPLICATION,
    ['Auth-Session-State', 1],
    ['Origin-Host', 'hss.a'],
    ['Origin-Realm', 'a'],
    ...avps,
  ]);
}

const experimental = (code: number, vendor = VENDOR_3GPP): AvpInput => [
  'Experimental-Result',
  [
    ['Vendor-Id', vendor],
    ['Experimental-Result-Code', code],
  ],
];
const USER: readonly AvpInput[] = [
  ['User-Name', 'u@a'],
  ['Public-Identity', 'sip:u@a'],
];
const UAR = request('UAR', [...USER, ['Visited-Network-Identifier', Buffer.from('a')]]);
const rules = (found: readonly Finding[]): readonly string[] =>
  found.map(({ rule, severity }) => `${rule} ${severity}`);

test('an exchange through an agent, on both of its hops, is right', () => {
  const onward = request(
    'UAR',
    [...USER, ['Visited-Network-Identifier', Buffer.from('a')], ['Route-Record', 'cscf.a']],
    99,
  );
  const back = answer(onward, [experimental(2001)]);
  expect(
    findings(
      [CSCF, AGENT, UAR.octets],
      [AGENT_OUT, HSS, onward.octets],
      [HSS, AGENT_OUT, back.octets],
      [AGENT, CSCF, answer(UAR, [experimental(2001)]).octets],
    ),
  ).toEqual([]);
});

test('a capture that begins or ends within an exchange shows no fault', () => {
  expect(findings([HSS, CSCF, answer(UAR, [experimental(2002), ['Server-Name', 'sip:s']]).octets])).toEqual([]);
  expect(findings([CSCF, HSS, UAR.octets])).toEqual([]);
  expect(
    findings([CSCF, HSS, UAR.octets], [CSCF, HSS, UAR.octets], [HSS, CSCF, answer(UAR, [experimental(2001)]).octets]),
  ).toEqual([]);
});

test('refusals that TS 29.228 has are no faults, those of others are', () => {
  const told = (...avps: readonly AvpInput[]) =>
    rules(findings([CSCF, HSS, UAR.octets], [HSS, CSCF, answer(UAR, avps).octets]));
  for (const code of [5001, 5002, 5003, 5004]) expect(told(experimental(code))).toEqual([]);
  expect(told(['Result-Code', 5003])).toEqual([]);
  expect(told(['Result-Code', 5012])).toEqual([]);
  expect(told(experimental(5420))).toEqual(['CHK-CX-UAR fail']);
  expect(told(experimental(2001, 13019))).toEqual(['CHK-DMC-01 fail']);
  expect(told()).toEqual(['CHK-DMC-01 fail']);
  const busy = buildAnswer(
    UAR,
    [
      ['Result-Code', 3004],
      ['Origin-Host', 'hss.a'],
      ['Origin-Realm', 'a'],
    ],
    { error: true },
  );
  expect(findings([CSCF, HSS, UAR.octets], [HSS, CSCF, busy.octets])).toEqual([]);
});

test('vectors of other schemes than AKA are not held against it', () => {
  const mar = request('MAR', [
    ...USER,
    ['SIP-Auth-Data-Item', [['SIP-Authentication-Scheme', 'SIP Digest']]],
    ['SIP-Number-Auth-Items', 1],
    ['Server-Name', 'sip:s'],
  ]);
  const maa = answer(mar, [
    ['Result-Code', 2001],
    ...USER,
    ['SIP-Number-Auth-Items', 1],
    [
      'SIP-Auth-Data-Item',
      [
        ['SIP-Authentication-Scheme', 'SIP Digest'],
        [
          'SIP-Digest-Authenticate',
          [
            ['Digest-Realm', 'a'],
            ['Digest-QoP', 'auth'],
            ['Digest-HA1', '0123'],
          ],
        ],
      ],
    ],
  ]);
  expect(findings([CSCF, HSS, mar.octets], [HSS, CSCF, maa.octets])).toEqual([]);
});

test('a profile may cover an identity by a wildcard, and must be there for an unregistered user', () => {
  const sar = request('SAR', [
    ['Public-Identity', 'sip:group-7@a'],
    ['Server-Name', 'sip:s'],
    ['Server-Assignment-Type', 'UNREGISTERED_USER'],
    ['User-Data-Already-Available', 0],
  ]);
  const profile =
    '<IMSSubscription><PrivateID>u@a</PrivateID><ServiceProfile><PublicIdentity><Identity>sip:group-!.*!@a</Identity></PublicIdentity></ServiceProfile></IMSSubscription>';
  const told = (...avps: readonly AvpInput[]) =>
    rules(findings([CSCF, HSS, sar.octets], [HSS, CSCF, answer(sar, [['Result-Code', 2001], ...avps]).octets]));
  expect(told(['User-Data', Buffer.from(profile)])).toEqual([]);
  expect(told(['User-Data', Buffer.from(profile.replace('group-!.*!', 'other'))])).toEqual(['CHK-CX-SAR fail']);
  expect(told()).toEqual(['CHK-CX-SAR fail']);
});

test('what is advice stays advice', () => {
  const flags = Uint8Array.from(UAR.octets);
  // The M bit of the first AVP (Session-Id) cleared.
  flags[24] = 0;
  expect(rules(findings([CSCF, HSS, flags]))).toEqual(['CHK-DMC-01 warn']);
  const gx = buildDiameter({
    command: 4711,
    applicationId: 16_777_238,
    avps: [['Session-Id', 'x'], { code: 9, vendorId: 193, mandatory: true, data: new Uint8Array(4) }],
  });
  expect(
    rules(findings([CSCF, HSS, gx.octets])).every((told) => told.endsWith('warn') || told.startsWith('CHK-DMC-01')),
  ).toBe(true);
  const foreign = buildDiameter({ command: 4711, applicationId: 16_777_999, avps: [['Session-Id', 'x']] });
  expect(findings([CSCF, HSS, foreign.octets])).toEqual([]);
});

test('Rx: an STR without its AAR in the trace is no fault, a second one is', () => {
  const build = (command: string, hopByHop: number, avps: readonly AvpInput[]) =>
    buildDiameter({
      command,
      applicationId: APPLICATION_ID.Rx,
      hopByHop,
      endToEnd: hopByHop,
      avps: [
        ['Session-Id', 'pcscf;1;1'],
        ['Auth-Application-Id', APPLICATION_ID.Rx],
        ['Origin-Host', 'pcscf.a'],
        ['Origin-Realm', 'a'],
        ['Destination-Realm', 'a'],
        ...avps,
      ],
    });
  const good = (to: DiameterMessage, avps: readonly AvpInput[] = []) =>
    buildAnswer(
      to,
      [
        ['Auth-Application-Id', APPLICATION_ID.Rx],
        ['Result-Code', 2001],
        ['Origin-Host', 'pcrf.a'],
        ['Origin-Realm', 'a'],
        ...avps,
      ].slice(to.commandCode === 265 ? 0 : 1) as readonly AvpInput[],
    );
  const str = (hopByHop: number) => build('STR', hopByHop, [['Termination-Cause', 'DIAMETER_LOGOUT']]);
  const [first, second] = [str(2), str(3)];
  expect(findings([CSCF, HSS, first.octets], [HSS, CSCF, good(first).octets])).toEqual([]);
  const aar = build('AAR', 1, [['Framed-IP-Address', Uint8Array.of(192, 0, 2, 9)]]);
  const session: readonly Step[] = [
    [CSCF, HSS, aar.octets],
    [HSS, CSCF, good(aar).octets],
    [CSCF, HSS, first.octets],
    [HSS, CSCF, good(first).octets],
  ];
  expect(findings(...session)).toEqual([]);
  expect(rules(findings(...session, [CSCF, HSS, second.octets]))).toEqual(['CHK-RX-STR warn']);
});
