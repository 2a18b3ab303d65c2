import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuiltFunction, build } from '../../build.ts';
import { runProcess, startNode, writeEmpty } from '../cold-start/start-process.ts';
import { formatRatio, type MeasuredSubject, measureRatios, type Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import type { Summary } from '../statistics.ts';
import { countIdle, requestFor } from './group.ts';

const SIZES = [10, 1000, 30_000];
const OUTDIR = join(import.meta.dirname, '../../.groundcrew/bench/termination-policy');
const ANSWER = join(import.meta.dirname, 'answer.mjs');
const TABLES = join(import.meta.dirname, 'tables.ts');

/** Answers that named every idle instance. One after the function's inner limit of 1.2 seconds names nobody. */
interface InTime {
  answers: number;
  complete: number;
}

interface Row {
  readonly candidates: number;
  readonly cold: Summary;
  readonly warm: Summary;
  readonly inTime: InTime;
}

/** Times answers of ChooseTerminations in new processes and in running ones, with the request and the tables of a fleet. */
export async function measureTerminationPolicy(progress: Progress): Promise<Report> {
  const { functions } = await build({ outdir: join(OUTDIR, 'deployed') });
  const built = functions.find(({ id }) => id === 'ChooseTerminations');
  if (!built) throw new Error('There is no function ChooseTerminations.');
  const empty = writeEmpty(join(OUTDIR, 'empty'));
  const tables = fork(TABLES);
  const [port] = await once(tables, 'message');
  const groups = SIZES.map((candidates) => describeGroup(built, candidates, `http://127.0.0.1:${port}`));
  const running = groups.map(({ args, env }) => startRunning(args, env));
  try {
    const cold = groups.map((group) => coldSubject(group));
    const warm = groups.map((group, index) => warmSubject(group, running[index]));
    const baseline = { name: 'empty', run: () => startNode(empty, {}) };
    const options = { baseline, progress, warmUps: 2, maxRounds: 121 };
    const { byName, notes } = await measureRatios([...cold, ...warm], options);
    return describe(
      groups.map((group) => rowOf(group, byName)),
      notes,
    );
  } finally {
    for (const process of [tables, ...running]) process.kill();
  }
}

interface Group {
  readonly candidates: number;
  readonly inTime: InTime;
  readonly args: readonly [script: string, bundle: string, request: string];
  readonly env: Readonly<Record<string, string>>;
}

function describeGroup({ file, variables }: BuiltFunction, candidates: number, endpoint: string): Group {
  const request = join(OUTDIR, `request-${candidates}.json`);
  mkdirSync(OUTDIR, { recursive: true });
  writeFileSync(request, JSON.stringify(requestFor(candidates)));
  return {
    candidates,
    inTime: { answers: 0, complete: 0 },
    args: [ANSWER, pathToFileURL(file).href, request],
    env: {
      ...variables,
      CORDONS_TABLE: `cordons-${candidates}`,
      DRY_RUN: 'false',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: endpoint,
    },
  };
}

function startRunning([script, ...args]: Group['args'], env: Group['env']): ChildProcess {
  return fork(script, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** From the start of a process to its end, with one answer in between. */
function coldSubject(group: Group): MeasuredSubject {
  const { args, candidates, env } = group;
  const run = (): number => {
    const { ms, stdout } = runProcess(process.execPath, args, env);
    count(group, JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))).named);
    return ms;
  };
  return { name: `cold, ${candidates} candidates`, run };
}

/** One more answer of a process that has answered before. */
function warmSubject({ candidates }: Group, running: ChildProcess | undefined): MeasuredSubject {
  const run = async (): Promise<number> => {
    if (!running) throw new Error('nothing runs');
    running.send('answer');
    const [{ ms }] = await once(running, 'message');
    return ms;
  };
  return { name: `warm, ${candidates} candidates`, run };
}

function count({ candidates, inTime }: Group, named: number): void {
  inTime.answers += 1;
  if (named === countIdle(candidates)) inTime.complete += 1;
}

function rowOf({ candidates, inTime }: Group, byName: ReadonlyMap<string, Summary>): Row {
  const found = (kind: string): Summary => {
    const summary = byName.get(`${kind}, ${candidates} candidates`);
    if (!summary) throw new Error(`${kind}, ${candidates} candidates was not measured`);
    return summary;
  };
  return { candidates, cold: found('cold'), warm: found('warm'), inTime };
}

function describe(rows: readonly Row[], notes: readonly string[]): Report {
  const named = (candidates: number): string => candidates.toLocaleString('en');
  return {
    title: 'An answer of ChooseTerminations, as a multiple of the start of an empty function',
    columns: ['candidates', 'of them busy', 'cold', 'warm', 'cold answers within 1.2 s'],
    rows: rows.map(({ candidates, cold, inTime, warm }) => [
      named(candidates),
      named(candidates - countIdle(candidates)),
      formatRatio(cold),
      formatRatio(warm),
      inTime.complete === inTime.answers ? 'all' : `${inTime.complete} of ${inTime.answers}`,
    ]),
    notes: [
      'Cold: from the start of a process to the end of its first answer. Warm: one more answer of a running process.',
      'From the text of the request to the text of the answer. The tables answer at once from the same machine: DynamoDB takes some milliseconds more for each page of 10,000 busy workers.',
      'The function answers within 1.2 seconds from its first line on, without the start of its process; an answer that would take longer names nobody. This column alone depends on how fast the machine is.',
      ...notes,
    ],
    chart: {
      title: 'An answer of ChooseTerminations',
      unit: 'times an empty function',
      series: ['cold', 'warm'],
      groups: rows.map(({ candidates, cold, warm }) => ({
        label: `${named(candidates)} candidates`,
        values: [cold.median, warm.median],
      })),
    },
    data: rows.map(toData),
  };
}

function toData({ candidates, cold, inTime, warm }: Row): object {
  const round = (value: number): number => Number(value.toFixed(2));
  return {
    candidates,
    cold: round(cold.median),
    coldSpread: round(cold.spread),
    warm: round(warm.median),
    warmSpread: round(warm.spread),
    coldAnswers: inTime.answers,
    coldAnswersInTime: inTime.complete,
  };
}
