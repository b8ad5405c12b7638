/**
 * Something wrong with octets, found while decoding them. A decoder never throws on what a peer sent: it returns what
 * it could read and a defect for each thing it could not; the judge turns defects into findings.
 */
export interface Defect {
  /** Stable, kebab-case: `sip-header-without-colon`, `rtp-truncated`, … */
  readonly code: string;
  /** Offset of the first offending octet in the octets that were decoded. */
  readonly offset: number;
  /** What was required and what was seen, one sentence. */
  readonly text: string;
  /** The clause that the octets break, for example `RFC 3261 §7.3.1`. */
  readonly clause: string;
}
