import { join } from 'node:path';
import { caseKey } from '../harness/catalogue/case-options.js';
import type { Evidence, Party, RecordedMessage } from '../harness/evidence/model.js';
import type { Finding } from '../harness/judge/finding.js';
import { writeAtomically } from './atomic-file.js';
import { type CaseOutcome, caseEntryOf, NO_EVIDENCE } from './case-entry.js';
import { ladderSvg } from './ladder.js';
import { messageLabel, messageText } from './message-text.js';
import { REPORT_FILES } from './report-folder.js';
import { scrub } from './scrub.js';
import type { CaseEntry, EvidenceEntry } from './verdict-report.js';

/** What a case leaves besides its verdict. */
export interface CaseMaterial {
  readonly evidence: Evidence;
  /** The capture as a pcapng file, frames commented. */
  readonly pcapng: Uint8Array;
  readonly log: string;
}

/**
 * Makes the entry of a case and, with a report folder, writes its files below `cases/<key>/`: evidence.pcapng, ladder.svg,
 * messages.json, log.txt. Without a folder or material the entry has no evidence paths. Throws where the catalogue lacks the id.
 */
export function reportCase(folder: string | null, outcome: CaseOutcome, material: CaseMaterial | null): CaseEntry {
  if (folder === null || material === null) return caseEntryOf(outcome, NO_EVIDENCE);
  const key = caseKey(outcome.id, outcome.options, outcome.repetition ?? 0);
  const path = (name: string): string => `${REPORT_FILES.caseFolders}/${key}/${name}`;
  const evidence: EvidenceEntry = {
    pcapng: path('evidence.pcapng'),
    ladder: path('ladder.svg'),
    messages: path('messages.json'),
    log: path('log.txt'),
  };
  const entry = caseEntryOf(outcome, evidence);
  const write = (relative: string | null, content: string | Uint8Array): void => {
    if (relative !== null) writeAtomically(join(folder, relative), content);
  };
  write(evidence.pcapng, material.pcapng);
  write(evidence.ladder, ladderSvg(material.evidence, outcome.findings, `${entry.id} ${entry.title}`));
  write(evidence.messages, `${JSON.stringify(messageList(material.evidence, outcome.findings))}\n`);
  write(evidence.log, scrub(material.log));
  return entry;
}

/** A message in `messages.json`: who, when, what; the text without secrets. */
export interface MessageEntry {
  readonly index: number;
  readonly frame: number;
  /** Microseconds since the epoch. */
  readonly at: number;
  readonly protocol: RecordedMessage['protocol'];
  readonly transport: string;
  readonly referencePoint: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly text: string;
}

/** Content of `messages.json`. Media packets are in the capture; here are the first of each stream section, and those with a finding. */
export function messageList(
  evidence: Evidence,
  findings: readonly Finding[],
): { readonly messages: readonly MessageEntry[]; readonly mediaPacketsLeftOut: number } {
  const named = new Set(findings.map((finding) => finding.message));
  const messages: MessageEntry[] = [];
  let leftOut = 0;
  let sections = new Set<string>();
  for (const message of evidence.messages) {
    if (message.protocol === 'rtp' || message.protocol === 'rtcp') {
      const { from, to } = message;
      const ends = `${from.address} ${from.port} ${to.address} ${to.port}`;
      const known = sections.has(ends);
      sections.add(ends);
      if (known && !named.has(message.index)) {
        leftOut += 1;
        continue;
      }
    } else sections = new Set();
    messages.push({
      index: message.index,
      frame: message.frame,
      at: message.at,
      protocol: message.protocol,
      transport: message.transport,
      referencePoint: message.referencePoint,
      from: partyText(message.from),
      to: partyText(message.to),
      label: messageLabel(message),
      text: messageText(message),
    });
  }
  return { messages, mediaPacketsLeftOut: leftOut };
}

function partyText(party: Party): string {
  const address = `${party.address.includes(':') ? `[${party.address}]` : party.address}:${party.port}`;
  return party.node === undefined ? address : `${party.node.name} ${address}`;
}
