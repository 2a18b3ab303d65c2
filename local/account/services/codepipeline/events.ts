import { randomUUID } from 'node:crypto';
import type { Mapping } from '../../../json.ts';
import type { ActionRun, Context, Execution, Place, StageRun } from './model.ts';

type State =
  | 'STARTED'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'RESUMED'
  | 'SUPERSEDED'
  | 'STOPPING'
  | 'STOPPED'
  | 'CANCELED'
  | 'ABANDONED';

/** AWS's bus gets an event of each change; the outbox keeps them in their order until the change is complete. */
export function tellPipeline(context: Context, execution: Execution, state: State): void {
  const { attempt, startedBy, startedAt, stopReason } = execution;
  put(context, 'Pipeline', execution, {
    ...baseOf(execution, startedAt),
    ...(state === 'STARTED' && {
      'execution-trigger': { 'trigger-type': 'StartPipelineExecution', 'trigger-detail': startedBy },
    }),
    state,
    'pipeline-execution-attempt': attempt,
    ...(state === 'STOPPING' && stopReason !== undefined && { 'stop-execution-comments': stopReason }),
  });
}

export function tellStage(context: Context, run: StageRun, state: State): void {
  const { execution, retriedAt, stage, startedAt } = run;
  put(context, 'Stage', execution, {
    ...baseOf(execution, startedAt),
    ...(retriedAt !== undefined && { 'stage-last-retry-attempt-time': new Date(retriedAt).toISOString() }),
    stage: stage.name,
    state,
    'pipeline-execution-attempt': execution.attempt,
  });
}

export function tellAction(context: Context, action: ActionRun, state: State): void {
  const { declaration, id, run, startedAt } = action;
  const { execution, stage } = run;
  const { inputs, outputs, region, type } = declaration;
  put(context, 'Action', execution, {
    ...baseOf(execution, startedAt),
    stage: stage.name,
    ...resultOf(context, action, state),
    ...(state === 'STARTED' && artifactsAs('input-artifacts', inputs, execution)),
    ...(state === 'SUCCEEDED' && artifactsAs('output-artifacts', outputs, execution)),
    'action-execution-id': id,
    action: declaration.name,
    state,
    region: region ?? context.region,
    type,
    'pipeline-execution-attempt': execution.attempt,
  });
}

/** `version` is the structure's; AWS writes it, as it does the attempt, as a floating-point number. */
function baseOf({ id, pipeline, version }: Execution, startedAt: number): Mapping {
  return {
    pipeline: pipeline.declaration.name,
    'execution-id': id,
    'start-time': new Date(startedAt).toISOString(),
    version,
  };
}

function resultOf({ state: { bareEvents } }: Context, action: ActionRun, state: State): Mapping {
  const { error, externalId, summary } = action;
  if (bareEvents || (state !== 'SUCCEEDED' && state !== 'FAILED')) return {};
  const result = {
    ...(summary !== undefined && { 'external-execution-summary': error?.message ?? summary }),
    ...(externalId !== undefined && { 'external-execution-id': externalId }),
    ...(error && { 'error-code': error.code }),
  };
  return Object.keys(result).length === 0 ? {} : { 'execution-result': result };
}

function artifactsAs(member: string, names: readonly string[], { artifacts }: Execution): Mapping {
  const places = names.flatMap((name) => {
    const place: Place | undefined = artifacts.get(name);
    return place ? [{ name, s3location: place }] : [];
  });
  return places.length === 0 ? {} : { [member]: places };
}

function put(
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

/** Publishes what has happened; requests and timers that run side by side keep the order of their changes. */
export function publishOutbox({ publish, state }: Context): Promise<void> {
  const published = state.publishing.then(async () => {
    for (let event = state.outbox.shift(); event; event = state.outbox.shift()) await publish(event);
  });
  state.publishing = published.catch(() => {});
  return published;
}
