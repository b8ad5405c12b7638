import type { ServerAssignmentType } from './cx-client.js';
import type { RegistrationState } from './subscriber.js';

/** What an assignment type does to the stored state, TS 29.228 §6.1.2.1: one row for each. */
export interface AssignmentRow {
  readonly state: RegistrationState | 'keep';
  readonly server: 'store' | 'clear' | 'keep' | 'clear-unless-registered';
  readonly profile: 'send' | 'send-unless-available' | 'none';
  /** Types that concern several identities at once. */
  readonly several: boolean;
}
const ASSIGNMENT: Readonly<Record<ServerAssignmentType, AssignmentRow>> = {
  NO_ASSIGNMENT: { state: 'keep', server: 'keep', profile: 'send-unless-available', several: false },
  REGISTRATION: { state: 'registered', server: 'store', profile: 'send-unless-available', several: false },
  RE_REGISTRATION: { state: 'registered', server: 'store', profile: 'send-unless-available', several: false },
  UNREGISTERED_USER: { state: 'unregistered', server: 'store', profile: 'send-unless-available', several: false },
  TIMEOUT_DEREGISTRATION: { state: 'not-registered', server: 'clear', profile: 'none', several: true },
  USER_DEREGISTRATION: { state: 'not-registered', server: 'clear', profile: 'none', several: true },
  TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME: { state: 'unregistered', server: 'store', profile: 'none', several: true },
  USER_DEREGISTRATION_STORE_SERVER_NAME: { state: 'unregistered', server: 'store', profile: 'none', several: true },
  ADMINISTRATIVE_DEREGISTRATION: { state: 'not-registered', server: 'clear', profile: 'none', several: true },
  AUTHENTICATION_FAILURE: { state: 'keep', server: 'clear-unless-registered', profile: 'none', several: false },
  AUTHENTICATION_TIMEOUT: { state: 'keep', server: 'clear-unless-registered', profile: 'none', several: false },
  DEREGISTRATION_TOO_MUCH_DATA: { state: 'not-registered', server: 'clear', profile: 'none', several: true },
};

/** The row of a Server-Assignment-Type by its name. */
export function assignmentOf(type: string | undefined): AssignmentRow | undefined {
  return type !== undefined && isAssignmentType(type) ? ASSIGNMENT[type] : undefined;
}

function isAssignmentType(type: string): type is ServerAssignmentType {
  return Object.hasOwn(ASSIGNMENT, type);
}
