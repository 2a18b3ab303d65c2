import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { type BuiltFunction, build } from '../build.ts';

const ROOT = join(import.meta.dirname, '..');
const WARM_UPS = 2;
const ROUNDS = 15;

/** How long a process takes to load a function, as a multiple of an empty function. */
export interface ColdStart {
  readonly function: string;
  /** The deployed bundle; a bundle with the complete SDK; a bundle that loads its packages from node_modules. */
  readonly deployed: number;
  readonly plainBundle: number;
  readonly unbundled: number;
}

type Start = Pick<BuiltFunction, 'file' | 'variables'>;

const unbundled: Plugin = {
  name: 'packages-outside',
  setup: (builder) =>
    builder.onResolve({ filter: /^[@a-z]/ }, ({ kind }) =>
      kind === 'entry-point' ? null : { external: true },
    ),
};

/** Times every function of the templates. Only the ratios are comparable between machines. */
export async function measureColdStart(): Promise<readonly ColdStart[]> {
  const empty = writeEmpty();
  const variants = await Promise.all([
    buildInto('deployed'),
    buildInto('plain', []),
    buildInto('unbundled', [unbundled]),
  ]);
  const medians = timeInterleaved([empty, ...variants.flat()]);
  const base = medians.get(empty.file) ?? Number.NaN;
  const ratio = (one: Start | undefined): number =>
    Number(((medians.get(one?.file ?? '') ?? Number.NaN) / base).toFixed(2));
  const [deployed, plain, outside] = variants;
  return deployed.map(({ id, file, variables }, index) => ({
    function: id,
    deployed: ratio({ file, variables }),
    plainBundle: ratio(plain[index]),
    unbundled: ratio(outside[index]),
  }));
}

export function formatColdStart(rows: readonly ColdStart[]): string {
  const width = Math.max(...rows.map((row) => row.function.length), 'function'.length);
  const line = (name: string, ...cells: readonly string[]): string =>
    [name.padEnd(width), ...cells.map((cell) => cell.padStart(14))].join('');
  return [
    'Cold start as a multiple of an empty function (median of interleaved rounds)',
    line('function', 'deployed', 'plain bundle', 'unbundled'),
    ...rows.map((row) =>
      line(row.function, `${row.deployed} x`, `${row.plainBundle} x`, `${row.unbundled} x`),
    ),
  ].join('\n');
}

/** Inside the project, so that a bundle without its packages finds them in node_modules. */
function folderOf(name: string): string {
  return join(ROOT, '.groundcrew/bench/cold-start', name);
}

async function buildInto(name: string, plugins?: readonly Plugin[]): Promise<readonly BuiltFunction[]> {
  const { functions } = await build({ outdir: folderOf(name), ...(plugins && { plugins }) });
  return functions;
}

function writeEmpty(): Start {
  const file = join(folderOf('empty'), 'index.mjs');
  mkdirSync(folderOf('empty'), { recursive: true });
  writeFileSync(file, 'export const handler = async () => {};\n');
  return { file, variables: {} };
}

/** Measures every file once per round, so that a slow moment of the machine affects all. */
function timeInterleaved(starts: readonly Start[]): ReadonlyMap<string, number> {
  const times = new Map(starts.map(({ file }): [string, number[]] => [file, []]));
  for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
    for (const start of starts) {
      const ms = time(start);
      if (round >= WARM_UPS) times.get(start.file)?.push(ms);
    }
  }
  return new Map([...times].map(([file, taken]) => [file, median(taken)]));
}

function time({ file, variables }: Start): number {
  const script = `await import(${JSON.stringify(pathToFileURL(file).href)}); process.exit();`;
  const env = { ...process.env, AWS_REGION: 'eu-central-1', ...variables };
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env });
  const taken = performance.now() - started;
  if (status !== 0) throw new Error(`${file} does not load: ${stderr}`);
  return taken;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
