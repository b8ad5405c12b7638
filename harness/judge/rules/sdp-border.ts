import { isSpeech } from '../../wire/sdp/check-answer.js';
import { amrParameters, isAmr } from '../../wire/sdp/codecs.js';
import { candidatesOf, rtcpAttribute } from '../../wire/sdp/media-attributes.js';
import { usesOmr } from '../../wire/sdp/omr.js';
import { parseSdp } from '../../wire/sdp/parse.js';
import { isRtp, type Payload, payloadsOf } from '../../wire/sdp/payload.js';
import { connectionOf, type Sdp, type SdpMedia } from '../../wire/sdp/sdp.js';
import type { RuleContext } from '../context.js';
import { atLine, type Described, descriptionRule, descriptionsAtIci } from '../media-description.js';
import type { Rule } from '../rule.js';
import type { Complaint } from '../sip-rule.js';

/** Functions of a network that may show their own address in a description at the Ici. */
const BORDER_ROLES = ['trgw', 'ibcf'];

/** The description as the border received it from its own network; null where that side was not captured. */
function insideOf(described: Described, context: RuleContext): Sdp | null {
  const body = context.border.inside(described.view)?.sdp ?? null;
  return body === null ? null : parseSdp(body);
}

function speechOf(media: SdpMedia): readonly Payload[] {
  return payloadsOf(media).filter(isSpeech);
}

/** Whose address it is: a role, `unknown`, or null where the address is not even in the profile. */
function roleAt(address: string, port: number, context: RuleContext): string | null {
  const { profile, evidence } = context;
  const roles = [...profile.nodes, ...evidence.nodes]
    .filter((node) =>
      node.endpoints.some(
        ({ address: own, ports }) => own === address && (ports === undefined || (port >= ports[0] && port <= ports[1])),
      ),
    )
    .map((node) => node.role);
  return roles.find((role) => BORDER_ROLES.includes(role)) ?? roles[0] ?? null;
}

/** Whether the same border shows an address of its network's TrGW elsewhere in the call. */
function showsGateway({ view }: Described, context: RuleContext): boolean {
  const { node } = view.record.from;
  return descriptionsAtIci(context).some(
    (other) =>
      other.view.callId === view.callId &&
      other.view.record.from.node === node &&
      other.sdp.media.some((media) => {
        const address = media.port > 0 ? connectionOf(other.sdp, media)?.address : undefined;
        return address !== undefined && roleAt(address, media.port, context) === 'trgw';
      }),
  );
}

function judgeAddresses(described: Described, context: RuleContext): readonly Complaint[] | undefined {
  const network = described.view.record.from.node?.network;
  const relayed = described.sdp.media.filter((media) => media.port > 0 && !usesOmr(media));
  const hasTrgw =
    network !== undefined &&
    [...context.profile.nodes, ...context.evidence.nodes].some(
      (node) => node.network === network && node.role === 'trgw',
    );
  if (relayed.length === 0 || !hasTrgw) return undefined;
  const inside = insideOf(described, context);
  return relayed.flatMap((media): readonly Complaint[] => {
    const connection = connectionOf(described.sdp, media);
    // The old way to hold a stream is no address (DLG-14).
    if (connection === null || connection.address === '0.0.0.0' || connection.address === '::') return [];
    const role = roleAt(connection.address, media.port, context);
    const insideMedia = inside?.media[media.index];
    const insideAddress =
      inside === null || insideMedia === undefined ? null : (connectionOf(inside, insideMedia)?.address ?? null);
    const complaints: Complaint[] = [];
    if (role === null || !BORDER_ROLES.includes(role)) {
      const passed = insideAddress === connection.address && insideMedia?.port === media.port;
      const whose = passed ? 'that of the inner network' : role === null ? "not the TrGW's" : `that of a ${role}`;
      const seen = `${connection.address} port ${media.port} in ${described.view.title} is ${whose}`;
      // An address that nobody in the profile has may be one more of the border's own, unless it showed the known one in this call.
      const known = passed || role !== null || showsGateway(described, context);
      complaints.push(atLine(described, connection.line, known ? { seen } : { seen, provenance: 'E' }));
    }
    const rtcp = rtcpAttribute(media);
    const innerRtcp = insideMedia === undefined ? null : rtcpAttribute(insideMedia);
    if (rtcp?.address !== undefined && rtcp.address !== null && rtcp.address !== connection.address) {
      if (rtcp.address === insideAddress || rtcp.address === innerRtcp?.address) {
        const seen = `a=rtcp shows ${rtcp.address} of the inner network`;
        complaints.push({ ...asObject(atLine(described, media.line, seen)), provenance: 'E' });
      }
    }
    const insideCandidates = insideMedia === undefined ? [] : candidatesOf(insideMedia).map(({ address }) => address);
    const leaked = candidatesOf(media).find(({ address }) => insideCandidates.includes(address));
    if (leaked !== undefined) {
      const seen = `a=candidate shows ${leaked.address} of the inner network`;
      complaints.push({ ...asObject(atLine(described, media.line, seen)), provenance: 'E' });
    }
    return complaints;
  });
}

function asObject(complaint: Complaint): Exclude<Complaint, string> {
  return typeof complaint === 'string' ? { seen: complaint } : complaint;
}

/** Parameters that only say what the other end must know, as one comparable text. */
function comparable(payload: Payload): string {
  const parameters = [...payload.parameters].map(([name, value]) => `${name}=${value ?? ''}`).sort();
  return `${payload.encoding.toUpperCase()}/${payload.clockRate}/${payload.channels} ${parameters.join(';')}`;
}

function names(payloads: readonly Payload[]): string {
  return payloads.map((payload) => `${payload.encoding}${variant(payload)}`).join(', ');
}

function variant(payload: Payload): string {
  return isAmr(payload) && amrParameters(payload).octetAligned ? ' (octet-aligned)' : '';
}

function judgeCodecs(described: Described, context: RuleContext): readonly Complaint[] | undefined {
  const inside = insideOf(described, context);
  if (inside === null) return undefined;
  const agreed = context.profile.agreement.codecs.map((codec) => codec.toUpperCase());
  const complaints: Complaint[] = [];
  let compared = false;
  for (const media of described.sdp.media) {
    const own = inside.media[media.index];
    if (own === undefined || media.port <= 0 || !isRtp(media) || !isRtp(own)) continue;
    compared = true;
    const before = payloadsOf(own);
    const after = payloadsOf(media);
    // A border may take out what was not agreed (TS 29.165 §7.1); what it keeps it keeps as it is.
    const unagreed = (payload: Payload) => agreed.length > 0 && !agreed.includes(payload.encoding.toUpperCase());
    const kept = before.filter((payload) => after.some(({ payloadType }) => payloadType === payload.payloadType));
    const lost = before.filter((payload) => !kept.includes(payload) && isSpeech(payload) && !unagreed(payload));
    const added = after.filter(
      (payload) => isSpeech(payload) && !before.some(({ payloadType }) => payloadType === payload.payloadType),
    );
    const complain = (line: number | null, seen: string) =>
      complaints.push(atLine(described, line ?? media.line, seen));
    if (lost.length > 0) complain(null, `${names(lost)} was taken out of ${described.view.title}`);
    if (added.length > 0) complain(null, `${names(added)} was added to ${described.view.title}`);
    const order = after
      .map(({ payloadType }) => payloadType)
      .filter((type) => kept.some((p) => p.payloadType === type));
    if (order.join() !== kept.map(({ payloadType }) => payloadType).join()) {
      complain(null, `formats ${kept.map((p) => p.payloadType).join(' ')} became ${order.join(' ')}`);
    }
    for (const payload of kept) {
      const now = after.find(({ payloadType }) => payloadType === payload.payloadType);
      if (now !== undefined && comparable(now) !== comparable(payload)) {
        complain(now.fmtpLine ?? now.rtpmapLine, `${comparable(payload)} became ${comparable(now)}`);
      }
    }
    for (const name of ['ptime', 'maxptime']) {
      if (own.get(name) !== media.get(name)) {
        complain(null, `a=${name}:${own.get(name) ?? '(absent)'} became ${media.get(name) ?? '(absent)'}`);
      }
    }
  }
  return compared ? complaints : undefined;
}

/** What a border does to a description that passes it. TS 23.228 Annex I, TS 29.165 §5.2.2, §7.1. */
export const SDP_BORDER: readonly Rule[] = [
  descriptionRule({
    id: 'SDP-07',
    says: 'A border with a TrGW shows addresses and ports of its own in a description at the Ici, in c=, m=, a=rtcp and a=candidate alike.',
    clause: 'TS 23.228 §I.3.1; TS 29.165 §5.2.2; TS 24.229 §6.7',
    strength: 'shall',
    provenance: 'S',
    usualCause:
      'the IMS-ALG does not rewrite this description (UPDATE, PRACK or an answer), so media would bypass the TrGW',
    judge: judgeAddresses,
  }),
  descriptionRule({
    id: 'SDP-08',
    says: 'A border that does not transcode leaves codecs, their order, rtpmap, fmtp, ptime and maxptime as they are.',
    clause: 'TS 29.165 §7.1',
    strength: 'shall',
    provenance: 'E',
    usualCause: 'a codec profile of the border rewrites descriptions that it should only pass',
    judge: judgeCodecs,
  }),
  descriptionRule({
    id: 'SDP-09',
    says: 'An offer at the Ici has at least one of the agreed speech codecs.',
    clause: 'TS 29.165 §7.1',
    strength: 'may',
    provenance: 'S',
    usualCause: 'the border takes agreed codecs out, or adds its own in front and drops the rest',
    judge: (described, context) => {
      const agreed = context.profile.agreement.codecs.map((codec) => codec.toUpperCase());
      if (described.part !== 'offer' || agreed.length === 0) return undefined;
      const audio = described.sdp.media.filter((media) => media.kind === 'audio' && media.port > 0 && isRtp(media));
      if (audio.length === 0) return undefined;
      const offered = audio.flatMap(speechOf);
      if (offered.some((payload) => agreed.includes(payload.encoding.toUpperCase()))) return null;
      return atLine(
        described,
        audio[0]?.line ?? null,
        `only ${names(offered) || 'unknown formats'} in ${described.view.title}`,
      );
    },
  }),
];
