import { expect, test } from '@playwright/test';
import {
  buildUserProfile,
  type InitialFilterCriteria,
  readUserProfile,
  type ServicePointTrigger,
  type UserProfile,
} from './service-profile.js';
import { isTriggered, type TriggerInput } from './service-profile-trigger.js';

const spt = (condition: ServicePointTrigger['condition'], groups = [0], negated = false): ServicePointTrigger => ({
  condition,
  groups,
  negated,
  registrationTypes: [],
});
const server = {
  serverName: 'sip:tas.example.org;lr',
  defaultHandling: 'SESSION_CONTINUED',
  serviceInfo: null,
  includeRegisterRequest: true,
  includeRegisterResponse: false,
} as const;
const criteria = (conditionType: 'CNF' | 'DNF', ...serviceTriggers: ServicePointTrigger[]): InitialFilterCriteria => ({
  priority: 0,
  triggerPoint: { conditionType, serviceTriggers },
  applicationServer: server,
  profilePart: null,
});
const invite: TriggerInput = {
  method: 'INVITE',
  requestUri: 'sip:+447700900102@example.org',
  sessionCase: 'ORIGINATING_REGISTERED',
  header: (name) =>
    name.toLowerCase() === 'accept-contact' ? ['*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"'] : [],
  sdpLines: ['v=0', 'm=audio 49152 RTP/AVP 97'],
};

test('a profile comes back as it was written, criteria in the order of their priority', () => {
  const profile: UserProfile = {
    privateIdentity: '001010000000001@example.org',
    serviceProfiles: [
      {
        publicIdentities: [
          { identity: 'sip:+447700900101@example.org', barred: false },
          { identity: 'tel:+447700900101', barred: true },
        ],
        initialFilterCriteria: [
          criteria(
            'CNF',
            spt({ kind: 'method', method: 'INVITE' }),
            spt({ kind: 'sessionCase', sessionCase: 'TERMINATING_REGISTERED' }, [1, 2], true),
          ),
          {
            ...criteria('DNF', {
              ...spt({ kind: 'method', method: 'REGISTER' }),
              registrationTypes: ['INITIAL_REGISTRATION', 'DE_REGISTRATION'],
            }),
            priority: 7,
            profilePart: 'REGISTERED',
          },
          {
            ...criteria('DNF', spt({ kind: 'sipHeader', header: 'Accept-Contact', content: '<&mmtel>' })),
            priority: 9,
            triggerPoint: null,
          },
        ],
        subscribedMediaProfileId: 3,
      },
    ],
  };
  const shuffled = {
    ...profile,
    serviceProfiles: profile.serviceProfiles.map((service) => ({
      ...service,
      initialFilterCriteria: [...service.initialFilterCriteria].reverse(),
    })),
  };
  expect(readUserProfile(buildUserProfile(shuffled))).toEqual({ profile, defects: [] });
});

test('prefixes, comments and unknown elements do not disturb the reader', () => {
  const text = `<?xml version="1.0"?><!-- x --><cx:IMSSubscription xmlns:cx="urn:x"><cx:PrivateID>a@b</cx:PrivateID>
    <cx:ServiceProfile><cx:PublicIdentity><cx:Identity> sip:a@b </cx:Identity><cx:Extension><cx:IdentityType>0</cx:IdentityType></cx:Extension></cx:PublicIdentity>
    <cx:Extension><cx:SharedIFCSetID>1</cx:SharedIFCSetID></cx:Extension></cx:ServiceProfile></cx:IMSSubscription>`;
  expect(readUserProfile(text)).toEqual({
    profile: {
      privateIdentity: 'a@b',
      serviceProfiles: [
        {
          publicIdentities: [{ identity: 'sip:a@b', barred: false }],
          initialFilterCriteria: [],
          subscribedMediaProfileId: null,
        },
      ],
    },
    defects: [],
  });
});

test('what is not a profile is told, not thrown', () => {
  const codes = (text: string): readonly string[] => readUserProfile(text).defects.map(({ code }) => code);
  expect(codes('')).toEqual(['user-profile-not-xml']);
  expect(codes('<IMSSubscription>')).toEqual(['user-profile-not-xml']);
  expect(codes('<Other/>')).toEqual(['user-profile-root']);
  expect(codes('<IMSSubscription/>')).toContain('user-profile-incomplete');
  expect(codes('<!DOCTYPE x [<!ENTITY a "b">]><IMSSubscription>&a;</IMSSubscription>')).toEqual([
    'user-profile-doctype',
  ]);
  expect(codes(`${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}`)).toHaveLength(1);
});

test('CNF asks for one member of every group, DNF for every member of one group', () => {
  const isInvite = { kind: 'method', method: 'INVITE' } as const;
  const isMessage = { kind: 'method', method: 'MESSAGE' } as const;
  const originating = { kind: 'sessionCase', sessionCase: 'ORIGINATING_REGISTERED' } as const;
  const terminating = { kind: 'sessionCase', sessionCase: 'TERMINATING_REGISTERED' } as const;
  expect(isTriggered(criteria('CNF', spt(isInvite, [0]), spt(isMessage, [0]), spt(originating, [1])), invite)).toBe(
    true,
  );
  expect(isTriggered(criteria('CNF', spt(isInvite, [0]), spt(terminating, [1])), invite)).toBe(false);
  expect(isTriggered(criteria('DNF', spt(isMessage, [0]), spt(originating, [0]), spt(isInvite, [1])), invite)).toBe(
    true,
  );
  expect(isTriggered(criteria('DNF', spt(isInvite, [0]), spt(terminating, [0])), invite)).toBe(false);
  expect(isTriggered(criteria('CNF', spt(terminating, [0], true)), invite)).toBe(true);
});

test('headers, Request-URI and session description are matched by their patterns', () => {
  const fires = (condition: ServicePointTrigger['condition']): boolean =>
    isTriggered(criteria('CNF', spt(condition)), invite);
  expect(fires({ kind: 'sipHeader', header: 'Accept-Contact', content: '.*icsi\\.mmtel.*' })).toBe(true);
  expect(fires({ kind: 'sipHeader', header: 'Accept-Contact', content: null })).toBe(true);
  expect(fires({ kind: 'sipHeader', header: 'Subject', content: null })).toBe(false);
  expect(fires({ kind: 'requestUri', uri: '+447700900102' })).toBe(true);
  expect(fires({ kind: 'sessionDescription', line: 'm', content: '^audio' })).toBe(true);
  expect(fires({ kind: 'sessionDescription', line: 'm', content: '^video' })).toBe(false);
});

test('a pattern that could take for ever is not run', () => {
  for (const uri of ['^(a+)+$', '(a|aa)+$', 'a*a*a*a*a*a*b']) {
    const evil = criteria('CNF', spt({ kind: 'requestUri', uri }));
    expect(isTriggered(evil, { ...invite, requestUri: `${'a'.repeat(1000)}!` })).toBe(false);
  }
});

test('criteria of the unregistered part do not fire for a registered user', () => {
  const part = { ...criteria('CNF', spt({ kind: 'method', method: 'INVITE' })), profilePart: 'UNREGISTERED' } as const;
  expect(isTriggered(part, invite)).toBe(false);
  expect(isTriggered(part, { ...invite, sessionCase: 'TERMINATING_UNREGISTERED' })).toBe(true);
});
