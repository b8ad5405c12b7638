import type { ReportBlock, SenderReport } from '../wire/rtp/rtcp.js';
import type { RtpPacket } from '../wire/rtp/rtp.js';

/** What one received stream amounts to. */
export interface ReceptionStatistics {
  readonly ssrc: number;
  readonly packets: number;
  readonly octets: number;
  /** Expected minus received, RFC 3550 §A.3; negative with duplicates. */
  readonly lost: number;
  /** Milliseconds, RFC 3550 §6.4.1. */
  readonly jitter: number;
  /** Clock milliseconds of the first and the last packet. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly payloadTypes: readonly number[];
}

const SEQUENCE_MOD = 0x10000;

/** Book-keeping of one synchronisation source, RFC 3550 §6.4.1 and §A.1, §A.3, §A.8. */
export class Reception {
  readonly ssrc: number;
  readonly #clockRate: number;
  readonly #baseSequence: number;
  readonly #payloadTypes = new Set<number>();
  readonly #firstAt: number;
  #lastAt: number;
  #highest: number;
  #cycles = 0;
  #packets = 0;
  #octets = 0;
  #jitter = 0;
  #transit: number | null = null;
  #priorExpected = 0;
  #priorPackets = 0;
  #lastReport = 0;
  #lastReportAt = 0;

  constructor(first: RtpPacket, clockRate: number, at: number) {
    this.ssrc = first.ssrc;
    this.#clockRate = clockRate;
    this.#baseSequence = first.sequenceNumber;
    this.#highest = first.sequenceNumber;
    this.#firstAt = at;
    this.#lastAt = at;
  }

  /** `at` in clock milliseconds. */
  packet(packet: RtpPacket, at: number): void {
    this.#packets += 1;
    this.#octets += packet.payload.length;
    this.#lastAt = at;
    this.#payloadTypes.add(packet.payloadType);
    const ahead = (packet.sequenceNumber - this.#highest + SEQUENCE_MOD) % SEQUENCE_MOD;
    if (ahead < SEQUENCE_MOD / 2) {
      if (packet.sequenceNumber < this.#highest) this.#cycles += SEQUENCE_MOD;
      this.#highest = packet.sequenceNumber;
    }
    const arrival = (at * this.#clockRate) / 1000;
    const transit = arrival - packet.timestamp;
    if (this.#transit !== null) {
      // Modulo 2^32, so that the wrap of the timestamp is no jump.
      const difference = Math.abs(((((transit - this.#transit) % 2 ** 32) + 1.5 * 2 ** 32) % 2 ** 32) - 2 ** 31);
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  /** Keeps what the next report block says of the last sender report. */
  senderReport(report: SenderReport, at: number): void {
    this.#lastReport = ((report.sender.ntpSeconds & 0xffff) << 16) | (report.sender.ntpFraction >>> 16);
    this.#lastReportAt = at;
  }

  get statistics(): ReceptionStatistics {
    return {
      ssrc: this.ssrc,
      packets: this.#packets,
      octets: this.#octets,
      lost: this.#expected - this.#packets,
      jitter: (this.#jitter * 1000) / this.#clockRate,
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
      payloadTypes: [...this.#payloadTypes],
    };
  }

  /** The report on this source since the last one. */
  report(at: number): ReportBlock {
    const expected = this.#expected - this.#priorExpected;
    const received = this.#packets - this.#priorPackets;
    this.#priorExpected = this.#expected;
    this.#priorPackets = this.#packets;
    const lost = Math.max(0, expected - received);
    return {
      ssrc: this.ssrc,
      fractionLost: expected === 0 ? 0 : Math.floor((lost * 256) / expected) & 0xff,
      cumulativeLost: this.#expected - this.#packets,
      highestSequence: (this.#cycles + this.#highest) >>> 0,
      jitter: Math.round(this.#jitter),
      lastSenderReport: this.#lastReport >>> 0,
      delaySinceLastSenderReport: this.#lastReport === 0 ? 0 : Math.round(((at - this.#lastReportAt) * 65536) / 1000),
    };
  }

  get #expected(): number {
    return this.#cycles + this.#highest - this.#baseSequence + 1;
  }
}
