import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setBuildArtifact, stampBuild, storeFolder, writeStoreFile } from './builds.ts';
import {
  actionMessage,
  COPY_FOLDER,
  createReleasePipeline,
  PIPELINE,
  runPipeline,
  scenario,
  stateOf,
} from './pipeline.ts';

export const copyScenarios = [
  scenario('a build is copied to another folder and goes live there', {
    async arrange(world) {
      await createReleasePipeline(world, PIPELINE, [{ env: 'prod', copyTo: COPY_FOLDER }]);
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-1'));
      await runPipeline(world);
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-2'));
      return undefined;
    },
    async act(world) {
      await runPipeline(world);
      const logo = join(storeFolder(world), '..', COPY_FOLDER, 'builds/b-2/assets/logo.svg');
      assert.equal(statSync(logo).nlink, 2, 'an unchanged file is a hard link to the previous build');
      assert.equal(statSync(join(logo, '../app.js')).nlink, 1);
    },
    expect(outcome) {
      const { copies, live, store } = stateOf(outcome);
      assert.deepEqual([live, copies.live], [{}, { prod: '../builds/b-2' }]);
      assert.deepEqual(
        [store['builds'], copies.store['builds'], copies.store['incoming']],
        [['b-1', 'b-2'], ['b-1', 'b-2'], []],
      );
    },
  }),

  scenario('the disk is full while a build is copied', {
    async arrange(world) {
      await createReleasePipeline(world, PIPELINE, [{ env: 'prod', copyTo: COPY_FOLDER }]);
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-1'));
      await runPipeline(world);
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-2'));
      writeStoreFile(`${world.folderOf('BuildStore')}.full`, `${COPY_FOLDER}/builds/.incoming`);
      return undefined;
    },
    act: (world) => runPipeline(world),
    expect(outcome) {
      const { copies } = stateOf(outcome);
      assert.deepEqual(copies.live, { prod: '../builds/b-1' });
      assert.deepEqual([copies.store['builds'], copies.store['incoming']], [['b-1'], []]);
      assert.match(
        actionMessage(outcome, 'To-prod'),
        /JobFailed: No space left on the file system: b-2 was not copied; b-1 stays live/,
      );
    },
  }),
];
