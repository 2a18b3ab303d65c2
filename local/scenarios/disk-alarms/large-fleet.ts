import assert from 'node:assert/strict';
import type { World } from '../../scenario-kit/world.ts';
import {
  actionsOf,
  alarmsOf,
  callFunction,
  countOf,
  listAlarms,
  responsesOf,
  type Servers,
  scenario,
  writesOf,
} from './observe.ts';
import { linuxMetrics, reportLinux, runServers, sendMetrics } from './servers.ts';

const HOURLY = 'ReconcileDiskAlarmsHourly';
const FLEET_SIZE = 1000;

async function createLargeFleet(world: World): Promise<Servers> {
  const ids = await runServers(world, 'node', FLEET_SIZE);
  const disk = { mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 };
  await sendMetrics(
    world,
    ids.flatMap((id) => linuxMetrics(id, disk)),
  );
  return { ids, responses: [] };
}

// Not in the fault sweep: the calls are those of a single disk, and a run takes seconds.
export const largeFleetScenarios = [
  scenario('two runs over 1,000 instances, which reach MaxAlarms', {
    sweep: false,
    arrange: createLargeFleet,
    async act(world, { responses }) {
      await world.fire(HOURLY);
      await world.settle();
      const first = world.calls().length;
      await world.fire(HOURLY);
      await world.settle();
      const second = actionsOf(world.calls().slice(first));
      responses.push({ writes: writesOf(second), calls: second.length });
      const [late = ''] = await runServers(world, 'late');
      await reportLinux(world, late, [{ mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 }]);
      await callFunction(world, { ids: [], responses }, { hostname: 'late' });
    },
    async observe(world, { responses }) {
      return {
        state: { alarms: (await listAlarms(world)).length, deadLetters: (await world.deadLetters()).length },
        detail: { responses },
      };
    },
    expect(outcome, calls) {
      assert.deepEqual(outcome.state, { alarms: 2 * FLEET_SIZE, deadLetters: 0 });
      const actions = actionsOf(calls);
      assert.equal(countOf(actions, 'PutMetricAlarm'), 2 * FLEET_SIZE);
      assert.equal(countOf(actions, 'PutCompositeAlarm'), 0);
      // 2,000 changes at 1.5 a second take two runs, and 2,000 alarms fit into MaxAlarms.
      assert.equal(countOf(actions, 'SendMessageBatch'), 1);
      assert.deepEqual(
        calls.filter(({ status }) => status >= 400),
        [],
      );
      assert.partialDeepStrictEqual(outcome.detail, {
        // The 2,000 alarms are as many as MaxAlarms allows.
        responses: [
          { writes: [], calls: 33 },
          { overMaximum: 2, monthlyUsd: 0, counts: { create: 0 } },
        ],
      });
    },
  }),

  scenario('PutMetricAlarm is throttled', {
    sweep: false, // injects a fault itself
    async arrange(world) {
      const [id = ''] = await runServers(world, 'db-1');
      await reportLinux(world, id, [
        { mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 },
        { mount: '/data', device: 'nvme1n1', sizeGb: 100, free: 50 },
      ]);
      return { ids: [id], responses: [] };
    },
    async act(world, servers) {
      world.throttle('cloudwatch', 'PutMetricAlarm', 10);
      await callFunction(world, servers, { hostname: 'db-1' });
    },
    expect(outcome, calls) {
      assert.equal(responsesOf(outcome)[0]?.continues, true);
      assert.equal(Object.keys(alarmsOf(outcome)).length, 4);
      const puts = calls.filter(({ action, status }) => action.startsWith('Put') && status === 200);
      assert.equal(puts.length, 4);
    },
  }),
];
