import { join, relative } from 'node:path';
import { formatWeights, weigh } from '../../build/report.ts';
import { type BuildResult, build } from '../../build.ts';
import { writeFlat } from '../stack/flat.ts';
import { parse } from './arguments.ts';

const usage = `npm run build -- [options]

Bundles every function of the templates into dist/.

  --flat    also write dist/<wing>.json, a template without a transform, and its packages to dist/flat/
  --plain   without slimming: bundles are several times larger and may exceed their budgets.
            For the day on which a new version of the SDK cannot be slimmed. Tests and npm start build again.
  --report  show the size of each bundle and of its parts
  --json    the same as JSON
  --help    this text`;

const root = join(import.meta.dirname, '../..');

async function main(args: readonly string[]): Promise<void> {
  const { flat, plain, report, json, help } = parse(
    args,
    { flat: flag, plain: flag, report: flag, json: flag, help: flag },
    usage,
  );
  if (help) {
    console.log(usage);
    return;
  }
  const startedAt = performance.now();
  const result = await build(plain ? { plugins: [] } : {});
  const took = Math.round(performance.now() - startedAt);
  if (json) console.log(JSON.stringify(weigh(result), null, 2));
  else if (report) console.log(formatWeights(weigh(result)));
  else console.log(`Built ${result.functions.length} functions into dist/ in ${took} ms.`);
  if (flat) await writeFlatWings(result);
}

const flag = { type: 'boolean', default: false } as const;

async function writeFlatWings(result: BuildResult): Promise<void> {
  const wings = await writeFlat(result, { root, outdir: join(root, 'dist'), progress: console.error });
  for (const { template, packages } of wings) {
    console.error([template, ...packages].map((path) => relative(root, path)).join(' '));
  }
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
