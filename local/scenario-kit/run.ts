import type { Call } from '../account/types.ts';
import type { Pack } from '../pack/pack.ts';
import { discoverWings } from './discover.ts';
import type { Outcome, Scenario } from './scenario.ts';

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

/** Every scenario of local/scenarios/<wing>.ts, by wing in the alphabet's order. */
export async function discoverScenarios(from?: string): Promise<readonly Scenario[]> {
  return (await discoverWings(from)).flatMap(({ scenarios }) => scenarios);
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
