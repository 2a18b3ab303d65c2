import assert from 'node:assert/strict';
import type { Call } from '../../account/types.ts';
import { countCalls } from '../../scenario-kit/calls.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import { openIncident } from '../../scenario-kit/health.ts';
import { startPipeline } from '../../scenario-kit/pipelines.ts';
import { gateMessage, stateOf } from './observe.ts';
import {
  changeGate,
  createGatedPipeline,
  MINUTE,
  NAME,
  passMinutes,
  putParameter,
  runPipeline,
  scenario,
} from './pipeline.ts';

const DEPLOYED = 'Succeeded: Gate Succeeded, Deploy Succeeded';
const STOPPED = 'Failed: Gate Failed, Deploy new';

const gateCalls = (calls: readonly Call[]): readonly Call[] =>
  calls.filter((call) => call.function === 'GateDeployment');

export const gateScenarios = [
  scenario('a healthy Region', {
    // The format of the AWS sample: Regions separated by commas.
    arrange: (world) => createGatedPipeline(world, { parameters: 'us-east-1,eu-west-1' }),
    async act(world) {
      await openIncident(world, { region: 'ap-southeast-2' });
      await openIncident(world, {
        code: 'AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED',
        scope: 'ACCOUNT_SPECIFIC',
      });
      await openIncident(world, { region: 'us-east-1', ageMs: 8 * 24 * 60 * MINUTE });
      await runPipeline(world);
    },
    expect(outcome, calls) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.match(gateMessage(outcome), /^Succeeded: The Region Is Healthy$/);
      assert.equal(
        countCalls(calls, 'DescribeEvents'),
        1,
        'one call for both Regions and the global services',
      );
      assert.equal(
        gateCalls(calls).length,
        6,
        'two reads of parameters and cache, one question, two writes, the result',
      );
    },
  }),

  scenario('incidents that do not concern the deployment', {
    arrange: (world) =>
      createGatedPipeline(world, { parameters: { services: ['EC2'], zones: 'eu-west-1a,eu-west-1b' } }),
    async act(world) {
      const scope = 'ACCOUNT_SPECIFIC';
      await openIncident(world, { scope, code: 'AWS_EC2_POWER_CONNECTIVITY_ISSUE' });
      await openIncident(world, { zone: 'eu-west-1c' });
      await runPipeline(world);
      await openIncident(world, { zone: 'eu-west-1b' });
      await world.advance(2 * MINUTE);
      await runPipeline(world);
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).executions.orders, ['Succeeded', 'Failed']);
      assert.match(gateMessage(outcome), /AWS_EC2_OPERATIONAL_ISSUE in eu-west-1b \(EC2\)/);
    },
    // Differs from other scenarios only in a decision that has a table of its own.
    sweep: false,
  }),

  scenario('the gate waits through five continuations', {
    arrange: (world) =>
      createGatedPipeline(world, { parameters: { mode: 'wait', maxWaitMinutes: 30, services: ['LAMBDA'] } }),
    async act(world) {
      await openIncident(world, { service: 'MULTIPLE_SERVICES' });
      await startPipeline(world, NAME);
      await world.advance(130_000);
      emulatedState(world, 'health').events.clear();
      await world.settle();
    },
    expect(outcome, calls) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.deepEqual(stateOf(outcome).holds, [], 'a waiting deployment is not held');
      assert.ok(countCalls(calls, 'PutJobSuccessResult') >= 6);
      assert.ok(countCalls(calls, 'DescribeEvents') <= 4, 'checks within a minute share one call');
    },
    // The same calls seven times. Another scenario with a continuation is swept.
    sweep: false,
  }),

  scenario('AWS Health is down on both endpoints', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      const { endpoints } = emulatedState(world, 'health');
      Object.assign(endpoints, { 'us-east-1': 'down', 'us-east-2': 'throttled' });
      await runPipeline(world);
      await passMinutes(world, 10);
      assert.equal(world.mails().length, 1, 'held');
      Object.assign(endpoints, { 'us-east-1': 'up', 'us-east-2': 'up' });
      await passMinutes(world, 10);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.deepEqual(stateOf(outcome).holds, ['orders/Prod: resumed']);
      assert.deepEqual(outcome.effects, ['orders resumed']);
    },
    // Dozens of failed calls that the SDK retries, on the same paths as the incident, which is swept.
    sweep: false,
  }),

  scenario('AWS Health is down and the policy allows unknown', {
    arrange: (world) => createGatedPipeline(world, { parameters: { onUnknown: 'allow', errorBudget: 2 } }),
    async act(world) {
      Object.assign(emulatedState(world, 'health').endpoints, {
        'us-east-1': 'throttled',
        'us-east-2': 'down',
      });
      await runPipeline(world);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.match(gateMessage(outcome), /A check failed: AWS Health .* Allowed by the policy/);
    },
  }),

  scenario('only the passive AWS Health endpoint is up', {
    arrange: (world) => createGatedPipeline(world),
    async act(world) {
      await openIncident(world);
      emulatedState(world, 'health').endpoints['us-east-1'] = 'down';
      await runPipeline(world);
    },
    expect(outcome) {
      assert.equal(stateOf(outcome).stages.orders, STOPPED);
      assert.match(
        gateMessage(outcome),
        /JobFailed: Incident In Progress: AWS_EC2_OPERATIONAL_ISSUE in eu-west-1/,
      );
    },
    // The scenario of the incident is swept, and this one differs only in its reads.
    sweep: false,
  }),

  scenario('no AWS support plan', {
    arrange: (world) => createGatedPipeline(world, { parameters: { mode: 'wait', onUnknown: 'allow' } }),
    async act(world) {
      emulatedState(world, 'health').subscribed = false;
      await runPipeline(world);
    },
    expect(outcome, calls) {
      assert.equal(stateOf(outcome).stages.orders, STOPPED);
      assert.match(gateMessage(outcome), /PermissionError: .*needs AWS's Business, Enterprise/);
      assert.equal(countCalls(calls, 'DescribeEvents'), 1);
      assert.deepEqual([stateOf(outcome).holds, outcome.mails], [[], []], 'nothing resumes it');
    },
  }),

  scenario('a gate that only warns, without a support plan and with a misspelled Region', {
    arrange: (world) => createGatedPipeline(world, { parameters: { mode: 'warn' } }),
    async act(world) {
      emulatedState(world, 'health').subscribed = false;
      await runPipeline(world);
      await changeGate(world, { mode: 'warn', regions: 'us-esat-2' });
      await runPipeline(world);
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).executions.orders, ['Succeeded', 'Succeeded']);
      assert.match(gateMessage(outcome), /^Succeeded: The gate cannot decide: regions: "us-esat-2" is not/);
    },
  }),

  scenario('a misspelled Region', {
    arrange: (world) => createGatedPipeline(world, { parameters: 'us-east-1, us-esat-2' }),
    async act(world) {
      await runPipeline(world);
    },
    expect(outcome, calls) {
      assert.equal(stateOf(outcome).stages.orders, STOPPED);
      assert.match(gateMessage(outcome), /ConfigurationError: regions: " us-esat-2" is not an AWS Region/);
      assert.equal(countCalls(calls, 'DescribeEvents'), 0);
    },
  }),

  scenario('an override through a pipeline variable', {
    arrange: (world) =>
      createGatedPipeline(world, {
        parameters: '{"regions":"eu-west-1"} override=#{variables.BREAK_GLASS}',
        variables: { BREAK_GLASS: 'none' },
      }),
    async act(world) {
      await openIncident(world);
      Object.assign(emulatedState(world, 'health').endpoints, { 'us-east-1': 'down', 'us-east-2': 'down' });
      const until = new Date(world.clock.now() + 30 * MINUTE).toISOString();
      await runPipeline(world, { BREAK_GLASS: `${until} hotfix for INC-42 — "now"` });
    },
    expect(outcome, calls) {
      assert.equal(stateOf(outcome).stages.orders, DEPLOYED);
      assert.match(gateMessage(outcome), /^Succeeded: OVERRIDDEN until .*: hotfix for INC-42/);
      assert.deepEqual(
        gateCalls(calls).map(({ action }) => action),
        ['PutJobSuccessResult'],
        'no other service is called',
      );
    },
  }),

  scenario('an override for all pipelines, which expires', {
    arrange: (world) => createGatedPipeline(world, { parameters: { mode: 'warn' } }),
    async act(world) {
      const until = new Date(world.clock.now() + 30 * MINUTE).toISOString();
      await putParameter(world, '/groundcrew/health-gate/override', `${until} evacuating eu-west-1`);
      await openIncident(world);
      await runPipeline(world);
      await world.advance(31 * MINUTE);
      await runPipeline(world);
    },
    expect(outcome, calls) {
      assert.deepEqual(stateOf(outcome).executions.orders, ['Succeeded', 'Succeeded']);
      assert.match(gateMessage(outcome), /^Succeeded: Incident In Progress: .* Allowed by the policy/);
      assert.equal(countCalls(calls, 'DescribeEvents'), 1, 'only the second run asks AWS Health');
    },
  }),
];
