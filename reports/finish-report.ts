import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAllure } from './allure.js';
import { writeAtomically } from './atomic-file.js';
import { type CaseDetail, reportHtml } from './html.js';
import { junitXml } from './junit.js';
import { REPORT_FILES, type ReportContent, writeVerdicts } from './report-folder.js';
import type { CaseEntry, VerdictReport } from './verdict-report.js';

/** Makes every document of a report from what the run left: `verdicts.json`, `junit.xml`, `index.html`, `allure-results/`. */
export function finishReport(folder: string, content: ReportContent): VerdictReport {
  const report = writeVerdicts(folder, content);
  writeAtomically(join(folder, REPORT_FILES.junit), junitXml(report));
  writeAtomically(
    join(folder, REPORT_FILES.html),
    reportHtml(report, (entry) => detailOf(folder, entry)),
  );
  writeAllure(join(folder, REPORT_FILES.allure), folder, report);
  return report;
}

const messagesFile = z.object({ messages: z.array(z.unknown()) });

/** The ladder and messages of a case from its files; null where it left none. */
function detailOf(folder: string, entry: CaseEntry): CaseDetail | null {
  const { ladder, messages } = entry.evidence;
  if (ladder === null || messages === null) return null;
  const [ladderFile, messageFile] = [join(folder, ladder), join(folder, messages)];
  if (!existsSync(ladderFile) || !existsSync(messageFile)) return null;
  return {
    ladder: readFileSync(ladderFile, 'utf8'),
    messages: messagesFile.parse(JSON.parse(readFileSync(messageFile, 'utf8'))).messages,
  };
}
