import { join } from 'node:path';
import { REPORT_FILES, type ReportContent, readReport } from '../../reports/report-folder.js';
import { UsageError } from './exit-code.js';

/** What an earlier run left in a folder; null where there was none. Throws a UsageError where its head is damaged. */
export function readEarlierRun(folder: string): ReportContent | null {
  try {
    return readReport(folder);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new UsageError(
      `${join(folder, REPORT_FILES.run)} is damaged (${reason.slice(0, 80)}); expected the head of a run as 'q3953 run' writes it`,
    );
  }
}
