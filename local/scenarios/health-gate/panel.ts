import {
  CodePipelineClient,
  GetPipelineCommand,
  GetPipelineStateCommand,
  type PipelineDeclaration,
  type StageState,
} from '@aws-sdk/client-codepipeline';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Html, html, nothing } from '#shared/html.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import { closeIncident, type HealthEvent, openIncident } from '../../scenario-kit/health.ts';
import type { Action, Deadline, Panel, Tone } from '../../scenario-kit/panel.ts';
import {
  badge,
  button,
  count,
  countdown,
  empty,
  shortTime,
  withLinks,
} from '../../scenario-kit/panel-parts.ts';
import { startPipeline } from '../../scenario-kit/pipelines.ts';
import type { World } from '../../scenario-kit/world.ts';
import { NAME, putParameter } from './pipeline.ts';

// Pipelines with a gate: the stage that a gate holds, since when, why, and what happens next.

interface Hold {
  readonly pipeline: string;
  readonly stage: string;
  readonly status: string;
  readonly reason: string;
  readonly heldAt: number;
  readonly attempts: number;
  readonly retryAt?: number;
}

interface GatedPipeline {
  readonly name: string;
  readonly states: readonly StageState[];
  /** The names of the gate's actions, by stage. */
  readonly gates: ReadonlyMap<string, readonly string[]>;
}

async function readHolds(world: World): Promise<readonly Hold[]> {
  const command = new ScanCommand({ TableName: world.ref('HeldDeployments') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only the wing writes this table
  return Items.map((item) => unmarshall(item) as Hold);
}

async function readPipelines(world: World): Promise<readonly GatedPipeline[]> {
  const client = world.client(CodePipelineClient);
  const names = [...emulatedState(world, 'codepipeline').pipelines.keys()];
  const all = await Promise.all(
    names.map(async (name) => {
      const [declared, state] = await Promise.all([
        client.send(new GetPipelineCommand({ name })),
        client.send(new GetPipelineStateCommand({ name })),
      ]);
      return { name, states: state.stageStates ?? [], gates: findGates(world, declared.pipeline) };
    }),
  );
  return all.filter(({ gates }) => gates.size > 0);
}

function findGates(world: World, pipeline: PipelineDeclaration | undefined): GatedPipeline['gates'] {
  const gate = world.ref('GateDeployment');
  const byStage = (pipeline?.stages ?? []).map(({ name = '', actions = [] }) => {
    const named = actions.filter(({ configuration }) => configuration?.['FunctionName'] === gate);
    return [name, named.map((action) => action.name ?? '')] as const;
  });
  return new Map(byStage.filter(([, names]) => names.length > 0));
}

const isOpen = ({ status }: Hold): boolean => ['held', 'cooling down', 'retrying'].includes(status);

interface HoldContext {
  readonly now: number;
  readonly limits: { readonly attempts: number; readonly holdMs: number };
}

function readLimits(world: World): HoldContext['limits'] {
  const [attempts, hours] = ['MAX_ATTEMPTS', 'MAX_HOLD_HOURS'].map((name) =>
    Number(world.variableOf('ResumeDeployments', name)),
  );
  return { attempts: attempts ?? 0, holdMs: (hours ?? 0) * 3_600_000 };
}

const look: Panel['look'] = async (world) => {
  const now = world.clock.now();
  const context = { now, limits: readLimits(world) };
  const [pipelines, holds] = await Promise.all([readPipelines(world), readHolds(world)]);
  const open = holds.filter(isOpen);
  const incidents = openIncidents(world);
  return {
    summary: open.length > 0 ? `${open.length} held` : count(pipelines.length, 'pipeline'),
    tone: open.length > 0 ? 'warn' : pipelines.length === 0 ? 'quiet' : 'good',
    body: html`${incidents.map((one) => renderIncident(one, now))}
${pipelines.length === 0 ? empty('No pipeline has a gate.') : html`<ul class="rows">${pipelines.map((one) => renderPipeline(one, holds, context))}</ul>`}`,
    deadlines: open.flatMap(deadlineOf),
  };
};

function deadlineOf({ pipeline, retryAt }: Hold): readonly Deadline[] {
  return retryAt === undefined ? [] : [{ at: retryAt, what: `${pipeline} resumes` }];
}

function openIncidents(world: World): readonly HealthEvent[] {
  const all = [...emulatedState(world, 'health').events.values()].flat();
  return all.filter((one) => one.statusCode === 'open' && one.eventTypeCategory === 'issue');
}

function renderIncident({ service, region, startTime }: HealthEvent, now: number): Html {
  return html`<div class="line">${badge('AWS incident', 'bad')} <b>${service}</b> in ${region} <span class="quiet">since ${shortTime(startTime.getTime(), now)}</span> ${button('health-gate.end', 'End the incident')}</div>`;
}

function renderPipeline(
  { name, states, gates }: GatedPipeline,
  holds: readonly Hold[],
  context: HoldContext,
): Html {
  const latest = holds.filter(({ pipeline }) => pipeline === name).toSorted((a, b) => b.heldAt - a.heldAt)[0];
  return html`<li><div class="line"><span class="name">${name}</span>${latest ? badge(latest.status, isOpen(latest) ? 'warn' : 'good') : nothing}</div>
<ol class="flow">${states.map((stage) => renderStage(stage, gates.get(stage.stageName ?? '') ?? []))}</ol>
${latest ? renderHold(latest, context) : nothing}</li>`;
}

function renderStage(
  { stageName = '', latestExecution, actionStates = [] }: StageState,
  gates: readonly string[],
): Html {
  const steps = gates.map((name) => {
    const status = actionStates.find(({ actionName }) => actionName === name)?.latestExecution?.status;
    const held = status === 'Failed' ? 'gate held' : status === 'Succeeded' ? 'gate open' : 'gate';
    return html`<li><span class="step gate ${gateTones[status ?? ''] ?? ''}">${held}</span></li>`;
  });
  const isWaiting = gates.length > 0 && latestExecution?.status === 'Failed';
  const tone = isWaiting ? '' : (stageTones[latestExecution?.status ?? ''] ?? '');
  return html`${steps}<li><span class="step ${tone}" title="${isWaiting ? 'waits for its gate' : (latestExecution?.status ?? 'not run yet')}">${stageName}</span></li>`;
}

const stageTones: Readonly<Record<string, Tone>> = { Succeeded: 'good', InProgress: 'warn', Failed: 'bad' };
const gateTones: Readonly<Record<string, Tone>> = { Succeeded: 'good', InProgress: 'warn', Failed: 'warn' };

/** Reasons carry a long link to the AWS Health Dashboard. */
const withoutLink = (reason: string): string => reason.replace(/, https:\S+/g, '');

function renderHold(hold: Hold, { limits, now }: HoldContext): Html {
  const { attempts, heldAt, reason } = hold;
  if (!isOpen(hold))
    return html`<dl class="facts"><dt>was held</dt><dd>at ${shortTime(heldAt, now)}, resumed ${count(attempts, 'time')}</dd></dl>`;
  return html`<dl class="facts"><dt>held</dt><dd>since ${shortTime(heldAt, now)}, attempt ${attempts + 1} of ${limits.attempts}</dd>
<dt>why</dt><dd>${withLinks(withoutLink(reason))}</dd>
<dt>next</dt><dd>${nextStep(hold, now)}</dd>
<dt>gives up</dt><dd>${shortTime(heldAt + limits.holdMs, now)}</dd></dl>`;
}

function nextStep({ status, retryAt }: Hold, now: number): Html {
  if (status === 'retrying') return html`it is being resumed`;
  if (retryAt !== undefined)
    return html`it resumes in ${countdown({ now, until: retryAt, words: '' })} if nothing else begins`;
  return html`the sweep looks again every five minutes, and at once when the incident ends`;
}

const OVERRIDE = '/groundcrew/health-gate/override';

const actions: readonly Action[] = [
  {
    name: 'deploy',
    label: `Deploy ${NAME}`,
    effect: 'The gate asks AWS Health before the stage Prod, and holds or passes.',
    handledBy: 'GateDeployment',
    run: async (world) => {
      await startPipeline(world, NAME);
    },
  },
  {
    name: 'begin',
    label: 'An AWS incident begins',
    effect: 'The next deployment is held.',
    handledBy: 'FollowIncidents',
    run: async (world) => {
      await openIncident(world);
    },
  },
  {
    name: 'end',
    label: 'The incident ends',
    effect: 'What it held resumes after the cool-down: turn the clock by 15 minutes.',
    handledBy: 'ResumeDeployments',
    run: async (world) => {
      const open = openIncidents(world);
      if (open.length === 0) throw new Error('No incident is open.');
      for (const one of open) await closeIncident(world, one);
    },
  },
  {
    name: 'override',
    label: 'Break the glass',
    effect: 'For an hour every gate passes. What is held resumes with the next sweep.',
    run: async (world) => {
      const until = new Date(world.clock.now() + 3_600_000).toISOString();
      await putParameter(world, OVERRIDE, `${until} tried on the local account`);
    },
  },
];

export const panel: Panel = { title: 'Pipelines', rank: 2, look, actions };
