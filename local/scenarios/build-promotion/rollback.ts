import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { World } from '../../scenario-kit/world.ts';
import { stampBuild, storeFolder, writeStoreFile } from './builds.ts';
import {
  actionMessage,
  createReleasePipeline,
  observe,
  PIPELINE,
  runPipeline,
  scenario,
  stateOf,
} from './pipeline.ts';

const DAY = 86_400_000;
const PRUNE_SCHEDULE = 'PruneBuildsSweep';

export const rollbackScenarios = [
  scenario('two rollbacks in a row', {
    async arrange(world) {
      await promoteAll(world, ['b-1', 'b-2', 'b-3'], 'prod');
      await createReleasePipeline(world, PIPELINE, [{ env: 'prod', action: 'rollback' }]);
      return undefined;
    },
    async act(world) {
      await runPipeline(world);
      await runPipeline(world);
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-1' });
      assert.deepEqual(outcome.effects?.slice(-2), [
        'prod: 4 rollback: b-3 -> b-2',
        'prod: 5 rollback: b-2 -> b-1',
      ]);
    },
  }),

  scenario('a rollback skips a build that is marked bad', {
    async arrange(world) {
      await promoteAll(world, ['b-1', 'b-2', 'b-3'], 'prod');
      await world.invoke('BuildStore', {
        action: 'mark-bad',
        buildId: 'b-2',
        reason: 'users are logged out',
      });
      return undefined;
    },
    async act(world) {
      await world.invoke('BuildStore', { env: 'prod', action: 'rollback' });
    },
    // A direct call to the store, which calls no service.
    sweep: false,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-1' });
    },
  }),

  scenario('pruning keeps the oldest build because it is live', {
    async arrange(world) {
      await promoteAll(world, ['b-1'], 'prod');
      world.clock.skip(10 * DAY);
      await promoteAll(world, ['b-2', 'b-3', 'b-4', 'b-5', 'b-6'], 'dev');
      stampBuild(world, 'b-never-live');
      world.clock.skip(10 * DAY);
      stampBuild(world, 'b-fresh');
      writeStoreFile(join(storeFolder(world), 'builds/notes/todo.txt'), 'a manual note');
      return undefined;
    },
    async act(world) {
      await world.fire(PRUNE_SCHEDULE);
      await world.settle();
      assert.deepEqual(stateOf(await observe(world)).store['trash'], ['b-2', 'b-3', 'b-never-live']);
      world.clock.skip(DAY);
      await world.fire(PRUNE_SCHEDULE);
      await world.settle();
    },
    // Calls no service. test/functions/build-promotion/faults.test.ts lets its file operations fail.
    sweep: false,
    expect(outcome) {
      const { live, store } = stateOf(outcome);
      assert.deepEqual(live, { dev: '../builds/b-6', prod: '../builds/b-1' });
      assert.deepEqual(store['builds'], ['b-1', 'b-4', 'b-5', 'b-6', 'b-fresh', 'notes']);
      assert.deepEqual(store['trash'], []);
    },
  }),

  scenario('pruning stops if an environment cannot be read', {
    async arrange(world) {
      await promoteAll(world, ['b-1'], 'prod');
      stampBuild(world, 'b-old');
      writeStoreFile(join(storeFolder(world), 'envs/canary/index.html'), 'a directory');
      world.clock.skip(30 * DAY);
      return undefined;
    },
    async act(world) {
      await world.fire(PRUNE_SCHEDULE);
      await world.settle();
    },
    // Calls no service, and a person must act.
    sweep: false,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).store['builds'], ['b-1', 'b-old']);
      assert.equal(stateOf(outcome).deadLetters, 1);
    },
  }),

  scenario('a rollback restores a pruned build', {
    arrange: async (world) => {
      await promoteAll(world, ['b-1', 'b-2'], 'prod');
      const snapshot = createRecoveryPoints(world, 3);
      rmSync(join(storeFolder(world), 'builds/b-1'), { recursive: true });
      await createReleasePipeline(world, PIPELINE, [{ env: 'prod', action: 'rollback', restore: true }]);
      return { snapshot };
    },
    act: (world) => runPipeline(world),
    async observe(world, { snapshot }) {
      const outcome = await observe(world);
      const { snapshot: _, ...left } = { snapshot, ...outcome };
      const folders = readdirSync(world.folderOf('BuildStore'));
      return { ...left, state: { ...stateOf(outcome), folders } };
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-1' });
      // The folder that AWS Backup created next to the store is deleted.
      assert.deepEqual(Object(outcome.state).folders, ['site']);
      assert.match(actionMessage(outcome, 'To-prod'), /prod: b-2 -> b-1.* every byte verified/);
    },
  }),

  scenario('a restore fails and falls back to the second recovery point', {
    arrange: async (world) => {
      await promoteAll(world, ['b-1', 'b-2'], 'prod');
      createRecoveryPoints(world, 2);
      emulatedState(world, 'backup').outcomes.push('FAILED');
      rmSync(join(storeFolder(world), 'builds/b-1'), { recursive: true });
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
    // The same calls as in the rollback that restores a pruned build, but half a minute of fault sweep.
    sweep: false,
    expect(outcome, calls) {
      assert.deepEqual(stateOf(outcome).store['builds'], ['b-1', 'b-2']);
      assert.equal(calls.filter(({ action }) => action === 'StartRestoreJob').length, 2);
    },
  }),
];

/** Promotes builds one after the other, without a pipeline. */
async function promoteAll(world: World, buildIds: readonly string[], env: string): Promise<void> {
  for (const buildId of buildIds) {
    const artifact = stampBuild(world, buildId);
    await world.invoke('BuildStore', { action: 'promote', env, key: `${env} ${buildId}`, artifact });
    world.clock.skip(60_000);
  }
}

/** Creates one recovery point per day. All contain the current content of the store. */
function createRecoveryPoints(world: World, days: number): string {
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
