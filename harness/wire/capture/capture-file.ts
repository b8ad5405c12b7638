/** Link-layer header types that the dissector knows: the LINKTYPE_ registry of tcpdump.org. */
export const LINK_TYPES = {
  null: 0,
  ethernet: 1,
  rawBsd12: 12,
  rawBsd14: 14,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  upperPdu: 252,
  linuxCooked2: 276,
} as const;

/** One frame of a capture file, as it was stored. */
export interface CapturedFrame {
  /** 1-based position in the file, as Wireshark counts. */
  readonly number: number;
  /** Microseconds since the epoch; a finer clock gives fractions. */
  readonly at: number;
  readonly linkType: number;
  /** Index into `CaptureFile.interfaces`. */
  readonly interfaceIndex: number;
  readonly octets: Uint8Array;
  /** Octets the frame had on the wire; more than `octets` where the snap length cut it. */
  readonly originalLength: number;
  readonly comments: readonly string[];
}

export interface CaptureInterface {
  readonly linkType: number;
  readonly name: string | null;
  /** 0 is no limit. */
  readonly snapLength: number;
}

/** A capture that is less than whole, in the words of the evidence's integrity list. */
export interface CaptureProblem {
  readonly code: 'truncated-file' | 'cut-frame' | 'tcp-gap' | 'missing-fragment' | 'undecodable-frame';
  readonly severity: 'error' | 'info';
  readonly text: string;
  /** 1-based frame, or null where no frame is concerned. */
  readonly frame: number | null;
}

/** A pcap or pcapng file, read as far as it goes. */
export interface CaptureFile {
  readonly format: 'pcap' | 'pcapng' | 'unknown';
  readonly frames: readonly CapturedFrame[];
  readonly interfaces: readonly CaptureInterface[];
  /** Comments of the section headers, in file order. */
  readonly comments: readonly string[];
  /** Names from name resolution blocks, by canonical address. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly CaptureProblem[];
}
