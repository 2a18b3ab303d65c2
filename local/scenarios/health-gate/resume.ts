import assert from 'node:assert/strict';
import { CodePipelineClient, UntagResourceCommand } from '@aws-sdk/client-codepipeline';
import { countCalls } from '../../scenario-kit/calls.ts';
import { emulatedState, setCalendar } from '../../scenario-kit/emulated-state.ts';
import { closeIncident, openIncident, updateIncident } from '../../scenario-kit/health.ts';
import { setActionOutcome, startPipeline } from '../../scenario-kit/pipelines.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { gateMessage, observe, stateOf } from './observe.ts';
import {
  createGatedPipeline,
  MINUTE,
  NAME,
  OPT_IN,
  passMinutes,
  putParameter,
  runPipeline,
  scenario,
} from './pipeline.ts';

const DEPLOYED = 'Succeeded: Gate Succeeded, Deploy Succeeded';
const STOPPED = 'Failed: Gate Failed, Deploy new';
const EXECUTION = '#{codepipeline.PipelineExecutionId}';

export const resumeScenarios = [
  scenario('an incident ends and the pipeline resumes automatically', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      const incident = await openIncident(world);
      await runPipeline(world);
      await closeIncident(world, incident, { backup: true, pages: 2 });
      await world.settle();
      await passMinutes(world, 5);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.deepEqual(stateOf(outcome).holds, ['orders/Prod: resumed']);
      assert.deepEqual(outcome.effects, ['orders resumed']);
      assert.deepEqual(outcome.mails, [
        'Deployment held: orders, stage Prod',
        'Deployment resumed: orders, stage Prod',
      ]);
      assert.match(gateMessage(outcome), /The Region Is Healthy/);
    },
  }),

  scenario('a failure event without a marker, and an incident that ends without an event', {
    arrange: (world) =>
      createGatedPipeline(world, { parameters: { executionId: EXECUTION, regions: 'eu-west-1,us-east-1' } }),
    async act(world) {
      emulatedState(world, 'codepipeline').omitResults = true;
      const incident = await openIncident(world, { region: 'global', service: 'IAM' });
      await runPipeline(world);
      await closeIncident(world, incident, { announce: false });
      await passMinutes(world, 15);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.deepEqual(outcome.effects, ['orders resumed']);
    },
    // The same calls as in the scenario of the incident, except the lookup of the record.
    sweep: false,
  }),

  scenario('a second commit supersedes the held deployment', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      const incident = await openIncident(world);
      await runPipeline(world);
      await runPipeline(world);
      await closeIncident(world, incident);
      await world.settle();
      await passMinutes(world, 10);
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).holds, ['orders/Prod: dropped', 'orders/Prod: resumed']);
      assert.deepEqual(outcome.effects, ['orders resumed']);
      assert.equal(stateOf(outcome).executions.orders?.at(-1), 'Succeeded');
    },
    // Twice the calls of the first scenario, on the same paths.
    sweep: false,
  }),

  scenario('a hold in a stage where an earlier execution failed to deploy', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      setActionOutcome(world, 'orders/Prod/Deploy', {
        status: 'Failed',
        message: 'two of ten tasks never became healthy',
      });
      await runPipeline(world);
      setActionOutcome(world, 'orders/Prod/Deploy', { status: 'Succeeded' });
      await world.advance(5 * MINUTE);
      const incident = await openIncident(world);
      await runPipeline(world);
      emulatedState(world, 'codepipeline').conflicts = 1;
      await closeIncident(world, incident);
      await world.settle();
      await passMinutes(world, 5);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.deepEqual(stateOf(outcome).executions.orders, ['Failed', 'Succeeded']);
      assert.deepEqual(outcome.effects, ['orders resumed']);
    },
    // The calls of the first scenario, and one that finds out which execution failed.
    sweep: false,
  }),

  scenario('an incident reopens during the cool-down', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      const incident = await openIncident(world);
      await runPipeline(world);
      await closeIncident(world, incident);
      await world.advance(2 * MINUTE);
      await updateIncident(world, incident, { statusCode: 'open' });
      await passMinutes(world, 15);
    },
    expect(outcome, calls) {
      assert.equal(stateOf(outcome).stages.orders, STOPPED);
      assert.deepEqual(outcome.effects, []);
      assert.equal(countCalls(calls, 'RetryStageExecution'), 0);
    },
    // Adds only a decision to the first scenario, and the decision table has its own test.
    sweep: false,
  }),

  scenario('a closed change calendar, and a policy with another account', {
    async arrange(world) {
      const Value = JSON.stringify({
        calendars: ['freeze'],
        accounts: ['111122223333'],
        regions: ['eu-west-1'],
      });
      const Name = '/groundcrew/health-gate/prod';
      await putParameter(world, Name, Value);
      return createGatedPipeline(world, { parameters: Name });
    },
    async act(world) {
      setCalendar(world, 'freeze', {
        state: 'CLOSED',
        next: new Date(world.clock.now() + 8 * MINUTE).toISOString(),
      });
      await runPipeline(world);
      await passMinutes(world, 20);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.deepEqual(stateOf(outcome).holds, ['orders/Prod: resumed']);
    },
    // The same paths as in the scenario of the incident.
    sweep: false,
  }),

  scenario('a pipeline that did not opt in', {
    arrange: (world) => createGatedPipeline(world, { tags: {} }),
    async act(world) {
      await openIncident(world);
      await runPipeline(world);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, STOPPED);
      assert.deepEqual(stateOf(outcome).holds, ['orders/Prod: not held']);
      assert.deepEqual(outcome.mails, ['Deployment stopped: orders, stage Prod']);
    },
  }),

  scenario('the policy in a parameter changes during the hold', {
    async arrange(world) {
      await putParameter(world, '/groundcrew/health-gate/prod', '{"services":"EC2"}');
      return createGatedPipeline(world, { parameters: '/groundcrew/health-gate/prod' });
    },
    // The stop is swept in the scenario of the incident that ends.
    async before(world) {
      await openIncident(world);
      await runPipeline(world);
    },
    async act(world) {
      await putParameter(world, '/groundcrew/health-gate/prod', '{"services":"LAMBDA"}');
      await passMinutes(world, 10);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.deepEqual(stateOf(outcome).holds, ['orders/Prod: resumed']);
      assert.deepEqual(outcome.effects, ['orders resumed']);
    },
  }),

  scenario('an override for all pipelines frees what is held', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      await openIncident(world);
      await runPipeline(world);
      const until = new Date(world.clock.now() + 30 * MINUTE).toISOString();
      await putParameter(world, '/groundcrew/health-gate/override', `${until} evacuating eu-west-1`);
      await world.fire('ResumeDeploymentsSweep');
      await world.settle();
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.match(gateMessage(outcome), /OVERRIDDEN until .*: evacuating eu-west-1/);
      assert.deepEqual(outcome.effects, ['orders resumed']);
    },
    // Differs from the scenario of the changed policy only in its decision.
    sweep: false,
  }),

  scenario('the owner opts out during the hold', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      const incident = await openIncident(world);
      await runPipeline(world);
      const resourceArn = `arn:aws:codepipeline:${world.region}:${world.accountId}:${NAME}`;
      const tagKeys = Object.keys(OPT_IN);
      await world.client(CodePipelineClient).send(new UntagResourceCommand({ resourceArn, tagKeys }));
      await closeIncident(world, incident);
      await world.settle();
      await passMinutes(world, 5);
    },
    expect(outcome, calls) {
      assert.equal(stateOf(outcome).stages.orders, STOPPED);
      assert.deepEqual(stateOf(outcome).holds, ['orders/Prod: dropped']);
      assert.equal(countCalls(calls, 'RetryStageExecution'), 0);
    },
    // The calls of the first scenario up to the retry.
    sweep: false,
  }),

  scenario('one incident holds 100 pipelines', {
    async arrange(world) {
      const pipelines = Array.from({ length: 100 }, (_, i) => `${NAME}-${String(i).padStart(2, '0')}`);
      for (const name of pipelines) await createGatedPipeline(world, { name });
      return { pipelines };
    },
    async act(world, { pipelines }) {
      const incident = await openIncident(world);
      for (const name of pipelines) await startPipeline(world, name);
      await world.settle();
      await closeIncident(world, incident);
      await passMinutes(world, 10);
    },
    async observe(world, gated) {
      return { ...(await observe(world, gated)), detail: readRetryTimes(world) };
    },
    expect(outcome, calls) {
      const times = retryTimesIn(outcome);
      const seconds = [...new Set(times)].sort((a, b) => a - b);
      const most = Math.max(...seconds.map((second) => times.filter((time) => time === second).length));
      // With a batch window and little traffic, Lambda collects reminders for up to 20 s.
      assert.ok(most < 50, `they resume spread out, not ${most} in one second`);
      assert.ok((seconds.at(-1) ?? 0) - (seconds[0] ?? 0) > 80, 'spread over the two minutes of jitter');
      assert.equal(outcome.effects?.length, 100);
      assert.deepEqual(new Set(Object.values(stateOf(outcome).stages)), new Set([DEPLOYED]));
      assert.equal(countCalls(calls, 'RetryStageExecution'), 100);
    },
    // 600 calls on the same paths as above.
    sweep: false,
  }),
];

/** The times when stages were retried, in seconds since 1970. */
function readRetryTimes(world: World): number[] {
  const executions = [...emulatedState(world, 'codepipeline').pipelines.values()].flatMap(
    (pipeline) => pipeline.executions,
  );
  const times = executions.flatMap(({ runs }) => [...runs.values()].map(({ retriedAt: at }) => at));
  return times.filter((at) => at !== undefined).map((at) => Math.floor(at / 1000));
}

function retryTimesIn({ detail }: Outcome): readonly number[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `readRetryTimes` created it
  return detail as readonly number[];
}
