import assert from 'node:assert/strict';
import type { World } from '../../scenario-kit/world.ts';
import { alarmsOf, callFunction, responsesOf, scenario } from './observe.ts';
import { reportLinux, runServers } from './servers.ts';

const HOUR = 3_600_000;

/** Reports two disks every hour of a day: the first grows by 1 % an hour, the second does not. */
async function reportDay(world: World, id: string): Promise<void> {
  for (let hour = 0; hour < 24; hour += 1) {
    world.clock.skip(HOUR);
    await reportLinux(world, id, [
      { mount: '/data', device: 'nvme1n1', sizeGb: 100, free: 64 - hour },
      { mount: '/logs', device: 'nvme2n1', sizeGb: 100, free: 40 },
    ]);
  }
}

export const forecastScenarios = [
  scenario('a disk that is full within 48 hours', {
    sweep: false, // one more alarm than "a full disk", created in the same way
    async arrange(world) {
      const [id = ''] = await runServers(world, 'db-1', 1, { 'groundcrew:disk-forecast': '48' });
      await reportDay(world, id);
      return { ids: [id], responses: [] };
    },
    async act(world, servers) {
      await callFunction(world, servers, { hostname: 'db-1' });
      await callFunction(world, servers, { hostname: 'db-1' });
    },
    expect(outcome) {
      assert.deepEqual(Object.keys(alarmsOf(outcome)).sort(), [
        'server 1-critical-/data',
        'server 1-critical-/logs',
        'server 1-forecast-/data',
        'server 1-warning-/data',
        'server 1-warning-/logs',
      ]);
      const { condition, topics } = alarmsOf(outcome)['server 1-forecast-/data'] ?? {};
      assert.deepEqual([condition, topics], ['Average of disk_used_percent > 58', ['default']]);
      const [first, second] = responsesOf(outcome);
      assert.deepEqual([first?.counts?.['create'], first?.monthlyUsd], [5, 0.5]);
      assert.deepEqual([second?.counts?.['unchanged'], second?.counts?.['update']], [5, 0]);
    },
  }),
];
