import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPack } from '../local/pack/pack.ts';
import { functionCalls } from '../local/scenario-kit/calls.ts';
import { discoverScenarios } from '../local/scenario-kit/discover.ts';
import { activities, countByAction } from './prices/activities.ts';

// What Groundcrew costs a month, for fleets of four sizes: the alarms, schedules and queues of the templates, and the calls
// that the functions make in scenarios, at list prices. `--record` runs these scenarios again and saves their calls.

const CALLS = join(import.meta.dirname, 'prices/calls.json');

const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
if (values.record) await recordCalls();

const { formatTable, priceTable } = await import('./prices/model.ts');
const { readFixedParts } = await import('./prices/templates.ts');
console.log(formatTable(priceTable(await readFixedParts())));

async function recordCalls(): Promise<void> {
  const names = activities.map(({ scenario }) => scenario);
  const scenarios = (await discoverScenarios()).filter(({ name }) => names.includes(name));
  const pack = await startPack({ port: 0 });
  try {
    const recorded: Record<string, unknown> = {};
    for (const scenario of scenarios) {
      await pack.reset();
      const seed = await scenario.arrange(pack);
      const before = pack.calls().length;
      await scenario.act(pack, seed);
      scenario.expect(await scenario.observe(pack, seed), functionCalls(pack.calls().slice(before)));
      recorded[scenario.name] = countByAction(functionCalls(pack.calls().slice(before)));
    }
    writeFileSync(CALLS, `${JSON.stringify(recorded, null, 2)}\n`);
  } finally {
    await pack.close();
  }
}
