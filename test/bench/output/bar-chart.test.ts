import { describe, expect, it } from 'vitest';
import { type BarChart, drawBarChart, formatNumber } from '../../../bench/output/bar-chart.ts';

const chart: BarChart = {
  title: 'Cold start of <A> & "B"',
  unit: 'times an empty function',
  series: ['ours', 'theirs'],
  groups: [
    { label: 'One', values: [1, 4] },
    { label: 'Two', values: [2, undefined] },
  ],
};

const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="s\d" x="200" y="\d+" width="([\d.]+)" height="14"/g)].map(([, width]) =>
    Number(width),
  );

describe('a bar chart', () => {
  it('draws bars in proportion to their values', () => {
    const [one = 0, four = 0, two = 0] = widths(drawBarChart(chart));

    expect(four / one).toBeCloseTo(4);
    expect(two / one).toBeCloseTo(2);
  });

  it('says where a value is missing', () => {
    expect(drawBarChart(chart).match(/not here/g)).toHaveLength(1);
  });

  it('escapes markup in texts', () => {
    const svg = drawBarChart(chart);

    expect(svg).toContain('Cold start of &lt;A&gt; &amp; &quot;B&quot;');
    expect(svg).not.toContain('<A>');
  });

  it('has colours for light and dark pages', () => {
    expect(drawBarChart(chart)).toContain('prefers-color-scheme:dark');
  });

  it('draws a target at its place', () => {
    const svg = drawBarChart({ ...chart, target: { value: 2, label: 'target: 2' } });
    const [, , two = 0] = widths(svg);

    expect(svg).toContain(`x1="${200 + two}"`);
    expect(svg).toContain('target: 2');
  });

  it('draws nothing wider than its space if all values are zero', () => {
    expect(widths(drawBarChart({ ...chart, groups: [{ label: 'None', values: [0, 0] }] }))).toEqual([1, 1]);
  });

  it.each([
    [12_345.6, '12,346'],
    [3, '3'],
    [12.34, '12.3'],
    [1.2, '1.20'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});
