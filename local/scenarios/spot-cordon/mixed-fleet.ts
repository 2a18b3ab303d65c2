import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  announceInterruptions,
  countMarkets,
  createMixedGroup,
  describeGroup,
  type MixedGroupInput,
  wakeGroups,
} from '../../scenario-kit/markets.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { interruptionWarning } from './events.ts';

// A group that falls back to On-Demand, and what is seen of it.

export const MIXED = 'mixed-workers';
const OPT_IN: Readonly<Record<string, string>> = { 'groundcrew:fall-back': 'true' };
export const ALL_SPOT = '*/*/spot';
export const MINUTE = 60_000;

export function createWorkers(world: World, input: Partial<MixedGroupInput> = {}): Promise<void> {
  return createMixedGroup(world, { name: MIXED, size: 6, tags: OPT_IN, ...input });
}

/** EC2 takes Spot Instances after their notice, and the group tries to replace them. */
export async function interruptWorkers(world: World, count: number): Promise<void> {
  const ids = announceInterruptions(world, MIXED, count);
  await world.put(...ids.map((id) => interruptionWarning(world, id)));
  await world.settle();
  world.clock.skip(2 * MINUTE);
  await wakeGroups(world);
  await world.settle();
}

/** Sweeps every five minutes. Longer than necessary, because a fault may delay each step by one sweep. */
export async function sweepFor(world: World, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 5) {
    world.clock.skip(5 * MINUTE);
    await world.fire('FallBackToOnDemandSweep');
    await world.settle();
    await wakeGroups(world);
    await world.settle();
  }
}

async function observeWorkers(world: World): Promise<Outcome> {
  const group = await describeGroup(world, MIXED);
  const distribution = group?.MixedInstancesPolicy?.InstancesDistribution ?? {};
  return {
    state: {
      base: distribution.OnDemandBaseCapacity,
      percentage: distribution.OnDemandPercentageAboveBaseCapacity,
      strategy: distribution.SpotAllocationStrategy,
      ...countMarkets(world, MIXED),
      records: await readFallBacks(world),
      deadLetters: (await world.deadLetters()).length,
    },
    mails: world.mails().map(({ text }) => firstWords(text)),
  };
}

/** What a notice is about; the numbers may differ if a fault delays something. */
function firstWords(text: string): string {
  return text.split(/[,:]/)[0] ?? '';
}

interface FallBackSummary {
  readonly isFallenBack: boolean;
  readonly relapses: number;
}

async function readFallBacks(world: World): Promise<FallBackSummary[]> {
  const command = new ScanCommand({ TableName: world.ref('FallBacks') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  return Items.map(({ fallBack, relapses }) => ({
    isFallenBack: fallBack !== undefined,
    relapses: Number(relapses?.N),
  }));
}

interface ObservedWorkers {
  readonly base: number;
  readonly percentage: number;
  readonly strategy: string;
  readonly spot: number;
  readonly onDemand: number;
  readonly records: readonly FallBackSummary[];
  readonly deadLetters: number;
}

export function workersOf({ state }: Outcome): ObservedWorkers {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observeWorkers` created it
  return state as ObservedWorkers;
}

type Parts = Omit<Scenario<undefined>, 'arrange' | 'name' | 'observe' | 'wing'> & {
  arrange(world: World): Promise<void>;
};

export function fallBackScenario(name: string, { arrange, ...parts }: Parts): Scenario<undefined> {
  return {
    wing: 'spot-cordon',
    name,
    arrange: async (world) => {
      await arrange(world);
      return undefined;
    },
    observe: observeWorkers,
    ...parts,
  };
}
