/** What never reaches a report, and why; applied to every text that a report shows. A replacement never adds or removes a line. */
const SECRETS: readonly { readonly what: string; readonly pattern: RegExp; readonly replacement: string }[] = [
  {
    what: 'session keys that the S-CSCF hands to the P-CSCF, TS 24.229 §7.2A.1',
    pattern: /\b(ik|ck)(\s*=\s*)("[^"\r\n]*"?|[^\s,;"]+)/gi,
    replacement: '$1$2"(removed)"',
  },
  {
    what: 'proof of a shared secret: digest responses, RFC 3261 §22.4 and RFC 2617 §3.2.3',
    pattern: /\b(response|rspauth|auts)(\s*=\s*)("[^"\r\n]*"|[0-9A-Za-z+/=]{8,})/gi,
    replacement: '$1$2"(removed)"',
  },
  {
    what: 'credentials that are the password itself, RFC 7617',
    pattern: /^((?:Proxy-)?Authorization[ \t]*:[ \t]*Basic[ \t]+)\S+/gim,
    replacement: '$1(removed)',
  },
  {
    what: 'passwords, also those in a URI header or a log line',
    pattern: /\b(password|passwd|secret)("?\s*[=:]\s*)("[^"\r\n]*"|[^\s,;&"]+)/gi,
    replacement: '$1$2"(removed)"',
  },
  {
    what: 'passwords in the user part of a URI, RFC 3261 §19.1.1',
    pattern: /\b(sips?:[^\s:@<>"]{1,128}:)[^\s:@<>"]{1,128}(?=@)/gi,
    replacement: '$1(removed)',
  },
  {
    what: 'long-term keys of a subscriber, TS 35.206, in a dump or log line',
    pattern: /(?<![\w-])(k|opc?|ki)("?\s*[=:]\s*"?)(?:0x)?[0-9a-f]{32}\b"?/gi,
    replacement: '$1$2(removed)',
  },
  {
    what: 'SRTP master keys, RFC 4568 §9.1',
    pattern: /\b(inline:)[A-Za-z0-9+/=]+/g,
    replacement: '$1(removed)',
  },
  {
    what: 'private keys, RFC 7468',
    pattern: /(-----BEGIN [A-Z ]*PRIVATE KEY-----)([\s\S]{0,16384}?)(-----END [A-Z ]*PRIVATE KEY-----)/g,
    replacement: '$1$2$3',
  },
];

/** The text without secrets. Lines stay where they are, so that a finding's line number still holds. */
export function scrub(text: string): string {
  let clean = text;
  for (const { pattern, replacement } of SECRETS) {
    clean = pattern.source.includes('PRIVATE KEY')
      ? clean.replace(
          pattern,
          (_all, begin: string, middle: string, end: string) => begin + middle.replace(/[^\r\n]+/g, '(removed)') + end,
        )
      : clean.replace(pattern, replacement);
  }
  return clean;
}

/** AVPs that carry keys: TS 29.229 §6.3.27, §6.3.28, §6.3.13 (the expected response), and the digest's HA1 (RFC 4740 §9.5). */
export const SECRET_AVPS: readonly string[] = [
  'Confidentiality-Key',
  'Integrity-Key',
  'SIP-Authorization',
  'Digest-HA1',
  'Digest-Response',
];
