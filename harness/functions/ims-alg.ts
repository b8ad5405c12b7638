import { editSip } from '../wire/sip/edit.js';
import type { SipMessage } from '../wire/sip/message.js';
import { bodyOfType } from '../wire/sip/multipart.js';
import type { TrgwRelay, TrgwRemote, TrgwSide } from './trgw.js';

/** Gives relays: the TrGW behind the border, controlled over Ix (TS 29.238). */
export interface MediaRelays {
  allocate(): Promise<TrgwRelay>;
}

/** The media of one dialog at the border: relays by position of the m-line. TS 24.229 §6.7.2, TS 29.165 §5.2.2. */
export class ImsAlg {
  readonly #relays: (RelayedMedia | undefined)[] = [];
  #released = false;

  constructor(private readonly gateway: MediaRelays) {}

  get open(): boolean {
    return !this.#released && this.#relays.length > 0;
  }

  /** The message with its SDP, if any, showing the border's addresses towards the other side. */
  async rewrite<T extends SipMessage>(message: T, from: TrgwSide): Promise<T> {
    const sdp = bodyOfType(message, 'application/sdp');
    if (sdp === null || this.#released) return message;
    const text = Buffer.from(sdp).toString('latin1');
    const changed = await this.#rewriteSdp(text, from);
    if (changed === text) return message;
    const at = Buffer.from(message.body).indexOf(Buffer.from(sdp));
    const body = Buffer.concat([
      message.body.subarray(0, at),
      Buffer.from(changed, 'latin1'),
      message.body.subarray(at + sdp.length),
    ]);
    return editSip(message).body(body).done();
  }

  /** Closes every relay. Idempotent. */
  release(): Promise<void> {
    if (this.#released) return Promise.resolve();
    this.#released = true;
    return Promise.all(this.#relays.map((media) => media?.relay.release())).then(() => undefined);
  }

  async #rewriteSdp(text: string, from: TrgwSide): Promise<string> {
    const to: TrgwSide = from === 'inner' ? 'outer' : 'inner';
    const lines = text.split(/(?<=\n)/);
    const sections = sectionsOf(lines);
    const session = sections[0] ?? [];
    const sessionAddress = connectionAddress(session);
    const result: string[] = [];
    let shown: string | null = null;
    for (const [index, section] of sections.entries()) {
      if (index === 0) continue;
      const port = Number(/^m=\S+ (\d+)/.exec(section[0] ?? '')?.[1] ?? 0);
      const media = await this.#mediaFor(index - 1, port);
      if (media === undefined || port === 0) {
        if (media !== undefined) bind(media, from, null);
        result.push(...section);
        continue;
      }
      const address = connectionAddress(section) ?? sessionAddress;
      const rtcp = rtcpPortOf(section) ?? port + 1;
      bind(media, from, address === null ? null : { rtp: { address, port }, rtcp: { address, port: rtcp } });
      const local = media.relay.local(to);
      shown ??= local.address;
      result.push(...section.flatMap((line) => rewriteMediaLine(line, local)));
    }
    const address = shown;
    const head = address === null ? session : session.map((line) => rewriteSessionLine(line, address));
    return [...head, ...result].join('');
  }

  async #mediaFor(index: number, port: number): Promise<RelayedMedia | undefined> {
    const known = this.#relays[index];
    if (known !== undefined || port === 0) return known;
    const relay = await this.gateway.allocate();
    if (this.#released) {
      await relay.release();
      return undefined;
    }
    const fresh: RelayedMedia = { relay, bound: new Set() };
    this.#relays[index] = fresh;
    return fresh;
  }
}

interface RelayedMedia {
  readonly relay: TrgwRelay;
  readonly bound: Set<TrgwSide>;
}

/** The gate opens once both ends are known, that is with the answer (TS 24.229 §5.10.5). */
function bind(media: RelayedMedia, side: TrgwSide, remote: TrgwRemote | null): void {
  media.relay.bind(side, remote);
  if (remote === null) media.bound.delete(side);
  else media.bound.add(side);
  media.relay.gate(media.bound.size === 2 ? 'open' : 'closed');
}

/** Session part first, then one section per m-line. */
function sectionsOf(lines: readonly string[]): readonly (readonly string[])[] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}

function connectionAddress(section: readonly string[]): string | null {
  for (const line of section) {
    const match = /^c=IN IP[46] ([^\s/]+)/.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  return null;
}

function rtcpPortOf(section: readonly string[]): number | null {
  for (const line of section) {
    const match = /^a=rtcp:(\d{1,5})/.exec(line);
    if (match?.[1] !== undefined) return Number(match[1]);
  }
  return null;
}

const family = (address: string): string => (address.includes(':') ? 'IP6' : 'IP4');

function withConnection(line: string, address: string): string {
  return line.replace(/^c=IN IP[46] [^\s/]+/, `c=IN ${family(address)} ${address}`);
}

/** o= and c= of the session show the border too: nothing of the network's own addresses is left (TS 24.229 §6.7). */
function rewriteSessionLine(line: string, address: string): string {
  if (line.startsWith('o=')) return line.replace(/ IN IP[46] \S+/, ` IN ${family(address)} ${address}`);
  return withConnection(line, address);
}

function rewriteMediaLine(line: string, local: ReturnType<TrgwRelay['local']>): readonly string[] {
  if (line.startsWith('m=')) return [line.replace(/^(m=\S+ )\d+/, `$1${local.rtpPort}`)];
  if (line.startsWith('c=')) return [withConnection(line, local.address)];
  if (line.startsWith('a=rtcp:')) {
    const end = /\r?\n$/.exec(line)?.[0] ?? '';
    return [`a=rtcp:${local.rtcpPort}${end}`];
  }
  // ICE candidates of the other side lead round the border, so they go (TS 24.229 §6.7.2).
  if (/^a=(candidate|remote-candidates|ice-ufrag|ice-pwd|ice-options|ice-mismatch)/.test(line)) return [];
  return [line];
}
