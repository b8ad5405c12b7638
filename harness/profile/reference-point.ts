/** The reference points at which messages are recorded: TS 23.002, TS 23.228 §4, TS 29.165 §5; ENUM and DNS for look-ups. */
export type ReferencePoint =
  | 'Gm'
  | 'Mw'
  | 'Mx'
  | 'Ici'
  | 'Izi'
  | 'ISC'
  | 'Cx'
  | 'Rx'
  | 'Mb'
  | 'ENUM'
  | 'DNS'
  | 'unknown';
