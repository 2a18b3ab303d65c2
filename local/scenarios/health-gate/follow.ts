import assert from 'node:assert/strict';
import { CodePipelineClient, UntagResourceCommand } from '@aws-sdk/client-codepipeline';
import { countCalls } from '../../scenario-kit/calls.ts';
import { emulatedState, setCalendar } from '../../scenario-kit/emulated-state.ts';
import { closeIncident, openIncident, updateIncident } from '../../scenario-kit/health.ts';
import { disableTransition, enableTransition, summarizeStages } from '../../scenario-kit/pipelines.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { observe } from './observe.ts';
import {
  createGatedPipeline,
  type GatedPipelines,
  MINUTE,
  NAME,
  putParameter,
  runPipeline,
  scenario,
} from './pipeline.ts';

const NOTIFY = { 'groundcrew:notify-passed': 'true' };
const DISABLE = { 'groundcrew:disable-transition': 'true' };
const SUBJECT = 'AWS incident: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1';
const OURS =
  'AWS incident EC2 in eu-west-1 since (time) UTC. Groundcrew health-gate enables it again when the incident is over (id)';

export const followScenarios = [
  followScenario('an incident begins after the gate let a deployment through', {
    arrange: (world) => createGatedPipeline(world, { tags: NOTIFY }),
    async act(world) {
      await runPipeline(world);
      await world.advance(30 * MINUTE);
      const incident = await openIncident(world, {}, { backup: true, pages: 2 });
      await world.settle();
      await followMinutes(world, 5);
      await closeIncident(world, incident);
      await world.settle();
    },
    after: (world) => followMinutes(world, 10),
    expect(outcome) {
      assert.deepEqual(outcome.mails, [SUBJECT, SUBJECT], 'one thread');
      const [begun, over] = mailTexts(outcome);
      assert.match(begun ?? '', /passed the gate before the incident[\s\S]*- orders, stage Prod: execution /);
      assert.match(over ?? '', /^Over: [\s\S]*- orders, stage Prod: execution /m);
      assert.deepEqual(transitionOf(outcome), 'enabled');
    },
  }),

  followScenario('incidents that the owners of a passed deployment are not notified about', {
    arrange: (world) => createGatedPipeline(world, { tags: NOTIFY, parameters: { services: ['EC2'] } }),
    async act(world) {
      await runPipeline(world);
      await openIncident(world, { service: 'S3' });
      await openIncident(world, { region: 'us-east-1' });
      await world.settle();
      await world.advance(5 * 60 * MINUTE);
      await openIncident(world);
      await followMinutes(world, 10);
    },
    expect(outcome) {
      assert.deepEqual(outcome.mails, [], 'another service, another Region, and too late');
    },
    // The same reads as in the scenario before it, without a write.
    sweep: false,
  }),

  followScenario('a transition is disabled while an incident lasts', {
    arrange: (world) => createGatedPipeline(world, { tags: DISABLE }),
    // Swept in the scenario of the incident that begins after the gate.
    async before(world) {
      await runPipeline(world);
    },
    async act(world) {
      const incident = await openIncident(world);
      await world.settle();
      await followMinutes(world, 5);
      await runPipeline(world);
      await closeIncident(world, incident, { announce: false });
      await followMinutes(world, 10);
    },
    // If a fault delays the end, a later sweep finds it.
    after: (world) => followMinutes(world, 10),
    expect(outcome, calls) {
      assert.equal(transitionOf(outcome), 'enabled');
      assert.deepEqual(
        executionsOf(outcome),
        ['Succeeded', 'Succeeded'],
        'the second waited at the transition',
      );
      assert.deepEqual(outcome.mails, [SUBJECT, SUBJECT]);
      const [disabled, enabled] = mailTexts(outcome);
      assert.match(disabled ?? '', /aws codepipeline enable-stage-transition --pipeline-name orders/);
      assert.match(enabled ?? '', /^Enabled again\./m);
      assert.equal(countCalls(calls, 'DisableStageTransition'), 1);
      assert.equal(countCalls(calls, 'EnableStageTransition'), 1);
    },
  }),

  followScenario('an incident in another account reopens before its transition is enabled', {
    async arrange(world) {
      const policy = { calendars: ['releases'], accounts: ['111122223333'], regions: ['eu-west-1'] };
      await putParameter(world, '/groundcrew/health-gate/prod', JSON.stringify(policy));
      setCalendar(world, 'releases', { state: 'OPEN' });
      return createGatedPipeline(world, { tags: DISABLE, parameters: '/groundcrew/health-gate/prod' });
    },
    async act(world) {
      await runPipeline(world);
      const incident = await openIncident(world, { account: '111122223333' });
      await world.settle();
      await closeIncident(world, incident);
      await world.settle();
      await world.advance(2 * MINUTE);
      await updateIncident(world, incident, { statusCode: 'open' });
      await followMinutes(world, 15);
    },
    expect(outcome, calls) {
      assert.equal(transitionOf(outcome), OURS);
      assert.deepEqual(outcome.mails, [SUBJECT]);
      assert.equal(countCalls(calls, 'EnableStageTransition'), 0);
    },
    // The calls of the scenario before it, and a decision that has a table of its own.
    sweep: false,
  }),

  followScenario('people change transitions during an incident', {
    arrange: (world) => createGatedPipeline(world, { tags: DISABLE }),
    async act(world) {
      await runPipeline(world);
      const incident = await openIncident(world);
      await world.settle();
      await enableTransition(world, NAME, 'Prod');
      await followMinutes(world, 10);
      await disableTransition(world, NAME, 'Prod', 'release freeze until Monday');
      await closeIncident(world, incident);
      await world.settle();
      await followMinutes(world, 20);
      const second = await openIncident(world);
      await followMinutes(world, 10);
      await closeIncident(world, second);
      await followMinutes(world, 20);
    },
    expect(outcome, calls) {
      assert.equal(transitionOf(outcome), 'release freeze until Monday');
      assert.deepEqual(outcome.mails, [SUBJECT], 'only the change that we made');
      assert.equal(countCalls(calls, 'DisableStageTransition'), 1);
      assert.equal(countCalls(calls, 'EnableStageTransition'), 0);
    },
    // Only reads and decisions in addition to the calls of swept scenarios.
    sweep: false,
  }),

  followScenario('the tag is removed while the transition is disabled', {
    arrange: (world) => createGatedPipeline(world, { tags: DISABLE }),
    async act(world) {
      await runPipeline(world);
      const incident = await openIncident(world);
      await world.settle();
      const resourceArn = `arn:aws:codepipeline:${world.region}:${world.accountId}:${NAME}`;
      const command = new UntagResourceCommand({ resourceArn, tagKeys: Object.keys(DISABLE) });
      await world.client(CodePipelineClient).send(command);
      await closeIncident(world, incident);
      await world.settle();
      await followMinutes(world, 20);
    },
    expect(outcome) {
      assert.equal(transitionOf(outcome), OURS);
      assert.match(mailTexts(outcome)[1] ?? '', /^Still disabled, because the pipeline has lost its tag/m);
    },
    // The calls of a swept scenario up to the decision.
    sweep: false,
  }),

  followScenario('events of passed actions without results, of gates and of others', {
    arrange: (world) =>
      createGatedPipeline(world, {
        tags: NOTIFY,
        parameters: { executionId: '#{codepipeline.PipelineExecutionId}' },
      }),
    async act(world) {
      emulatedState(world, 'codepipeline').omitResults = true;
      await runPipeline(world);
      await openIncident(world, {}, { announce: false });
      await followMinutes(world, 5);
    },
    expect(outcome) {
      assert.deepEqual(outcome.mails, [SUBJECT]);
    },
    // The calls of the first scenario, except the lookup of the pass.
    sweep: false,
  }),
];

function followScenario(
  name: string,
  parts: Omit<Scenario<GatedPipelines>, 'wing' | 'name' | 'observe'>,
): Scenario<GatedPipelines> {
  return scenario(name, { ...parts, observe: observeTransition });
}

/** Lets minutes pass, with the sweep every five minutes. */
async function followMinutes(world: World, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 5) {
    await world.advance(5 * MINUTE);
    await world.fire('FollowIncidentsSweep');
    await world.settle();
  }
}

interface FollowState {
  readonly transition: string;
  readonly executions: readonly string[];
}

async function observeTransition(world: World, pipelines: GatedPipelines): Promise<Outcome> {
  const outcome = await observe(world, pipelines);
  const stages = await summarizeStages(world, NAME);
  const reason = stages.find(({ stage }) => stage === 'Prod')?.disabledReason;
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  const { deadLetters, executions } = outcome.state as {
    readonly deadLetters: number;
    readonly executions: Readonly<Record<string, readonly string[]>>;
  };
  const state = { deadLetters, executions: executions[NAME] ?? [], transition: maskReason(reason) };
  return { ...outcome, state, detail: world.mails().map(({ text }) => text) };
}

function maskReason(reason: string | undefined): string {
  if (reason === undefined) return 'enabled';
  return reason.replace(/since [\d. -]+ UTC/, 'since (time) UTC').replace(/\([\da-f]+\)$/, '(id)');
}

function transitionOf({ state }: Outcome): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observeTransition` created it
  return (state as FollowState).transition;
}

function executionsOf({ state }: Outcome): readonly string[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observeTransition` created it
  return (state as FollowState).executions;
}

function mailTexts({ detail }: Outcome): readonly string[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observeTransition` created it
  return detail as readonly string[];
}
