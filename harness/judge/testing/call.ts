import type { Profile } from '../../profile/profile.js';
import { sipOctets, Trace, testProfile } from './trace.js';

/** What a test may change of the well-behaved call. */
export interface CallChoice {
  readonly profile?: Profile;
  /** Changes or, with null, removes a header at every hop; `INVITE`, `183`, `200 INVITE` … name the message. */
  readonly headers?: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
  /** Ends the call before: only the INVITE and its 4xx, 5xx or 6xx. */
  readonly rejectedWith?: number;
  /** The caller gives up while it rings. */
  readonly cancelled?: boolean;
}

const A = { domain: 'ims.mnc001.mcc001.3gppnetwork.org', number: '+447700900101', tag: 'a1f4', hop: '192.0.2.10' };
const B = { domain: 'ims.mnc002.mcc001.3gppnetwork.org', number: '+46701740605', tag: 'b7c2', hop: '192.0.2.20' };
const ICSI = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"';
const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, NOTIFY, REFER';
const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  404: 'Not Found',
  487: 'Request Terminated',
  480: 'Temporarily Unavailable',
  486: 'Busy Here',
  488: 'Not Acceptable Here',
  603: 'Decline',
};

const OFFER = sdp(
  '1',
  'local none',
  'remote none',
  ['des:qos mandatory local sendrecv', 'des:qos none remote sendrecv'],
  20_000,
  '97 98 101 100',
  'a1',
);
const ANSWER = sdp(
  '7',
  'local none',
  'remote none',
  ['des:qos mandatory local sendrecv', 'des:qos mandatory remote sendrecv', 'conf:qos remote sendrecv'],
  30_000,
  '97 101',
  'b1',
);
const SECOND_OFFER = sdp(
  '2',
  'local sendrecv',
  'remote none',
  ['des:qos mandatory local sendrecv', 'des:qos mandatory remote sendrecv'],
  20_000,
  '97 101',
  'a1',
);
const SECOND_ANSWER = sdp(
  '8',
  'local sendrecv',
  'remote sendrecv',
  ['des:qos mandatory local sendrecv', 'des:qos mandatory remote sendrecv'],
  30_000,
  '97 101',
  'b1',
);

type Headers = readonly (readonly [string, string])[];
interface Step {
  readonly title: string;
  readonly fromA: boolean;
  readonly method: string;
  readonly cseq: number;
  readonly status?: number;
  readonly branch: string;
  readonly headers: Headers;
  readonly body?: string;
}

/**
 * The records of a VoLTE call with preconditions from home A to home B that no rule complains about, seen on three
 * hops: S-CSCF A to IBCF A, IBCF A to IBCF B, IBCF B to S-CSCF B. Both borders trust each other and hide nothing.
 */
export function goodCall(choice: CallChoice = {}): Trace {
  const trace = new Trace(choice.profile ?? testProfile());
  for (const step of stepsOf(choice)) {
    if (step.title === 'BYE') trace.wait(10_000);
    if (step.title === '200 INVITE') trace.wait(3000);
    for (const hop of (step.status === undefined) === step.fromA ? [0, 1, 2] : [2, 1, 0]) {
      if (step.status === 100 && hop !== 1) continue;
      const [from, to] = hopEnds(hop, step);
      trace.octets(from, to, sipOctets(text(step, hop, choice.headers?.[step.title] ?? {}, trace.profile)));
    }
    if (step.title === 'INVITE') {
      trace.message('p-cscf.home-b', 'ue-1.home-b', AT_THE_UE);
      trace.message(
        'ue-1.home-b',
        'p-cscf.home-b',
        AT_THE_UE.replace(/^INVITE.*/, 'SIP/2.0 200 OK').replace(/^(To: .*)$/m, `$1;tag=${B.tag}`),
      );
    }
  }
  return trace;
}

/** What reaches the callee's UE, cut down to what rules about Gm look at. */
const AT_THE_UE = `INVITE sip:${B.number}@192.0.2.20:5060 SIP/2.0
Via: SIP/2.0/TCP p-cscf.${B.domain};branch=z9hG4bKgm
Max-Forwards: 60
From: <sip:${A.number}@${A.domain};user=phone>;tag=${A.tag}
To: <sip:${B.number}@${B.domain};user=phone>
Call-ID: c0ffee-1@192.0.2.10
CSeq: 101 INVITE
Contact: <sip:${A.number}@192.0.2.10:5060>
Content-Length: 0

`;

const HOPS = ['s-cscf.home-a', 'ibcf.home-a', 'ibcf.home-b', 's-cscf.home-b'] as const;

/** Ends of hop 0, 1 or 2 in the direction in which the message travels. */
function hopEnds(hop: number, step: Step): [string, string] {
  const [left, right] = [HOPS[hop] ?? '', HOPS[hop + 1] ?? ''];
  return travelsRight(step) ? [left, right] : [right, left];
}

/** Requests of A and responses to B travel from A to B. */
function travelsRight(step: Step): boolean {
  return step.fromA === (step.status === undefined);
}

function host(name: string, network: 'a' | 'b'): string {
  return `${name}.${network === 'a' ? A.domain : B.domain}`;
}

/** Proxies on the path of a call from A to B, UEs left out. */
const PATH = [
  host('p-cscf', 'a'),
  host('s-cscf', 'a'),
  host('ibcf', 'a'),
  host('ibcf', 'b'),
  host('s-cscf', 'b'),
  host('p-cscf', 'b'),
];

/** How many proxies of the path a request has passed when it is on hop 0, 1 or 2. */
function passed(hop: number, fromA: boolean): number {
  return fromA ? hop + 2 : 4 - hop;
}

/** Headers that stay inside the trust domain; the borders of this call remove the asserted identity too. */
const TRUSTED = ['P-Asserted-Identity', 'P-Asserted-Service', 'P-Charging-Vector', 'P-Early-Media'];

/** Whether a hop lies behind the border of the sender's network. */
function beyondBorder(step: Step, hop: number): boolean {
  return travelsRight(step) ? hop >= 1 : hop <= 1;
}

/** With topology hiding a network shows nothing of its own but its border. */
function isHidden(name: string, hop: number, profile: Profile): boolean {
  if (name.startsWith('ibcf') || name.startsWith('ue') || profile.operators[0]?.topologyHiding !== true) return false;
  return name.endsWith(A.domain) ? hop >= 1 : hop <= 1;
}

function tokenOf(text: string): string {
  return `t${Buffer.from(text).toString('base64url').slice(-24)}`;
}

/** `<sip:s-cscf…;lr>`, or a token of it. */
function routeEntry(name: string, hop: number, profile: Profile): string {
  if (!isHidden(name, hop, profile)) return `<sip:${name};lr>`;
  const domain = name.endsWith(A.domain) ? A.domain : B.domain;
  return `<sip:${tokenOf(name.slice(0, 9))}@${domain};lr;tokenized-by=${domain}>`;
}

function viaEntry(name: string, branch: string, hop: number, profile: Profile): string {
  const network = name.endsWith(B.domain) ? 'b' : 'a';
  const cookie = `z9hG4bK${branch}${name.split('.')[0]}${network}`;
  if (!isHidden(name, hop, profile)) return `SIP/2.0/TCP ${name};branch=${cookie}`;
  const domain = network === 'a' ? A.domain : B.domain;
  return `SIP/2.0/TCP ${tokenOf(cookie).replaceAll('_', '0')}.${domain};branch=${cookie};tokenized-by=${domain}`;
}

function text(step: Step, hop: number, changes: Readonly<Record<string, string | null>>, profile: Profile): string {
  const isRequest = step.status === undefined;
  const path = step.fromA ? PATH : [...PATH].reverse();
  const behind = path.slice(0, passed(hop, step.fromA));
  const ue = host('ue-1', step.fromA ? 'a' : 'b');
  const vias = [...[...behind].reverse(), ue].map((name): [string, string] => [
    'Via',
    viaEntry(name, step.branch, hop, profile),
  ]);
  const hopByHop = step.method === 'CANCEL' || (step.method === 'ACK' && step.branch === 'inv');
  if (hopByHop) vias.splice(1);
  const ids: Headers = [
    [
      'From',
      step.method === 'BYE' && !step.fromA
        ? `<sip:${B.number}@${B.domain};user=phone>;tag=${B.tag}`
        : `<sip:${A.number}@${A.domain};user=phone>;tag=${A.tag}`,
    ],
    [
      'To',
      `<sip:${B.number}@${B.domain};user=phone>${step.title === 'INVITE' || step.title === 'CANCEL' || step.status === 100 ? '' : `;tag=${B.tag}`}`,
    ],
    ['Call-ID', 'c0ffee-1@192.0.2.10'],
    ['CSeq', `${step.cseq} ${step.method}`],
  ];
  const routing: [string, string][] = [];
  if (isRequest) routing.push(['Max-Forwards', String(70 - behind.length)]);
  const initial = step.title === 'INVITE';
  if (isRequest && (initial || hopByHop) && hop === 1) routing.push(['Route', `<sip:${host('ibcf', 'b')};lr>`]);
  if (isRequest && initial) {
    routing.push(
      ...[...behind].reverse().map((name): [string, string] => ['Record-Route', routeEntry(name, hop, profile)]),
    );
  } else if (isRequest && step.branch !== 'inv') {
    routing.push(
      ...path.slice(behind.length).map((name): [string, string] => ['Route', routeEntry(name, hop, profile)]),
    );
  } else if (step.method === 'INVITE' && !isRequest && step.status !== 100 && (step.status ?? 0) < 300) {
    routing.push(
      ...[...PATH].reverse().map((name): [string, string] => ['Record-Route', routeEntry(name, hop, profile)]),
    );
  }
  const start = isRequest
    ? `${step.method} ${requestUri(step)} SIP/2.0`
    : `SIP/2.0 ${step.status} ${REASONS[step.status ?? 0] ?? 'Other'}`;
  const body: Headers = [
    ...(step.body === undefined ? [] : [['Content-Type', 'application/sdp'] as const]),
    ['Content-Length', '*'],
  ];
  const shown =
    profile.agreement.trust || !beyondBorder(step, hop)
      ? step.headers
      : step.headers.filter(([name]) => !TRUSTED.includes(name));
  const headers = changed([...vias, ...routing, ...ids, ...shown, ...body], changes);
  return `${start}\n${headers.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${step.body ?? ''}`;
}

function requestUri(step: Step): string {
  if (step.title === 'INVITE' || step.branch === 'inv') return `sip:${B.number}@${B.domain};user=phone`;
  return step.fromA ? `sip:${B.number}@192.0.2.20:5060` : `sip:${A.number}@192.0.2.10:5060`;
}

function changed(headers: Headers, changes: Readonly<Record<string, string | null>>): Headers {
  const kept = headers.flatMap(([name, value]): Headers => {
    const change = changes[name];
    if (change === undefined) return [[name, value]];
    return change === null ? [] : [[name, change]];
  });
  const names = new Set(headers.map(([name]) => name));
  const added = Object.entries(changes).flatMap(
    ([name, value]): Headers => (value === null || names.has(name) ? [] : [[name, value]]),
  );
  return [...added, ...kept];
}

function sdp(
  version: string,
  local: string,
  remote: string,
  more: readonly string[],
  port: number,
  formats: string,
  session: string,
): string {
  const address = session.startsWith('a') ? '192.0.2.16' : '192.0.2.26';
  return [
    'v=0',
    `o=- ${session.charCodeAt(0)}1 ${version} IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${formats}`,
    'b=AS:41',
    'b=RS:512',
    'b=RR:1537',
    'a=rtpmap:97 AMR-WB/16000/1',
    'a=fmtp:97 mode-change-capability=2;max-red=220',
    ...(formats.includes('98') ? ['a=rtpmap:98 AMR/8000/1', 'a=fmtp:98 mode-change-capability=2;max-red=220'] : []),
    'a=rtpmap:101 telephone-event/16000',
    'a=fmtp:101 0-15',
    ...(formats.includes('100') ? ['a=rtpmap:100 telephone-event/8000', 'a=fmtp:100 0-15'] : []),
    'a=ptime:20',
    'a=maxptime:240',
    `a=curr:qos ${local}`,
    `a=curr:qos ${remote}`,
    ...more.map((line) => `a=${line}`),
    'a=sendrecv',
    '',
  ].join('\n');
}

const ICID = 'AyretyU0dm+6O2IrT5tAFrbHLso=023551024';
const PCV_REQUEST: Headers = [['P-Charging-Vector', `icid-value="${ICID}";orig-ioi=${A.domain}`]];
const PCV_RESPONSE: Headers = [['P-Charging-Vector', `icid-value="${ICID}";orig-ioi=${A.domain};term-ioi=${B.domain}`]];
const CONTACT_A: Headers = [['Contact', `<sip:${A.number}@192.0.2.10:5060>;${ICSI}`]];
const CONTACT_B: Headers = [['Contact', `<sip:${B.number}@192.0.2.20:5060>;${ICSI}`]];
const PAI_A: Headers = [['P-Asserted-Identity', `<sip:${A.number}@${A.domain};user=phone>, <tel:${A.number}>`]];
const PAI_B: Headers = [['P-Asserted-Identity', `<sip:${B.number}@${B.domain};user=phone>, <tel:${B.number}>`]];

const INVITE: Step = {
  title: 'INVITE',
  fromA: true,
  method: 'INVITE',
  cseq: 101,
  branch: 'inv',
  headers: [
    ...CONTACT_A,
    ...PAI_A,
    ['P-Asserted-Service', 'urn:urn-7:3gpp-service.ims.icsi.mmtel'],
    ...PCV_REQUEST,
    ['P-Early-Media', 'supported'],
    ['Accept-Contact', `*;${ICSI}`],
    ['Accept', 'application/sdp, application/3gpp-ims+xml'],
    ['Allow', ALLOW],
    ['Supported', '100rel, timer, precondition'],
    ['Session-Expires', '1800'],
    ['Min-SE', '90'],
  ],
  body: OFFER,
};

function response(title: string, to: Step, status: number, headers: Headers, body?: string): Step {
  const { fromA, method, cseq, branch } = to;
  return { title, fromA, method, cseq, branch, status, headers, ...(body === undefined ? {} : { body }) };
}

function request(title: string, method: string, cseq: number, fromA: boolean, headers: Headers, body?: string): Step {
  return {
    title,
    method,
    cseq,
    fromA,
    branch: `${method.toLowerCase()}${cseq}`,
    headers,
    ...(body === undefined ? {} : { body }),
  };
}

const PRACK = request('PRACK', 'PRACK', 102, true, [['RAck', '1 101 INVITE']]);
const UPDATE = request(
  'UPDATE',
  'UPDATE',
  103,
  true,
  [...CONTACT_A, ['Allow', ALLOW], ['Supported', '100rel, timer']],
  SECOND_OFFER,
);
const BYE = request('BYE', 'BYE', 105, true, []);

const STEPS: readonly Step[] = [
  INVITE,
  response('100', INVITE, 100, []),
  response(
    '183',
    INVITE,
    183,
    [...CONTACT_B, ...PAI_B, ...PCV_RESPONSE, ['Require', '100rel, precondition'], ['RSeq', '1'], ['Allow', ALLOW]],
    ANSWER,
  ),
  PRACK,
  response('200 PRACK', PRACK, 200, []),
  UPDATE,
  response('200 UPDATE', UPDATE, 200, [...CONTACT_B, ['Allow', ALLOW], ['Supported', '100rel, timer']], SECOND_ANSWER),
  response('180', INVITE, 180, [...CONTACT_B, ...PAI_B, ...PCV_RESPONSE, ['Allow', ALLOW]]),
  response('200 INVITE', INVITE, 200, [
    ...CONTACT_B,
    ...PAI_B,
    ...PCV_RESPONSE,
    ['Allow', ALLOW],
    ['Supported', '100rel, timer'],
    ['Require', 'timer'],
    ['Session-Expires', '1800;refresher=uac'],
  ]),
  request('ACK', 'ACK', 101, true, []),
  BYE,
  response('200 BYE', BYE, 200, []),
];

/** INVITE, its final non-2xx and the hop-by-hop ACKs. */
function rejection(status: number): readonly Step[] {
  return [INVITE, response('100', INVITE, 100, []), ...refusal(status)];
}

function refusal(status: number): readonly Step[] {
  const ack: Step = { title: `ACK ${status}`, fromA: true, method: 'ACK', cseq: 101, branch: 'inv', headers: [] };
  return [response(String(status), INVITE, status, []), ack];
}

function cancellation(): readonly Step[] {
  const cancel: Step = { title: 'CANCEL', fromA: true, method: 'CANCEL', cseq: 101, branch: 'inv', headers: [] };
  const beforeUpdate = STEPS.slice(0, 5);
  return [...beforeUpdate, cancel, response('200 CANCEL', cancel, 200, []), ...refusal(487)];
}

function stepsOf(choice: CallChoice): readonly Step[] {
  if (choice.rejectedWith !== undefined) return rejection(choice.rejectedWith);
  return choice.cancelled === true ? cancellation() : STEPS;
}
