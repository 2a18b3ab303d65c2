import { describe, expect, it } from 'vitest';
import { formatMarkdown, formatText, type Report } from '../../../bench/output/report.ts';

const report: Report = {
  title: 'Two ways',
  columns: ['way', 'calls'],
  rows: [
    ['ours', '3'],
    ['one by one', '1200'],
  ],
  notes: ['The machine was busy.'],
  chart: { title: 'Two ways', unit: 'calls', series: ['calls'], groups: [] },
  data: {},
};

describe('a report', () => {
  it('is a table with aligned numbers in a terminal', () => {
    expect(formatText(report)).toBe(
      [
        'Two ways',
        'way          calls',
        'ours             3',
        'one by one    1200',
        'The machine was busy.',
      ].join('\n'),
    );
  });

  it('is a page with its command, its chart and its notes', () => {
    const page = formatMarkdown('ways', report);

    expect(page).toContain('`npm run bench -- --only ways`');
    expect(page).toContain('![Two ways](ways.svg)');
    expect(page).toContain('| one by one | 1200 |');
    expect(page).toContain('- The machine was busy.');
  });
});
