import { countAlarms } from '../aws/alarms.ts';
import type { Config } from '../config.ts';
import { type DescribedAlarm, type ExistingAlarm, existingAlarms, FLEET } from '../domain/alarm.ts';
import { analysedMetrics, fleetAlarms } from '../domain/desired/for-fleet.ts';
import { type DesiredAlarms, desiredAlarmsFor } from '../domain/desired/for-instance.ts';
import type { Inventory } from '../domain/inventory.ts';
import { type LimitedPlan, limitPlan } from '../domain/limit-plan.ts';
import { type DesiredState, type Plan, planChanges } from '../domain/plan.ts';
import { monthlyUsd } from '../domain/price.ts';
import type { RunOutcome } from './response.ts';
import type { ReconcileRun, RunContext } from './run-context.ts';

/** After reading, a direct call counts the alarms of the stack for so long. */
const COUNT_MS = 10_000;

/** Decides the changes of a run, and what its response says about them. */
export async function planRun(
  task: ReconcileRun,
  inventory: Inventory,
  context: RunContext,
): Promise<Omit<RunOutcome, 'applied' | 'continues'>> {
  const { config } = context;
  const options = optionsFor(task, config);
  const decided = inventory.instanceIds.map((id) => desiredAlarmsFor(id, inventory, options));
  const desired = config.mode === 'disk' ? decided : [];
  const complete = planAlarms(inventory, config, desired);
  const { plan, overMaximum, uncounted } = await limitAlarms(complete, task, inventory, context);
  const existing = [...inventory.alarmsByOwner.values()].flat();
  return {
    plan,
    overMaximum,
    uncounted,
    unread: inventory.unread.length,
    monthlyUsd: monthlyUsd(plan, existing, analysedMetrics(config, inventory.discovered)),
    instances: inventory.instanceIds.length,
    disks: countDisks(inventory, desired),
    unusableTopics: [...new Set(desired.flatMap(({ topicFaults = [] }) => topicFaults))].sort(),
    // The alarms of fleet mode cannot see these instances either.
    unmonitored: decided.flatMap(({ unmonitored }) => unmonitored ?? []).sort(),
    unsized: desired.flatMap(({ unsized = [] }) => unsized).sort(),
    withoutMetrics: task.rechecks ? instancesWithoutMetrics(inventory, desired) : [],
  };
}

/** Counts all alarms of the stack only if the plan creates some. */
async function limitAlarms(
  plan: Plan,
  { scope, dryRun, readUntil }: ReconcileRun,
  { alarmsByOwner }: Inventory,
  { config, invocation }: RunContext,
): Promise<LimitedPlan & { readonly uncounted: number }> {
  if (plan.create.length === 0) return { plan, overMaximum: 0, uncounted: 0 };
  const existing = [...alarmsByOwner.values()].flat();
  const { prefix } = config;
  const countPage = (page: readonly DescribedAlarm[]): number => countOurs(existingAlarms(prefix, page));
  const mayContinue = (): boolean => invocation.now() < readUntil + COUNT_MS;
  const total =
    'fleet' in scope
      ? countOurs(existing)
      : await countAlarms(prefix, countPage, mayContinue, invocation.signal);
  // No time to count: a follow-up, for which nobody waits, creates them.
  if (total === undefined && dryRun) return { plan, overMaximum: 0, uncounted: 0 };
  if (total === undefined)
    return { plan: { ...plan, create: [] }, overMaximum: 0, uncounted: plan.create.length };
  return { ...limitPlan(plan, total, config.maxAlarms), uncounted: 0 };
}

function countOurs(alarms: readonly ExistingAlarm[]): number {
  return alarms.filter(({ metadata }) => metadata !== undefined).length;
}

function optionsFor({ topicArn, isNamed, calledAt }: ReconcileRun, config: Config) {
  return { ...config, defaultTopicArn: config.topicArn, topicArn, isNamed, calledAt };
}

function planAlarms(inventory: Inventory, config: Config, desired: readonly DesiredAlarms[]): Plan {
  const existing = [...inventory.alarmsByOwner.values()].flat();
  const skipped = [...desired.flatMap((one) => one.skipped), ...inventory.discovered.skipped];
  const desiredStates =
    config.mode === 'disk' ? desired.map((one) => one.desired) : withoutInstanceAlarms(inventory);
  return planChanges([...desiredStates, desiredFleetState(inventory, config)], existing, skipped);
}

/** Fleet mode has only fleet alarms; disk mode has none. */
function desiredFleetState(inventory: Inventory, config: Config): DesiredState {
  const alarms = config.mode === 'fleet' ? fleetAlarms(config, inventory.discovered) : [];
  return { owner: FLEET, alarms, mayDelete: inventory.discovered.disks.size > 0 };
}

function withoutInstanceAlarms({ instanceIds, instances, discovered }: Inventory): DesiredState[] {
  return instanceIds.map((owner) => {
    const isLive = discovered.disks.has(owner) || !instances.has(owner);
    return { owner, alarms: [], mayDelete: isLive };
  });
}

function countDisks({ discovered }: Inventory, desired: readonly DesiredAlarms[]): number {
  if (desired.length > 0) return desired.reduce((sum, { disks }) => sum + disks, 0);
  return [...discovered.disks.values()].reduce((sum, mounts) => sum + mounts.size, 0);
}

function instancesWithoutMetrics({ instanceIds }: Inventory, desired: readonly DesiredAlarms[]): string[] {
  return instanceIds.filter((_, at) => desired[at]?.hasNoMetrics);
}
