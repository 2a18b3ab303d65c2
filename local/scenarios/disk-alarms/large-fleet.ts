import assert from 'node:assert/strict';
import type { World } from '../../pack/world.ts';
import {
  actionsOf,
  alarms,
  alarmsOf,
  answersOf,
  call,
  countOf,
  type Servers,
  scenario,
  writesIn,
} from './observe.ts';
import { linuxMetrics, reportLinux, runServers, send } from './servers.ts';

const HOURLY = 'ReconcileDiskAlarmsHourly';
const FLEET = 1000;

async function thousandServers(world: World): Promise<Servers> {
  const ids = await runServers(world, 'node', FLEET);
  const disk = { mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 };
  await send(
    world,
    ids.flatMap((id) => linuxMetrics(id, disk)),
  );
  return { ids, answers: [] };
}

// Left out of the fault sweep: their calls are those of a single disk, and a run takes seconds.
export const large = [
  scenario('1,000 instances, twice in a row', {
    sweep: false,
    arrange: thousandServers,
    async act(world, { answers }) {
      await world.fire(HOURLY);
      await world.settle();
      const first = world.calls().length;
      await world.fire(HOURLY);
      await world.settle();
      const second = actionsOf(world.calls().slice(first));
      answers.push({ writes: writesIn(second), calls: second.length });
    },
    async observe(world, { answers }) {
      return {
        state: { alarms: (await alarms(world)).length, deadLetters: (await world.deadLetters()).length },
        detail: { answers },
      };
    },
    expect(outcome, calls) {
      assert.deepEqual(outcome.state, { alarms: 3 * FLEET, deadLetters: 0 });
      const actions = actionsOf(calls);
      assert.equal(countOf(actions, 'PutMetricAlarm'), 2 * FLEET);
      assert.equal(countOf(actions, 'PutCompositeAlarm'), FLEET);
      // Time ran out once, and the run went on by itself.
      assert.equal(countOf(actions, 'SendMessage'), 1);
      assert.deepEqual(
        calls.filter(({ status }) => status >= 400),
        [],
      );
      assert.partialDeepStrictEqual(outcome.detail, { answers: [{ writes: [], calls: 43 }] });
    },
  }),

  scenario('PutMetricAlarm, throttled', {
    sweep: false, // a fault is what it is about
    async arrange(world) {
      const [id = ''] = await runServers(world, 'db-1');
      await reportLinux(world, id, [
        { mount: '/', device: 'nvme0n1p1', sizeGb: 20, free: 50 },
        { mount: '/data', device: 'nvme1n1', sizeGb: 100, free: 50 },
      ]);
      return { ids: [id], answers: [] };
    },
    async act(world, servers) {
      world.throttle('cloudwatch', 'PutMetricAlarm', 10);
      await call(world, servers, { hostname: 'db-1' });
    },
    expect(outcome, calls) {
      assert.equal(answersOf(outcome)[0]?.continues, true);
      assert.equal(Object.keys(alarmsOf(outcome)).length, 6);
      const made = calls.filter(({ action, status }) => action.startsWith('Put') && status === 200);
      assert.equal(made.length, 6);
    },
  }),
];
