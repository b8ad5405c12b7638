import type { UdpDatagram } from '../wire/capture/transport.js';
import { socketKey } from './sighting.js';

interface Recent {
  readonly datagram: UdpDatagram;
  readonly frames: number[];
}

/** How long behind the first a mirror's copy comes, microseconds; the first retransmission of SIP comes after T1, 500 ms. */
const WINDOW = 100_000;
/** Without an IPv4 identification to compare, only what is nearly simultaneous counts as a copy. */
const BLIND_WINDOW = 20_000;
const REMEMBERED = 32;

/**
 * Finds datagrams that a mirror port or several interfaces show twice: same sockets, same octets, nearly the same time, and
 * the same IPv4 identification where there is one. A retransmission is sent anew, so it is none.
 */
export class DuplicateFilter {
  private readonly recent = new Map<string, Recent[]>();

  /** The frame list to use for a new datagram, or null for a copy: then its frames have joined the first one's list. */
  frames(datagram: UdpDatagram): number[] | null {
    const key = `${socketKey(datagram.source)} ${socketKey(datagram.destination)}`;
    let list = this.recent.get(key);
    if (!list) {
      list = [];
      this.recent.set(key, list);
    }
    for (let i = list.length - 1; i >= 0; i -= 1) {
      const known = list[i];
      if (!known || datagram.at - known.datagram.at > WINDOW) break;
      if (isCopy(known.datagram, datagram)) {
        known.frames.push(...datagram.frames);
        return null;
      }
    }
    const frames = [...datagram.frames];
    list.push({ datagram, frames });
    if (list.length > REMEMBERED * 2) list.splice(0, REMEMBERED);
    return frames;
  }
}

function isCopy(a: UdpDatagram, b: UdpDatagram): boolean {
  if (a.payload.length !== b.payload.length) return false;
  const identified = a.identification > 0 && b.identification > 0;
  if (identified ? a.identification !== b.identification : b.at - a.at > BLIND_WINDOW) return false;
  return Buffer.compare(a.payload, b.payload) === 0;
}
