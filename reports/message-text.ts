import type { RecordedMessage } from '../harness/evidence/model.js';
import { avpByName, commandOf } from '../harness/wire/diameter/dictionary.js';
import { resultOf } from '../harness/wire/diameter/find.js';
import type { Avp, DiameterMessage } from '../harness/wire/diameter/message.js';
import { type DnsMessage, RCODES } from '../harness/wire/dns/message.js';
import { type DnsRecord, dnsTypeName, dnsTypeNumber } from '../harness/wire/dns/record.js';
import type { RtcpPacket } from '../harness/wire/rtp/rtcp.js';
import type { RtpPacket } from '../harness/wire/rtp/rtp.js';
import type { SipMessage } from '../harness/wire/sip/message.js';
import { SECRET_AVPS, scrub } from './scrub.js';

/** A report shows so much of one message; all of it is in the capture. */
const MAX_CHARACTERS = 64 * 1024;

/** What a message is, in a few words: `INVITE (SDP)`, `183 (SDP)`, `MAA 2001`, `NAPTR? 1.0.1.…`, `RTP 98`, `SR SDES`. */
export function messageLabel(message: RecordedMessage): string {
  switch (message.protocol) {
    case 'sip':
      return sipLabel(message.sip);
    case 'diameter':
      return diameterLabel(message.diameter);
    case 'dns':
      return dnsLabel(message.dns);
    case 'rtp':
      return `RTP ${message.rtp.payloadType}`;
    case 'rtcp':
      return `RTCP ${message.rtcp.map((packet) => packet.kind).join(' ')}`;
    case 'unknown':
      return `${message.octets.length} octets`;
  }
}

/** The message as text in lines, without secrets. For SIP the lines are those of the wire, so that a finding's line number holds. */
export function messageText(message: RecordedMessage): string {
  const text = fullText(message);
  const cut =
    text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}\n… ${text.length} characters in all`;
  return scrub(cut).replace(/\r\n/g, '\n');
}

function fullText(message: RecordedMessage): string {
  switch (message.protocol) {
    case 'sip':
      return Buffer.from(message.octets).toString('utf8');
    case 'diameter':
      return diameterLines(message.diameter).join('\n');
    case 'dns':
      return dnsLines(message.dns).join('\n');
    case 'rtp':
      return rtpLines(message.rtp).join('\n');
    case 'rtcp':
      return message.rtcp.map(rtcpLine).join('\n');
    case 'unknown':
      return hexLines(message.octets).join('\n');
  }
}

function sipLabel(sip: SipMessage): string {
  const name = sip.kind === 'request' ? sip.method : String(sip.status);
  const type = (sip.get('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (sip.body.length === 0) return name;
  const body = BODY_NAMES[type] ?? (type.startsWith('multipart/') ? 'multipart' : 'body');
  return `${name} (${body})`;
}

const BODY_NAMES: Readonly<Record<string, string>> = {
  'application/sdp': 'SDP',
  'application/reginfo+xml': 'reginfo',
  'application/3gpp-ims+xml': '3gpp-ims',
  'application/pidf+xml': 'PIDF-LO',
  'message/cpim': 'CPIM',
};

function diameterLabel(message: DiameterMessage): string {
  const command = commandOf(message.commandCode, message.flags.request, message.applicationId);
  const name = command?.abbr ?? `${message.commandCode}${message.flags.request ? ' request' : ' answer'}`;
  const result = message.flags.request ? undefined : resultOf(message);
  return result === undefined ? name : `${name} ${result.code}`;
}

function diameterLines(message: DiameterMessage): readonly string[] {
  const command = commandOf(message.commandCode, message.flags.request, message.applicationId);
  const flags = [
    message.flags.request ? 'R' : '',
    message.flags.proxiable ? 'P' : '',
    message.flags.error ? 'E' : '',
    message.flags.retransmitted ? 'T' : '',
  ].join('');
  return [
    `${command?.name ?? 'unknown command'} ${message.commandCode}, application ${message.applicationId}, flags ${flags || '-'}`,
    `hop-by-hop 0x${message.hopByHop.toString(16)}, end-to-end 0x${message.endToEnd.toString(16)}`,
    ...message.avps.flatMap((avp) => avpLines(avp, '')),
  ];
}

function avpLines(avp: Avp, indent: string): readonly string[] {
  const vendor = avp.vendorId === 0 ? '' : ` vendor ${avp.vendorId}`;
  const head = `${indent}${avp.name ?? 'AVP'} (${avp.code}${vendor})`;
  if (avp.avps.length > 0) return [head, ...avp.avps.flatMap((member) => avpLines(member, `${indent}  `))];
  return [`${head}: ${avpText(avp)}`];
}

function avpText(avp: Avp): string {
  if (avp.name !== undefined && SECRET_AVPS.includes(avp.name)) return '(removed)';
  if (avp.value === null) return '';
  if (avp.value instanceof Uint8Array) return octetsText(avp.value);
  const named =
    avp.name === undefined || typeof avp.value !== 'number' ? undefined : avpByName(avp.name)?.values.get(avp.value);
  return named === undefined ? onOneLine(String(avp.value)) : `${avp.value} ${named}`;
}

/** Octets that are readable text as such, others in hexadecimal. */
function octetsText(octets: Uint8Array): string {
  const text = Buffer.from(octets).toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell binary from text
  return /[\u0000-\u0008\u000E-\u001F\uFFFD]/.test(text) ? `0x${Buffer.from(octets).toString('hex')}` : onOneLine(text);
}

function onOneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

function dnsLabel(message: DnsMessage): string {
  const question = message.questions[0];
  const asked = question === undefined ? 'DNS' : `${question.type}${message.response ? '' : '?'}`;
  if (!message.response) return `${asked} ${question?.name ?? ''}`.trim();
  const rcode = RCODES[message.rcode] ?? `RCODE ${message.rcode}`;
  return message.rcode === 0 ? `${asked} ${message.answers.length} answers` : `${asked} ${rcode}`;
}

function dnsLines(message: DnsMessage): readonly string[] {
  const section = (name: string, records: readonly DnsRecord[]): readonly string[] =>
    records.length === 0 ? [] : [`${name}:`, ...records.map((record) => `  ${recordText(record)}`)];
  return [
    `${message.response ? 'response' : 'query'} ${message.id}, ${RCODES[message.rcode] ?? `RCODE ${message.rcode}`}`,
    ...message.questions.map((question) => `question: ${question.name} ${question.type}`),
    ...section('answers', message.answers),
    ...section('authorities', message.authorities),
    ...section('additionals', message.additionals),
  ];
}

function recordText(record: DnsRecord): string {
  const { name, class: _class, ttl, type: _type, ...data } = record;
  const values = Object.entries(data).map(([key, value]) =>
    value instanceof Uint8Array ? `${key} 0x${Buffer.from(value).toString('hex')}` : `${key} ${JSON.stringify(value)}`,
  );
  return `${name} ${ttl} ${dnsTypeName(dnsTypeNumber(record))} ${values.join(' ')}`;
}

function rtpLines(rtp: RtpPacket): readonly string[] {
  return [
    `RTP payload type ${rtp.payloadType}${rtp.marker ? ', marker' : ''}`,
    `sequence ${rtp.sequenceNumber}, timestamp ${rtp.timestamp}, SSRC 0x${rtp.ssrc.toString(16)}`,
    `payload ${rtp.payload.length} octets`,
  ];
}

function rtcpLine(packet: RtcpPacket): string {
  const { octets: _octets, defects: _defects, ...content } = packet;
  return JSON.stringify(content, (_key, value: unknown) =>
    value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : value,
  );
}

function hexLines(octets: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < Math.min(octets.length, 4096); offset += 16) {
    const row = Buffer.from(octets.subarray(offset, offset + 16));
    lines.push(`${offset.toString(16).padStart(4, '0')}  ${row.toString('hex').replace(/(..)/g, '$1 ')}`);
  }
  return lines;
}
