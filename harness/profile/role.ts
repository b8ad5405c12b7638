/** The network functions the harness knows, by their 3GPP names (TS 23.002) in the case of file and node names. */
export type Role =
  | 'ue'
  | 'p-cscf'
  | 'i-cscf'
  | 's-cscf'
  | 'tas'
  | 'ibcf'
  | 'trgw'
  | 'hss'
  | 'pcrf'
  | 'enum-server'
  | 'ipx-dns';
