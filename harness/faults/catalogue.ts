import type { Fault } from './fault.js';
import { GEN_FAULTS } from './gen.js';
import { HDR_FAULTS } from './hdr.js';
import { MTH_FAULTS } from './mth.js';
import { PCV_FAULTS } from './pcv.js';
import { TRU_FAULTS } from './tru.js';
import { URI_FAULTS } from './uri.js';

/** Every fault: one line per family. */
export const FAULTS: readonly Fault[] = [
  ...GEN_FAULTS,
  ...MTH_FAULTS,
  ...HDR_FAULTS,
  ...TRU_FAULTS,
  ...URI_FAULTS,
  ...PCV_FAULTS,
];

/** The fault of a name; undefined where there is none. */
export function faultOf(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name);
}
