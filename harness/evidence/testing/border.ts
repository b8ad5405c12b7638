import type { Profile } from '../../profile/profile.js';
import { buildRtp } from '../../wire/rtp/rtp.js';

/** Two borders with one message each way: what the tests of this room put into captures. */
export const A_SIDE = { address: '192.0.2.10', port: 5060 };
export const B_SIDE = { address: '198.51.100.10', port: 5060 };
export const DOMAIN_A = 'ims.mnc001.mcc001.3gppnetwork.org';
export const DOMAIN_B = 'ims.mnc002.mcc001.3gppnetwork.org';

export interface InviteOptions {
  readonly transport?: 'UDP' | 'TCP' | 'TLS';
  readonly callId?: string;
  readonly branch?: string;
  readonly cseq?: number;
  /** Octets of an extra header that makes the message long. */
  readonly padding?: number;
  readonly mediaAddress?: string;
  readonly mediaPort?: number;
}

export function invite(options: InviteOptions = {}): Buffer {
  const { transport = 'UDP', callId = 'call-1', branch = 'z9hG4bK1', cseq = 1, padding = 0 } = options;
  const { mediaAddress = '192.0.2.11', mediaPort = 20_000 } = options;
  const sdp = [
    'v=0',
    `o=- 1 1 IN IP4 ${mediaAddress}`,
    's=-',
    `c=IN IP4 ${mediaAddress}`,
    't=0 0',
    `m=audio ${mediaPort} RTP/AVP 97`,
    'a=rtpmap:97 AMR/8000/1',
    '',
  ].join('\r\n');
  return Buffer.from(
    [
      `INVITE sip:+46701740605@${DOMAIN_B};user=phone SIP/2.0`,
      `Via: SIP/2.0/${transport} 192.0.2.10:5060;branch=${branch}`,
      'Max-Forwards: 60',
      `From: <sip:+447700900101@${DOMAIN_A};user=phone>;tag=a`,
      `To: <sip:+46701740605@${DOMAIN_B};user=phone>`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} INVITE`,
      `Contact: <sip:192.0.2.10:5060;transport=${transport.toLowerCase()}>`,
      `P-Asserted-Identity: <sip:+447700900101@${DOMAIN_A};user=phone>`,
      `P-Charging-Vector: icid-value="icid-${callId}";orig-ioi="${DOMAIN_A}"`,
      ...(padding > 0 ? [`X-Padding: ${'x'.repeat(padding)}`] : []),
      'Content-Type: application/sdp',
      `Content-Length: ${sdp.length}`,
      '',
      sdp,
    ].join('\r\n'),
  );
}

export function ok(options: { readonly callId?: string; readonly branch?: string } = {}): Buffer {
  const { callId = 'call-1', branch = 'z9hG4bK1' } = options;
  return Buffer.from(
    [
      'SIP/2.0 200 OK',
      `Via: SIP/2.0/UDP 192.0.2.10:5060;branch=${branch}`,
      `From: <sip:+447700900101@${DOMAIN_A};user=phone>;tag=a`,
      `To: <sip:+46701740605@${DOMAIN_B};user=phone>;tag=b`,
      `Call-ID: ${callId}`,
      'CSeq: 1 INVITE',
      'Contact: <sip:198.51.100.10:5060>',
      `P-Charging-Vector: icid-value="icid-${callId}";orig-ioi="${DOMAIN_A}";term-ioi="${DOMAIN_B}"`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
}

export function rtp(sequence: number): Uint8Array {
  return buildRtp({
    payloadType: 97,
    sequenceNumber: sequence,
    timestamp: sequence * 160,
    ssrc: 0x12345678,
    payload: Buffer.alloc(33, sequence),
  }).octets;
}

export function profile(): Profile {
  const node = (name: string, network: string, role: 'ibcf' | 'trgw', address: string) => ({
    name,
    network,
    role,
    endpoints: [{ address }],
    hosts: [],
  });
  const operator = (name: string, domain: string, mnc: string, prefix: string) => ({
    name,
    domain,
    mcc: '001',
    mnc,
    ioi: domain,
    numberPrefixes: [prefix],
    topologyHiding: false,
  });
  return {
    version: 1,
    operators: [operator('home-a', DOMAIN_A, '01', '+44'), operator('home-b', DOMAIN_B, '02', '+46')],
    nodes: [
      node('ibcf.home-a', 'home-a', 'ibcf', '192.0.2.10'),
      node('trgw.home-a', 'home-a', 'trgw', '192.0.2.11'),
      node('ibcf.home-b', 'home-b', 'ibcf', '198.51.100.10'),
      node('trgw.home-b', 'home-b', 'trgw', '198.51.100.11'),
    ],
    sut: ['home-a', 'home-b'],
    agreement: {
      trust: true,
      transport: 'udp',
      ipVersion: 4,
      telUriAllowed: false,
      codecs: ['AMR'],
      precondition: true,
      options: {},
    },
    enumSuffix: 'e164enum.net',
    timers: { T1: 500, T2: 4000, T4: 5000, PX_CALL_DURATION: 1000, PX_GUARD: 40_000 },
  };
}
