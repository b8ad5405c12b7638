import { LINK_TYPES } from './capture-file.js';

/** Where the IP packet begins in a frame; `null`: the frame carries something else (ARP, LLDP …); `unknown`: no such link type here. */
export type NetworkStart = number | null | 'unknown';

const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd, mplsUnicast: 0x8847, pppoeSession: 0x8864 } as const;
/** 802.1Q, 802.1ad and the two older Q-in-Q types. */
const VLAN_TYPES: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);
const MAX_TAGS = 8;

/** Finds the IP packet behind a link-layer header. */
export function networkStart(linkType: number, frame: Buffer): NetworkStart {
  switch (linkType) {
    case LINK_TYPES.ethernet:
      return behindEtherType(frame, 12);
    case LINK_TYPES.linuxCooked:
      return behindEtherType(frame, 14);
    case LINK_TYPES.linuxCooked2:
      return frame.length < 20 ? null : tagged(frame, frame.readUInt16BE(0), 20);
    case LINK_TYPES.raw:
    case LINK_TYPES.rawBsd12:
    case LINK_TYPES.rawBsd14:
    case LINK_TYPES.ipv4:
    case LINK_TYPES.ipv6:
      return ipAt(frame, 0);
    case LINK_TYPES.null:
    case LINK_TYPES.loop:
      // The address family is in the octet order of the writer and differs between systems; the IP version does not.
      return ipAt(frame, 4);
    default:
      return 'unknown';
  }
}

function behindEtherType(frame: Buffer, at: number): number | null {
  return frame.length < at + 2 ? null : tagged(frame, frame.readUInt16BE(at), at + 2);
}

/** Skips VLAN tags, MPLS labels and PPPoE. */
function tagged(frame: Buffer, etherType: number, behind: number): number | null {
  let type = etherType;
  let at = behind;
  for (let tags = 0; VLAN_TYPES.has(type) && tags < MAX_TAGS; tags += 1) {
    if (at + 4 > frame.length) return null;
    type = frame.readUInt16BE(at + 2);
    at += 4;
  }
  if (type === ETHERTYPE.mplsUnicast) {
    for (let labels = 0; labels < MAX_TAGS && at + 4 <= frame.length; labels += 1) {
      at += 4;
      if (((frame[at - 2] ?? 0) & 1) === 1) return ipAt(frame, at);
    }
    return null;
  }
  if (type === ETHERTYPE.pppoeSession) return ipAt(frame, at + 8);
  return type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6 ? at : null;
}

function ipAt(frame: Buffer, at: number): number | null {
  const version = (frame[at] ?? 0) >> 4;
  return version === 4 || version === 6 ? at : null;
}
