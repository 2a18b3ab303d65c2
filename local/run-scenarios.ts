import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pack } from './pack.ts';
import type { Call, Outcome, Scenario } from './scenario.ts';
import { list } from './stack/mapping.ts';

export interface ScenarioResult {
  readonly wing: string;
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** The calls that functions made. */
  readonly calls: readonly Call[];
  readonly outcome?: Outcome;
  /** Why it failed, with the functions' last lines. */
  readonly failure?: string;
}

const folder = join(import.meta.dirname, 'scenarios');

/** Every scenario of local/scenarios/<wing>.ts, by wing in the alphabet's order. */
export async function discoverScenarios(from = folder): Promise<readonly Scenario[]> {
  const files = (await readdir(from)).filter((name) => name.endsWith('.ts')).sort();
  const found = await Promise.all(files.map((name) => importScenarios(join(from, name))));
  return found.flat();
}

async function importScenarios(file: string): Promise<readonly Scenario[]> {
  const { default: scenarios }: { readonly default?: unknown } = await import(pathToFileURL(file).href);
  const checked = list(scenarios).filter(isScenario);
  if (!Array.isArray(scenarios) || checked.length !== scenarios.length) {
    throw new Error(`${file} has no list of scenarios as its default export`);
  }
  const wing = basename(file, '.ts');
  const stray = checked.find((one) => one.wing !== wing);
  if (stray) throw new Error(`${file} holds the scenario '${stray.name}' of the wing ${stray.wing}`);
  return checked;
}

function isScenario(value: unknown): value is Scenario {
  const parts = ['arrange', 'act', 'observe', 'expect'];
  if (typeof value !== 'object' || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  const named = typeof members.get('wing') === 'string' && typeof members.get('name') === 'string';
  return named && parts.every((part) => typeof members.get(part) === 'function');
}

/** Plays a scenario on an empty account. */
export async function runScenario(pack: Pack, scenario: Scenario): Promise<ScenarioResult> {
  const { wing, name } = scenario;
  await pack.reset();
  const begun = performance.now();
  let outcome: Outcome | undefined;
  let failure: string | undefined;
  try {
    const seed = await scenario.arrange(pack);
    await scenario.act(pack, seed);
    outcome = await scenario.observe(pack, seed);
    scenario.expect(outcome, madeByFunctions(pack));
  } catch (error) {
    failure = explain(error, pack);
  }
  return {
    wing,
    name,
    ok: failure === undefined,
    ms: Math.round(performance.now() - begun),
    calls: madeByFunctions(pack),
    ...(outcome && { outcome }),
    ...(failure !== undefined && { failure }),
  };
}

function madeByFunctions(pack: Pack): readonly Call[] {
  return pack.calls().filter((call) => call.function !== 'local');
}

const shownLines = 15;

function explain(error: unknown, pack: Pack): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const logs = pack.functions.ids.flatMap((id) => {
    const lines = pack.logs(id).slice(-shownLines);
    return lines.length === 0 ? [] : [`Last lines of ${id}:`, ...lines.map((line) => `  ${line}`)];
  });
  return [text, ...logs].join('\n');
}
