import { join } from 'node:path';
import { type BuiltFunction, build } from '../../build.ts';
import { formatRatio, type MeasuredSubject, measureRatios, type Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import type { Summary } from '../statistics.ts';
import { createPythonSubjects, PLAIN_PYTHON } from './python.ts';
import { startNode, writeEmpty } from './start-process.ts';

const OUTDIR = join(import.meta.dirname, '../../.groundcrew/bench/cold-start');

/** A function that is above it is too slow to start: a multiple of an empty function. */
const MOST_OVER_EMPTY = 2;

/** How long a process takes until a function can take its first event, as a multiple of an empty function. */
interface ColdStart {
  readonly function: string;
  readonly deployed: number;
  readonly plain: number;
  /** Undefined for functions without AWS clients. */
  readonly boto3: number | undefined;
  readonly overBoto3: number | undefined;
}

/**
 * Times every function of the templates, from the start of its process until its clients are ready. Lambda calls this
 * the init phase. Only the ratios are comparable between machines.
 */
export async function measureColdStart(progress: Progress): Promise<Report> {
  const [deployed, plain] = [await buildInto('deployed', {}), await buildInto('plain', { plugins: [] })];
  const empty = writeEmpty(join(OUTDIR, 'empty'));
  const baseline = { name: 'empty', run: () => startNode(empty, {}) };
  const python = await createPythonSubjects(deployed, progress);
  const subjects = [...deployed.map(subjectOf('deployed')), ...plain.map(subjectOf('plain')), ...python];
  const { byName, notes } = await measureRatios(subjects, { baseline, progress, warmUps: 2 });
  const rows = deployed.map(({ id }) => ({
    id,
    deployed: found(byName, `deployed ${id}`),
    plain: found(byName, `plain ${id}`),
    boto3: byName.get(`boto3 ${id}`),
  }));
  return describe(rows, [...pythonNote(byName), ...notes]);
}

interface Row {
  readonly id: string;
  readonly deployed: Summary;
  readonly plain: Summary;
  readonly boto3: Summary | undefined;
}

function describe(rows: readonly Row[], notes: readonly string[]): Report {
  return {
    title: 'Cold start of each function, as a multiple of an empty function',
    columns: ['function', 'Groundcrew', 'esbuild defaults', 'Python, boto3', 'of boto3'],
    rows: rows.map((row) => [
      row.id,
      formatRatio(row.deployed),
      formatRatio(row.plain),
      row.boto3 ? formatRatio(row.boto3) : '',
      row.boto3 ? (row.deployed.median / row.boto3.median).toFixed(2) : '',
    ]),
    notes: [
      'From the start of the process until the function is loaded and its AWS clients are ready.',
      '"esbuild defaults" is `npm run build -- --plain`. The Python function imports boto3 and creates the same clients.',
      ...notes,
    ],
    chart: {
      title: 'Cold start',
      unit: 'times an empty function',
      series: ['Groundcrew', 'esbuild defaults', 'Python with boto3'],
      groups: rows.map((row) => ({
        label: row.id,
        values: [row.deployed.median, row.plain.median, row.boto3?.median],
      })),
      target: { value: MOST_OVER_EMPTY, label: `target: ${MOST_OVER_EMPTY}` },
    },
    data: rows.map(toData),
  };
}

function toData(row: Row): ColdStart & { readonly spread: number } {
  const round = (value: number): number => Number(value.toFixed(2));
  return {
    function: row.id,
    deployed: round(row.deployed.median),
    spread: round(row.deployed.spread),
    plain: round(row.plain.median),
    boto3: row.boto3 && round(row.boto3.median),
    overBoto3: row.boto3 && round(row.deployed.median / row.boto3.median),
  };
}

function pythonNote(byName: ReadonlyMap<string, Summary>): readonly string[] {
  const plain = byName.get(PLAIN_PYTHON);
  return plain
    ? [`A Python process that does nothing takes ${formatRatio(plain)} of an empty function.`]
    : [];
}

function subjectOf(kind: string): (built: BuiltFunction) => MeasuredSubject {
  return ({ id, file, variables }) => ({ name: `${kind} ${id}`, run: () => startNode(file, variables) });
}

async function buildInto(
  name: string,
  options: { readonly plugins?: [] },
): Promise<readonly BuiltFunction[]> {
  const { functions } = await build({ outdir: join(OUTDIR, name), ...options });
  return functions;
}

function found(byName: ReadonlyMap<string, Summary>, name: string): Summary {
  const summary = byName.get(name);
  if (!summary) throw new Error(`${name} was not measured`);
  return summary;
}
