import { updateRecord } from '#shared/aws/update-record.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { addCount } from '#shared/metrics.ts';
import { describeTransition, disableTransition, enableTransition, listTags } from '../aws/codepipeline.ts';
import { assertTimeLeft, type FollowContext, PIPELINE_CONCURRENCY, type PlaceFailure } from '../context.ts';
import {
  type Closure,
  claimDisabling,
  decideStep,
  type GatedStage,
  isOurs,
  reconcile,
  stageNotification,
  toDisabled,
} from '../domain/gated-stage.ts';
import type { Incident, IncidentNotificationKind } from '../domain/incident.ts';
import { hasTag, TRANSITION_TAG } from '../domain/pipeline-tags.ts';
import type { GatesEvaluation } from '../evaluate-gates.ts';
import { logNotification } from './log.ts';
import type { EvaluatedPlace, FollowResult } from './notify-owners.ts';
import type { ClaimedNotification } from './send-notifications.ts';

/** Disables and enables the transitions into gated stages. One stage that fails does not stop the others. */
export async function changeTransitions(
  context: FollowContext,
  places: readonly EvaluatedPlace<GatedStage>[],
): Promise<FollowResult> {
  const notifications: ClaimedNotification[] = [];
  const failures: PlaceFailure[] = [];
  await forEachIsolated(
    places,
    PIPELINE_CONCURRENCY,
    async ({ evaluation, record }) => {
      const pending = await claimPending(context, record);
      notifications.push(...pending.notifications);
      if (evaluation) notifications.push(...(await changeTransition(context, pending.record, evaluation)));
    },
    ({ record }, error) => failures.push({ place: record.sk, error }),
  );
  return { notifications, failures };
}

/** The notifications whose mail was refused before, and the record without them. */
async function claimPending(
  { config, records }: FollowContext,
  record: GatedStage,
): Promise<{ readonly record: GatedStage; readonly notifications: readonly ClaimedNotification[] }> {
  if (record.notifications.length === 0 || config.dryRun) return { record, notifications: [] };
  let claimed: GatedStage['notifications'] = [];
  const { pk, sk } = record;
  const updated = await updateRecord<GatedStage>(
    records,
    { pk, sk },
    (known) => {
      claimed = known?.notifications ?? [];
      return known && claimed.length > 0 ? { ...known, notifications: [] } : undefined;
    },
    { known: record },
  );
  return {
    record: updated.record ?? record,
    notifications: claimed.map((notification) => ({ record, notification })),
  };
}

async function changeTransition(
  context: FollowContext,
  stage: GatedStage,
  evaluation: GatesEvaluation,
): Promise<readonly ClaimedNotification[]> {
  const { config, invocation } = context;
  const step = decideStep(stage, evaluation, config, invocation.now());
  if (step.kind === 'none') return [];
  assertTimeLeft(invocation);
  if (config.dryRun) {
    invocation.logger.info('transition change planned', { ...fieldsOf(stage), step: step.kind });
    return [];
  }
  switch (step.kind) {
    case 'disable':
      return disable(context, stage, step.incident);
    case 'enable':
      return enable(context, stage);
    case 'reconcile':
      return reconcileStage(context, stage);
    case 'update':
      await writeClosure(context, stage, step.closure);
      return [];
  }
}

/** IAM cannot test the tag of a stage's pipeline, so the tag is read right before the claim. */
async function disable(
  context: FollowContext,
  stage: GatedStage,
  incident: Incident,
): Promise<readonly ClaimedNotification[]> {
  const { invocation } = context;
  const [transition, tags] = await readPipeline(context, stage);
  // A transition that is disabled already belongs to the person who disabled it.
  if (!(transition?.isEnabled && hasTag(tags, TRANSITION_TAG))) return [];
  const closure = claimDisabling(stage, incident, invocation.now());
  const claimed = await writeClosure(context, stage, closure);
  if (!claimed) return [];
  await disableTransition(stage, closure.reason, invocation.signal);
  const after = await describeTransition(stage, invocation.signal);
  if (!(after && isOurs(closure, after))) return [];
  addCount(invocation.metrics, 'TransitionDisabled');
  return finish(context, claimed, { closure: toDisabled(closure, after), notification: 'disabled' });
}

async function enable(context: FollowContext, stage: GatedStage): Promise<readonly ClaimedNotification[]> {
  const { invocation } = context;
  const { closure } = stage;
  if (!closure) return [];
  const [transition, tags] = await readPipeline(context, stage);
  if (!(transition && isOurs(closure, transition))) {
    invocation.logger.info('transition left as it is: changed by somebody else', fieldsOf(stage));
    return finish(context, stage, { closure: undefined });
  }
  if (!hasTag(tags, TRANSITION_TAG))
    return finish(context, stage, { closure: undefined, notification: 'left disabled' });
  const enabling: Closure = { ...closure, status: 'enabling', claimedAt: invocation.now() };
  const claimed = await writeClosure(context, stage, enabling);
  if (!claimed) return [];
  await enableTransition(stage, invocation.signal);
  addCount(invocation.metrics, 'TransitionEnabled');
  return finish(context, claimed, { closure: undefined, notification: 'enabled' });
}

async function reconcileStage(
  context: FollowContext,
  stage: GatedStage,
): Promise<readonly ClaimedNotification[]> {
  if (!stage.closure) return [];
  const transition = await describeTransition(stage, context.invocation.signal);
  return finish(context, stage, reconcile(stage.closure, transition));
}

function readPipeline({ invocation: { signal } }: FollowContext, stage: GatedStage) {
  return Promise.all([describeTransition(stage, signal), listTags(stage.pipelineArn, signal)]);
}

/** Writes the result together with the claim of its notification. */
async function finish(
  context: FollowContext,
  stage: GatedStage,
  {
    closure,
    notification: kind,
  }: { readonly closure: Closure | undefined; readonly notification?: IncidentNotificationKind },
): Promise<readonly ClaimedNotification[]> {
  const about = stage.closure;
  const written = await writeClosure(context, stage, closure);
  if (!(written && about && kind)) return [];
  const notification = stageNotification(stage, kind, about);
  logNotification(context.invocation, notification);
  return [{ record: stage, notification }];
}

/** @returns undefined if another run has changed the closure since */
async function writeClosure(
  { records }: FollowContext,
  stage: GatedStage,
  closure: Closure | undefined,
): Promise<GatedStage | undefined> {
  const { pk, sk } = stage;
  const isSame = (known: GatedStage): boolean =>
    known.closure?.claimedAt === stage.closure?.claimedAt && known.closure?.status === stage.closure?.status;
  const { record, wrote } = await updateRecord<GatedStage>(
    records,
    { pk, sk },
    (known) => (known && isSame(known) ? { ...known, closure } : undefined),
    { known: stage },
  );
  return wrote ? record : undefined;
}

function fieldsOf({ closure, pipeline, stage }: GatedStage) {
  return { pipeline, stage, incident: closure?.incident.arn };
}
