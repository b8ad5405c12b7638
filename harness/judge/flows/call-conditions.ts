import type { RecordedMessage, RecordedRtp } from '../../evidence/model.js';
import { keyOfEvent, parseTelephoneEvent } from '../../wire/rtp/telephone-event.js';
import { parseSdp } from '../../wire/sdp/parse.js';
import { isEncoding, type Payload, payloadsOf } from '../../wire/sdp/payload.js';
import { parseNameAddr } from '../../wire/sip/headers.js';
import type { SipMessage } from '../../wire/sip/message.js';
import { bodyOfType } from '../../wire/sip/multipart.js';
import { sipHolds } from './arrow.js';
import type { Condition, FlowBinding, Place } from './flow.js';

export const hasSdp = sipHolds('an SDP body', (sip) => (sip.body.length > 0 ? null : 'no body'));

export const reliable = sipHolds('a reliable provisional response: Require: 100rel and RSeq', (sip) =>
  sip.all('Require').includes('100rel') && sip.has('RSeq') ? null : 'no 100rel in Require, or no RSeq',
);

/** The voice path: packets of one stream at Izi for as long as both talk, with a tenth of grace at either end for set-up and release. */
export function talksFor(from: Place, to: Place, seconds: number | null = null): Condition {
  return {
    requires: `RTP from ${from} to ${to} for the whole talking time`,
    seen: (message, binding) => {
      const last = binding.messages.findLast((candidate) => isOfStream(candidate, message));
      const seen = last === undefined ? 0 : (last.at - message.at) / 1_000_000;
      const wanted = (seconds ?? binding.profile.timers.PX_CALL_DURATION / 1000) * 0.9;
      return seen >= wanted ? null : `RTP for ${seen.toFixed(1)} s of at least ${wanted.toFixed(1)} s`;
    },
  };
}

/** The same stream on the same way: calls that follow each other use the sockets again, but never the SSRC. */
export function isOfStream(candidate: RecordedMessage, message: RecordedMessage): candidate is RecordedRtp {
  return (
    candidate.protocol === 'rtp' &&
    message.protocol === 'rtp' &&
    candidate.rtp.ssrc === message.rtp.ssrc &&
    candidate.from.node?.name === message.from.node?.name &&
    candidate.to.node?.name === message.to.node?.name
  );
}

/** No media of the call later than one second after the 200 to BYE. Catalogue INT-02; nni-rules DLG-07. */
export function mediaStopsAfter(bye: string): Condition {
  return {
    requires: 'no RTP later than 1 s after the release',
    seen: (message, binding) => {
      const released = binding.step(bye) ?? message;
      const sources = new Set<number>();
      for (const candidate of binding.messages) {
        if (candidate.protocol !== 'rtp') continue;
        if (candidate.at <= released.at) sources.add(candidate.rtp.ssrc);
        else if (candidate.at > released.at + 1_000_000 && sources.has(candidate.rtp.ssrc)) {
          return `RTP in frame ${candidate.frame}`;
        }
      }
      return null;
    },
  };
}

/** The step comes at most so many seconds after another one. */
export function within(seconds: number, earlier: string): Condition {
  return {
    requires: `at most ${seconds} s after step ${earlier}`,
    seen: (message, binding) => {
      const took = secondsSince(earlier, message, binding);
      return took <= seconds ? null : `${took.toFixed(1)} s`;
    },
  };
}

/** The step comes that many seconds after another one, a tenth of them earlier or later. */
export function about(seconds: number, earlier: string): Condition {
  return {
    requires: `${seconds} s after step ${earlier}, ±10 %`,
    seen: (message, binding) => {
      const took = secondsSince(earlier, message, binding);
      return Math.abs(took - seconds) <= seconds / 10 ? null : `${took.toFixed(1)} s`;
    },
  };
}

export function secondsSince(earlier: string, message: RecordedMessage, binding: FlowBinding): number {
  return (message.at - (binding.step(earlier)?.at ?? message.at)) / 1_000_000;
}

/** 180 only when the resources of both sides are known to be there: the caller's UPDATE was answered. RFC 3312 §6. */
export const afterPreconditions: Condition = {
  requires: 'the 180 comes only after the preconditions of both sides are met (UPDATE answered)',
  seen: (message, binding) => {
    const confirmed = binding.step('C7');
    return confirmed === undefined || message.index < confirmed.index ? 'a 180 before the 200 to UPDATE' : null;
  },
};

/** Preconditions are offered, not demanded: who does not know them can take the call. TS 24.229 §5.1.3.1; RFC 3312 §11. */
export const offersPreconditions = sipHolds('precondition in Supported, and not in Require', (sip) => {
  if (sip.all('Require').includes('precondition')) return 'precondition in Require';
  return sip.all('Supported').includes('precondition') ? null : 'no precondition in Supported';
});

/** The description says nothing of preconditions. */
export const noPreconditions = sipHolds('no a=curr, a=des and a=conf', (sip) => {
  const line = /^a=(?:curr|des|conf):.*$/m.exec(Buffer.from(sip.body).toString('latin1'));
  return line === null ? null : line[0].trim();
});

/** The description has speech in this codec alone, with the events of its clock rate. RFC 3264 §6.1; TS 26.114 §6.2.2. */
export function speaksOnly(codec: string, clockRate: number): Condition {
  return sipHolds(`one speech codec, ${codec}/${clockRate}, with telephone-event/${clockRate}`, (sip) => {
    const formats = audioFormats(sip);
    const speech = formats.filter((format) => !isEncoding(format, 'telephone-event'));
    const right = speech.length > 0 && speech.every((one) => isEncoding(one, codec) && one.clockRate === clockRate);
    const events = formats.some((one) => isEncoding(one, 'telephone-event') && one.clockRate === clockRate);
    return right && events ? null : formats.map((one) => `${one.encoding}/${one.clockRate}`).join(', ');
  });
}

/** Nobody on the way transcodes: what the gateways send on is what came in, octet by octet. */
export function relayedFrom(from: Place, to: Place): Condition {
  const payload = (message: RecordedRtp): string => Buffer.from(message.rtp.payload).toString('latin1');
  return {
    requires: `the payload that ${to} gets is what ${from} sent`,
    seen: (message, binding) => {
      const sent = new Set<string>();
      for (const candidate of binding.messages) {
        if (candidate.protocol !== 'rtp') continue;
        if (isAt(candidate.from.node, from, binding)) sent.add(payload(candidate));
        else if (isOfStream(candidate, message) && !sent.has(payload(candidate))) {
          return `other octets in frame ${candidate.frame}`;
        }
      }
      return sent.size > 0 ? null : `no RTP of ${from}`;
    },
  };
}

/** Formats of the first audio stream that a message describes; empty without one. */
function audioFormats(sip: SipMessage): readonly Payload[] {
  const body = bodyOfType(sip, 'application/sdp');
  const audio = body === null ? undefined : parseSdp(body).media.find((media) => media.kind === 'audio');
  return audio === undefined ? [] : payloadsOf(audio);
}

/** The keys that were pressed arrive: one event each (RFC 4733 §2.5), in order. `description`: the step whose SDP says how. */
export function keysOf(keys: string, description: string): Condition {
  return {
    requires: `the keys ${keys} as telephone-event, each once and in order`,
    seen: (message, binding) => {
      const told = binding.step(description);
      const formats = told?.protocol === 'sip' ? audioFormats(told.sip) : [];
      const types = formats.filter((one) => isEncoding(one, 'telephone-event')).map((one) => one.payloadType);
      const events = new Map<number, string>();
      for (const candidate of binding.messages) {
        if (!isOfStream(candidate, message) || !types.includes(candidate.rtp.payloadType)) continue;
        const event = parseTelephoneEvent(candidate.rtp.payload);
        events.set(candidate.rtp.timestamp, event === null ? '?' : (keyOfEvent(event.event) ?? '?'));
      }
      const seen = [...events.values()].join('');
      return seen === keys ? null : seen === '' ? 'no key' : seen;
    },
  };
}

/** Media is not interrupted: packets of the stream come at most a second apart. */
export const uninterrupted: Condition = {
  requires: 'the stream goes on without a gap of more than 1 s',
  seen: (message, binding) => {
    let last = message;
    for (const candidate of binding.messages) {
      if (!isOfStream(candidate, message)) continue;
      if (candidate.at - last.at > 1_000_000) return `a gap in front of frame ${candidate.frame}`;
      last = candidate;
    }
    return null;
  },
};

/** RFC 4028 §4. */
export const namesSession = sipHolds('Session-Expires with a refresher', (sip) => {
  const value = sip.get('Session-Expires');
  return value !== undefined && /;\s*refresher\s*=\s*ua[cs]\b/.test(value) ? null : (value ?? 'no Session-Expires');
});

/** RFC 4028 §7.4: a refresh by UPDATE needs no description. */
export const noBody = sipHolds('no body', (sip) => (sip.body.length === 0 ? null : `${sip.body.length} octets`));

/** The stream has this direction, RFC 3264 §8.4. */
export function directed(direction: 'sendonly' | 'recvonly' | 'sendrecv'): Condition {
  return sipHolds(`a=${direction}`, (sip) => {
    const text = Buffer.from(sip.body).toString('latin1');
    const seen = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m.exec(text)?.[1] ?? 'sendrecv';
    return text === '' ? 'no body' : seen === direction ? null : `a=${seen}`;
  });
}

/** While the call was held since that step, the holder got no speech, and RTCP went on both ways. TS 24.610 §4.5.2; TS 26.114 §7.3. */
export function heldSince(earlier: string): Condition {
  return {
    requires: 'no RTP to the holder on hold, and RTCP both ways',
    seen: (message, binding) => {
      const holder = message.from.node?.network;
      const start = (binding.step(earlier)?.at ?? message.at) + HOLD_GRACE;
      const between = binding.messages.filter(
        ({ at, from, to }) => at > start && at < message.at && from.node?.role === 'trgw' && to.node?.role === 'trgw',
      );
      const speech = between.find((one) => one.protocol === 'rtp' && one.to.node?.network === holder);
      if (speech !== undefined) return `RTP in frame ${speech.frame}`;
      const reports = between.filter(({ protocol }) => protocol === 'rtcp');
      if (!reports.some((one) => one.from.node?.network === holder)) return 'no RTCP of the holder';
      return reports.some((one) => one.to.node?.network === holder) ? null : 'no RTCP to the holder';
    },
  };
}

/** What is on its way when the call is held, microseconds. */
const HOLD_GRACE = 500_000;

function isAt(node: RecordedMessage['from']['node'], place: Place, binding: FlowBinding): boolean {
  return node?.role === place.slice(2) && node.network === binding.network(place.startsWith('a') ? 'a' : 'b');
}

/** The same identities as at an earlier step, in any order. RFC 3325; TS 29.165 §12.3. */
export function identitiesOf(earlier: string): Condition {
  return {
    requires: `the asserted identities of step ${earlier}, none more and none less`,
    seen: (message, binding) => {
      const before = assertedIn(binding.step(earlier));
      const now = assertedIn(message);
      if (before.length === 0) return `no P-Asserted-Identity in step ${earlier}`;
      return now.join(' ') === before.join(' ') ? null : now.length === 0 ? 'none' : now.join(', ');
    },
  };
}

function assertedIn(message: RecordedMessage | undefined): readonly string[] {
  if (message?.protocol !== 'sip') return [];
  return message.sip
    .all('P-Asserted-Identity')
    .map((value) => parseNameAddr(value)?.uri ?? value.trim())
    .sort();
}

/** From says nothing of the caller, RFC 3323 §4.1.1.3. */
export const anonymousFrom = sipHolds('From is anonymous', (sip) => {
  const from = sip.get('From') ?? '';
  return parseNameAddr(from)?.uri === 'sip:anonymous@anonymous.invalid' ? null : from;
});
