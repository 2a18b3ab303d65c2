import type { Call } from '../account/types.ts';
import { functionCalls } from '../scenario-kit/calls.ts';
import type { Outcome, Scenario } from '../scenario-kit/scenario.ts';
import type { Pack } from './pack.ts';

export interface ScenarioResult {
  readonly wing: string;
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** The AWS calls of the functions. */
  readonly calls: readonly Call[];
  readonly outcome?: Outcome;
  /** Why it failed, with the last log lines of the functions. */
  readonly failure?: string;
}

/** Runs a scenario on an empty account. */
export async function runScenario(pack: Pack, scenario: Scenario): Promise<ScenarioResult> {
  const { wing, name } = scenario;
  await pack.reset();
  const startedAt = performance.now();
  let outcome: Outcome | undefined;
  let failure: string | undefined;
  try {
    const seed = await scenario.arrange(pack);
    const before = pack.calls().length;
    await scenario.before?.(pack, seed);
    await scenario.act(pack, seed);
    await scenario.after?.(pack, seed);
    outcome = await scenario.observe(pack, seed);
    scenario.expect(outcome, functionCalls(pack.calls().slice(before)));
  } catch (error) {
    failure = formatFailure(error, pack);
  }
  return {
    wing,
    name,
    ok: failure === undefined,
    ms: Math.round(performance.now() - startedAt),
    calls: functionCalls(pack.calls()),
    ...(outcome && { outcome }),
    ...(failure !== undefined && { failure }),
  };
}

const maxLogLines = 15;

function formatFailure(error: unknown, pack: Pack): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const logs = pack.functions.ids.flatMap((id) => {
    const lines = pack.logs(id).slice(-maxLogLines);
    return lines.length === 0 ? [] : [`Last lines of ${id}:`, ...lines.map((line) => `  ${line}`)];
  });
  return [text, ...logs].join('\n');
}
