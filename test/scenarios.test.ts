import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activities } from '../bench/prices/activities.ts';
import recorded from '../bench/prices/calls.json' with { type: 'json' };
import type { Fault } from '../local/account/account.ts';
import type { Call } from '../local/account/types.ts';
import { mapping } from '../local/json.ts';
import { type Pack, startPack } from '../local/pack/pack.ts';
import { discoverScenarios } from '../local/scenario-kit/discover.ts';
import type { Scenario } from '../local/scenario-kit/scenario.ts';
import {
  functionIds,
  grantedActions,
  type IamTemplate,
  iamOffences,
  withActions,
} from './support/iam/proof.ts';
import { chatNotification } from './support/scenarios/chat-schema.ts';
import { createSweep, findDifference, runWithFault, type ScenarioRun } from './support/scenarios/sweep.ts';
import { mergeTemplates, transformTemplates } from './support/template.ts';

// Two packs run in parallel, one per core, because the sweep has more than a thousand runs.
const PACKS = 2;

const scenarios = await discoverScenarios();
const faultsFor = createSweep({ all: process.env.GROUNDCREW_SWEEP === 'all' });
/** One call for each function and the permissions that it needs: a run makes hundreds of thousands. */
const callsByNeed = new Map<string, Call>();
const runs = new Map<Scenario, ScenarioRun>();
const packs: Pack[] = [];
let chats = 0;
let template: IamTemplate;

beforeAll(async () => {
  process.env.GROUNDCREW_SWIFT = '1';
  template = mergeTemplates((await transformTemplates()).values()) as unknown as IamTemplate;
  for (let i = 0; i < PACKS; i++) packs.push(await startPack({ port: 0 }));
});

afterAll(async () => {
  await Promise.all(packs.map((pack) => pack.close()));
});

describe('every scenario', () => {
  // maxConcurrency in vitest.config.ts equals the number of packs.
  it.concurrent.each(scenarios)('$wing: $name', async (scenario) => {
    const pack = packs.pop();
    if (!pack) throw new Error('all packs are busy');
    const run = await runWithFault(pack, scenario).finally(() => packs.push(pack));
    runs.set(scenario, run);
    keepCalls(run.calls);
    scenario.expect(run.outcome, run.calls);
    for (const text of run.chats) chatNotification.parse(JSON.parse(text));
    chats += run.chats.length;
  });
});

describe('every scenario has the same outcome under every fault', () => {
  it.each(scenarios.filter(({ sweep }) => sweep !== false))('$wing: $name', async (scenario) => {
    const before = runs.get(scenario);
    if (!before) throw new Error('the run without faults failed');
    expect(before.swept).not.toEqual([]);
    const faults = faultsFor(before.swept);
    const differences: string[] = [];
    await distribute(faults, async (pack, fault) => {
      const difference = await runAndCompare(pack, scenario, fault, before);
      if (difference)
        differences.push(`${fault.kind} at ${fault.function}'s call ${fault.call}: ${difference}`);
    });
    expect(differences).toEqual([]);
  });
});

it('costs are computed with about as many calls as are made: else run npm run prices -- --record', () => {
  const made = [...runs].filter(([{ name }]) => activities.some(({ scenario }) => scenario === name));
  const sum = (counts: object): number => Object.values(counts).reduce((a, b) => a + b, 0);

  expect(made).toHaveLength(activities.length);
  for (const [{ name }, { calls }] of made) {
    const ratio = calls.length / sum(mapping(mapping(recorded)[name]));
    expect([name, ratio > 0.5 && ratio < 2]).toEqual([name, true]);
  }
});

describe('chat', () => {
  it('was part of the scenarios', () => {
    expect(chats).toBeGreaterThan(0);
  });
});

describe('every role allows exactly what its function does', () => {
  it('over all scenarios and faults', () => {
    expect(functionIds(template).length).toBeGreaterThan(0);
    expect(iamOffences(template, [...callsByNeed.values()])).toEqual([]);
  });

  it('and a missing or unused action is detected', () => {
    const calls = [...callsByNeed.values()];
    for (const id of functionIds(template)) {
      for (const action of grantedActions(template, id)) {
        const less = withActions(template, id, (actions) => actions.filter((one) => one !== action));
        expect(iamOffences(less, calls)).toEqual([`${id} needs ${action}`]);
      }
      const more = withActions(template, id, (actions) => [...actions, 'ec2:StopInstances']);
      expect(iamOffences(more, calls)).toEqual([`${id} never needs ec2:StopInstances`]);
    }
  });
});

function keepCalls(calls: readonly Call[]): void {
  for (const call of calls) callsByNeed.set(`${call.function} ${call.iam.join()}`, call);
}

async function runAndCompare(
  pack: Pack,
  scenario: Scenario,
  fault: Fault,
  before: ScenarioRun,
): Promise<string | undefined> {
  try {
    const run = await runWithFault(pack, scenario, fault);
    keepCalls(run.calls);
    return findDifference(before.outcome, run.outcome, fault.kind);
  } catch (error) {
    return `the run did not finish: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Distributes the faults over the packs. */
async function distribute(
  faults: readonly Fault[],
  work: (pack: Pack, fault: Fault) => Promise<void>,
): Promise<void> {
  const queue = [...faults];
  await Promise.all(
    packs.map(async (pack) => {
      for (let fault = queue.shift(); fault; fault = queue.shift()) await work(pack, fault);
    }),
  );
}
