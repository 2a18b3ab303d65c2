import { parseArgs } from 'node:util';
import { formatColdStart, measureColdStart } from './cold-start.ts';
import { formatDiskAlarms, measureDiskAlarms } from './disk-alarms.ts';
import { formatPromotion, measurePromotion } from './promotion/promotion.ts';
import { formatSpotMarket, measureSpotMarket } from './spot-market/spot-market.ts';
import { formatStorms, simulateStorms } from './storm.ts';

interface Bench {
  readonly name: string;
  /** Prints for people, or returns what `--json` prints. */
  run(print: (text: string) => void): Promise<unknown>;
}

const benches: readonly Bench[] = [
  {
    name: 'cold-start',
    async run(print) {
      const rows = await measureColdStart();
      print(formatColdStart(rows));
      return rows;
    },
  },
  {
    name: 'disk-alarms',
    async run(print) {
      const runs = await measureDiskAlarms();
      print(formatDiskAlarms(runs));
      return runs;
    },
  },
  {
    name: 'promotion',
    async run(print) {
      const measured = measurePromotion();
      print(formatPromotion(measured));
      return measured;
    },
  },
  {
    name: 'spot-market',
    async run(print) {
      const measured = await measureSpotMarket();
      print(formatSpotMarket(measured));
      return measured;
    },
  },
  {
    name: 'storm',
    async run(print) {
      const results = simulateStorms();
      print(formatStorms(results));
      return results;
    },
  },
];

const { values } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const chosen = benches.filter(({ name }) => values.only === undefined || values.only === name);
if (chosen.length === 0) {
  console.error(`There is no bench ${values.only}; there are ${benches.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}

const results: Record<string, unknown> = {};
for (const { name, run } of chosen)
  results[name] = await run((text) => values.json || console.log(`${text}\n`));
if (values.json) console.log(JSON.stringify(results, null, 2));
