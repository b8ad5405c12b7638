import type { Rule } from './rule.js';
import { CX } from './rules/cx.js';
import { DIAMETER } from './rules/diameter.js';
import { DLG } from './rules/dlg.js';
import { GEN } from './rules/gen.js';
import { GEN_MATRIX } from './rules/gen-matrix.js';
import { HDR } from './rules/hdr.js';
import { IBC } from './rules/ibc.js';
import { INV } from './rules/inv.js';
import { MTH } from './rules/mth.js';
import { PCV } from './rules/pcv.js';
import { RSP } from './rules/rsp.js';
import { RTP } from './rules/rtp.js';
import { RX } from './rules/rx.js';
import { SDP } from './rules/sdp.js';
import { THG } from './rules/thg.js';
import { TRU } from './rules/tru.js';
import { URI } from './rules/uri.js';
import { VOC } from './rules/voc.js';

/** The families of the rule book: one line each. */
export const FAMILIES: Readonly<Record<string, readonly Rule[]>> = {
  GEN,
  GEN_MATRIX,
  MTH,
  HDR,
  PCV,
  TRU,
  URI,
  THG,
  IBC,
  INV,
  RSP,
  DLG,
  DIAMETER,
  CX,
  RX,
  SDP,
  VOC,
  RTP,
};

/** Every rule. */
export const RULES: readonly Rule[] = Object.values(FAMILIES).flat();
