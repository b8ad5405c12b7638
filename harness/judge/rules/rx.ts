import type { RecordedDiameter } from '../../evidence/model.js';
import { APPLICATION_ID, resultCode } from '../../wire/diameter/dictionary.js';
import { enumeratedOf, find, findAll, numberOf, resultOf, textOf, textsOf } from '../../wire/diameter/find.js';
import type { Avp } from '../../wire/diameter/message.js';
import type { Rule, RuleContext, Violation } from '../rule.js';
import { each, rule } from '../sip-rule.js';
import { memberViolations, present } from './diameter.js';
import { complaint, type DiameterTransaction, resultText, transactionsOf } from './diameter-transaction.js';
import { type DescribedMedia, describedMedia, isCharged, type RxSession, rxSessions } from './rx-session.js';

/** How long after the end of a call the Rx session may last, microseconds: the catalogue's own limit. */
const TERMINATION_LIMIT = 5_000_000;
const SUCCESS = 2001;
const LOGOUT = 'DIAMETER_LOGOUT';

/** Direction, protocol and both ends of an IPFilterRule, RFC 6733 §4.3.1. */
const FILTER = /^permit (in|out) (\S+) from (\S+)(?: ([\d,-]+))? to (\S+)(?: ([\d,-]+))?$/;

function isRx({ request }: DiameterTransaction): boolean {
  return request.diameter.applicationId === APPLICATION_ID.Rx;
}

function judgeAar(session: RxSession, { request }: DiameterTransaction, context: RuleContext): readonly Violation[] {
  const { diameter } = request;
  const found: Violation[] = [...memberViolations(request)];
  const application = numberOf(diameter, 'Auth-Application-Id');
  if (application !== undefined && application !== APPLICATION_ID.Rx) {
    found.push(
      complaint(request, `Auth-Application-Id ${application}, Rx is ${APPLICATION_ID.Rx}`, { provenance: 'F' }),
    );
  }
  if (!present(request, 'Framed-IP-Address') && !present(request, 'Framed-IPv6-Prefix')) {
    found.push(complaint(request, 'neither Framed-IP-Address nor Framed-IPv6-Prefix'));
  }
  for (const component of findAll(diameter, 'Media-Component-Description')) {
    // An update may leave out what does not change; the first description of a component is whole.
    const first = isFirstDescription(session, request, component);
    if (first && find(component, 'Media-Type') === undefined) {
      found.push(complaint(request, `${componentName(component)} has no Media-Type`));
    }
    if (first && find(component, 'Flow-Status') === undefined && find(component, 'Media-Sub-Component') === undefined) {
      found.push(complaint(request, `${componentName(component)} has neither Flow-Status nor Media-Sub-Component`));
    }
  }
  const identifier = textOf(diameter, 'AF-Charging-Identifier');
  if (identifier !== undefined && isCharged(session.af, identifier, context) === false) {
    found.push(complaint(request, `AF-Charging-Identifier ${identifier} is no icid-value of a call at this P-CSCF`));
  }
  return found;
}

function isFirstDescription(session: RxSession, request: RecordedDiameter, component: Avp): boolean {
  const number = numberOf(component, 'Media-Component-Number');
  return !session.authorizations.some(
    (earlier) =>
      earlier.request.index < request.index &&
      findAll(earlier.request.diameter, 'Media-Component-Description').some(
        (candidate) => numberOf(candidate, 'Media-Component-Number') === number,
      ),
  );
}

function judgeMapping(session: RxSession, { request }: DiameterTransaction): readonly Violation[] | undefined {
  const components = findAll(request.diameter, 'Media-Component-Description');
  const media = describedMedia(session, request);
  if (media === null || components.length === 0) return undefined;
  return components.flatMap((component) => [
    ...judgePosition(request, component, media),
    ...judgeFilters(request, component, media),
    ...judgeBandwidth(request, component, media),
    ...judgeRemoval(request, component),
  ]);
}

function judgePosition(request: RecordedDiameter, component: Avp, media: DescribedMedia): readonly Violation[] {
  const number = numberOf(component, 'Media-Component-Number');
  if (number === undefined || (number >= 1 && number <= media.lines)) return [];
  return [complaint(request, `Media-Component-Number ${number}, the session description has ${media.lines} m= lines`)];
}

function judgeFilters(request: RecordedDiameter, component: Avp, media: DescribedMedia): readonly Violation[] {
  return textsOf(component, 'Media-Sub-Component', 'Flow-Description').flatMap((filter) => {
    const [, direction, , from = '', fromPort, to = '', toPort] = FILTER.exec(filter.trim()) ?? [];
    if (direction === undefined)
      return [complaint(request, `Flow-Description "${filter}" is no permit rule with a direction`)];
    const source = { address: from, port: fromPort };
    const destination = { address: to, port: toPort };
    const [ue, peer] = direction === 'in' ? [source, destination] : [destination, source];
    const wrong = [
      ...(fits(ue, media.ue) ? [] : [`${shown(ue)} of the UE`]),
      ...(fits(peer, media.peer) ? [] : [`${shown(peer)} of the other end`]),
    ];
    return wrong.map((what) =>
      complaint(request, `Flow-Description "${filter}": ${what} is in no session description of the call`),
    );
  });
}

interface FilterEnd {
  readonly address: string;
  readonly port: string | undefined;
}

/** `any`, a network and a missing or several ports leave open what they do not say. */
function fits({ address, port }: FilterEnd, described: ReadonlySet<string>): boolean {
  if (address === 'any' || address === 'assigned' || /\/(?!32$|128$)/.test(address)) return true;
  const host = address.replace(/\/(32|128)$/, '').toLowerCase();
  if (port === undefined || !/^\d+$/.test(port)) return [...described].some((end) => end.startsWith(`${host} `));
  return described.has(`${host} ${port}`);
}

function shown({ address, port }: FilterEnd): string {
  return port === undefined ? address : `${address} ${port}`;
}

function judgeBandwidth(request: RecordedDiameter, component: Avp, media: DescribedMedia): readonly Violation[] {
  const number = numberOf(component, 'Media-Component-Number') ?? 0;
  const directions = [
    ['Max-Requested-Bandwidth-DL', media.ueBandwidth, 'the UE'],
    ['Max-Requested-Bandwidth-UL', media.peerBandwidth, 'the other end'],
  ] as const;
  return directions.flatMap(([name, described, who]) => {
    const asked = numberOf(component, name);
    const said = described.get(number);
    if (asked === undefined || asked === 0 || said === undefined || said.has(asked)) return [];
    return [complaint(request, `${name} ${asked} bit/s, b=AS of ${who} says ${[...said].join(' or ')}`)];
  });
}

/** A removed component has no gate that is open. */
function judgeRemoval(request: RecordedDiameter, component: Avp): readonly Violation[] {
  if (enumeratedOf(component, 'Flow-Status') !== 'REMOVED') return [];
  const open = findAll(component, 'Media-Sub-Component', 'Flow-Status').some(({ value }) => value !== 4);
  return open ? [complaint(request, `${componentName(component)} is REMOVED and has a flow that is not`)] : [];
}

function componentName(component: Avp): string {
  return `Media-Component-Description ${numberOf(component, 'Media-Component-Number') ?? 'without number'}`;
}

function judgeAnswer(transaction: DiameterTransaction): readonly Violation[] | undefined {
  const { answer } = transaction;
  if (answer === null || !isRx(transaction)) return undefined;
  const result = resultOf(answer.diameter);
  if (result === undefined) return memberViolations(answer);
  const known = resultCode(result.code, result.experimental, 'Rx');
  const foreign = result.experimental && (known === undefined || !known.scope.includes('Rx'));
  return [
    ...memberViolations(answer),
    ...(foreign ? [complaint(answer, `${resultText(answer)}, which Rx does not have`)] : []),
  ];
}

function judgeSession(session: RxSession): readonly Violation[] | undefined {
  const authorized = session.authorizations.find(
    ({ answer }) => answer !== null && resultOf(answer.diameter)?.code === SUCCESS,
  );
  if (authorized === undefined) return undefined;
  const found: Violation[] = [];
  const [termination, again] = session.terminations;
  const ended = endOfCall(session);
  if (termination === undefined && ended === null) return undefined;
  if (termination === undefined && ended !== null) {
    return [
      complaint(
        authorized.request,
        `the Rx session ${session.id} has no STR, though the call ended in frame ${ended.frame}`,
      ),
    ];
  }
  if (termination === undefined) return undefined;
  if (again !== undefined) found.push(complaint(again.request, `a second STR for the Rx session ${session.id}`));
  const { request, answer } = termination;
  found.push(...memberViolations(request));
  if (ended !== null && request.at - ended.at > TERMINATION_LIMIT) {
    const seconds = ((request.at - ended.at) / 1_000_000).toFixed(1);
    found.push(
      complaint(request, `${seconds} s after the end of the call in frame ${ended.frame}`, { provenance: 'R' }),
    );
  }
  const cause = enumeratedOf(request.diameter, 'Termination-Cause');
  if (cause !== undefined && cause !== LOGOUT && session.aborts.length === 0) {
    found.push(complaint(request, `Termination-Cause ${cause}, the end of a call is ${LOGOUT}`));
  }
  if (answer !== null) {
    found.push(...memberViolations(answer));
    if (resultOf(answer.diameter)?.code !== SUCCESS)
      found.push(complaint(answer, `${resultText(answer)} to the end of a session`));
  }
  return found;
}

/** The moment at which the call is over at the P-CSCF: the last answer to BYE, or a final refusal of the INVITE. */
function endOfCall(session: RxSession): { readonly at: number; readonly frame: number } | null {
  const last = session.sip.findLast((view) => {
    if (view.isRequest || view.status < 200) return false;
    if (view.method === 'BYE') return true;
    return view.method === 'INVITE' && view.status >= 300 && view.transaction?.request?.inDialog === false;
  });
  return last === undefined ? null : { at: last.record.at, frame: last.record.frame };
}

/** Rx, catalogue §5.5: code points are read in two public dictionaries, the procedures of TS 29.214 are background knowledge. */
export const RX: readonly Rule[] = [
  rule({
    id: 'CHK-RX-AAR',
    says: 'The P-CSCF asks for Rx with the address of the bearer, each medium by its number and type, and the charging identifier of the call.',
    clause: 'TS 29.214 §4.4.1, §5.6.1; TS 29.213 §6',
    strength: 'shall',
    provenance: 'B',
    usualCause: 'a P-CSCF that makes its own charging identifier, or leaves out media it could not read',
    check: (context) =>
      each(
        rxSessions(context).flatMap((session) =>
          session.authorizations.map((transaction) => ({ session, transaction })),
        ),
        ({ session, transaction }) => judgeAar(session, transaction, context),
      ),
  }),
  rule({
    id: 'CHK-RX-MAP',
    says: 'Flows, bandwidths and media numbers of the AAR are those of the session descriptions.',
    clause: 'TS 29.213 §6.2, §6.3',
    strength: 'shall',
    provenance: 'B',
    usualCause: 'the P-CSCF maps an older offer, or exchanges uplink and downlink',
    check: (context) =>
      each(
        rxSessions(context).flatMap((session) =>
          session.authorizations.map((transaction) => ({ session, transaction })),
        ),
        ({ session, transaction }) => judgeMapping(session, transaction),
      ),
  }),
  rule({
    id: 'CHK-RX-AAA',
    says: 'The PCRF answers an AAR with success or with a result that Rx has.',
    clause: 'TS 29.214 §5.5, §5.6.2',
    strength: 'shall',
    provenance: 'B',
    usualCause: 'a PCRF that answers with the code of another interface',
    check: (context) => each(transactionsOf(context, 'AAR'), judgeAnswer),
  }),
  rule({
    id: 'CHK-RX-STR',
    says: 'The P-CSCF ends the Rx session once, soon after the call has ended, and the PCRF agrees.',
    clause: 'TS 29.214 §4.4.4, §4.4.6.1; RFC 6733 §8.4',
    strength: 'shall',
    provenance: 'B',
    usualCause: 'a P-CSCF that forgets the bearers of calls that end early',
    check: (context) => each(rxSessions(context), judgeSession),
  }),
];
