import { randomUUID } from 'node:crypto';
import type { Mapping } from '../../../json.ts';
import type { ActionRun, ArtifactLocation, Context, Execution, StageRun } from './model.ts';

type EventState =
  | 'STARTED'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'RESUMED'
  | 'SUPERSEDED'
  | 'STOPPING'
  | 'STOPPED'
  | 'CANCELED'
  | 'ABANDONED';

/** Adds an event to the outbox, which keeps the order of events until the change is complete. */
export function emitPipelineEvent(context: Context, execution: Execution, state: EventState): void {
  const { attempt, startedBy, startedAt, stopReason } = execution;
  addToOutbox(context, 'Pipeline', execution, {
    ...commonFields(execution, startedAt),
    ...(state === 'STARTED' && {
      'execution-trigger': { 'trigger-type': 'StartPipelineExecution', 'trigger-detail': startedBy },
    }),
    state,
    'pipeline-execution-attempt': attempt,
    ...(state === 'STOPPING' && stopReason !== undefined && { 'stop-execution-comments': stopReason }),
  });
}

export function emitStageEvent(context: Context, run: StageRun, state: EventState): void {
  const { execution, retriedAt, stage, startedAt } = run;
  addToOutbox(context, 'Stage', execution, {
    ...commonFields(execution, startedAt),
    ...(retriedAt !== undefined && { 'stage-last-retry-attempt-time': new Date(retriedAt).toISOString() }),
    stage: stage.name,
    state,
    'pipeline-execution-attempt': execution.attempt,
  });
}

export function emitActionEvent(context: Context, action: ActionRun, state: EventState): void {
  const { declaration, id, run, startedAt } = action;
  const { execution, stage } = run;
  const { inputs, outputs, region, type } = declaration;
  addToOutbox(context, 'Action', execution, {
    ...commonFields(execution, startedAt),
    stage: stage.name,
    ...resultFields(context, action, state),
    ...(state === 'STARTED' && artifactFields('input-artifacts', inputs, execution)),
    ...(state === 'SUCCEEDED' && artifactFields('output-artifacts', outputs, execution)),
    'action-execution-id': id,
    action: declaration.name,
    state,
    region: region ?? context.region,
    type,
    'pipeline-execution-attempt': execution.attempt,
  });
}

/** `version` is the version of the structure. AWS writes it and the attempt as floating-point numbers. */
function commonFields({ id, pipeline, version }: Execution, startedAt: number): Mapping {
  return {
    pipeline: pipeline.declaration.name,
    'execution-id': id,
    'start-time': new Date(startedAt).toISOString(),
    version,
  };
}

function resultFields({ state: { omitResults } }: Context, action: ActionRun, state: EventState): Mapping {
  const { error, externalId, summary } = action;
  if (omitResults || (state !== 'SUCCEEDED' && state !== 'FAILED')) return {};
  const result = {
    ...(summary !== undefined && { 'external-execution-summary': error?.message ?? summary }),
    ...(externalId !== undefined && { 'external-execution-id': externalId }),
    ...(error && { 'error-code': error.code }),
  };
  return Object.keys(result).length === 0 ? {} : { 'execution-result': result };
}

function artifactFields(member: string, names: readonly string[], { artifacts }: Execution): Mapping {
  const artifactList = names.flatMap((name) => {
    const location: ArtifactLocation | undefined = artifacts.get(name);
    return location ? [{ name, s3location: location }] : [];
  });
  return artifactList.length === 0 ? {} : { [member]: artifactList };
}

function addToOutbox(
  { accountId, now, region, state }: Context,
  kind: 'Pipeline' | 'Stage' | 'Action',
  { pipeline }: Execution,
  detail: Mapping,
): void {
  state.outbox.push({
    version: '0',
    id: randomUUID(),
    'detail-type': `CodePipeline ${kind} Execution State Change`,
    source: 'aws.codepipeline',
    account: accountId,
    time: new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [pipeline.arn],
    detail,
  });
}

/** Publishes the outbox. Requests and timers that run in parallel keep the order of their changes. */
export function publishOutbox({ publish, state }: Context): Promise<void> {
  const published = state.publishing.then(async () => {
    for (let event = state.outbox.shift(); event; event = state.outbox.shift()) await publish(event);
  });
  state.publishing = published.catch(() => {});
  return published;
}
