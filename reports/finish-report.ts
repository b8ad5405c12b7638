import { join } from 'node:path';
import { writeAtomically } from './atomic-file.js';
import { junitXml } from './junit.js';
import { REPORT_FILES, type ReportContent, writeVerdicts } from './report-folder.js';
import type { VerdictReport } from './verdict-report.js';

/** Makes every document of a report from what the run left: `verdicts.json`, `junit.xml`, `index.html`, `allure-results/`. */
export function finishReport(folder: string, content: ReportContent): VerdictReport {
  const report = writeVerdicts(folder, content);
  writeAtomically(join(folder, REPORT_FILES.junit), junitXml(report));
  return report;
}
