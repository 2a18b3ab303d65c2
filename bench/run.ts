import { join, relative } from 'node:path';
import { parseBenchArguments, usage } from './arguments.ts';
import { benches } from './benches.ts';
import { formatText, saveReport } from './output/report.ts';

const FOLDER = join(import.meta.dirname, '../docs/bench');

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

async function main(args: readonly string[]): Promise<void> {
  const names = benches.map(({ name }) => name);
  const { only, json, help } = parseBenchArguments(args, names);
  if (help) {
    console.log(usage(names));
    return;
  }
  const data: Record<string, unknown> = {};
  for (const { name, measure } of benches.filter((one) => only === undefined || only === one.name)) {
    const report = await measure((line) => console.error(`${name}: ${line}`));
    data[name] = report.data;
    if (json) continue;
    console.log(`${formatText(report)}\n`);
    saveReport(FOLDER, name, report);
    console.error(`${name}: wrote ${relative(process.cwd(), join(FOLDER, name))}.md and .svg`);
  }
  if (json) console.log(JSON.stringify(data, null, 2));
}
