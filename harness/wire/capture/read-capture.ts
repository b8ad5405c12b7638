import type { CaptureFile } from './capture-file.js';
import { isPcap, readPcap } from './pcap-reader.js';
import { isPcapng, readPcapng } from './pcapng-reader.js';

/** Reads a pcap or pcapng file. Never throws; what is neither gives no frames and one problem. */
export function readCapture(octets: Uint8Array): CaptureFile {
  if (isPcapng(octets)) return readPcapng(octets);
  if (isPcap(octets)) return readPcap(octets);
  const gzip = octets[0] === 0x1f && octets[1] === 0x8b;
  return {
    format: 'unknown',
    frames: [],
    interfaces: [],
    comments: [],
    names: new Map(),
    problems: [
      {
        code: 'truncated-file',
        severity: 'error',
        text: gzip
          ? 'The file is compressed with gzip; unpack it first.'
          : 'The file does not begin as a pcap or pcapng file does.',
        frame: null,
      },
    ],
  };
}
