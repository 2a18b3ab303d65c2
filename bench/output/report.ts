import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BarChart, drawBarChart } from './bar-chart.ts';

/** What a bench found, for people and for programs. */
export interface Report {
  /** A sentence: what is compared with what. */
  readonly title: string;
  readonly columns: readonly string[];
  /** The first cell is the row's name. */
  readonly rows: readonly (readonly string[])[];
  /** Sentences: how it was measured, what was skipped, where the machine was too busy. */
  readonly notes: readonly string[];
  readonly chart: BarChart;
  /** What `--json` prints. */
  readonly data: unknown;
}

/** The table for a terminal. */
export function formatText({ title, columns, rows, notes }: Report): string {
  const table = [columns, ...rows];
  const widths = columns.map((_, index) => Math.max(...table.map((row) => (row[index] ?? '').length)));
  const lines = table.map((row) =>
    columns
      .map((_, index) => {
        const cell = row[index] ?? '';
        return index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[index] ?? 0) + 3);
      })
      .join('')
      .trimEnd(),
  );
  return [title, ...lines, ...notes].join('\n');
}

/** The same as a page with its chart. */
export function formatMarkdown(name: string, { title, columns, rows, notes }: Report): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  return [
    `# ${title}`,
    '',
    `Written by \`npm run bench -- --only ${name}\`. The other benches are in the [index](README.md).`,
    '',
    `![${title}](${name}.svg)`,
    '',
    line(columns),
    line(rule),
    ...rows.map(line),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
    '',
  ].join('\n');
}

/** Writes the page and the chart into a folder. */
export function saveReport(folder: string, name: string, report: Report): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.md`), formatMarkdown(name, report));
  writeFileSync(join(folder, `${name}.svg`), drawBarChart(report.chart));
}
