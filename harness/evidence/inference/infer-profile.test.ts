import { expect, test } from '@playwright/test';
import { LINK_TYPES } from '../../wire/capture/capture-file.js';
import { udpPacket } from '../../wire/capture/ip-packet.js';
import { writePcap } from '../../wire/capture/pcap-writer.js';
import { buildDns } from '../../wire/dns/build.js';
import { NO_FLAGS } from '../../wire/dns/message.js';
import { buildRequest, buildResponse } from '../../wire/sip/build.js';
import { editSip } from '../../wire/sip/edit.js';
import type { SipMessage, SipRequest } from '../../wire/sip/message.js';
import { parseSip } from '../../wire/sip/parse.js';
import { evidenceFromCapture } from '../evidence-from-capture.js';
import { A_SIDE, B_SIDE, DOMAIN_A, DOMAIN_B, invite, ok, rtp } from '../testing/border.js';

type Sent = readonly [from: string, to: string, message: Uint8Array | SipMessage];

/** A capture of datagrams between addresses, port 5060 unless named, ten milliseconds apart. */
function capture(sent: readonly Sent[]): Uint8Array {
  const endpoint = (text: string) => {
    const [address = '', port = '5060'] = text.split('|');
    return { address, port: Number(port) };
  };
  return writePcap(
    LINK_TYPES.raw,
    sent.map(([from, to, message], i) => ({
      at: 1_790_000_000_000_000 + i * 10_000,
      octets: udpPacket(endpoint(from), endpoint(to), 'octets' in message ? message.octets : message, i + 1),
    })),
  );
}

function inviteRequest(options: Parameters<typeof invite>[0] = {}): SipRequest {
  const parsed = parseSip(invite(options));
  if (parsed.kind !== 'request') throw new Error('an INVITE is a request');
  return parsed;
}

const A = A_SIDE.address;
const B = B_SIDE.address;

test('the only hop of a border trace is Ici, its ends the borders of the two networks', () => {
  const { evidence, profile, inferred } = evidenceFromCapture(
    capture([
      [A, B, invite()],
      [B, A, ok()],
      ['192.0.2.11|20000', '198.51.100.11|30000', rtp(1)],
    ]),
  );
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['Ici', 'Ici', 'unknown']);
  expect(evidence.messages[0]?.from.node).toMatchObject({ role: 'ibcf', network: DOMAIN_A });
  expect(evidence.messages[0]?.to.node).toMatchObject({ role: 'ibcf', network: DOMAIN_B });
  expect(profile.operators).toMatchObject([
    { name: DOMAIN_A, domain: DOMAIN_A, ioi: DOMAIN_A, mcc: '001', mnc: '001' },
    { name: DOMAIN_B, domain: DOMAIN_B, ioi: DOMAIN_B, mcc: '001', mnc: '002' },
  ]);
  expect(profile.sut).toEqual([DOMAIN_A, DOMAIN_B]);
  expect(profile.agreement).toMatchObject({ trust: true, transport: 'udp', ipVersion: 4, codecs: ['AMR'] });
  expect(inferred.join('\n')).toContain(`${A} is taken as ibcf of ${DOMAIN_A}`);
  // The relay of the callee's network is offered in no session description here, so it stays unknown.
  expect(evidence.messages[2]?.from.node?.role).toBe('trgw');
});

test('identities that are numbers at addresses leave the IOIs to name the networks', () => {
  const request = editSip(inviteRequest())
    .requestUri(`sip:+46701740605@${B}`)
    .set('From', `<sip:+447700900101@${A}>;tag=a`)
    .set('P-Asserted-Identity', '<tel:+447700900101>')
    .set('P-Charging-Vector', 'icid-value=x;orig-ioi="operator-a"')
    .done();
  const response = buildResponse(request, 200, {
    toTag: 'b',
    headers: [['P-Charging-Vector', 'icid-value=x;orig-ioi="operator-a";term-ioi="operator-b"']],
  });
  const { evidence } = evidenceFromCapture(
    capture([
      [A, B, request],
      [B, A, response],
    ]),
  );
  expect(evidence.messages[0]).toMatchObject({
    referencePoint: 'Ici',
    from: { node: { network: 'operator-a' } },
    to: { node: { network: 'operator-b' } },
  });
});

test('a handset and its proxy are Gm, not a border', () => {
  const request = editSip(inviteRequest())
    .remove('P-Asserted-Identity')
    .remove('P-Charging-Vector')
    .append('P-Access-Network-Info', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001')
    .append('Proxy-Require', 'sec-agree')
    .append('Security-Verify', 'ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1;spi-s=2;port-c=5062;port-s=5063')
    .done();
  const { evidence } = evidenceFromCapture(capture([[A, B, request]]));
  expect(evidence.messages[0]).toMatchObject({
    referencePoint: 'Gm',
    from: { node: { role: 'ue' } },
    to: { node: { role: 'p-cscf' } },
  });
});

test('two addresses of which nothing tells the networks stay unknown', () => {
  const request = buildRequest({
    method: 'OPTIONS',
    requestUri: `sip:${B}`,
    headers: [
      ['Via', `SIP/2.0/UDP ${A};branch=z9hG4bK1`],
      ['From', `<sip:${A}>;tag=a`],
      ['To', `<sip:${B}>`],
      ['Call-ID', 'ping'],
      ['CSeq', '1 OPTIONS'],
    ],
  });
  const { evidence, profile, inferred } = evidenceFromCapture(capture([[A, B, request]]));
  expect(evidence.messages).toMatchObject([{ protocol: 'sip', referencePoint: 'unknown' }]);
  expect(profile.operators).toEqual([]);
  expect(inferred.join()).toContain('with --profile');
});

/** One INVITE on its way through five nodes that are only addresses; the two in the middle put their own media addresses in. */
function way(): Sent[] {
  const hop = (mediaAddress: string): SipRequest => inviteRequest({ mediaAddress });
  return [
    ['10.0.0.1', '10.0.0.2', hop('10.0.0.99')],
    ['10.0.0.2', '10.0.0.3', hop('192.0.2.11')],
    ['10.0.0.3', '10.0.0.4', hop('198.51.100.11')],
    ['10.0.0.4', '10.0.0.5', hop('198.51.100.11')],
  ];
}

test('on a way of several hops the border is where two neighbours both change the media addresses', () => {
  const { evidence } = evidenceFromCapture(capture(way()));
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['unknown', 'Ici', 'unknown', 'unknown']);
});

test('a trace that begins inside a call tells the border by From and To', () => {
  const bye = buildRequest({
    method: 'BYE',
    requestUri: `sip:${A}:5060`,
    headers: [
      ['Via', `SIP/2.0/UDP ${B};branch=z9hG4bK9`],
      ['From', `<sip:+46701740605@${DOMAIN_B};user=phone>;tag=b`],
      ['To', `<sip:+447700900101@${DOMAIN_A};user=phone>;tag=a`],
      ['Call-ID', 'call-1'],
      ['CSeq', '1 BYE'],
    ],
  });
  const { evidence } = evidenceFromCapture(capture([[B, A, bye]]));
  expect(evidence.messages[0]).toMatchObject({
    referencePoint: 'Ici',
    from: { node: { network: DOMAIN_B } },
    to: { node: { network: DOMAIN_A } },
  });
});

test('name servers are known by what they are asked', () => {
  const query = (name: string, type: 'NAPTR' | 'SRV', response: boolean) =>
    buildDns({
      ...{ id: 1, response, opcode: 0, flags: NO_FLAGS, rcode: 0, answers: [], authorities: [], additionals: [] },
      questions: [{ name, type, typeNumber: type === 'SRV' ? 33 : 35, class: 1 }],
    });
  const number = '5.0.6.0.4.7.1.0.7.6.4.e164enum.net';
  const { evidence } = evidenceFromCapture(
    capture([
      [`${A}|40000`, '192.0.2.53|53', query(number, 'NAPTR', false)],
      ['192.0.2.53|53', `${A}|40000`, query(number, 'NAPTR', true)],
      [`${A}|40001`, '203.0.113.53|53', query(`_sip._tcp.${DOMAIN_B}`, 'SRV', false)],
      ['203.0.113.53|53', `${A}|40001`, query(`_sip._tcp.${DOMAIN_B}`, 'SRV', true)],
      [A, B, invite()],
    ]),
  );
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['ENUM', 'ENUM', 'DNS', 'DNS', 'Ici']);
  expect(evidence.messages[1]?.from.node).toMatchObject({ role: 'enum-server', network: DOMAIN_A });
  expect(evidence.messages[3]?.from.node).toMatchObject({ role: 'ipx-dns', network: 'unknown' });
});

test('a border that has one address on each side is found in the same way', () => {
  const split = way().map(([from, to, message]): Sent => {
    if (from === '10.0.0.2') return ['192.0.2.10', '198.51.100.10', message];
    return [from, to, message];
  });
  const { evidence } = evidenceFromCapture(capture(split));
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['unknown', 'Ici', 'unknown', 'unknown']);
});

test('on a way of several hops host names of the two networks tell the border', () => {
  const named = way().map(([from, to, message], i): Sent => {
    if (!('octets' in message)) return [from, to, message];
    const host = i < 2 ? `n${i}.${DOMAIN_A}` : `n${i}.${DOMAIN_B}`;
    const value = `SIP/2.0/UDP ${host};branch=z9hG4bK${i}`;
    return [
      from,
      to,
      editSip(inviteRequest({ mediaAddress: '10.0.0.99' }))
        .set('Via', value)
        .done(),
    ];
  });
  const { evidence } = evidenceFromCapture(capture(named));
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['unknown', 'Ici', 'unknown', 'unknown']);
});

test('an application server is known by the call that comes straight back', () => {
  const sent = way().slice(0, 1);
  const [first] = sent;
  if (!first) throw new Error('the way has hops');
  const back: Sent = ['10.0.0.2', '10.0.0.1', first[2]];
  const { evidence } = evidenceFromCapture(capture([...sent, back]));
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['ISC', 'ISC']);
});

test('on a shared address the ports tell the nodes apart', () => {
  const via = (port: number) => `SIP/2.0/UDP [::1]:${port};branch=z9hG4bK1`;
  const { evidence } = evidenceFromCapture(
    capture([
      ['::1|12060', '::1|14060', editSip(inviteRequest()).set('Via', via(12060)).done()],
      ['::1|14060', '::1|12060', ok()],
    ]),
  );
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['Ici', 'Ici']);
});

test('responses alone show a border, where the other direction is not in the capture', () => {
  const { evidence, profile } = evidenceFromCapture(
    capture([
      [B, A, ok()],
      [B, A, ok({ callId: 'call-2', branch: 'z9hG4bK2' })],
    ]),
  );
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['Ici', 'Ici']);
  expect(evidence.messages[0]?.from.node).toMatchObject({ role: 'ibcf', network: DOMAIN_B });
  expect(evidence.messages[0]?.to.node).toMatchObject({ role: 'ibcf', network: DOMAIN_A });
  expect(profile.operators).toMatchObject([{ ioi: DOMAIN_A }, { ioi: DOMAIN_B }]);
});

test('the only hop of a registration between two networks is Ici, whoever waits behind it', () => {
  const register = buildRequest({
    method: 'REGISTER',
    requestUri: `sip:${DOMAIN_B}`,
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKa'],
      ['Via', `SIP/2.0/UDP pcscf1.${DOMAIN_A};branch=z9hG4bKb`],
      ['From', `<sip:user@${DOMAIN_B}>;tag=a`],
      ['To', `<sip:user@${DOMAIN_B}>`],
      ['Call-ID', 'roamer'],
      ['CSeq', '1 REGISTER'],
      ['Path', `<sip:192.0.2.10:5060;lr>, <sip:term@pcscf1.${DOMAIN_A};lr>`],
      ['P-Visited-Network-ID', `"${DOMAIN_A}"`],
    ],
  });
  const { evidence } = evidenceFromCapture(
    capture([
      [A, B, register],
      [B, A, buildResponse(register, 401, { toTag: 'b' })],
    ]),
  );
  expect(evidence.messages.map((message) => message.referencePoint)).toEqual(['Ici', 'Ici']);
  expect(evidence.messages[0]?.from.node).toMatchObject({ role: 'ibcf', network: DOMAIN_A });
  expect(evidence.messages[0]?.to.node).toMatchObject({ role: 'ibcf', network: DOMAIN_B });
});

test('a registration by way of a visited network shows that the networks agreed on roaming', () => {
  const register = (headers: Readonly<Record<string, string>>) => {
    const edit = editSip(parseSip(inviteRequest().octets)).remove('Content-Type').body(null);
    const message = Object.entries(headers)
      .reduce((all, [name, value]) => all.append(name, value), edit)
      .done();
    return Buffer.from(
      Buffer.from(message.octets)
        .toString('latin1')
        .replace(/\bINVITE\b/g, 'REGISTER'),
      'latin1',
    );
  };
  const agreed = (headers: Readonly<Record<string, string>>) =>
    evidenceFromCapture(
      capture([
        [A, B, invite()],
        [B, A, ok()],
        [A, B, register(headers)],
      ]),
    ).profile.agreement.options;
  expect(agreed({ Path: '<sip:p-cscf.visited.example;lr>', 'P-Visited-Network-ID': '"visited"' })).toEqual({
    'roaming-nni': true,
  });
  expect(agreed({})).toEqual({});
});

test('a header that only trust lets cross is taken as agreed where nothing else shows trust', () => {
  const plain = editSip(inviteRequest()).remove('P-Asserted-Identity').remove('P-Charging-Vector');
  const { profile } = evidenceFromCapture(capture([[A, B, plain.set('P-Early-Media', 'supported').done()]]));
  expect(profile.agreement).toMatchObject({ trust: false, options: { 'x-trust-headers': ['P-Early-Media'] } });
  expect(
    evidenceFromCapture(capture([[A, B, plain.remove('P-Early-Media').done()]])).profile.agreement.options,
  ).toEqual({});
});

test('a call through one proxy names its hops where nothing tells which of them is the border', () => {
  const { inferred } = evidenceFromCapture(
    capture([
      [A, '203.0.113.1', invite()],
      ['203.0.113.1', B, invite({ branch: 'z9hG4bK2' })],
    ]),
  );
  expect(inferred.join()).toContain(`${A} to 203.0.113.1, 203.0.113.1 to ${B}`);
});
