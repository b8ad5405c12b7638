import type { SdpLine, SdpMedia } from './sdp.js';

/** The attributes of optimal media routing, TS 29.079 §5.6 as named in TS 29.165 §17.2. */
export const OMR_ATTRIBUTES = [
  'visited-realm',
  'secondary-realm',
  'omr-codecs',
  'omr-m-att',
  'omr-s-att',
  'omr-m-bw',
  'omr-s-bw',
  'omr-m-cksum',
  'omr-s-cksum',
] as const;

/** One `visited-realm` or `secondary-realm` instance: a realm of addresses and where the media end is reached in it. */
export interface OmrRealm {
  readonly kind: 'visited-realm' | 'secondary-realm';
  readonly instance: number;
  /** Realm name; `IN` stands for the open internet. */
  readonly realm: string;
  readonly addressType: string;
  readonly address: string;
  readonly port: number;
  /** Extensions behind the port, for example an RTCP port. */
  readonly rest: string;
  readonly line: SdpLine;
}

/** The realms of a media description, in order; instances that cannot be read are left out. */
export function omrRealms(media: SdpMedia): readonly OmrRealm[] {
  return media.attributes.flatMap(({ name, value, line }) => {
    if (name !== 'visited-realm' && name !== 'secondary-realm') return [];
    const match = /^(\d{1,9}) +(\S+) +IN +(IP[46]) +(\S+) +(\d{1,5})(?: +(.*))?$/.exec(value ?? '');
    const [, instance, realm, addressType, address, port, rest] = match ?? [];
    if (instance === undefined || realm === undefined || addressType === undefined || address === undefined) return [];
    return [
      {
        kind: name,
        instance: Number(instance),
        realm,
        addressType,
        address,
        port: Number(port),
        rest: rest ?? '',
        line,
      },
    ];
  });
}

export function usesOmr(media: SdpMedia): boolean {
  return media.attributes.some(({ name }) => (OMR_ATTRIBUTES as readonly string[]).includes(name));
}
