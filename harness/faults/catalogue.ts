import { CX_FAULTS } from './cx.js';
import { DIAMETER_FAULTS } from './diameter.js';
import { DLG_FAULTS } from './dlg.js';
import type { Fault } from './fault.js';
import { FLOW_FAULTS } from './flow.js';
import { FUNCTION_FAULTS } from './functions.js';
import { GEN_FAULTS } from './gen.js';
import { HDR_FAULTS } from './hdr.js';
import { IBC_FAULTS } from './ibc.js';
import { INV_FAULTS } from './inv.js';
import { MTH_FAULTS } from './mth.js';
import { PCV_FAULTS } from './pcv.js';
import { RSP_FAULTS } from './rsp.js';
import { RTP_FAULTS } from './rtp.js';
import { RX_FAULTS } from './rx.js';
import { SDP_FAULTS } from './sdp.js';
import { THG_FAULTS } from './thg.js';
import { TRU_FAULTS } from './tru.js';
import { URI_FAULTS } from './uri.js';
import { VOC_FAULTS } from './voc.js';

/** Every fault: one line per family. */
export const FAULTS: readonly Fault[] = [
  ...GEN_FAULTS,
  ...MTH_FAULTS,
  ...HDR_FAULTS,
  ...TRU_FAULTS,
  ...URI_FAULTS,
  ...PCV_FAULTS,
  ...THG_FAULTS,
  ...IBC_FAULTS,
  ...INV_FAULTS,
  ...RSP_FAULTS,
  ...DLG_FAULTS,
  ...SDP_FAULTS,
  ...VOC_FAULTS,
  ...RTP_FAULTS,
  ...DIAMETER_FAULTS,
  ...CX_FAULTS,
  ...RX_FAULTS,
  ...FUNCTION_FAULTS,
  ...FLOW_FAULTS,
];

/** The fault of a name; undefined where there is none. */
export function faultOf(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name);
}
