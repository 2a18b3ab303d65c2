import assert from 'node:assert/strict';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import { openIncident } from '../../scenario-kit/health.ts';
import { startPipeline } from '../../scenario-kit/pipelines.ts';
import { countOf, saidBy, seenOf } from './observe.ts';
import { gatedPipeline, MINUTE, NAME, pass, run, scenario } from './pipeline.ts';

const WENT_THROUGH = 'Succeeded: Gate Succeeded, Deploy Succeeded';
const STOPPED = 'Failed: Gate Failed, Deploy new';

export const gating = [
  scenario('a healthy Region', {
    // As AWS's own sample has it: nothing but Regions and commas.
    arrange: (world) => gatedPipeline(world, { parameters: 'us-east-1,eu-west-1' }),
    async act(world) {
      await openIncident(world, { region: 'ap-southeast-2' });
      await openIncident(world, {
        code: 'AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED',
        scope: 'ACCOUNT_SPECIFIC',
      });
      await openIncident(world, { region: 'us-east-1', ageMs: 8 * 24 * 60 * MINUTE });
      await run(world);
    },
    expect(outcome, calls) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.match(saidBy(outcome), /^Succeeded: The Region Is Healthy$/);
      assert.equal(
        countOf(calls, 'DescribeEvents'),
        1,
        'one question for both Regions and the global services',
      );
      assert.equal(calls.length, 5);
    },
  }),

  scenario('a wait through five continuations', {
    arrange: (world) =>
      gatedPipeline(world, { parameters: { mode: 'wait', maxWaitMinutes: 30, services: ['LAMBDA'] } }),
    async act(world) {
      await openIncident(world, { service: 'MULTIPLE_SERVICES' });
      await startPipeline(world, NAME);
      await world.advance(130_000);
      emulatedState(world, 'health').events.clear();
      await world.settle();
    },
    expect(outcome, calls) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.deepEqual(seenOf(outcome).holds, [], 'what waits is not held');
      assert.ok(countOf(calls, 'PutJobSuccessResult') >= 6);
      assert.ok(countOf(calls, 'DescribeEvents') <= 4, 'a minute of checks is one question');
    },
    // The same calls seven times over; where unknown is allowed a continuation is swept.
    sweep: false,
  }),

  scenario('AWS Health down on both endpoints', {
    arrange: (world) => gatedPipeline(world),
    async act(world) {
      const { endpoints } = emulatedState(world, 'health');
      Object.assign(endpoints, { 'us-east-1': 'down', 'us-east-2': 'throttled' });
      await run(world);
      await pass(world, 10);
      assert.equal(world.mails().length, 1, 'held');
      Object.assign(endpoints, { 'us-east-1': 'up', 'us-east-2': 'up' });
      await pass(world, 10);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.deepEqual(seenOf(outcome).holds, ['orders/Prod: resumed']);
      assert.deepEqual(outcome.effects, ['orders went on']);
    },
    // Dozens of refused calls, each repeated by the SDK: the same paths as the incident's, which is swept.
    sweep: false,
  }),

  scenario('AWS Health down where unknown is allowed', {
    arrange: (world) => gatedPipeline(world, { parameters: { onUnknown: 'allow', errorBudget: 2 } }),
    async act(world) {
      Object.assign(emulatedState(world, 'health').endpoints, {
        'us-east-1': 'throttled',
        'us-east-2': 'down',
      });
      await run(world);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.match(saidBy(outcome), /A check could not be made: AWS Health .* Let through all the same/);
    },
  }),

  scenario('the active endpoint down, the other one up', {
    arrange: (world) => gatedPipeline(world),
    async act(world) {
      await openIncident(world);
      emulatedState(world, 'health').endpoints['us-east-1'] = 'down';
      await run(world);
    },
    expect(outcome) {
      assert.equal(seenOf(outcome).stages.orders, STOPPED);
      assert.match(
        saidBy(outcome),
        /JobFailed: Incident In Progress: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1/,
      );
    },
    // The incident's own scenario is swept, and this one differs in the reads alone.
    sweep: false,
  }),

  scenario('no support plan', {
    arrange: (world) => gatedPipeline(world, { parameters: { mode: 'wait', onUnknown: 'allow' } }),
    async act(world) {
      emulatedState(world, 'health').subscribed = false;
      await run(world);
    },
    expect(outcome, calls) {
      assert.equal(seenOf(outcome).stages.orders, STOPPED);
      assert.match(saidBy(outcome), /PermissionError: .*needs AWS's Business, Enterprise/);
      assert.equal(countOf(calls, 'DescribeEvents'), 1);
      assert.deepEqual([seenOf(outcome).holds, outcome.mails], [[], []], 'nothing resumes it');
    },
  }),

  scenario('a typo in a Region', {
    arrange: (world) => gatedPipeline(world, { parameters: 'us-east-1, us-esat-2' }),
    async act(world) {
      await run(world);
    },
    expect(outcome, calls) {
      assert.equal(seenOf(outcome).stages.orders, STOPPED);
      assert.match(saidBy(outcome), /ConfigurationError: regions: " us-esat-2" is no Region of AWS/);
      assert.equal(countOf(calls, 'DescribeEvents'), 0);
    },
  }),

  scenario('the glass broken by a pipeline variable', {
    arrange: (world) =>
      gatedPipeline(world, {
        parameters: '{"regions":"eu-west-1"} override=#{variables.BREAK_GLASS}',
        variables: { BREAK_GLASS: 'none' },
      }),
    async act(world) {
      await openIncident(world);
      Object.assign(emulatedState(world, 'health').endpoints, { 'us-east-1': 'down', 'us-east-2': 'down' });
      const until = new Date(world.clock.now() + 30 * MINUTE).toISOString();
      await run(world, { BREAK_GLASS: `${until} hotfix for INC-42 — "now"` });
    },
    expect(outcome, calls) {
      assert.equal(seenOf(outcome).stages.orders, WENT_THROUGH);
      assert.match(saidBy(outcome), /^Succeeded: OVERRIDDEN until .*: hotfix for INC-42/);
      assert.deepEqual(
        calls.map(({ action }) => action),
        ['PutJobSuccessResult'],
        'nobody else is asked',
      );
    },
  }),

  scenario('the glass broken for all pipelines, and whole again', {
    arrange: (world) => gatedPipeline(world, { parameters: { mode: 'warn' } }),
    async act(world) {
      const until = new Date(world.clock.now() + 30 * MINUTE).toISOString();
      const command = new PutParameterCommand({
        Name: '/groundcrew/health-gate/override',
        Value: `${until} evacuating eu-west-1`,
        Type: 'String',
      });
      await world.client(SSMClient).send(command);
      await openIncident(world);
      await run(world);
      await world.advance(31 * MINUTE);
      await run(world);
    },
    expect(outcome, calls) {
      assert.deepEqual(seenOf(outcome).executions.orders, ['Succeeded', 'Succeeded']);
      assert.match(saidBy(outcome), /^Succeeded: Incident In Progress: .* Let through all the same/);
      assert.equal(countOf(calls, 'DescribeEvents'), 1, 'only the second asked');
    },
  }),
];
