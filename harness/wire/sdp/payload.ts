import type { SdpMedia } from './sdp.js';

/** Parameters of an `a=fmtp` line: names in lower case, null where there is no `=`. */
export type FormatParameters = ReadonlyMap<string, string | null>;

/** One RTP payload format of a media description: payload type, `rtpmap`, `fmtp`. RFC 8866 §6.6, §6.15. */
export interface Payload {
  readonly payloadType: number;
  /** As written; '' where a dynamic payload type has no rtpmap. */
  readonly encoding: string;
  readonly clockRate: number;
  /** Audio channels, 1 where not given. */
  readonly channels: number;
  /** The text behind `a=fmtp:<pt> `, or null. */
  readonly fmtp: string | null;
  readonly parameters: FormatParameters;
  /** 1-based lines in the description, where there are such attributes. */
  readonly rtpmapLine: number | null;
  readonly fmtpLine: number | null;
}

/** Payload types with a static assignment that VoLTE interconnection meets, RFC 3551 §6. */
export const STATIC_PAYLOADS: ReadonlyMap<number, { encoding: string; clockRate: number; channels: number }> = new Map([
  [0, { encoding: 'PCMU', clockRate: 8000, channels: 1 }],
  [3, { encoding: 'GSM', clockRate: 8000, channels: 1 }],
  [4, { encoding: 'G723', clockRate: 8000, channels: 1 }],
  [8, { encoding: 'PCMA', clockRate: 8000, channels: 1 }],
  [9, { encoding: 'G722', clockRate: 8000, channels: 1 }],
  [13, { encoding: 'CN', clockRate: 8000, channels: 1 }],
  [15, { encoding: 'G728', clockRate: 8000, channels: 1 }],
  [18, { encoding: 'G729', clockRate: 8000, channels: 1 }],
  [26, { encoding: 'JPEG', clockRate: 90000, channels: 1 }],
  [31, { encoding: 'H261', clockRate: 90000, channels: 1 }],
  [34, { encoding: 'H263', clockRate: 90000, channels: 1 }],
]);

/** Tells whether the transport of a media description is a profile of RTP: RTP/AVP, RTP/AVPF, RTP/SAVP, …, also behind UDP/TLS. */
export function isRtp(media: SdpMedia): boolean {
  return /(^|\/)RTP\/S?AVPF?$/i.test(media.proto);
}

/** The payload formats of an RTP media description in order of preference; formats that are no number 0 to 127 are left out. */
export function payloadsOf(media: SdpMedia): readonly Payload[] {
  if (!isRtp(media)) return [];
  const rtpmaps = new Map<string, { text: string; line: number }>();
  const fmtps = new Map<string, { text: string; line: number }>();
  for (const attribute of media.attributes) {
    const table = attribute.name === 'rtpmap' ? rtpmaps : attribute.name === 'fmtp' ? fmtps : null;
    const match = table === null ? null : /^(\S+)[ \t]+(.*)$/.exec(attribute.value ?? '');
    if (table === null || match?.[1] === undefined || table.has(match[1])) continue;
    table.set(match[1], { text: (match[2] ?? '').trim(), line: attribute.line.line });
  }
  // A format that is listed twice counts once, so that there are never more than there are payload types.
  return [...new Set(media.formats)].flatMap((format) => {
    if (!/^\d{1,3}$/.test(format) || Number(format) > 127 || format !== String(Number(format))) return [];
    const payloadType = Number(format);
    const rtpmap = rtpmaps.get(format);
    const fmtp = fmtps.get(format);
    const map = rtpmap === undefined ? null : /^([^\s/]+)\/(\d{1,9})(?:\/(\d{1,3}))?$/.exec(rtpmap.text);
    const known = STATIC_PAYLOADS.get(payloadType);
    return [
      {
        payloadType,
        encoding: map?.[1] ?? known?.encoding ?? '',
        clockRate: map?.[2] === undefined ? (known?.clockRate ?? 0) : Number(map[2]),
        channels: map?.[3] === undefined ? (known?.channels ?? 1) : Number(map[3]),
        fmtp: fmtp?.text ?? null,
        parameters: parseFormatParameters(fmtp?.text ?? ''),
        rtpmapLine: rtpmap?.line ?? null,
        fmtpLine: fmtp?.line ?? null,
      },
    ];
  });
}

/** `name=value; name=value; flag`; of a repeated name the first counts. Names in lower case: media type parameters compare so. */
export function parseFormatParameters(text: string): FormatParameters {
  const parameters = new Map<string, string | null>();
  for (const part of text.split(';')) {
    const trimmed = part.trim();
    if (trimmed === '') continue;
    const equals = trimmed.indexOf('=');
    const name = (equals < 0 ? trimmed : trimmed.slice(0, equals)).trim().toLowerCase();
    if (!parameters.has(name)) parameters.set(name, equals < 0 ? null : trimmed.slice(equals + 1).trim());
  }
  return parameters;
}

/** Encoding names compare without regard to case, RFC 4855 §3. */
export function isEncoding(payload: Payload, name: string): boolean {
  return payload.encoding.toLowerCase() === name.toLowerCase();
}
