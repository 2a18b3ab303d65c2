import { styleText } from 'node:util';
import type { ScenarioResult } from '../pack/run-scenario.ts';
import { summarizeCalls } from '../scenario-kit/calls.ts';
import type { Scenario } from '../scenario-kit/scenario.ts';

const width = 110;

/** A line for the scenario, below it its calls to AWS and, if it failed, why. */
export function describeResult(result: ScenarioResult, scenarios: readonly Scenario[]): readonly string[] {
  const { wing, name, ok, ms, calls, failure } = result;
  const widest = (pick: (one: Scenario) => string): number =>
    Math.max(...scenarios.map((one) => pick(one).length));
  const title = [
    ok ? styleText('green', 'ok    ') : styleText('red', 'FAILED'),
    wing.padEnd(widest((one) => one.wing)),
    name.padEnd(widest((one) => one.name)),
    `${ms} ms`.padStart(8),
  ];
  return [title.join('  '), ...indent(wrap(summarizeCalls(calls))), ...indent(failure?.split('\n') ?? [])];
}

/** A scenario's part of `--json`. */
export function toJson({ calls, ...result }: ScenarioResult): object {
  return {
    ...result,
    calls: calls.map(({ function: id, service, action, status }) => ({
      function: id,
      service,
      action,
      status,
    })),
  };
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `        ${line}`);
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width - 8) lines.splice(-1, 1, `${last} ${word}`);
    else lines.push(word);
  }
  return lines;
}
