import { CALL_FLOWS } from './call.js';
import type { Flow } from './flow.js';
import { INTERCONNECT_FLOWS } from './interconnect.js';
import { REGISTRATION_FLOWS } from './registration.js';
import { SERVICE_FLOWS } from './service.js';

/** Every automated case's flow. A new group adds one line. */
export const FLOW_BOOK: ReadonlyMap<string, Flow> = new Map(
  [...REGISTRATION_FLOWS, ...CALL_FLOWS, ...SERVICE_FLOWS, ...INTERCONNECT_FLOWS].map((flow) => [flow.caseId, flow]),
);
