import { summarizeCalls } from '../../local/scenario-kit/calls.ts';
import { formatRatio, measureRatios, type Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import type { Summary } from '../statistics.ts';
import { type ApprovalPage, openApprovalPage } from './approval-page.ts';
import { describePage, type PageFacts } from './page-facts.ts';

const STARTS = ['cold', 'warm'] as const;
type Start = (typeof STARTS)[number];

/** What an approver waits for, and what it costs, from the link in the mail to the page. */
export async function measureApproval(progress: Progress): Promise<Report> {
  const page = await openApprovalPage(progress);
  try {
    const facts = describePage(await page.read());
    const calls = summarizeCalls(await page.countCalls());
    const cold = await timeAnswers(page, 'cold', progress);
    const warm = await timeAnswers(page, 'warm', progress);
    return describe(facts, calls, { cold, warm });
  } finally {
    await page.close();
  }
}

interface TimedAnswer {
  readonly ratio: Summary;
  readonly notes: readonly string[];
}

async function timeAnswers(page: ApprovalPage, start: Start, progress: Progress): Promise<TimedAnswer> {
  const name = `${start} answer`;
  const { byName, notes } = await measureRatios([{ name, run: () => page.time('page', start) }], {
    baseline: { name: 'empty', run: () => page.time('empty', start) },
    progress,
    warmUps: 2,
  });
  const ratio = byName.get(name);
  if (!ratio) throw new Error(`${name} was not measured`);
  return { ratio, notes };
}

function describe(
  { bytes, gzipBytes, furtherRequests }: PageFacts,
  calls: string,
  times: Readonly<Record<Start, TimedAnswer>>,
): Report {
  const number = (value: number): string => value.toLocaleString('en');
  return {
    title: 'The page behind an approval link',
    columns: ['figure', 'value'],
    rows: [
      ['bytes', number(bytes)],
      ['bytes with gzip', number(gzipBytes)],
      ['further requests of the browser', number(furtherRequests)],
      ['AWS calls of a view', calls],
      ...STARTS.map((start) => [
        `${start} answer, times an empty function's ${start} answer`,
        formatRatio(times[start].ratio),
      ]),
    ],
    notes: [
      'The page of a build with changed packages, tests and a scan. It is complete with its first answer. `GetParameter` is there because `SettingsParameter` is set.',
      "The answers of the built function in the local runtime, which is AWS's own runtime client, with the AWS calls on the same machine. The empty function has the same environment and makes no calls. API Gateway is not in it.",
      'Cold: from the start of the process. In a warm process an empty function takes almost nothing, so its multiple says what the AWS calls and the page take.',
      ...STARTS.flatMap((start) => times[start].notes),
    ],
    chart: {
      title: 'The answer with the page',
      unit: "times an empty function's",
      series: ['page'],
      groups: STARTS.map((start) => ({ label: `${start} answer`, values: [times[start].ratio.median] })),
    },
    data: { bytes, gzipBytes, furtherRequests, calls, cold: times.cold.ratio, warm: times.warm.ratio },
  };
}
