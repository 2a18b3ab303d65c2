import { beforeAll, describe, expect, it } from 'vitest';
import { callUsd, priceTable, type Row } from '../../bench/prices/model.ts';
import data from '../../bench/prices/prices.json' with { type: 'json' };
import { readFixedParts } from '../../bench/prices/templates.ts';
import { readText } from '../support/template.ts';

let rows: readonly Row[];
beforeAll(async () => {
  rows = priceTable(await readFixedParts());
}, 120_000);

describe('prices', () => {
  // A new alarm changes a cell by 0.1: that alone need not change the text.
  const isClose = (written: number, computed: number): boolean =>
    Math.abs(written - computed) <= Math.max(0.5, computed / 10);

  it('are in docs/deploying.md as npm run prices prints them, give or take a tenth', () => {
    const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());
    const section =
      readText('docs/deploying.md')
        .split('\n## ')
        .find((one) => one.startsWith('What it costs')) ?? '';
    const written = section.split('\n').filter((line) => line.startsWith('| '));

    expect(written.map((line) => cells(line)[1])).toEqual(['USD a month', ...rows.map(({ what }) => what)]);
    for (const [at, { what, usd }] of rows.entries()) {
      const numbers = cells(written[at + 1] ?? '')
        .slice(2, -1)
        .map((cell) => Number(cell.replaceAll(',', '')));
      expect([what, ...numbers.map((one, i) => isClose(one, usd[i] ?? 0))]).toEqual([
        what,
        ...usd.map(() => true),
      ]);
    }
  });

  it('are in the README for a small fleet', () => {
    for (const { what, usd } of rows.slice(0, 5)) {
      const [, written] =
        new RegExp(`\\[${what}\\]\\([^)]*\\).*\\| about (\\d+) USD a month`).exec(readText('README.md')) ??
        [];
      expect([what, Math.abs(Number(written) - (usd[0] ?? 0)) < 1]).toEqual([what, true]);
    }
  });

  it('are in the README of spot-cordon for its options, for a small fleet', () => {
    const text = readText('functions/spot-cordon/README.md');
    const options = rows.filter(({ what }) => what.endsWith(' of spot-cordon'));
    expect(options).toHaveLength(3);
    for (const { what, usd } of options) {
      const name = what.split(' ')[0];
      const [, written] = new RegExp(`\`${name}\`(?: adds)? (\\d+\\.\\d)\\b`).exec(text) ?? [];
      expect([what, isClose(Number(written), usd[0] ?? 0)]).toEqual([what, true]);
    }
  });

  it('never fall as the fleet grows', () => {
    for (const { what, usd } of rows)
      expect([what, ...usd]).toEqual([what, ...usd.toSorted((a, b) => a - b)]);
  });

  it('name the page that has them, and the day on which they were checked', () => {
    expect(data.checked).toMatch(/^\d{4}-\d\d-\d\d$/);
    for (const { page, per, usd } of Object.values(data.prices)) {
      expect(page).toMatch(/^https:\/\/aws\.amazon\.com\/[\w/-]+\/pricing\//);
      expect([per.length > 0, usd > 0]).toEqual([true, true]);
    }
  });

  it('refuse a call that is neither priced nor free', () => {
    expect(() => callUsd('textract:DetectDocumentText')).toThrow('textract:DetectDocumentText has no price');
    expect(callUsd('ec2:CreateTags')).toBe(0);
  });
});
