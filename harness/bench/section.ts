import type { Speed } from './rounds.js';

/** A table of candidates; the first row is ours, ratios are against the fastest of the others. */
export interface BenchTable {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Speed[];
}

/** What one benchmark found. */
export interface Section {
  readonly title: string;
  readonly note: string;
  readonly tables: readonly BenchTable[];
  /** Sentences with figures that are no comparison. */
  readonly facts?: readonly string[];
}

/** The section as Markdown, as it stands in RESULTS.md. */
export function markdown(section: Section): string {
  const lines = [`## ${section.title}`, '', section.note, ''];
  for (const table of section.tables) {
    const best = Math.max(...table.rows.slice(1).map((row) => row.perSecond));
    lines.push(
      `### ${table.title}`,
      '',
      `| | ${table.unit} | µs each | ours is … times as fast |`,
      '|---|---:|---:|---:|',
    );
    table.rows.forEach((row, index) => {
      const ratio = (table.rows[0]?.perSecond ?? Number.NaN) / row.perSecond;
      lines.push(
        `| ${row.name} | ${round(row.perSecond)} | ${row.microseconds.toFixed(2)} | ${index === 0 ? '' : ratio.toFixed(2)} |`,
      );
    });
    if (table.rows.length > 1) {
      lines.push(
        '',
        `Against the fastest of the others: **${((table.rows[0]?.perSecond ?? Number.NaN) / best).toFixed(2)}×**`,
      );
    }
    lines.push('');
  }
  for (const fact of section.facts ?? []) lines.push(`- ${fact}`);
  return `${lines.join('\n')}\n`;
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}
