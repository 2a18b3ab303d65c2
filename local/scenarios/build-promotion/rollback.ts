import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { World } from '../../pack/world.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import { folderOf, put, stamp } from './builds.ts';
import { createRelease, observe, PIPELINE, release, saidBy, scenario, stateOf } from './pipeline.ts';

const DAY = 86_400_000;
const PRUNE = 'PruneBuildsSweep';

export const goingBack = [
  scenario('rolled back twice', {
    async arrange(world) {
      await promoteAll(world, ['b-1', 'b-2', 'b-3'], 'prod');
      await createRelease(world, PIPELINE, [{ env: 'prod', action: 'rollback' }]);
      return undefined;
    },
    async act(world) {
      await release(world);
      await release(world);
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-1' });
      assert.deepEqual(outcome.effects?.slice(-2), [
        'prod: 4 rollback: b-3 -> b-2',
        'prod: 5 rollback: b-2 -> b-1',
      ]);
    },
  }),

  scenario('a rollback passes over a release that is marked bad', {
    async arrange(world) {
      await promoteAll(world, ['b-1', 'b-2', 'b-3'], 'prod');
      await world.invoke('BuildStore', {
        action: 'mark-bad',
        buildId: 'b-2',
        reason: 'it forgets who you are',
      });
      return undefined;
    },
    async act(world) {
      await world.invoke('BuildStore', { env: 'prod', action: 'rollback' });
    },
    // A direct call: nothing but the store is at work, and it calls no service.
    sweep: false,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-1' });
    },
  }),

  scenario('pruning when what is live is the oldest of all', {
    async arrange(world) {
      await promoteAll(world, ['b-1'], 'prod');
      world.clock.skip(10 * DAY);
      await promoteAll(world, ['b-2', 'b-3', 'b-4', 'b-5', 'b-6'], 'dev');
      stamp(world, 'b-never-live');
      world.clock.skip(10 * DAY);
      stamp(world, 'b-fresh');
      put(join(folderOf(world), 'builds/notes/todo.txt'), 'by hand');
      return undefined;
    },
    async act(world) {
      await world.fire(PRUNE);
      await world.settle();
      assert.deepEqual(stateOf(await observe(world)).store['trash'], ['b-2', 'b-3', 'b-never-live']);
      world.clock.skip(DAY);
      await world.fire(PRUNE);
      await world.settle();
    },
    // It calls no service; test/functions/build-promotion/faults.test.ts has its file operations fail.
    sweep: false,
    expect(outcome) {
      const { live, store } = stateOf(outcome);
      assert.deepEqual(live, { dev: '../builds/b-6', prod: '../builds/b-1' });
      assert.deepEqual(store['builds'], ['b-1', 'b-4', 'b-5', 'b-6', 'b-fresh', 'notes']);
      assert.deepEqual(store['trash'], []);
    },
  }),

  scenario('nothing is pruned while an environment cannot be read', {
    async arrange(world) {
      await promoteAll(world, ['b-1'], 'prod');
      stamp(world, 'b-old');
      put(join(folderOf(world), 'envs/canary/index.html'), 'a directory');
      world.clock.skip(30 * DAY);
      return undefined;
    },
    async act(world) {
      await world.fire(PRUNE);
      await world.settle();
    },
    // It calls no service, and a person must act.
    sweep: false,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).store['builds'], ['b-1', 'b-old']);
      assert.equal(stateOf(outcome).deadLetters, 1);
    },
  }),

  scenario('a rollback to a build that was pruned', {
    arrange: async (world) => {
      await promoteAll(world, ['b-1', 'b-2'], 'prod');
      const snapshot = backUp(world, 3);
      rmSync(join(folderOf(world), 'builds/b-1'), { recursive: true });
      await createRelease(world, PIPELINE, [{ env: 'prod', action: 'rollback', restore: true }]);
      return { snapshot };
    },
    act: (world) => release(world),
    async observe(world, { snapshot }) {
      const outcome = await observe(world);
      const { snapshot: _, ...left } = { snapshot, ...outcome };
      const folders = readdirSync(world.folderOf('BuildStore'));
      return { ...left, state: { ...stateOf(outcome), folders } };
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-1' });
      // What AWS Backup made beside the store is gone again.
      assert.deepEqual(Object(outcome.state).folders, ['site']);
      assert.match(saidBy(outcome, 'To-prod'), /prod: b-2 -> b-1.* every byte verified/);
    },
  }),

  scenario('a restore that fails once, and its second recovery point', {
    arrange: async (world) => {
      await promoteAll(world, ['b-1', 'b-2'], 'prod');
      backUp(world, 2);
      emulatedState(world, 'backup').outcomes.push('FAILED');
      rmSync(join(folderOf(world), 'builds/b-1'), { recursive: true });
      return undefined;
    },
    async act(world) {
      await world.invoke('RestoreBuild', { buildId: 'b-1' });
      for (let round = 0; round < 4; round++) {
        await world.advance(5 * 60_000);
        await world.fire('RestoreBuildFollow');
        await world.settle();
      }
    },
    // The same calls as in the rollback to a build that was pruned, and half a minute of sweep.
    sweep: false,
    expect(outcome, calls) {
      assert.deepEqual(stateOf(outcome).store['builds'], ['b-1', 'b-2']);
      assert.equal(calls.filter(({ action }) => action === 'StartRestoreJob').length, 2);
    },
  }),
];

/** Promotes builds one after the other, as pipelines of another day did. */
async function promoteAll(world: World, buildIds: readonly string[], env: string): Promise<void> {
  for (const buildId of buildIds) {
    const artifact = stamp(world, buildId);
    await world.invoke('BuildStore', { action: 'promote', env, key: `${env} ${buildId}`, artifact });
    world.clock.skip(60_000);
  }
}

/** As many recovery points as a week has days or fewer, the last one holding what is there now. */
function backUp(world: World, days: number): string {
  const target = world.folderOf('BuildStore');
  const snapshot = mkdtempSync(join(tmpdir(), 'groundcrew-backup-'));
  cpSync(target, snapshot, { recursive: true, verbatimSymlinks: true });
  const resourceArn = `arn:aws:elasticfilesystem:${world.region}:${world.accountId}:file-system/${world.ref('BuildFileSystem')}`;
  for (let day = 0; day < days; day++) {
    const arn = `arn:aws:backup:${world.region}:${world.accountId}:recovery-point:day-${day}`;
    const createdAt = world.clock.now() + day * DAY;
    emulatedState(world, 'backup').points.push({
      arn,
      resourceArn,
      createdAt,
      status: 'COMPLETED',
      snapshot,
      target,
    });
  }
  return snapshot;
}
