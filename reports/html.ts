import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { packageRoot } from '../harness/catalogue/package-root.js';
import type { CaseEntry, VerdictReport } from './verdict-report.js';
import { xmlText } from './xml-text.js';

/** What the page shows of a case besides its entry: the ladder and the messages, as the case's files hold them. */
export interface CaseDetail {
  readonly ladder: string;
  readonly messages: readonly unknown[];
}

/**
 * `index.html`: one file that reads offline, with its style and its script inside and nothing else allowed to run or load. What came over
 * the wire is data in it: JSON with `<` escaped, and per case a deflated block that is unpacked when the case is opened, so that a report of many
 * cases opens at once.
 */
export function reportHtml(report: VerdictReport, detailOf: (entry: CaseEntry) => CaseDetail | null): string {
  const assets = join(packageRoot(), 'reports', 'page');
  const script = readFileSync(join(assets, 'report-page.js'), 'utf8');
  const style = readFileSync(join(assets, 'report-page.css'), 'utf8');
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const details = report.cases.map((entry) => {
    const detail = detailOf(entry);
    if (detail === null) return '';
    const packed = deflateRawSync(JSON.stringify(detail)).toString('base64');
    return `<script type="application/octet-stream" data-case="${xmlText(entry.key)}">${packed}</script>\n`;
  });
  return [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">\n`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n',
    `<title>q3953 report</title>\n<link rel="icon" href="data:,">\n<style>\n${style}</style>\n</head>\n<body>\n<main></main>\n`,
    '<noscript>This report needs JavaScript to be read; verdicts.json and the ladder.svg of each case hold the same.</noscript>\n',
    `<script type="application/json" id="report">${jsonForHtml(report)}</script>\n`,
    ...details,
    `<script>${script}</script>\n</body>\n</html>\n`,
  ].join('');
}

/** JSON that cannot end its script element, begin a comment in it, or break a line of script. */
function jsonForHtml(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/>/g, '\\u003e')
    .replace(/&/g, '\\u0026')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}
