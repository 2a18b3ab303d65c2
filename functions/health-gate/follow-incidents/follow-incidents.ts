import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { listItems } from '../aws/gate-table.ts';
import type { FollowConfig } from '../config.ts';
import type { FollowContext, PlaceFailure } from '../context.ts';
import { type GatedStage, STAGES } from '../domain/gated-stage.ts';
import { DEPLOYMENTS, isFollowed, type PassedDeployment } from '../domain/passed-deployment.ts';
import { evaluateGates } from '../evaluate-gates.ts';
import type { GateRule } from '../read-policies.ts';
import { changeTransitions } from './change-transitions.ts';
import type { TriggerEvent } from './event.ts';
import { notifyOwners } from './notify-owners.ts';
import { recordPasses } from './record-passes.ts';
import { sendNotifications } from './send-notifications.ts';

/**
 * Records what gates let through, notifies its owners about incidents that begin afterwards, and disables transitions while
 * one lasts. The scheduled sweep looks at every record; events only start it earlier.
 */
export async function followIncidents(
  deliveries: readonly QueueMessage<TriggerEvent>[],
  config: FollowConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const records = { table: config.gateTable, signal: invocation.signal };
  const context: FollowContext = { config, invocation, records };
  const unrecorded = await recordPasses(context, deliveries);
  const triggers = deliveries.filter(({ message }) => message.kind !== 'passed action');
  const failures = triggers.length === 0 ? [] : await followPlaces(context);
  for (const { error, place } of failures) invocation.logger.warn('record will be retried', { place, error });
  const retried = failures.length === 0 ? [] : triggers;
  return { retry: [...unrecorded, ...retried.map(({ id }) => ({ id, error: failures[0]?.error }))] };
}

async function followPlaces(context: FollowContext): Promise<PlaceFailure[]> {
  const [deployments, stages] = await Promise.all([listFollowed(context), listStages(context)]);
  const rules = new Map<string, readonly GateRule[]>([
    // The policy of then: its owners asked about these Regions and services.
    ...deployments.map(
      ({ gates, sk }) => [nameOf(DEPLOYMENTS, sk), gates.map(({ policy }) => ({ policy }))] as const,
    ),
    ...stages.map(({ gates, sk }) => [nameOf(STAGES, sk), gates] as const),
  ]);
  const evaluations = await evaluateGates(context, rules, true);
  const notified = await notifyOwners(
    context,
    deployments.map((record) => ({ record, evaluation: evaluations.get(nameOf(DEPLOYMENTS, record.sk)) })),
  );
  const changed = await changeTransitions(
    context,
    stages.map((record) => ({ record, evaluation: evaluations.get(nameOf(STAGES, record.sk)) })),
  );
  const unsent = await sendNotifications(context, [...notified.notifications, ...changed.notifications]);
  return [...notified.failures, ...changed.failures, ...unsent];
}

function nameOf(pk: string, sk: string): string {
  return `${pk} ${sk}`;
}

async function listFollowed({ config, invocation }: FollowContext): Promise<PassedDeployment[]> {
  const now = invocation.now();
  const items = await listItems(config.gateTable, DEPLOYMENTS, invocation.signal);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only this function writes under this key
  return (items as unknown as PassedDeployment[]).filter((one) => isFollowed(one, config.windowMs, now));
}

/** DynamoDB deletes expired items late. */
async function listStages({ config, invocation }: FollowContext): Promise<GatedStage[]> {
  const now = invocation.now();
  const items = await listItems(config.gateTable, STAGES, invocation.signal);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only this function writes under this key
  return (items as unknown as GatedStage[]).filter(({ closure, expires }) => closure || expires * 1000 > now);
}
