import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { answerApproval, createPipeline } from '../../scenario-kit/pipelines.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import { folderOf, offer, put, stamp } from './builds.ts';
import {
  createRelease,
  observe,
  PIPELINE,
  release,
  saidBy,
  scenario,
  settleAndRetry,
  stateOf,
} from './pipeline.ts';

export const promoting = [
  scenario('one build through four stages', {
    async arrange(world) {
      const stages = ['dev', 'test', 'stage', 'prod'].map((env) => ({ env }));
      await createRelease(world, PIPELINE, stages);
      await offer(world, PIPELINE, stamp(world, 'b-1'));
      return undefined;
    },
    act: (world) => release(world),
    expect(outcome, calls) {
      const link = '../builds/b-1';
      assert.deepEqual(stateOf(outcome).live, { dev: link, prod: link, stage: link, test: link });
      assert.deepEqual(outcome.effects, [
        'dev: 1 promote: none -> b-1',
        'prod: 1 promote: none -> b-1',
        'stage: 1 promote: none -> b-1',
        'test: 1 promote: none -> b-1',
      ]);
      // Everything is read at first and for production; in between a look at every file's attributes is enough.
      assert.match(saidBy(outcome, 'To-dev'), /none -> b-1, generation 1\. 4 files, .* every byte verified/);
      assert.match(saidBy(outcome, 'To-test'), /unchanged since every byte was verified/);
      assert.match(saidBy(outcome, 'To-stage'), /unchanged since every byte was verified/);
      assert.match(saidBy(outcome, 'To-prod'), /every byte verified/);
      // In the job's name, and still PromoteBuild's: the sweep strikes there too.
      const read = calls.filter(
        ({ function: by, action }) => by === 'PromoteBuild' && action === 'GetObject',
      );
      assert.equal(read.length, 4);
    },
  }),

  scenario('a byte is changed between two stages', {
    async arrange(world) {
      const promote = (env: string) =>
        [{ name: 'Promote', function: 'PromoteBuild', parameters: { env }, inputs: ['Build'] }] as const;
      const build = [
        { name: 'Build', provider: 'CodeBuild', inputs: ['Source'], outputs: ['Build'] },
      ] as const;
      const review = [{ name: 'Review', provider: 'Manual' }] as const;
      const stages = { Build: build, 'To-dev': promote('dev'), Review: review, 'To-test': promote('test') };
      await createPipeline(world, { name: PIPELINE, stages });
      await offer(world, PIPELINE, stamp(world, 'b-1'));
      await release(world);
      return undefined;
    },
    async act(world) {
      put(join(folderOf(world), 'builds/b-1/assets/app.js'), "console.log('B-1')\n");
      await answerApproval(world, `${PIPELINE}/Review/Review`, 'Approved');
      await settleAndRetry(world);
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).live, { dev: '../builds/b-1' });
      const reason = 'b-1: one file is not as stamped: changed "assets/app.js"';
      assert.equal(saidBy(outcome, 'To-test'), `Failed: JobFailed: ${reason}`);
    },
  }),

  scenario('two promotions race for one environment', {
    arrange: async (world) => ['b-left', 'b-right'].map((buildId) => stamp(world, buildId)),
    async act(world, artifacts) {
      const replies = await Promise.all(
        artifacts.map((artifact) => {
          const request = { action: 'promote', env: 'prod', key: artifact.buildId, expectCurrent: 'none' };
          return world.invoke('BuildStore', { ...request, artifact });
        }),
      );
      put(join(folderOf(world), 'replies.json'), JSON.stringify(replies));
    },
    async observe(world) {
      const replies = JSON.parse(readFileSync(join(folderOf(world), 'replies.json'), 'utf8'));
      const winners = replies.filter((reply: { outcome: string }) => reply.outcome === 'switched');
      return { ...(await observe(world)), detail: { replies, winners } };
    },
    // Either may win, so that no two runs are alike; and the store calls no service that could fail.
    sweep: false,
    expect(outcome) {
      const { replies, winners } = racesOf(outcome);
      assert.equal(winners.length, 1);
      assert.equal(stateOf(outcome).live['prod'], `../builds/${winners[0]?.to}`);
      const { failure, reason = '' } = replies.find((reply) => reply.outcome === 'refused') ?? {};
      assert.equal(failure, 'RevisionOutOfSync');
      assert.match(reason, /^prod (is at b-\w+, expected none|was changed by somebody else)/);
    },
  }),

  scenario('a build that is still being written', {
    async arrange(world) {
      await createRelease(world, PIPELINE, [{ env: 'dev' }]);
      const root = folderOf(world);
      const artifact = stamp(world, 'b-1');
      put(join(root, 'builds/.incoming/.keep'), '');
      renameSync(join(root, 'builds/b-1'), join(root, 'builds/.incoming/b-1'));
      await offer(world, PIPELINE, artifact);
      return undefined;
    },
    act: (world) => release(world),
    expect(outcome) {
      assert.deepEqual(outcome.effects, []);
      assert.match(saidBy(outcome, 'To-dev'), /Failed: RevisionUnavailable: b-1 is still being written/);
    },
  }),
];

interface Race {
  readonly outcome: string;
  readonly to?: string;
  readonly failure?: string;
  readonly reason?: string;
}

function racesOf({ detail }: Outcome): {
  readonly replies: readonly Race[];
  readonly winners: readonly Race[];
} {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` made it
  return detail as { replies: readonly Race[]; winners: readonly Race[] };
}
