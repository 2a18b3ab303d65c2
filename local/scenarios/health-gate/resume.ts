import assert from 'node:assert/strict';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { World } from '../../pack/world.ts';
import { emulatedState, setCalendar } from '../../scenario-kit/emulated-state.ts';
import { closeIncident, openIncident, updateIncident } from '../../scenario-kit/health.ts';
import { setActionOutcome, startPipeline } from '../../scenario-kit/pipelines.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import { countOf, observe, saidBy, seenOf } from './observe.ts';
import { gatedPipeline, MINUTE, NAME, pass, run, scenario } from './pipeline.ts';

const WENT_THROUGH = 'Succeeded: Gate Succeeded, Deploy Succeeded';
const STOPPED = 'Failed: Gate Failed, Deploy new';
const EXECUTION = '#{codepipeline.PipelineExecutionId}';

export const resuming = [
  scenario('an incident, and the pipeline goes on by itself', {
    arrange: (world) => gatedPipeline(world),
    async act(world) {
      const incident = await openIncident(world);
      await run(world);
      await closeIncident(world, incident, { backup: true, pages: 2 });
      await world.settle();
      await pass(world, 5);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.deepEqual(seenOf(outcome).holds, ['orders/Prod: resumed']);
      assert.deepEqual(outcome.effects, ['orders went on']);
      assert.deepEqual(outcome.mails, [
        'Deployment held: orders, stage Prod',
        'Deployment resumed: orders, stage Prod',
      ]);
      assert.match(saidBy(outcome), /The Region Is Healthy/);
    },
  }),

  scenario('an event without a marker, and one that closes unheard', {
    arrange: (world) =>
      gatedPipeline(world, { parameters: { executionId: EXECUTION, regions: 'eu-west-1,us-east-1' } }),
    async act(world) {
      emulatedState(world, 'codepipeline').omitResults = true;
      const incident = await openIncident(world, { region: 'global', service: 'IAM' });
      await run(world);
      await closeIncident(world, incident, { announce: false });
      await pass(world, 15);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.deepEqual(outcome.effects, ['orders went on']);
    },
    // The calls are those of the incident above but for the look-up of the record.
    sweep: false,
  }),

  scenario('a second commit supersedes the held one', {
    arrange: (world) => gatedPipeline(world),
    async act(world) {
      const incident = await openIncident(world);
      await run(world);
      await run(world);
      await closeIncident(world, incident);
      await world.settle();
      await pass(world, 10);
    },
    expect(outcome) {
      assert.deepEqual(seenOf(outcome).holds, ['orders/Prod: dropped', 'orders/Prod: resumed']);
      assert.deepEqual(outcome.effects, ['orders went on']);
      assert.equal(seenOf(outcome).executions.orders?.at(-1), 'Succeeded');
    },
    // Twice the calls of the first scenario, on the same paths.
    sweep: false,
  }),

  scenario('held where an older execution had failed to deploy', {
    arrange: (world) => gatedPipeline(world),
    async act(world) {
      setActionOutcome(world, 'orders/Prod/Deploy', {
        status: 'Failed',
        message: 'two of ten tasks never became healthy',
      });
      await run(world);
      setActionOutcome(world, 'orders/Prod/Deploy', { status: 'Succeeded' });
      await world.advance(5 * MINUTE);
      const incident = await openIncident(world);
      await run(world);
      emulatedState(world, 'codepipeline').conflicts = 1;
      await closeIncident(world, incident);
      await world.settle();
      await pass(world, 5);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.deepEqual(seenOf(outcome).executions.orders, ['Failed', 'Succeeded']);
      assert.deepEqual(outcome.effects, ['orders went on']);
    },
    // The first scenario's calls, and one that looks whose failure it was.
    sweep: false,
  }),

  scenario('an event that is opened again inside the cool-down', {
    arrange: (world) => gatedPipeline(world),
    async act(world) {
      const incident = await openIncident(world);
      await run(world);
      await closeIncident(world, incident);
      await world.advance(2 * MINUTE);
      await updateIncident(world, incident, { statusCode: 'open' });
      await pass(world, 15);
    },
    expect(outcome, calls) {
      assert.equal(seenOf(outcome).stages.orders, STOPPED);
      assert.deepEqual(outcome.effects, []);
      assert.equal(countOf(calls, 'RetryStageExecution'), 0);
    },
    // What it adds to the first scenario is a decision, and that is in a table.
    sweep: false,
  }),

  scenario('a change calendar and another account', {
    async arrange(world) {
      const Value = JSON.stringify({
        calendars: ['freeze'],
        accounts: ['111122223333'],
        regions: ['eu-west-1'],
      });
      const Name = '/groundcrew/health-gate/prod';
      await world.client(SSMClient).send(new PutParameterCommand({ Name, Value, Type: 'String' }));
      return gatedPipeline(world, { parameters: Name });
    },
    async act(world) {
      setCalendar(world, 'freeze', {
        state: 'CLOSED',
        next: new Date(world.clock.now() + 8 * MINUTE).toISOString(),
      });
      await run(world);
      await pass(world, 20);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.deepEqual(seenOf(outcome).holds, ['orders/Prod: resumed']);
    },
    // The paths are those of the incident; sources are read alike.
    sweep: false,
  }),

  scenario('a pipeline that did not opt in', {
    arrange: (world) => gatedPipeline(world, { tags: {} }),
    async act(world) {
      await openIncident(world);
      await run(world);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, STOPPED);
      assert.deepEqual([seenOf(outcome).holds, outcome.mails], [[], []]);
    },
  }),

  scenario('a hundred pipelines held by one incident', {
    async arrange(world) {
      const pipelines = Array.from({ length: 100 }, (_, i) => `${NAME}-${String(i).padStart(2, '0')}`);
      for (const name of pipelines) await gatedPipeline(world, { name });
      return { pipelines };
    },
    async act(world, { pipelines }) {
      const incident = await openIncident(world);
      for (const name of pipelines) await startPipeline(world, name);
      await world.settle();
      await closeIncident(world, incident);
      await pass(world, 10);
    },
    async observe(world, gated) {
      return { ...(await observe(world, gated)), detail: retriedAt(world) };
    },
    expect(outcome, calls) {
      const seconds = [...new Set(retriesOf(outcome))].sort((a, b) => a - b);
      assert.ok(seconds.length > 20, `they restart apart, not in ${seconds.length} seconds`);
      assert.ok((seconds.at(-1) ?? 0) - (seconds[0] ?? 0) > 80, 'over the two minutes of the jitter');
      assert.equal(outcome.effects?.length, 100);
      assert.deepEqual(new Set(Object.values(seenOf(outcome).stages)), new Set([WENT_THROUGH]));
      assert.equal(countOf(calls, 'RetryStageExecution'), 100);
    },
    // Six hundred calls of the paths above.
    sweep: false,
  }),
];

/** The seconds of the epoch in which stages were retried. */
function retriedAt(world: World): number[] {
  const executions = [...emulatedState(world, 'codepipeline').pipelines.values()].flatMap(
    (pipeline) => pipeline.executions,
  );
  const times = executions.flatMap(({ runs }) => [...runs.values()].map(({ retriedAt: at }) => at));
  return times.filter((at) => at !== undefined).map((at) => Math.floor(at / 1000));
}

function retriesOf({ detail }: Outcome): readonly number[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `retriedAt` made it
  return detail as readonly number[];
}
