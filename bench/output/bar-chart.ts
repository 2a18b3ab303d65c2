import { escapeMarkup } from './escape-markup.ts';

/** Horizontal bars in groups. Series are told apart by colour, and by the order in the legend. */
export interface BarChart {
  readonly title: string;
  /** What the values are, such as `times an empty function`. */
  readonly unit: string;
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
  /** A dashed line across all groups. */
  readonly target?: { readonly value: number; readonly label: string };
}

interface BarGroup {
  readonly label: string;
  /** One for each series; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

const WIDTH = 860;
const LABELS = 200;
const NUMBERS = 90;
const BAR = 14;
const GAP = 10;
const HEAD = 78;

// Background and text change together, so that a page of either colour shows it well.
const STYLE = `
.back{fill:#fff}.text{fill:#1f2328}.soft{fill:#59636e}.s0{fill:#0969da}.s1{fill:#bf8700}.s2{fill:#8250df}.s3{fill:#57606a}
.line{stroke:#cf222e}
@media(prefers-color-scheme:dark){.back{fill:#0d1117}.text{fill:#f0f6fc}.soft{fill:#9198a1}.s0{fill:#4493f8}.s1{fill:#d29922}
.s2{fill:#ab7df8}.s3{fill:#9198a1}.line{stroke:#f85149}}
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif}.title{font-size:16px;font-weight:600}`;

/** Draws a chart as an SVG document. */
export function drawBarChart(chart: BarChart): string {
  const most = Math.max(...chart.groups.flatMap(({ values }) => values.map((one) => one ?? 0)), 0);
  const scale = most === 0 ? 0 : (WIDTH - LABELS - NUMBERS) / most;
  const parts: string[] = [];
  let top = HEAD;
  for (const group of chart.groups) {
    parts.push(drawGroup(group, top, scale));
    top += heightOf(group) + GAP;
  }
  const target = chart.target ? drawTarget(chart.target, top, scale) : '';
  const height = top + (chart.target ? 24 : 8);
  const title = escapeMarkup(chart.title);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">`,
    `<style>${STYLE}</style>`,
    `<rect class="back" width="100%" height="100%" rx="6"/>`,
    `<text class="text title" x="16" y="28">${title}</text>`,
    drawLegend(chart),
    ...parts,
    target,
    '</svg>\n',
  ].join('\n');
}

function heightOf({ values }: BarGroup): number {
  return values.length * BAR + (values.length - 1) * 2;
}

function drawLegend({ series, unit }: BarChart): string {
  const parts: string[] = [`<text class="soft" x="16" y="54">${escapeMarkup(unit)}</text>`];
  let left = LABELS;
  for (const [index, name] of series.entries()) {
    parts.push(`<rect class="s${index}" x="${left}" y="43" width="12" height="12" rx="2"/>`);
    parts.push(`<text class="text" x="${left + 18}" y="54">${escapeMarkup(name)}</text>`);
    left += 44 + name.length * 7;
  }
  return parts.join('\n');
}

function drawGroup({ label, values }: BarGroup, top: number, scale: number): string {
  const middle = top + heightOf({ label, values }) / 2 + 5;
  const bars = values.map((value, index) => {
    const y = top + index * (BAR + 2);
    if (value === undefined) return `<text class="soft" x="${LABELS + 4}" y="${y + 12}">not here</text>`;
    const width = Math.max(1, value * scale);
    return [
      `<rect class="s${index}" x="${LABELS}" y="${y}" width="${round(width)}" height="${BAR}" rx="2"/>`,
      `<text class="text" x="${round(LABELS + width + 6)}" y="${y + 12}">${formatNumber(value)}</text>`,
    ].join('');
  });
  return [`<text class="text" x="16" y="${round(middle)}">${escapeMarkup(label)}</text>`, ...bars].join('\n');
}

function drawTarget(
  { value, label }: { readonly value: number; readonly label: string },
  bottom: number,
  scale: number,
): string {
  const x = round(LABELS + value * scale);
  return [
    `<line class="line" x1="${x}" x2="${x}" y1="${HEAD - 10}" y2="${bottom}" stroke-width="1.5" stroke-dasharray="5 4"/>`,
    `<text class="soft" x="${x}" y="${bottom + 16}" text-anchor="middle">${escapeMarkup(label)}</text>`,
  ].join('\n');
}

/** Whole numbers with commas, others with as many places as say something. */
export function formatNumber(value: number): string {
  const places = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
