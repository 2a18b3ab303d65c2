import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { setBuildArtifact, stampBuild, storeFolder, writeStoreFile } from './builds.ts';
import { createReleasePipeline, observe, PIPELINE, runPipeline, scenario, stateOf } from './pipeline.ts';

// A host that follows an environment with tools/follow-release. Its local disk is a folder next to the file system.

const followTool = join(import.meta.dirname, '../../../tools/follow-release');

const diskFolder = (world: World): string => `${world.folderOf('BuildStore')}.host`;

/** What a timer on the host does. Returns the exit status and what the host serves afterwards. */
function followOnHost(world: World): string {
  const disk = diskFolder(world);
  const ran = spawnSync('sh', [followTool, '-w', '60', storeFolder(world), 'prod', join(disk, 'site')]);
  return `${ran.status} ${readFileSync(join(disk, 'site/current/index.html'), 'utf8').trim()}`;
}

/** Takes the file system away while `act` runs: every operation below its folder fails. */
async function withoutEfs(world: World, act: () => Promise<void>): Promise<void> {
  const store = storeFolder(world);
  renameSync(store, `${store}.gone`);
  writeFileSync(store, '');
  await act();
  rmSync(store);
  renameSync(`${store}.gone`, store);
}

export const hostScenarios = [
  scenario('EFS is gone, and hosts go on serving', {
    async arrange(world) {
      rmSync(diskFolder(world), { recursive: true, force: true });
      await createReleasePipeline(world, PIPELINE, [{ env: 'prod' }]);
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-1'));
      await runPipeline(world);
      const seen = [followOnHost(world)];
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-2'));
      return seen;
    },
    async act(world, seen) {
      await withoutEfs(world, async () => {
        seen.push(followOnHost(world));
        await assert.rejects(world.invoke('BuildStore', { action: 'history', env: 'prod' }), /ENOTDIR/);
        seen.push(followOnHost(world));
      });
      await runPipeline(world);
      seen.push(followOnHost(world));
      writeStoreFile(join(diskFolder(world), 'seen.json'), JSON.stringify(seen));
    },
    async observe(world) {
      const seen = JSON.parse(readFileSync(join(diskFolder(world), 'seen.json'), 'utf8'));
      return { ...(await observe(world)), detail: seen };
    },
    expect(outcome) {
      assert.deepEqual(seenIn(outcome), [
        '0 <h1>b-1</h1>',
        '4 <h1>b-1</h1>',
        '4 <h1>b-1</h1>',
        '0 <h1>b-2</h1>',
      ]);
      assert.deepEqual(stateOf(outcome).live, { prod: '../builds/b-2' });
      assert.deepEqual(outcome.effects, ['prod: 1 promote: none -> b-1', 'prod: 2 promote: b-1 -> b-2']);
    },
  }),
];

function seenIn({ detail }: Outcome): readonly string[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return detail as readonly string[];
}
