import type { Fault } from './fault.js';
import { MTH_FAULTS } from './mth.js';

/** Every fault: one line per family. */
export const FAULTS: readonly Fault[] = [...MTH_FAULTS];

/** The fault of a name; undefined where there is none. */
export function faultOf(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name);
}
