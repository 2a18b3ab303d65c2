import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { buildIfStale } from '../../build.ts';
import { EndpointError } from '../account/external-endpoint.ts';
import { type Pack, startPack } from '../pack/pack.ts';
import { discoverWings, ScenarioFolderError, type Wing } from '../scenario-kit/discover.ts';
import { runScenario, type ScenarioResult } from '../scenario-kit/run.ts';
import type { Scenario } from '../scenario-kit/scenario.ts';
import { Refused, readStartArguments, type StartArguments, startUsage } from './arguments.ts';
import { chooseScenarios } from './choose-scenarios.ts';
import { describeResult, toJson } from './results.ts';
import { type Leaving, whenAskedToLeave } from './shutdown.ts';

type Say = (line: string) => void;

const folder = join(import.meta.dirname, '../../.groundcrew');

async function main(args: readonly string[]): Promise<void> {
  const settings = readStartArguments(args, process.stdout.isTTY);
  if (settings.help) {
    console.log(startUsage);
    return;
  }
  const say: Say = settings.json ? console.error : console.log;
  const leaving = whenAskedToLeave();
  const wings = chooseScenarios(await discoverWings(settings.scenarios), settings);
  const pack = await bringUp(settings, say);
  leaving.ready();
  try {
    await playAndStay(pack, wings, { settings, leaving, say });
  } finally {
    await pack.close();
  }
  // What a scenario was waiting for when it was interrupted must not hold the process.
  if (leaving.asked()) process.exit();
}

/** The account takes a second to start, and bundling one too: neither waits for the other. */
async function bringUp(settings: StartArguments, say: Say): Promise<Pack> {
  const begun = performance.now();
  const building = buildIfStale().then((built) => {
    if (built) say(`Built ${built.functions.length} functions in ${secondsSince(begun)}.`);
  });
  const [pack, built] = await Promise.allSettled([startOn(settings, say), building]);
  if (pack.status === 'rejected') throw pack.reason;
  if (built.status === 'rejected') {
    await pack.value.close();
    throw built.reason;
  }
  say(`The account, the wiring and the functions are up after ${secondsSince(begun)}.\n`);
  return pack.value;
}

/** Scenarios ask nothing of the port: that it is taken matters only to who stays. */
async function startOn({ port, once, only, alone }: StartArguments, say: Say): Promise<Pack> {
  const endpoint = process.env.AWS_ENDPOINT_URL || undefined;
  if (endpoint !== undefined) say(describeEndpoint(endpoint));
  // Whoever stays wants to look at the files afterwards; two runs at once would empty each other's.
  const files = once ? {} : { fileSystems: join(folder, 'efs') };
  const wing = alone && only !== undefined ? { wing: only } : {};
  const options = { ...files, ...wing, mailbox: join(folder, 'mailbox'), progress: say, endpoint };
  try {
    return await startPack({ ...options, port });
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    if (!once) throw new Refused(`Port ${port} is in use. Choose another: npm start -- --port ${port + 1}`);
    say(`Port ${port} is in use; the scenarios do not need it, so any free one will do.`);
    return startPack({ ...options, port: 0 });
  }
}

function describeEndpoint(endpoint: string): string {
  return (
    `The account is ${endpoint}, as AWS_ENDPOINT_URL says. It keeps its own time and lacks the corrections of ` +
    'local/account: scenarios that turn the clock or need a correction fail there.'
  );
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

interface Run {
  readonly settings: StartArguments;
  readonly leaving: Leaving;
  readonly say: Say;
}

async function playAndStay(pack: Pack, wings: readonly Wing[], run: Run): Promise<void> {
  const { settings, leaving, say } = run;
  const scenarios = wings.flatMap((wing) => wing.scenarios);
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
  if (!settings.once) await stay(pack, wings, run);
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

async function stay(pack: Pack, wings: readonly Wing[], { leaving, say }: Run): Promise<void> {
  await pack.reset();
  const lines = await seedAll(pack, wings);
  const stop = pack.live();
  say(`\nThe page with mails, calls and events:  ${pack.url}`);
  for (const line of lines) say(line);
  say('Ctrl-C leaves.');
  await leaving.begun;
  await stop();
}

async function seedAll(pack: Pack, wings: readonly Wing[]): Promise<readonly string[]> {
  const events = join(folder, 'events');
  const { port } = new URL(pack.url);
  const onPort = port === '3000' ? '' : ` --port ${port}`;
  await mkdir(events, { recursive: true });
  const saveEvent = async (name: string, event: object): Promise<string> => {
    const file = join(events, `${name}.json`);
    await writeFile(file, `${JSON.stringify(event, null, 2)}\n`);
    return `npm run send -- --now${onPort} ${relative(process.cwd(), file)}`;
  };
  const lines: string[] = [];
  for (const { seed } of wings) lines.push(...((await seed?.(pack, { saveEvent })) ?? []));
  return lines;
}

/** Somebody asked for what cannot be: its message says all, and a stack would say nothing more. */
function isForPeople(error: unknown): error is Error {
  return [Refused, EndpointError, ScenarioFolderError].some((known) => error instanceof known);
}

function secondsSince(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(isForPeople(error) ? error.message : error);
  process.exit(1);
});
