import { arrow, avpIs, carries, diameter, lacks, request, response, result, sipHolds } from './arrow.js';
import type { Flow, FlowStep } from './flow.js';
import {
  ASSIGNMENT,
  emptyResponse,
  everyIdentityActive,
  expiresZero,
  hasAvp,
  inTime,
  noKeys,
  noProtectionHeaders,
  notifiesPCscf,
  ofPCscf,
  ofUe,
  onProtectedPort,
  randAndAuts,
  sameCallIdHigherCSeq,
  subscribesReg,
  terminated,
  verifyEqualsServer,
  withKeys,
} from './registration-conditions.js';

/** R1 to R7: the unprotected REGISTER up to its challenge. TS 24.229 §5.1.1.2, §5.2.2, §5.3.1, §5.4.1.2.1. */
const CHALLENGE: readonly FlowStep[] = [
  arrow('R1', 'a.ue', 'a.p-cscf', request('REGISTER'), 'the UE registers, unprotected', {
    holds: [emptyResponse, carries('Security-Client')],
  }),
  arrow('R2', 'a.p-cscf', 'a.i-cscf', request('REGISTER'), 'the P-CSCF sends the REGISTER to the home network', {
    holds: [carries('Path'), carries('P-Charging-Vector'), ...noProtectionHeaders],
  }),
  arrow('R3', 'a.i-cscf', 'a.hss', diameter('UAR'), 'the I-CSCF asks the HSS whether the user may register'),
  arrow('R3A', 'a.hss', 'a.i-cscf', diameter('UAA'), 'the HSS answers for a first registration', {
    holds: [result(2001)],
  }),
  arrow('R4', 'a.i-cscf', 'a.s-cscf', request('REGISTER'), 'the I-CSCF chooses the S-CSCF'),
  arrow('R5', 'a.s-cscf', 'a.hss', diameter('MAR'), 'the S-CSCF asks for an authentication vector'),
  arrow('R5A', 'a.hss', 'a.s-cscf', diameter('MAA'), 'the HSS gives the vector', { holds: [result(2001)] }),
  arrow('R6', 'a.s-cscf', 'a.i-cscf', response(401, 'REGISTER'), 'the S-CSCF challenges', { holds: [withKeys] }),
  arrow('R6I', 'a.i-cscf', 'a.p-cscf', response(401, 'REGISTER'), 'the challenge passes the I-CSCF', {
    holds: [withKeys],
  }),
  arrow('R7', 'a.p-cscf', 'a.ue', response(401, 'REGISTER'), 'the challenge reaches the UE', {
    holds: [carries('Security-Server'), noKeys],
  }),
];

/** R8 to R12: the protected REGISTER up to its 200. TS 24.229 §5.1.1.5, §5.4.1.2.2. */
const AUTHENTICATED: readonly FlowStep[] = [
  arrow('R8', 'a.ue', 'a.p-cscf', request('REGISTER'), 'the UE registers on the security association', {
    holds: [onProtectedPort, verifyEqualsServer, sameCallIdHigherCSeq('R1')],
  }),
  arrow('R8P', 'a.p-cscf', 'a.i-cscf', request('REGISTER'), 'the P-CSCF sends the protected REGISTER on', {
    holds: noProtectionHeaders,
  }),
  arrow('R9', 'a.i-cscf', 'a.hss', diameter('UAR'), 'the I-CSCF asks the HSS again'),
  arrow('R9A', 'a.hss', 'a.i-cscf', diameter('UAA'), 'the HSS answers', { holds: [result(2001, 2002)] }),
  arrow('R10', 'a.i-cscf', 'a.s-cscf', request('REGISTER'), 'the I-CSCF sends it to the same S-CSCF'),
  arrow('R11', 'a.s-cscf', 'a.hss', diameter('SAR'), 'the S-CSCF assigns itself'),
  arrow('R11A', 'a.hss', 'a.s-cscf', diameter('SAA'), 'the HSS gives the user profile', {
    holds: [result(2001)],
  }),
  arrow('R12', 'a.s-cscf', 'a.i-cscf', response(200, 'REGISTER'), 'the S-CSCF accepts', {
    holds: [carries('Service-Route'), carries('P-Associated-URI')],
  }),
  arrow('R12U', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the UE is registered', {
    holds: [carries('Service-Route'), carries('P-Associated-URI'), lacks('P-Charging-Vector')],
  }),
];

const REGISTRATION: readonly FlowStep[] = [...CHALLENGE, ...AUTHENTICATED];

const SUBSCRIPTIONS: readonly FlowStep[] = [
  arrow('S1', 'a.ue', 'a.p-cscf', request('SUBSCRIBE'), 'the UE subscribes to its registration state', {
    after: ['R12U'],
    holds: subscribesReg,
  }),
  arrow('S1S', ['a.p-cscf', 'a.i-cscf'], 'a.s-cscf', ofUe('SUBSCRIBE'), 'the subscription reaches the S-CSCF'),
  arrow('S2', 'a.p-cscf', 'a.ue', response(200, 'SUBSCRIBE'), 'the subscription is accepted', { after: ['S1S'] }),
  arrow('S3', 'a.p-cscf', 'a.ue', request('NOTIFY'), 'the UE gets the full state', {
    after: ['S1S'],
    holds: [everyIdentityActive],
  }),
  arrow('S4', 'a.ue', 'a.p-cscf', response(200, 'NOTIFY'), 'the UE confirms', { after: ['S3'] }),
  arrow('S5', ['a.p-cscf', 'a.i-cscf'], 'a.s-cscf', ofPCscf('SUBSCRIBE'), 'the P-CSCF subscribes for itself', {
    after: ['R12'],
    holds: subscribesReg,
  }),
  arrow('S6', 'a.s-cscf', 'a.p-cscf', notifiesPCscf, 'the P-CSCF gets the full state', {
    after: ['S5'],
    holds: [everyIdentityActive],
  }),
  arrow('S7', 'a.p-cscf', 'a.s-cscf', response(200, 'NOTIFY'), 'the P-CSCF confirms', { after: ['S6'] }),
];

/** The flows of the group REG that are automated; catalogue §9.2. */
export const REGISTRATION_FLOWS: readonly Flow[] = [
  {
    caseId: 'Q3953-REG-01',
    clause: 'TS 24.229 §5.1.1.2, §5.2.2.2, §5.3.1.2, §5.4.1.2; TS 33.203 §6.1, §7.1; TS 23.228 §5.2.2.3',
    opens: 'REGISTER',
    usualCause:
      'Authentication data of the UE and the HSS differ, or a proxy on the way does not route or protect the REGISTER',
    steps: [
      ...REGISTRATION,
      arrow('R7X', 'a.p-cscf', 'a.ue', response(401, 'REGISTER'), 'no second challenge', {
        occurs: 'never',
        after: ['R8'],
      }),
    ],
  },
  {
    caseId: 'Q3953-REG-03',
    clause: 'TS 24.229 §5.1.1.3, §5.2.3, §5.4.2.1; RFC 3680 §4.7, §5.1',
    opens: 'REGISTER',
    usualCause:
      'The S-CSCF does not accept the reg event package from this subscriber, or notifies only a part of the implicit set',
    steps: [...REGISTRATION, ...SUBSCRIPTIONS],
  },
  {
    caseId: 'Q3953-REG-04',
    clause: 'TS 24.229 §5.1.1.4.1',
    opens: 'REGISTER',
    usualCause: 'The UE computes its refresh time from the requested instead of the granted expiry',
    steps: [
      ...REGISTRATION,
      arrow('F1', 'a.ue', 'a.p-cscf', request('REGISTER'), 'the UE refreshes on the existing security association', {
        holds: [inTime(), onProtectedPort, sameCallIdHigherCSeq('R8')],
      }),
      arrow('F2', 'a.i-cscf', 'a.hss', diameter('UAR'), 'the I-CSCF asks the HSS'),
      arrow('F2A', 'a.hss', 'a.i-cscf', diameter('UAA'), 'the HSS names the S-CSCF', {
        holds: [result(2002), hasAvp('Server-Name')],
      }),
      arrow('F3', 'a.i-cscf', 'a.s-cscf', request('REGISTER'), 'the refresh reaches the same S-CSCF'),
      arrow('F4', 'a.s-cscf', 'a.hss', diameter('SAR'), 'the S-CSCF tells the HSS of the re-registration'),
      arrow('F4A', 'a.hss', 'a.s-cscf', diameter('SAA'), 'the HSS confirms', { holds: [result(2001)] }),
      arrow('F5', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the registration goes on', {
        holds: [carries('Service-Route')],
      }),
    ],
  },
  {
    caseId: 'Q3953-REG-06',
    clause: 'TS 24.229 §5.1.1.5.3; TS 33.203 §6.1.3; TS 29.228 §6.3',
    opens: 'REGISTER',
    usualCause: 'The S-CSCF does not pass auts on, or the HSS does not resynchronise its sequence number',
    steps: [
      ...CHALLENGE,
      arrow('A1', 'a.ue', 'a.p-cscf', request('REGISTER'), 'the UE answers with auts', {
        holds: [
          sipHolds('Authorization carries auts', (sip) =>
            /\bauts\s*=/.test(sip.get('Authorization') ?? '') ? null : 'no auts',
          ),
        ],
      }),
      arrow('A2', 'a.s-cscf', 'a.hss', diameter('MAR'), 'the S-CSCF asks for a new vector', {
        holds: [randAndAuts()],
      }),
      arrow('A2A', 'a.hss', 'a.s-cscf', diameter('MAA'), 'the HSS has resynchronised', { holds: [result(2001)] }),
      arrow('A3', 'a.p-cscf', 'a.ue', response(401, 'REGISTER'), 'the UE is challenged again', {
        holds: [carries('WWW-Authenticate'), noKeys],
      }),
      arrow('A4', 'a.ue', 'a.p-cscf', request('REGISTER'), 'the UE answers the new challenge'),
      arrow('A5', 'a.s-cscf', 'a.hss', diameter('SAR'), 'the S-CSCF assigns itself'),
      arrow('A6', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the UE is registered'),
    ],
  },
  {
    caseId: 'Q3953-REG-07',
    clause: 'TS 24.229 §5.4.1.2.3; TS 29.228 §6.1.2',
    opens: 'REGISTER',
    usualCause:
      'The S-CSCF does not compare the response with XRES, or compares it with the vector of another challenge',
    steps: [
      ...CHALLENGE,
      arrow('W1', 'a.ue', 'a.p-cscf', request('REGISTER'), 'the UE answers with a wrong response', {
        holds: [
          sipHolds('Authorization carries a response', (sip) =>
            /response\s*=\s*"[^"]+"/.test(sip.get('Authorization') ?? '') ? null : 'no response',
          ),
        ],
      }),
      arrow('W2', 'a.p-cscf', 'a.ue', response(403, 'REGISTER'), 'the registration is refused in the end'),
      arrow('W3', 'a.s-cscf', 'a.hss', diameter('SAR'), 'the S-CSCF reports the failed authentication', {
        after: ['W1'],
        holds: [avpIs('Server-Assignment-Type', ASSIGNMENT.authenticationFailure)],
      }),
      arrow('W4', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the UE is never registered', {
        occurs: 'never',
        after: ['R1'],
      }),
    ],
  },
  {
    caseId: 'Q3953-REG-08',
    clause: 'TS 24.229 §5.3.1.3; TS 29.228 §6.1.1',
    opens: 'REGISTER',
    usualCause: 'The I-CSCF maps the result of the HSS to another status, or asks an S-CSCF all the same',
    steps: [
      ...CHALLENGE.slice(0, 3),
      arrow('U1', 'a.hss', 'a.i-cscf', diameter('UAA'), 'the HSS does not know the user', { holds: [result(5001)] }),
      arrow('U2', 'a.p-cscf', 'a.ue', response(403, 'REGISTER'), 'the registration is refused with 403'),
      arrow('U3', 'a.s-cscf', 'a.hss', diameter('MAR'), 'no vector is asked for', { occurs: 'never', after: ['R1'] }),
      arrow('U4', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the UE is never registered', {
        occurs: 'never',
        after: ['R1'],
      }),
    ],
  },
  {
    caseId: 'Q3953-REG-09',
    clause: 'TS 24.229 §5.1.1.6, §5.4.1.4; TS 23.228 §5.3.1',
    opens: 'REGISTER',
    usualCause:
      'The S-CSCF keeps the subscription or the binding, or does not tell its subscribers and application servers',
    steps: [
      ...REGISTRATION,
      ...SUBSCRIPTIONS,
      arrow('D1', 'a.ue', 'a.p-cscf', request('REGISTER'), 'the UE de-registers', {
        after: ['S4', 'S7'],
        holds: [expiresZero(), onProtectedPort],
      }),
      arrow('D2', 'a.i-cscf', 'a.hss', diameter('UAR'), 'the I-CSCF asks with type de-registration', {
        holds: [avpIs('User-Authorization-Type', 1)],
      }),
      arrow('D2A', 'a.hss', 'a.i-cscf', diameter('UAA'), 'the HSS names the S-CSCF', { holds: [result(2001, 2002)] }),
      arrow('D3', 'a.i-cscf', 'a.s-cscf', request('REGISTER'), 'the de-registration reaches the S-CSCF'),
      arrow('D4', 'a.s-cscf', 'a.hss', diameter('SAR'), 'the S-CSCF clears the assignment', {
        holds: [avpIs('Server-Assignment-Type', ASSIGNMENT.userDeregistration, ASSIGNMENT.userDeregistrationStored)],
      }),
      arrow('D4A', 'a.hss', 'a.s-cscf', diameter('SAA'), 'the HSS confirms', { holds: [result(2001)] }),
      arrow('D5', 'a.p-cscf', 'a.ue', response(200, 'REGISTER'), 'the UE is de-registered', { after: ['D3'] }),
      arrow('D6', 'a.p-cscf', 'a.ue', request('NOTIFY'), 'the UE is told that it is terminated', {
        after: ['D3'],
        holds: terminated,
      }),
      arrow('D7', 'a.s-cscf', 'a.p-cscf', notifiesPCscf, 'the P-CSCF is told', { after: ['D3'], holds: terminated }),
      arrow('D8', 'a.s-cscf', 'a.tas', request('REGISTER'), 'the TAS is told by a third-party REGISTER', {
        after: ['D3'],
        holds: [expiresZero()],
      }),
      arrow('D9', 'b.ue', 'b.p-cscf', request('INVITE'), 'somebody calls the user who has gone', { after: ['D5'] }),
      arrow('D10', 'b.p-cscf', 'b.ue', response(480, 'INVITE'), 'the call gets the unregistered treatment'),
    ],
  },
];
