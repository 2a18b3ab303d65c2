import { buildIfStale } from '../../build.ts';
import type { Pack } from '../pack/pack.ts';
import { runScenario, type ScenarioResult } from '../pack/run-scenario.ts';
import { discoverWings, type Wing } from '../scenario-kit/discover.ts';
import type { Scenario } from '../scenario-kit/scenario.ts';
import { boxAddress } from './address-box.ts';
import { readStartArguments, type StartArguments, startUsage } from './arguments.ts';
import { bringUp, type Say, secondsSince } from './bring-up.ts';
import { chooseScenarios } from './choose-scenarios.ts';
import { type Bundles, bundlesFor, readInspector } from './inspector.ts';
import { reportAndExit } from './report-error.ts';
import { describeResult, toJson } from './results.ts';
import { seedAll } from './sample-resources.ts';
import { type Shutdown, shutdownOnSignal } from './shutdown.ts';

async function main(args: readonly string[]): Promise<void> {
  const settings = readStartArguments(args, process.stdout.isTTY);
  if (settings.help) {
    console.log(startUsage);
    return;
  }
  const say: Say = settings.json ? console.error : console.log;
  const shutdown = shutdownOnSignal();
  const wings = chooseScenarios(await discoverWings(settings.scenarios), settings);
  const inspector = readInspector(process.env, say);
  const building = buildStale(bundlesFor(inspector), say);
  const pack = await bringUp({ ...settings, inspector }, building, say);
  shutdown.ready();
  try {
    await playAndStay(pack, wings, { settings, shutdown, say });
  } finally {
    await pack.close();
  }
  // What a scenario was waiting for when it was interrupted must not hold the process.
  if (shutdown.isRequested()) process.exit();
}

async function buildStale(bundles: Bundles, say: Say): Promise<void> {
  const startedAt = performance.now();
  const built = await buildIfStale(bundles);
  if (built) say(`Built ${built.functions.length} functions in ${secondsSince(startedAt)}.`);
}

interface Run {
  readonly settings: StartArguments;
  readonly shutdown: Shutdown;
  readonly say: Say;
}

async function playAndStay(pack: Pack, wings: readonly Wing[], run: Run): Promise<void> {
  const { settings, shutdown, say } = run;
  if (!settings.play) return stay(pack, wings, run);
  const scenarios = wings.flatMap((wing) => wing.scenarios);
  const results = await Promise.race([play(pack, scenarios, run), shutdown.requested]);
  if (!results) {
    process.exitCode = 130;
    return;
  }
  const failed = results.filter(({ ok }) => !ok).length;
  if (failed > 0) process.exitCode = 1;
  say(summarize(results.length, failed));
  if (settings.json) console.log(JSON.stringify({ scenarios: results.map(toJson) }));
  if (!settings.once) await stay(pack, wings, run);
  else if (settings.hasNoTerminal)
    say('The output is no terminal, so this ends here. --stay keeps the page up.');
}

function summarize(count: number, failed: number): string {
  if (failed > 0) return `${failed} of ${count} scenarios failed.`;
  return count === 1 ? 'The scenario passed.' : `All ${count} scenarios passed.`;
}

async function play(
  pack: Pack,
  scenarios: readonly Scenario[],
  { shutdown, say }: Run,
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const result = await runScenario(pack, scenario);
    if (shutdown.isRequested()) break;
    results.push(result);
    for (const line of describeResult(result, scenarios)) say(line);
  }
  return results;
}

async function stay(pack: Pack, wings: readonly Wing[], { settings, shutdown, say }: Run): Promise<void> {
  if (settings.play) await pack.reset();
  for (const line of boxAddress(pack.url)) say(line);
  const lines = await Promise.race([seedAll(pack, wings), shutdown.requested]);
  if (!lines) return;
  pack.onReset(() => seedAll(pack, wings));
  const stop = pack.live();
  for (const line of lines) say(line);
  say('Ctrl-C leaves.');
  await shutdown.requested;
  await stop();
}

await main(process.argv.slice(2)).catch(reportAndExit);
