import { join } from 'node:path';
import { build } from '../build.ts';
import { type Leaving, whenAskedToLeave } from './leaving.ts';
import { type Pack, startPack } from './pack.ts';
import { describeResult, toJson } from './results.ts';
import { discoverScenarios, runScenario, type ScenarioResult } from './run-scenarios.ts';
import { seedFleet } from './sample-fleet.ts';
import type { Scenario } from './scenario.ts';
import { Refused, readStartArguments, type StartArguments, startUsage } from './start-arguments.ts';

type Say = (line: string) => void;

const folder = join(import.meta.dirname, '..', '.groundcrew');

async function main(args: readonly string[]): Promise<void> {
  const settings = readStartArguments(args, process.stdout.isTTY);
  if (settings.help) {
    console.log(startUsage);
    return;
  }
  const say: Say = settings.json ? console.error : console.log;
  const leaving = whenAskedToLeave();
  const scenarios = chooseScenarios(await discoverScenarios(), settings.only);
  const pack = await bringUp(settings, say);
  leaving.ready();
  try {
    await playAndStay(pack, scenarios, { settings, leaving, say });
  } finally {
    await pack.close();
  }
  // What a scenario was waiting for when it was interrupted must not hold the process.
  if (leaving.asked()) process.exit();
}

function chooseScenarios(scenarios: readonly Scenario[], only: string | undefined): readonly Scenario[] {
  if (only === undefined) return scenarios;
  const chosen = scenarios.filter(({ wing }) => wing === only);
  if (chosen.length > 0) return chosen;
  const wings = [...new Set(scenarios.map(({ wing }) => wing))];
  throw new Refused(`There is no wing ${only}. There are: ${wings.join(', ')}.`);
}

/** The account takes a second to start, and bundling one too: neither waits for the other. */
async function bringUp({ port, once }: StartArguments, say: Say): Promise<Pack> {
  const begun = performance.now();
  const building = build().then((built) => {
    say(`Built ${built.functions.length} functions in ${secondsSince(begun)}.`);
  });
  const [pack, built] = await Promise.allSettled([startOn(port, once, say), building]);
  if (pack.status === 'rejected') throw pack.reason;
  if (built.status === 'rejected') {
    await pack.value.close();
    throw built.reason;
  }
  say(`The account, the wiring and the functions are up after ${secondsSince(begun)}.\n`);
  return pack.value;
}

/** Scenarios ask nothing of the port: that it is taken matters only to who stays. */
async function startOn(port: number, once: boolean, say: Say): Promise<Pack> {
  const options = { progress: say, mailbox: join(folder, 'mailbox') };
  try {
    return await startPack({ ...options, port });
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    if (!once) throw new Refused(`Port ${port} is in use. Choose another: npm start -- --port ${port + 1}`);
    say(`Port ${port} is in use; the scenarios do not need it, so any free one will do.`);
    return startPack({ ...options, port: 0 });
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

interface Run {
  readonly settings: StartArguments;
  readonly leaving: Leaving;
  readonly say: Say;
}

async function playAndStay(pack: Pack, scenarios: readonly Scenario[], run: Run): Promise<void> {
  const { settings, leaving, say } = run;
  const results = await Promise.race([play(pack, scenarios, run), leaving.begun]);
  if (!results) {
    process.exitCode = 130;
    return;
  }
  const failed = results.filter(({ ok }) => !ok).length;
  if (failed > 0) process.exitCode = 1;
  say(
    failed === 0
      ? `All ${results.length} scenarios passed.`
      : `${failed} of ${results.length} scenarios failed.`,
  );
  if (settings.json) console.log(JSON.stringify({ scenarios: results.map(toJson) }));
  if (!settings.once) await stay(pack, run);
}

async function play(
  pack: Pack,
  scenarios: readonly Scenario[],
  { leaving, say }: Run,
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const result = await runScenario(pack, scenario);
    if (leaving.asked()) break;
    results.push(result);
    for (const line of describeResult(result, scenarios)) say(line);
  }
  return results;
}

async function stay(pack: Pack, { leaving, say }: Run): Promise<void> {
  await pack.reset();
  const file = await seedFleet(pack, join(folder, 'events'));
  const stop = pack.live();
  const { port } = new URL(pack.url);
  const onPort = port === '3000' ? '' : ` --port ${port}`;
  say(`\nThe page with mails, calls and events:  ${pack.url}`);
  say(`An interruption of a seeded instance:   npm run send -- --now${onPort} ${file}`);
  say('Ctrl-C leaves.');
  await leaving.begun;
  await stop();
}

function secondsSince(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Refused ? error.message : error);
  process.exit(1);
});
