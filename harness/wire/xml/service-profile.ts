import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Defect } from '../defect.js';

/** The user profile that the HSS gives the S-CSCF, TS 29.228 Annexes B and E. */
export interface UserProfile {
  readonly privateIdentity: string;
  readonly serviceProfiles: readonly ServiceProfile[];
}

/** Public identities that share filter criteria. */
export interface ServiceProfile {
  readonly publicIdentities: readonly ProfileIdentity[];
  /** In rising order of priority: the order in which they are evaluated. */
  readonly initialFilterCriteria: readonly InitialFilterCriteria[];
  readonly subscribedMediaProfileId: number | null;
}

export interface ProfileIdentity {
  readonly identity: string;
  readonly barred: boolean;
}

/** TS 29.228 §B.2.2. */
export interface InitialFilterCriteria {
  readonly priority: number;
  /** Null: always triggered. */
  readonly triggerPoint: TriggerPoint | null;
  readonly applicationServer: ApplicationServer;
  /** Which part of the profile it belongs to; null: both. */
  readonly profilePart: 'REGISTERED' | 'UNREGISTERED' | null;
}

/** CNF: groups are ANDed and their members ORed; DNF the other way round. TS 29.228 Annex C. */
export interface TriggerPoint {
  readonly conditionType: 'CNF' | 'DNF';
  readonly serviceTriggers: readonly ServicePointTrigger[];
}

export interface ServicePointTrigger {
  readonly negated: boolean;
  readonly groups: readonly number[];
  readonly condition: TriggerCondition;
  /** Which registrations a trigger on REGISTER means; empty: all. */
  readonly registrationTypes: readonly RegistrationType[];
}

/** Patterns are extended regular expressions, TS 29.228 §B.2.3. A null content asks for the presence alone. */
export type TriggerCondition =
  | { readonly kind: 'method'; readonly method: string }
  | { readonly kind: 'requestUri'; readonly uri: string }
  | { readonly kind: 'sipHeader'; readonly header: string; readonly content: string | null }
  | { readonly kind: 'sessionCase'; readonly sessionCase: SessionCase }
  | { readonly kind: 'sessionDescription'; readonly line: string; readonly content: string | null };

/** The numbers of TS 29.228 §B.2.3 are the positions in these lists. */
export const SESSION_CASES = [
  'ORIGINATING_REGISTERED',
  'TERMINATING_REGISTERED',
  'TERMINATING_UNREGISTERED',
  'ORIGINATING_UNREGISTERED',
  'ORIGINATING_CDIV',
] as const;
export type SessionCase = (typeof SESSION_CASES)[number];
export const REGISTRATION_TYPES = ['INITIAL_REGISTRATION', 'RE_REGISTRATION', 'DE_REGISTRATION'] as const;
export type RegistrationType = (typeof REGISTRATION_TYPES)[number];

export interface ApplicationServer {
  /** SIP URI. */
  readonly serverName: string;
  readonly defaultHandling: 'SESSION_CONTINUED' | 'SESSION_TERMINATED';
  /** Put into the body of third-party REGISTER requests. */
  readonly serviceInfo: string | null;
  readonly includeRegisterRequest: boolean;
  readonly includeRegisterResponse: boolean;
}

/** Octets that a profile may have; an HSS answers 5008 beyond what the S-CSCF takes. */
const MAX_LENGTH = 1 << 20;
const MAX_NESTING = 64;

/** Writes a profile as TS 29.228 Annex E has it. */
export function buildUserProfile(profile: UserProfile): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<IMSSubscription>',
    element('PrivateID', profile.privateIdentity),
  ];
  for (const service of profile.serviceProfiles) {
    lines.push('<ServiceProfile>');
    for (const { identity, barred } of service.publicIdentities) {
      lines.push(
        `<PublicIdentity>${barred ? element('BarringIndication', '1') : ''}${element('Identity', identity)}</PublicIdentity>`,
      );
    }
    if (service.subscribedMediaProfileId !== null) {
      const id = element('SubscribedMediaProfileId', String(service.subscribedMediaProfileId));
      lines.push(`<CoreNetworkServicesAuthorization>${id}</CoreNetworkServicesAuthorization>`);
    }
    lines.push(...service.initialFilterCriteria.map(filterCriteriaElement), '</ServiceProfile>');
  }
  return [...lines, '</IMSSubscription>', ''].join('\n');
}

/** Reads a profile; null where it is not one. Never throws. */
export function readUserProfile(text: string): {
  readonly profile: UserProfile | null;
  readonly defects: readonly Defect[];
} {
  const defect = (code: string, what: string): Defect => ({ code, offset: 0, text: what, clause: 'TS 29.228 Annex E' });
  if (text.length > MAX_LENGTH) {
    return { profile: null, defects: [defect('user-profile-too-long', `a profile of ${text.length} characters`)] };
  }
  if (/<!DOCTYPE/i.test(text)) {
    return { profile: null, defects: [defect('user-profile-doctype', 'a profile has no document type declaration')] };
  }
  const root = parseXml(text);
  if (typeof root === 'string') return { profile: null, defects: [defect('user-profile-not-xml', root)] };
  const subscription = child(root, 'IMSSubscription');
  if (subscription === null) {
    return {
      profile: null,
      defects: [defect('user-profile-root', 'the root element is IMSSubscription, here it is not')],
    };
  }
  const defects: Defect[] = [];
  const missing = (what: string): void => {
    defects.push(defect('user-profile-incomplete', `${what} is missing`));
  };
  const privateIdentity = textOf(subscription, 'PrivateID');
  if (privateIdentity === null) missing('PrivateID');
  const serviceProfiles = children(subscription, 'ServiceProfile').map((service) =>
    readServiceProfile(service, missing),
  );
  if (serviceProfiles.length === 0) missing('ServiceProfile');
  return { profile: { privateIdentity: privateIdentity ?? '', serviceProfiles }, defects };
}

function filterCriteriaElement(criteria: InitialFilterCriteria): string {
  const { triggerPoint, applicationServer: server, profilePart } = criteria;
  const extension = [
    server.includeRegisterRequest ? '<IncludeRegisterRequest/>' : '',
    server.includeRegisterResponse ? '<IncludeRegisterResponse/>' : '',
  ].join('');
  return [
    '<InitialFilterCriteria>',
    element('Priority', String(criteria.priority)),
    triggerPoint === null ? '' : triggerPointElement(triggerPoint),
    '<ApplicationServer>',
    element('ServerName', server.serverName),
    element('DefaultHandling', server.defaultHandling === 'SESSION_TERMINATED' ? '1' : '0'),
    server.serviceInfo === null ? '' : element('ServiceInfo', server.serviceInfo),
    extension === '' ? '' : `<Extension>${extension}</Extension>`,
    '</ApplicationServer>',
    profilePart === null ? '' : element('ProfilePartIndicator', profilePart === 'UNREGISTERED' ? '1' : '0'),
    '</InitialFilterCriteria>',
  ].join('');
}

function triggerPointElement(trigger: TriggerPoint): string {
  const triggers = trigger.serviceTriggers.map((spt) => {
    const types = spt.registrationTypes.map((type) =>
      element('RegistrationType', String(REGISTRATION_TYPES.indexOf(type))),
    );
    return [
      '<SPT>',
      element('ConditionNegated', spt.negated ? '1' : '0'),
      ...spt.groups.map((group) => element('Group', String(group))),
      conditionElement(spt.condition),
      types.length === 0 ? '' : `<Extension>${types.join('')}</Extension>`,
      '</SPT>',
    ].join('');
  });
  return `<TriggerPoint>${element('ConditionTypeCNF', trigger.conditionType === 'CNF' ? '1' : '0')}${triggers.join('')}</TriggerPoint>`;
}

function conditionElement(condition: TriggerCondition): string {
  switch (condition.kind) {
    case 'method':
      return element('Method', condition.method);
    case 'requestUri':
      return element('RequestURI', condition.uri);
    case 'sessionCase':
      return element('SessionCase', String(SESSION_CASES.indexOf(condition.sessionCase)));
    case 'sipHeader':
      return `<SIPHeader>${element('Header', condition.header)}${optional('Content', condition.content)}</SIPHeader>`;
    case 'sessionDescription':
      return `<SessionDescription>${element('Line', condition.line)}${optional('Content', condition.content)}</SessionDescription>`;
  }
}

function element(name: string, text: string): string {
  const escaped = text.replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'));
  return `<${name}>${escaped}</${name}>`;
}

function optional(name: string, text: string | null): string {
  return text === null ? '' : element(name, text);
}

type XmlNode = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  removeNSPrefix: true,
  // Every element is a list, so that one child and several are read alike.
  isArray: () => true,
  maxNestedTags: MAX_NESTING,
});

/** The document as nested lists, or what is wrong with it. */
function parseXml(text: string): XmlNode | string {
  const valid = XMLValidator.validate(text);
  if (valid !== true) return `not well formed: ${valid.err.msg}`;
  try {
    const root: unknown = parser.parse(text);
    return isNode(root) ? root : 'empty';
  } catch (error) {
    // The parser's own limits (nesting, entities) throw; the profile is then told to be unreadable.
    return error instanceof Error ? error.message : 'unreadable';
  }
}

function readServiceProfile(service: XmlNode, missing: (what: string) => void): ServiceProfile {
  const identities = children(service, 'PublicIdentity').flatMap((identity): ProfileIdentity[] => {
    const text = textOf(identity, 'Identity');
    if (text === null) missing('Identity of a PublicIdentity');
    return text === null ? [] : [{ identity: text, barred: isTrue(textOf(identity, 'BarringIndication')) }];
  });
  if (identities.length === 0) missing('PublicIdentity');
  const authorization = child(service, 'CoreNetworkServicesAuthorization');
  const mediaProfile = authorization === null ? null : textOf(authorization, 'SubscribedMediaProfileId');
  return {
    publicIdentities: identities,
    initialFilterCriteria: children(service, 'InitialFilterCriteria')
      .flatMap((criteria) => readFilterCriteria(criteria, missing))
      .sort((a, b) => a.priority - b.priority),
    subscribedMediaProfileId: mediaProfile === null ? null : Number(mediaProfile),
  };
}

function readFilterCriteria(criteria: XmlNode, missing: (what: string) => void): InitialFilterCriteria[] {
  const server = child(criteria, 'ApplicationServer');
  const serverName = server === null ? null : textOf(server, 'ServerName');
  if (server === null || serverName === null) {
    missing('ServerName of an ApplicationServer');
    return [];
  }
  const priority = textOf(criteria, 'Priority');
  if (priority === null) missing('Priority of InitialFilterCriteria');
  const trigger = child(criteria, 'TriggerPoint');
  const part = textOf(criteria, 'ProfilePartIndicator');
  const extension = child(server, 'Extension');
  return [
    {
      priority: Number(priority ?? 0),
      triggerPoint: trigger === null ? null : readTriggerPoint(trigger, missing),
      applicationServer: {
        serverName,
        defaultHandling: textOf(server, 'DefaultHandling') === '1' ? 'SESSION_TERMINATED' : 'SESSION_CONTINUED',
        serviceInfo: textOf(server, 'ServiceInfo'),
        includeRegisterRequest: extension !== null && 'IncludeRegisterRequest' in extension,
        includeRegisterResponse: extension !== null && 'IncludeRegisterResponse' in extension,
      },
      profilePart: part === null ? null : part === '1' ? 'UNREGISTERED' : 'REGISTERED',
    },
  ];
}

function readTriggerPoint(trigger: XmlNode, missing: (what: string) => void): TriggerPoint {
  return {
    conditionType: isTrue(textOf(trigger, 'ConditionTypeCNF')) ? 'CNF' : 'DNF',
    serviceTriggers: children(trigger, 'SPT').flatMap((spt): ServicePointTrigger[] => {
      const condition = readCondition(spt);
      if (condition === null) {
        missing('the condition of an SPT');
        return [];
      }
      const extension = child(spt, 'Extension');
      return [
        {
          negated: isTrue(textOf(spt, 'ConditionNegated')),
          groups: texts(spt, 'Group').map(Number),
          condition,
          registrationTypes:
            extension === null
              ? []
              : texts(extension, 'RegistrationType').flatMap((type) => REGISTRATION_TYPES[Number(type)] ?? []),
        },
      ];
    }),
  };
}

function readCondition(spt: XmlNode): TriggerCondition | null {
  const method = textOf(spt, 'Method');
  if (method !== null) return { kind: 'method', method };
  const uri = textOf(spt, 'RequestURI');
  if (uri !== null) return { kind: 'requestUri', uri };
  const sessionCase = SESSION_CASES[Number(textOf(spt, 'SessionCase') ?? Number.NaN)];
  if (sessionCase !== undefined) return { kind: 'sessionCase', sessionCase };
  const sipHeader = child(spt, 'SIPHeader');
  const header = sipHeader && textOf(sipHeader, 'Header');
  if (sipHeader !== null && header !== null)
    return { kind: 'sipHeader', header, content: textOf(sipHeader, 'Content') };
  const description = child(spt, 'SessionDescription');
  const line = description && textOf(description, 'Line');
  if (description !== null && line !== null)
    return { kind: 'sessionDescription', line, content: textOf(description, 'Content') };
  return null;
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function all(node: XmlNode, name: string): readonly unknown[] {
  const value = node[name];
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function children(node: XmlNode, name: string): readonly XmlNode[] {
  // An element without content is read as empty text.
  return all(node, name).map((value) => (isNode(value) ? value : {}));
}

function child(node: XmlNode, name: string): XmlNode | null {
  return children(node, name)[0] ?? null;
}

function texts(node: XmlNode, name: string): readonly string[] {
  return all(node, name).flatMap((value) => (typeof value === 'string' ? value.trim() : []));
}

function textOf(node: XmlNode, name: string): string | null {
  return texts(node, name)[0] ?? null;
}

function isTrue(text: string | null): boolean {
  return text === '1' || text === 'true';
}
