import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { ipOctets } from '../wire/ip-address.js';
import type { TlsIdentity } from './sip-stack.js';

export interface CertificateRequest {
  /** Common name, for people: `ibcf.home-a`. */
  readonly name: string;
  /** Host and domain names it vouches for, as DNS names and as `sip:` URIs (RFC 5922 §7.1). */
  readonly hosts: readonly string[];
  /** IPv4 and IPv6 literals it vouches for. */
  readonly addresses: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** An authority that lives as long as one run: its key never leaves the process. */
export interface TestAuthority {
  /** PEM. */
  readonly certificate: string;
  /** A fresh key and a certificate for it; for client and server (TS 33.310 §6.1.3). */
  issue(request: CertificateRequest): TlsIdentity;
}

const DAY_MS = 86_400_000;
const YEARS_MS = 3650 * DAY_MS;

/** Object identifiers in their encoded form: RFC 5280, RFC 5758 §3.2. */
const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectKeyIdentifier: '551d0e',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  authorityKeyIdentifier: '551d23',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
  clientAuth: '2b06010505070302',
} as const;

/** Makes an authority with a self-signed certificate: ECDSA on P-256, RFC 5280. */
export function createTestAuthority(name: string, now = new Date()): TestAuthority {
  const { privateKey, publicKey } = newKeyPair();
  const issuer = { name, key: privateKey, identifier: keyIdentifier(publicKey) };
  const certificate = writeCertificate({
    issuer,
    subject: name,
    publicKey,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + YEARS_MS),
    extensions: [
      extension(OID.basicConstraints, true, sequence(BOOLEAN_TRUE)),
      // keyCertSign and cRLSign.
      extension(OID.keyUsage, true, der(0x03, Buffer.from([1, 0x06]))),
    ],
  });
  return {
    certificate,
    issue: (request) => {
      const pair = newKeyPair();
      const cert = writeCertificate({
        issuer,
        subject: request.name,
        publicKey: pair.publicKey,
        notBefore: request.notBefore ?? new Date(now.getTime() - DAY_MS),
        notAfter: request.notAfter ?? new Date(now.getTime() + YEARS_MS),
        extensions: [
          extension(OID.basicConstraints, true, sequence()),
          // digitalSignature.
          extension(OID.keyUsage, true, der(0x03, Buffer.from([7, 0x80]))),
          extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
          extension(OID.subjectAltName, false, sequence(...alternativeNames(request))),
        ],
      });
      const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      return { key, cert, ca: certificate };
    },
  };
}

interface CertificateParts {
  readonly issuer: { readonly name: string; readonly key: KeyObject; readonly identifier: Buffer };
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}

function newKeyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** RFC 5280 §4.1. */
function writeCertificate(parts: CertificateParts): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const identifiers = [
    extension(OID.subjectKeyIdentifier, false, der(0x04, keyIdentifier(parts.publicKey))),
    extension(OID.authorityKeyIdentifier, false, sequence(der(0x80, parts.issuer.identifier))),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    distinguishedName(parts.issuer.name),
    sequence(time(parts.notBefore), time(parts.notAfter)),
    distinguishedName(parts.subject),
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...parts.extensions, ...identifiers)),
  );
  const signature = sign('sha256', body, parts.issuer.key);
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function alternativeNames({ hosts, addresses }: CertificateRequest): readonly Buffer[] {
  const names = hosts.flatMap((host) => [
    der(0x82, Buffer.from(host, 'ascii')),
    der(0x86, Buffer.from(`sip:${host}`, 'ascii')),
  ]);
  const literals = addresses.map((address) => {
    const octets = ipOctets(address);
    if (octets === null) throw new TypeError(`not an IP address: ${address}`);
    return der(0x87, Buffer.from(octets));
  });
  return [...names, ...literals];
}

/** The last twenty octets of the public key's point do for an identifier of our own (RFC 5280 §4.2.1.2 leaves the method open). */
function keyIdentifier(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-20);
}

const BOOLEAN_TRUE = der(0x01, Buffer.from([0xff]));

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [BOOLEAN_TRUE] : []), der(0x04, value));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, Buffer.from(commonName, 'utf8')))));
}

/** RFC 5280 §4.1.2.5: UTCTime to 2049, GeneralizedTime from 2050. */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

/** Tag, length and value, X.690 §8.1. */
function der(tag: number, value: Uint8Array): Buffer {
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}
