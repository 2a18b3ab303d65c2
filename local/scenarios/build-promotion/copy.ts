import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf, offer, put, stamp } from './builds.ts';
import { COPIES, createRelease, PIPELINE, release, saidBy, scenario, stateOf } from './pipeline.ts';

export const copying = [
  scenario('a build is copied to another folder and goes live there', {
    async arrange(world) {
      await createRelease(world, PIPELINE, [{ env: 'prod', copyTo: COPIES }]);
      await offer(world, PIPELINE, stamp(world, 'b-1'));
      await release(world);
      await offer(world, PIPELINE, stamp(world, 'b-2'));
      return undefined;
    },
    async act(world) {
      await release(world);
      const logo = join(folderOf(world), '..', COPIES, 'builds/b-2/assets/logo.svg');
      assert.equal(statSync(logo).nlink, 2, 'what did not change shares its bytes with the release before');
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
      await createRelease(world, PIPELINE, [{ env: 'prod', copyTo: COPIES }]);
      await offer(world, PIPELINE, stamp(world, 'b-1'));
      await release(world);
      await offer(world, PIPELINE, stamp(world, 'b-2'));
      put(`${world.folderOf('BuildStore')}.full`, `${COPIES}/builds/.incoming`);
      return undefined;
    },
    act: (world) => release(world),
    expect(outcome) {
      const { copies } = stateOf(outcome);
      assert.deepEqual(copies.live, { prod: '../builds/b-1' });
      assert.deepEqual([copies.store['builds'], copies.store['incoming']], [['b-1'], []]);
      assert.match(
        saidBy(outcome, 'To-prod'),
        /JobFailed: The disk is full: b-2 could not be copied; b-1 stays live/,
      );
    },
  }),
];
