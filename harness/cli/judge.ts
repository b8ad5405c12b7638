import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { findingEntryOf } from '../../reports/case-entry.js';
import { findingLines } from '../../reports/console.js';
import { plainText, wrap } from '../../reports/plain-text.js';
import type { FindingEntry } from '../../reports/verdict-report.js';
import { evidenceFromCapture } from '../evidence/evidence-from-capture.js';
import type { RecordedMessage } from '../evidence/model.js';
import { captureStatistics } from '../evidence/statistics.js';
import { judgeCase } from '../judge/judge-case.js';
import type { LatticeVerdict } from '../judge/verdict.js';
import { readCapture } from '../wire/capture/read-capture.js';
import { EXIT, UsageError } from './exit-code.js';
import { loadProfile } from './profile-file.js';
import type { Terminal } from './terminal.js';

/** What `q3953 judge FILE --json` prints. */
export interface JudgeReport {
  readonly frames: number;
  readonly messages: Readonly<Record<RecordedMessage['protocol'], number>>;
  readonly sessions: number;
  /** The case that the capture says it belongs to. */
  readonly caseId: string | null;
  /** One sentence for each thing that no profile told. */
  readonly inferred: readonly string[];
  readonly findings: readonly FindingEntry[];
  readonly verdict: {
    readonly service: LatticeVerdict;
    readonly conformance: LatticeVerdict;
    readonly verdict: LatticeVerdict;
  };
  /** How often each rule found something to look at. */
  readonly exercised: Readonly<Record<string, number>>;
}

const TOLD_ON_TERMINAL = 40;

/** `q3953 judge FILE`: exit 0 where the verdict is pass, 1 where it is not, 2 where the file is missing, no capture, or not whole. */
export async function judgeFile(
  file: string,
  flags: { readonly profile?: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const profile = flags.profile === undefined ? undefined : await loadProfile(resolve(terminal.folder, flags.profile));
  const octets = readOctets(resolve(terminal.folder, file), file);
  if (readCapture(octets).format === 'unknown') {
    throw new UsageError(`${file}: ${whatInstead(octets)}; expected a pcap or pcapng file`);
  }
  const reading = evidenceFromCapture(octets, profile === undefined ? {} : { profile });
  const judgement = judgeCase(reading.evidence, reading.profile);
  const report: JudgeReport = {
    ...captureStatistics(reading.evidence),
    caseId: reading.evidence.caseId ?? null,
    inferred: reading.inferred,
    findings: judgement.findings.map(findingEntryOf),
    verdict: { service: judgement.service, conformance: judgement.conformance, verdict: judgement.verdict },
    exercised: judgement.exercised,
  };
  terminal.out(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${textOf(report)}\n`);
  const broken = reading.evidence.integrity.find(
    (issue) => issue.severity === 'error' && (issue.code === 'truncated-file' || issue.code === 'no-frames'),
  );
  if (broken !== undefined) {
    const frame = broken.frame === null ? '' : `: frame ${broken.frame}`;
    terminal.err(`${file}${frame}: ${plainText(broken.text)} Expected a whole capture with at least one frame.\n`);
    return EXIT.usage;
  }
  return judgement.verdict === 'pass' ? EXIT.asExpected : EXIT.notAsExpected;
}

/** First octets of files that are handed over instead of captures. */
const OTHER_FORMATS: readonly (readonly [string, string])[] = [
  ['1f8b', 'is no capture but a gzip archive: unpack it first'],
  ['425a68', 'is no capture but a bzip2 archive: unpack it first'],
  ['fd377a585a00', 'is no capture but an xz archive: unpack it first'],
  ['28b52ffd', 'is no capture but a zstd archive: unpack it first'],
  ['504b0304', 'is no capture but a zip archive: unpack it first'],
  ['474d4255', 'is a Network Monitor capture: convert it with editcap'],
  ['5452534e494646', 'is a Sniffer capture: convert it with editcap'],
  ['736e6f6f70', 'is a snoop capture: convert it with editcap'],
  ['a1b2cd34', 'is a modified pcap file: convert it with editcap'],
  ['34cdb2a1', 'is a modified pcap file: convert it with editcap'],
];

function whatInstead(octets: Uint8Array): string {
  if (octets.length === 0) return 'is empty (0 octets)';
  const head = Buffer.from(octets.subarray(0, 8)).toString('hex');
  return OTHER_FORMATS.find(([magic]) => head.startsWith(magic))?.[1] ?? 'is no capture';
}

function readOctets(path: string, shown: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`${shown}: cannot be read (${code}); expected a pcap or pcapng file`);
  }
}

function textOf(report: JudgeReport): string {
  const counts = Object.entries(report.messages)
    .filter(([, count]) => count > 0)
    .map(([protocol, count]) => `${protocol} ${count}`);
  const { service, conformance, verdict } = report.verdict;
  const lines = [
    ...wrap(
      `${report.frames} frames: ${counts.length === 0 ? 'no message' : counts.join(', ')}; ${report.sessions} sessions`,
      80,
    ),
  ];
  if (report.inferred.length > 0) {
    lines.push('', 'No profile says who is who; from the messages:');
    for (const sentence of report.inferred) {
      lines.push(...wrap(sentence, 76).map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`));
    }
  }
  for (const finding of report.findings.slice(0, TOLD_ON_TERMINAL)) {
    lines.push('', `${finding.severity.toUpperCase()} ${plainText(finding.rule)}`, ...findingLines(finding));
  }
  if (report.findings.length > TOLD_ON_TERMINAL) {
    lines.push('', `… and ${report.findings.length - TOLD_ON_TERMINAL} more findings; --json has them all`);
  }
  lines.push(
    '',
    `verdict ${verdict}   service ${service}   conformance ${conformance}   rules exercised ${Object.keys(report.exercised).length}`,
  );
  return lines.join('\n');
}
