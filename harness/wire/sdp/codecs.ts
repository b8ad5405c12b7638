import { type FormatParameters, isEncoding, type Payload } from './payload.js';

/** Parameters of AMR and AMR-WB, RFC 4867 §8.1 and §8.2, with their defaults. */
export interface AmrParameters {
  readonly wideband: boolean;
  readonly octetAligned: boolean;
  /** Null: all modes. */
  readonly modeSet: readonly number[] | null;
  readonly modeChangePeriod: number;
  readonly modeChangeCapability: number;
  readonly modeChangeNeighbour: boolean;
  readonly maxRed: number | null;
  readonly crc: boolean;
  readonly robustSorting: boolean;
  readonly interleaving: number | null;
}

/** What is wrong with one parameter of an fmtp line. */
export interface ParameterProblem {
  readonly parameter: string;
  readonly text: string;
  readonly clause: string;
}

/** AMR or AMR-WB? */
export function isAmr(payload: Payload): boolean {
  return isEncoding(payload, 'AMR') || isEncoding(payload, 'AMR-WB');
}

export function amrParameters(payload: Payload): AmrParameters {
  const { parameters } = payload;
  const modeSet = parameters.get('mode-set');
  const crc = parameters.get('crc') === '1';
  const robustSorting = parameters.get('robust-sorting') === '1';
  const interleaving = whole(parameters, 'interleaving');
  return {
    wideband: isEncoding(payload, 'AMR-WB'),
    // RFC 4867 §8.1: crc, robust-sorting and interleaving imply octet-aligned operation.
    octetAligned: parameters.get('octet-align') === '1' || crc || robustSorting || interleaving !== null,
    modeSet: modeSet === undefined || modeSet === null ? null : modeSet.split(',').map((mode) => Number(mode.trim())),
    modeChangePeriod: whole(parameters, 'mode-change-period') ?? 1,
    modeChangeCapability: whole(parameters, 'mode-change-capability') ?? 1,
    modeChangeNeighbour: parameters.get('mode-change-neighbor') === '1',
    maxRed: whole(parameters, 'max-red'),
    crc,
    robustSorting,
    interleaving,
  };
}

type ValueTest = (value: string) => boolean;

const flag: ValueTest = (value) => value === '0' || value === '1';
const oneOrTwo: ValueTest = (value) => value === '1' || value === '2';
const upTo =
  (limit: number): ValueTest =>
  (value) =>
    /^\d{1,7}$/.test(value) && Number(value) <= limit;
const modes =
  (highest: number): ValueTest =>
  (value) => {
    const list = value.split(',').map((mode) => mode.trim());
    return list.every((mode) => /^\d$/.test(mode) && Number(mode) <= highest) && new Set(list).size === list.length;
  };

interface ParameterRule {
  readonly allowed: ValueTest;
  readonly says: string;
}

const AMR_COMMON: Readonly<Record<string, ParameterRule>> = {
  'octet-align': { allowed: flag, says: '0 or 1' },
  'mode-change-period': { allowed: oneOrTwo, says: '1 or 2' },
  'mode-change-capability': { allowed: oneOrTwo, says: '1 or 2' },
  'mode-change-neighbor': { allowed: flag, says: '0 or 1' },
  'max-red': { allowed: upTo(65535), says: '0 to 65535' },
  crc: { allowed: flag, says: '0 or 1' },
  'robust-sorting': { allowed: flag, says: '0 or 1' },
};

/** Checks the values of an AMR or AMR-WB fmtp line, RFC 4867 §8.1 and §8.2. Unknown parameters are none of its business. */
export function checkAmrParameters(payload: Payload): readonly ParameterProblem[] {
  const wideband = isEncoding(payload, 'AMR-WB');
  const clause = wideband ? 'RFC 4867 §8.2' : 'RFC 4867 §8.1';
  const highest = wideband ? 8 : 7;
  const table = {
    ...AMR_COMMON,
    'mode-set': { allowed: modes(highest), says: `a list of different modes from 0 to ${highest}` },
  };
  return checkParameters(payload.parameters, table, clause);
}

/** Bit rates and bandwidths of an EVS fmtp line, TS 26.445 §A.3.3.1. */
const EVS_RATES = ['5.9', '7.2', '8', '9.6', '13.2', '16.4', '24.4', '32', '48', '64', '96', '128'];
const EVS_BANDWIDTHS = ['nb', 'wb', 'swb', 'fb', 'nb-wb', 'nb-swb', 'nb-fb'];

const evsRates: ValueTest = (value) => {
  const ends = value.split('-').map((rate) => EVS_RATES.indexOf(rate.trim()));
  return ends.length <= 2 && !ends.includes(-1) && (ends[0] ?? 0) <= (ends[1] ?? EVS_RATES.length);
};
const oneOf =
  (list: readonly string[]): ValueTest =>
  (value) =>
    list.includes(value);

const EVS_BR: ParameterRule = { allowed: evsRates, says: `a rate or a range of the rates ${EVS_RATES.join(', ')}` };
const EVS_BW: ParameterRule = { allowed: oneOf(EVS_BANDWIDTHS), says: EVS_BANDWIDTHS.join(', ') };
const CHANNEL_AWARE = ['-1', '0', '2', '3', '5', '7'];
const EVS_TABLE: Readonly<Record<string, ParameterRule>> = {
  br: EVS_BR,
  'br-send': EVS_BR,
  'br-recv': EVS_BR,
  bw: EVS_BW,
  'bw-send': EVS_BW,
  'bw-recv': EVS_BW,
  'ch-aw-recv': { allowed: oneOf(CHANNEL_AWARE), says: CHANNEL_AWARE.join(', ') },
  dtx: { allowed: flag, says: '0 or 1' },
  'dtx-recv': { allowed: flag, says: '0 or 1' },
  'hf-only': { allowed: flag, says: '0 or 1' },
  'evs-mode-switch': { allowed: flag, says: '0 or 1' },
  cmr: { allowed: oneOf(['-1', '0', '1']), says: '-1, 0 or 1' },
  'max-red': { allowed: upTo(65535), says: '0 to 65535' },
  'mode-set': { allowed: modes(8), says: 'a list of AMR-WB modes from 0 to 8' },
  'mode-change-period': { allowed: oneOrTwo, says: '1 or 2' },
  'mode-change-capability': { allowed: oneOrTwo, says: '1 or 2' },
  'mode-change-neighbor': { allowed: flag, says: '0 or 1' },
};

/** Checks the values of an EVS fmtp line, TS 26.445 §A.3.3.1. */
export function checkEvsParameters(payload: Payload): readonly ParameterProblem[] {
  return checkParameters(payload.parameters, EVS_TABLE, 'TS 26.445 §A.3.3.1');
}

function checkParameters(
  parameters: FormatParameters,
  table: Readonly<Record<string, ParameterRule>>,
  clause: string,
): readonly ParameterProblem[] {
  const problems: ParameterProblem[] = [];
  for (const [parameter, value] of parameters) {
    const known = Object.hasOwn(table, parameter) ? table[parameter] : undefined;
    if (known === undefined || (value !== null && known.allowed(value))) continue;
    problems.push({ parameter, text: `${parameter} is ${known.says}; here it is "${value ?? ''}"`, clause });
  }
  return problems;
}

/** H.264 parameters, RFC 6184 §8.1. */
export interface H264Parameters {
  /** Six hexadecimal digits; the default is 420010 (Baseline, level 1). */
  readonly profileLevelId: string;
  readonly profile: 'constrained-baseline' | 'baseline' | 'main' | 'extended' | 'high' | 'constrained-high' | 'other';
  /** Level times ten, for example 12 for 1.2; 9 is level 1b. */
  readonly level: number;
  readonly packetizationMode: number;
  readonly levelAsymmetryAllowed: boolean;
  /** Octets of the parameter sets, empty without. */
  readonly parameterSets: readonly Uint8Array[];
}

export function h264Parameters(payload: Payload): H264Parameters {
  const stated = payload.parameters.get('profile-level-id') ?? '';
  const profileLevelId = /^[0-9a-fA-F]{6}$/.test(stated) ? stated.toLowerCase() : '420010';
  const idc = Number.parseInt(profileLevelId.slice(0, 2), 16);
  const constraints = Number.parseInt(profileLevelId.slice(2, 4), 16);
  const levelIdc = Number.parseInt(profileLevelId.slice(4, 6), 16);
  const is1b = levelIdc === 9 || (levelIdc === 11 && (constraints & 0x10) !== 0 && [0x42, 0x4d, 0x58].includes(idc));
  const sprop = payload.parameters.get('sprop-parameter-sets') ?? '';
  return {
    profileLevelId,
    profile: h264Profile(idc, constraints),
    level: is1b ? 9 : levelIdc,
    packetizationMode: whole(payload.parameters, 'packetization-mode') ?? 0,
    levelAsymmetryAllowed: payload.parameters.get('level-asymmetry-allowed') === '1',
    parameterSets: sprop === '' ? [] : sprop.split(',').map((set) => Buffer.from(set, 'base64')),
  };
}

/** RFC 6184 §8.1, table 5. */
function h264Profile(idc: number, constraints: number): H264Parameters['profile'] {
  switch (idc) {
    case 0x42:
      return (constraints & 0x40) !== 0 ? 'constrained-baseline' : 'baseline';
    case 0x4d:
      return (constraints & 0x80) !== 0 ? 'constrained-baseline' : 'main';
    case 0x58:
      return (constraints & 0xc0) === 0xc0 ? 'constrained-baseline' : 'extended';
    case 0x64:
      return (constraints & 0x0c) === 0x0c ? 'constrained-high' : 'high';
    default:
      return 'other';
  }
}

/** The events that a telephone-event format lists (`0-15,66`), RFC 4733 §2.4.1; 0 to 15 where there is no fmtp. Null: unreadable. */
export function telephoneEvents(payload: Payload): readonly number[] | null {
  const text = payload.fmtp?.trim();
  if (text === undefined || text === '') return Array.from({ length: 16 }, (_, event) => event);
  const events: number[] = [];
  for (const part of text.replace(/^events=/, '').split(',')) {
    const range = /^\s*(\d{1,3})(?:-(\d{1,3}))?\s*$/.exec(part);
    if (range?.[1] === undefined) return null;
    const first = Number(range[1]);
    const last = range[2] === undefined ? first : Number(range[2]);
    if (first > last || last > 255) return null;
    for (let event = first; event <= last; event++) events.push(event);
  }
  return [...new Set(events)];
}

function whole(parameters: FormatParameters, name: string): number | null {
  const value = parameters.get(name);
  return value !== undefined && value !== null && /^\d{1,9}$/.test(value) ? Number(value) : null;
}
