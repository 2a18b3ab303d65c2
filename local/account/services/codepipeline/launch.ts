import { randomUUID } from 'node:crypto';
import type { ActionDeclaration } from './declaration.ts';
import { publishOutbox, tellAction } from './events.ts';
import { startJobs } from './jobs.ts';
import {
  type ActionRun,
  type Context,
  type Finish,
  type Outcome,
  type Place,
  pathOf,
  type Result,
  type StageRun,
} from './model.ts';
import { resolve } from './variables.ts';

/** An action that has begun; `launch` sets it going. */
export function beginAction(context: Context, run: StageRun, declaration: ActionDeclaration): ActionRun {
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
  for (const name of declaration.outputs) execution.artifacts.set(name, placeFor(context, run, name));
  run.actions.set(declaration.name, action);
  stage.actions.set(declaration.name, action);
  execution.history.push(action);
  tellAction(context, action, 'STARTED');
  return action;
}

/** Sets an action going; one whose end is known ends at once. */
export function launch(context: Context, action: ActionRun, finish: Finish): void {
  const resolved = resolve(action.declaration.configuration, action.run.execution);
  if ('unresolved' in resolved) {
    const message = `The variable ${resolved.unresolved} in the action's configuration cannot be resolved.`;
    finish(context, action, { status: 'Failed', code: 'ConfigurationError', message });
    return;
  }
  action.configuration = resolved.configuration;
  if (isLambda(action.declaration)) startJobs(context, action, finish);
  else play(context, action, finish);
}

/** What nobody here carries out ends as `outcomes` says; a manual approval waits for its answer. */
function play(context: Context, action: ActionRun, finish: Finish): void {
  const isManual = isApproval(action.declaration);
  const usual: Outcome = { status: isManual ? 'InProgress' : 'Succeeded' };
  const outcome = context.state.outcomes.get(pathOf(action)) ?? usual;
  if (outcome.status === 'InProgress') {
    if (isManual) action.token = randomUUID();
    context.state.finishers.set(pathOf(action), (end) => finishByHand(context, action, end, finish));
  } else {
    finish(context, action, resultOf(outcome));
  }
}

async function finishByHand(
  context: Context,
  action: ActionRun,
  end: Outcome,
  finish: Finish,
): Promise<void> {
  if (end.status === 'InProgress') return;
  finish(context, action, resultOf(end));
  await publishOutbox(context);
}

function resultOf(outcome: Exclude<Outcome, { status: 'InProgress' }>): Result {
  return outcome.status === 'Failed' ? { code: 'JobFailed', ...outcome } : outcome;
}

const isLambda = ({ type }: ActionDeclaration): boolean =>
  type.category === 'Invoke' && type.owner === 'AWS' && type.provider === 'Lambda';

const isApproval = ({ type }: ActionDeclaration): boolean =>
  type.category === 'Approval' && type.provider === 'Manual';

/** Named as CodePipeline names them: the beginnings of pipeline and artifact, and something of its own. */
function placeFor({ state }: Context, { execution }: StageRun, artifact: string): Place {
  const { bucket, name } = execution.pipeline.declaration;
  const key = `${name.slice(0, 20)}/${artifact.slice(0, 10)}/${randomUUID().slice(0, 7)}`;
  return state.artifacts.get(`${name}/${artifact}`) ?? { bucket, key };
}
