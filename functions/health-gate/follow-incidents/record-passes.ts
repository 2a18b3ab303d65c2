import { updateRecord } from '#shared/aws/update-record.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import { listTags } from '../aws/codepipeline.ts';
import { assertTimeLeft, type FollowContext, PIPELINE_CONCURRENCY } from '../context.ts';
import type { PassedGate } from '../domain/gated-place.ts';
import { addStageGate, type GatedStage, STAGES } from '../domain/gated-stage.ts';
import { deploymentName } from '../domain/hold-record.ts';
import { addPass, DEPLOYMENTS, type PassedDeployment } from '../domain/passed-deployment.ts';
import { hasTag, NOTIFY_TAG, TRANSITION_TAG } from '../domain/pipeline-tags.ts';
import type { PassedAction, TriggerEvent } from './event.ts';
import { findGatePass } from './find-gate-pass.ts';

type PassedDelivery = QueueMessage<PassedAction>;

/** Records the gates that let a deployment through, in pipelines with one of the tags. @returns what to deliver again */
export async function recordPasses(
  context: FollowContext,
  deliveries: readonly QueueMessage<TriggerEvent>[],
): Promise<BatchResult['retry']> {
  const passed = deliveries.filter((one): one is PassedDelivery => one.message.kind === 'passed action');
  const retry: { readonly id: string; readonly error: unknown }[] = [];
  await forEachIsolated(
    passed,
    PIPELINE_CONCURRENCY,
    ({ message }) => recordPass(context, message),
    ({ id }, error) => retry.push({ id, error }),
  );
  return retry;
}

async function recordPass(context: FollowContext, action: PassedAction): Promise<void> {
  const { config, invocation, records } = context;
  if (action.region !== config.region || action.account !== config.accountId) return;
  assertTimeLeft(invocation);
  const pass = await findGatePass(context, action);
  if (!pass) return;
  const tags = await listTags(action.pipelineArn, invocation.signal);
  const { pipeline, pipelineArn, stage, executionId } = action;
  const location = { pipeline, pipelineArn, stage, executionId };
  const { at, jobId, policy, source } = pass;
  const gate: PassedGate = { action: action.action, jobId, at, policy, ...(source && { source }) };
  if (hasTag(tags, NOTIFY_TAG)) {
    const key = { pk: DEPLOYMENTS, sk: deploymentName(location) };
    await record(context, location, () =>
      updateRecord<PassedDeployment>(records, key, (known) => addPass(known, location, gate)),
    );
  }
  if (hasTag(tags, TRANSITION_TAG)) {
    const key = { pk: STAGES, sk: `${pipeline}/${stage}` };
    await record(context, location, () =>
      updateRecord<GatedStage>(records, key, (known) => addStageGate(known, location, gate)),
    );
  }
}

async function record(
  { config, invocation }: FollowContext,
  location: { readonly pipeline: string; readonly stage: string; readonly executionId: string },
  write: () => Promise<{ readonly wrote: boolean }>,
): Promise<void> {
  const { executionId, pipeline, stage } = location;
  const fields = { pipeline, stage, executionId };
  if (config.dryRun) invocation.logger.info('record planned', fields);
  else if ((await write()).wrote) invocation.logger.info('passed gate recorded', fields);
}
