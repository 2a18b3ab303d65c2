import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { answerApproval, createPipeline } from '../../scenario-kit/pipelines.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import { setBuildArtifact, stampBuild, storeFolder, writeStoreFile } from './builds.ts';
import {
  actionMessage,
  createReleasePipeline,
  observe,
  PIPELINE,
  runPipeline,
  scenario,
  settleAndRetry,
  stateOf,
} from './pipeline.ts';

export const promoteScenarios = [
  scenario('one build is promoted through four environments', {
    async arrange(world) {
      const stages = ['dev', 'test', 'stage', 'prod'].map((env) => ({ env }));
      await createReleasePipeline(world, PIPELINE, stages);
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-1'));
      return undefined;
    },
    act: (world) => runPipeline(world),
    expect(outcome, calls) {
      const link = '../builds/b-1';
      assert.deepEqual(stateOf(outcome).live, { dev: link, prod: link, stage: link, test: link });
      assert.deepEqual(outcome.effects, [
        'dev: 1 promote: none -> b-1',
        'prod: 1 promote: none -> b-1',
        'stage: 1 promote: none -> b-1',
        'test: 1 promote: none -> b-1',
      ]);
      // The first environment and production read every byte. The others only compare file attributes.
      assert.match(
        actionMessage(outcome, 'To-dev'),
        /none -> b-1, generation 1\. 4 files, .* every byte verified/,
      );
      assert.match(actionMessage(outcome, 'To-test'), /unchanged since the last full verification/);
      assert.match(actionMessage(outcome, 'To-stage'), /unchanged since the last full verification/);
      assert.match(actionMessage(outcome, 'To-prod'), /every byte verified/);
      // PromoteBuild makes these calls with the credentials of the job, and the fault sweep covers them.
      const read = calls.filter(
        ({ function: by, action }) => by === 'PromoteBuild' && action === 'GetObject',
      );
      assert.equal(read.length, 4);
    },
  }),

  scenario('a file changes between two stages', {
    async arrange(world) {
      const promote = (env: string) =>
        [{ name: 'Promote', function: 'PromoteBuild', parameters: { env }, inputs: ['Build'] }] as const;
      const build = [
        { name: 'Build', provider: 'CodeBuild', inputs: ['Source'], outputs: ['Build'] },
      ] as const;
      const review = [{ name: 'Review', provider: 'Manual' }] as const;
      const stages = { Build: build, 'To-dev': promote('dev'), Review: review, 'To-test': promote('test') };
      await createPipeline(world, { name: PIPELINE, stages });
      await setBuildArtifact(world, PIPELINE, stampBuild(world, 'b-1'));
      await runPipeline(world);
      return undefined;
    },
    async act(world) {
      writeStoreFile(join(storeFolder(world), 'builds/b-1/assets/app.js'), "console.log('B-1')\n");
      await answerApproval(world, `${PIPELINE}/Review/Review`, 'Approved');
      await settleAndRetry(world);
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { dev: '../builds/b-1' });
      const reason = 'b-1: one file does not match the manifest: changed "assets/app.js"';
      assert.equal(actionMessage(outcome, 'To-test'), `Failed: JobFailed: ${reason}`);
    },
  }),

  scenario('two promotions race for one environment', {
    arrange: async (world) => ['b-left', 'b-right'].map((buildId) => stampBuild(world, buildId)),
    async act(world, artifacts) {
      const replies = await Promise.all(
        artifacts.map((artifact) => {
          const request = { action: 'promote', env: 'prod', key: artifact.buildId, expectCurrent: 'none' };
          return world.invoke('BuildStore', { ...request, artifact });
        }),
      );
      writeStoreFile(join(storeFolder(world), 'replies.json'), JSON.stringify(replies));
    },
    async observe(world) {
      const replies = JSON.parse(readFileSync(join(storeFolder(world), 'replies.json'), 'utf8'));
      const winners = replies.filter((reply: { outcome: string }) => reply.outcome === 'switched');
      return { ...(await observe(world)), detail: { replies, winners } };
    },
    // Either promotion can win, and the store calls no service that could fail.
    sweep: false,
    expect(outcome) {
      const { replies, winners } = racesIn(outcome);
      assert.equal(winners.length, 1);
      assert.equal(stateOf(outcome).live['prod'], `../builds/${winners[0]?.to}`);
      const { failure, reason = '' } = replies.find((reply) => reply.outcome === 'refused') ?? {};
      assert.equal(failure, 'RevisionOutOfSync');
      assert.match(reason, /^prod (is at b-\w+, expected none|was changed by somebody else)/);
    },
  }),

  scenario('a build that is still being written', {
    async arrange(world) {
      await createReleasePipeline(world, PIPELINE, [{ env: 'dev' }]);
      const root = storeFolder(world);
      const artifact = stampBuild(world, 'b-1');
      writeStoreFile(join(root, 'builds/.incoming/.keep'), '');
      renameSync(join(root, 'builds/b-1'), join(root, 'builds/.incoming/b-1'));
      await setBuildArtifact(world, PIPELINE, artifact);
      return undefined;
    },
    act: (world) => runPipeline(world),
    expect(outcome) {
      assert.deepEqual(outcome.effects, []);
      assert.match(
        actionMessage(outcome, 'To-dev'),
        /Failed: RevisionUnavailable: b-1 is still being written/,
      );
    },
  }),
];

interface RaceReply {
  readonly outcome: string;
  readonly to?: string;
  readonly failure?: string;
  readonly reason?: string;
}

function racesIn({ detail }: Outcome): {
  readonly replies: readonly RaceReply[];
  readonly winners: readonly RaceReply[];
} {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return detail as { replies: readonly RaceReply[]; winners: readonly RaceReply[] };
}
