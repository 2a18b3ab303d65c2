import { updateRecord } from '#shared/aws/update-record.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { addCount } from '#shared/metrics.ts';
import { type FollowContext, PIPELINE_CONCURRENCY, type PlaceFailure } from '../context.ts';
import type { IncidentNotification } from '../domain/incident.ts';
import {
  type DeploymentUpdate,
  decideNotifications,
  type PassedDeployment,
} from '../domain/passed-deployment.ts';
import type { GatesEvaluation } from '../evaluate-gates.ts';
import { logNotification } from './log.ts';
import type { ClaimedNotification } from './send-notifications.ts';

export interface EvaluatedPlace<R> {
  readonly record: R;
  readonly evaluation: GatesEvaluation | undefined;
}

/** What a step has changed: notifications that its writes have claimed, and what failed. */
export interface FollowResult {
  readonly notifications: readonly ClaimedNotification[];
  readonly failures: readonly PlaceFailure[];
}

/** Claims a notification for each incident that has begun or ended since the deployment passed. */
export async function notifyOwners(
  context: FollowContext,
  places: readonly EvaluatedPlace<PassedDeployment>[],
): Promise<FollowResult> {
  const notifications: ClaimedNotification[] = [];
  const failures: PlaceFailure[] = [];
  await forEachIsolated(
    places,
    PIPELINE_CONCURRENCY,
    async (place) => {
      for (const notification of await claimNotifications(context, place)) {
        logNotification(context.invocation, notification);
        notifications.push({ record: place.record, notification });
      }
    },
    ({ record }, error) => failures.push({ place: record.sk, error }),
  );
  addCount(context.invocation.metrics, 'OwnersNotified', context.config.dryRun ? 0 : notifications.length);
  return { notifications: context.config.dryRun ? [] : notifications, failures };
}

async function claimNotifications(
  { config, invocation, records }: FollowContext,
  { evaluation, record }: EvaluatedPlace<PassedDeployment>,
): Promise<readonly IncidentNotification[]> {
  if (!evaluation) return [];
  let update: DeploymentUpdate | undefined;
  const decide = (known: PassedDeployment | undefined) => {
    update = known && decideNotifications(known, evaluation, config.windowMs, invocation.now());
    return config.dryRun ? undefined : update?.draft;
  };
  const { pk, sk } = record;
  await updateRecord<PassedDeployment>(records, { pk, sk }, decide, { known: record });
  return update?.notifications ?? [];
}
