import { randomUUID } from 'node:crypto';
import type { ActionDeclaration } from './declaration.ts';
import { emitActionEvent, publishOutbox } from './events.ts';
import { startJobs } from './jobs.ts';
import {
  type ActionOutcome,
  type ActionResult,
  type ActionRun,
  type ArtifactLocation,
  actionPath,
  type Context,
  type FinishAction,
  type StageRun,
} from './model.ts';
import { resolveVariables } from './variables.ts';

/** Creates the run of an action and emits its event. `runAction` then executes it. */
export function startAction(context: Context, run: StageRun, declaration: ActionDeclaration): ActionRun {
  const { execution, stage } = run;
  const now = context.now();
  const action: ActionRun = {
    id: randomUUID(),
    declaration,
    run,
    startedAt: now,
    changedAt: now,
    status: 'InProgress',
    configuration: declaration.configuration,
    timers: new Set(),
  };
  for (const name of declaration.outputs) execution.artifacts.set(name, artifactLocation(context, run, name));
  run.actions.set(declaration.name, action);
  stage.actions.set(declaration.name, action);
  execution.history.push(action);
  emitActionEvent(context, action, 'STARTED');
  return action;
}

/** Executes an action. An action with a known outcome ends at once. */
export function runAction(context: Context, action: ActionRun, finish: FinishAction): void {
  const resolved = resolveVariables(action.declaration.configuration, action.run.execution);
  if ('unresolved' in resolved) {
    const message = `The variable ${resolved.unresolved} in the action's configuration cannot be resolved.`;
    finish(context, action, { status: 'Failed', code: 'ConfigurationError', message });
    return;
  }
  action.configuration = resolved.configuration;
  if (isLambda(action.declaration)) startJobs(context, action, finish);
  else simulateAction(context, action, finish);
}

/** Actions that no function performs end as `outcomes` says. A manual approval waits for its answer. */
function simulateAction(context: Context, action: ActionRun, finish: FinishAction): void {
  const isManual = isApproval(action.declaration);
  const defaultOutcome: ActionOutcome = { status: isManual ? 'InProgress' : 'Succeeded' };
  const outcome = context.state.outcomes.get(actionPath(action)) ?? defaultOutcome;
  if (outcome.status === 'InProgress') {
    if (isManual) action.token = randomUUID();
    context.state.finishers.set(actionPath(action), (end) => finishSimulated(context, action, end, finish));
  } else {
    finish(context, action, toResult(outcome));
  }
}

async function finishSimulated(
  context: Context,
  action: ActionRun,
  end: ActionOutcome,
  finish: FinishAction,
): Promise<void> {
  if (end.status === 'InProgress') return;
  finish(context, action, toResult(end));
  await publishOutbox(context);
}

function toResult(outcome: Exclude<ActionOutcome, { status: 'InProgress' }>): ActionResult {
  return outcome.status === 'Failed' ? { code: 'JobFailed', ...outcome } : outcome;
}

const isLambda = ({ type }: ActionDeclaration): boolean =>
  type.category === 'Invoke' && type.owner === 'AWS' && type.provider === 'Lambda';

const isApproval = ({ type }: ActionDeclaration): boolean =>
  type.category === 'Approval' && type.provider === 'Manual';

/** CodePipeline builds keys from the first letters of pipeline and artifact and a random part. */
function artifactLocation({ state }: Context, { execution }: StageRun, artifact: string): ArtifactLocation {
  const { bucket, name } = execution.pipeline.declaration;
  const key = `${name.slice(0, 20)}/${artifact.slice(0, 10)}/${randomUUID().slice(0, 7)}`;
  return state.artifacts.get(`${name}/${artifact}`) ?? { bucket, key };
}
