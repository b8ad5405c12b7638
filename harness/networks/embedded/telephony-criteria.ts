import type { InitialFilterCriteria, ServicePointTrigger, TriggerCondition } from '../../wire/xml/service-profile.js';

/** Initial filter criteria of a telephony subscriber: calls of both directions and registrations go to the TAS. TS 23.218 §5.2, TS 29.228 Annex B. */
export function telephonyCriteria(tasUri: string): InitialFilterCriteria {
  const group = (number: number, conditions: readonly TriggerCondition[]): readonly ServicePointTrigger[] =>
    conditions.map((condition) => ({ negated: false, groups: [number], condition, registrationTypes: [] }));
  return {
    priority: 10,
    triggerPoint: {
      conditionType: 'DNF',
      serviceTriggers: [
        ...group(0, [
          { kind: 'method', method: 'INVITE' },
          { kind: 'sessionCase', sessionCase: 'ORIGINATING_REGISTERED' },
        ]),
        ...group(1, [
          { kind: 'method', method: 'INVITE' },
          { kind: 'sessionCase', sessionCase: 'TERMINATING_REGISTERED' },
        ]),
        ...group(2, [{ kind: 'method', method: 'REGISTER' }]),
      ],
    },
    applicationServer: {
      serverName: tasUri,
      defaultHandling: 'SESSION_CONTINUED',
      serviceInfo: null,
      includeRegisterRequest: false,
      includeRegisterResponse: false,
    },
    profilePart: 'REGISTERED',
  };
}
