import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Html, html, nothing } from '#shared/html.ts';
import { mapping } from '../../json.ts';
import type { Action, Panel, Tone } from '../../scenario-kit/panel.ts';
import { badge, button, count, empty, shortTime } from '../../scenario-kit/panel-parts.ts';
import { startPipeline } from '../../scenario-kit/pipelines.ts';
import type { World } from '../../scenario-kit/world.ts';
import { readLinks, setBuildArtifact, stampBuild, storeFolder, writeStoreFile } from './builds.ts';
import { PIPELINE } from './pipeline.ts';

// Environments: the build that is live, its manifest, and the changes that led to it.

interface Change {
  readonly action: string;
  readonly to: string;
  readonly at: string;
  readonly manifest: string;
}

interface Environment {
  readonly name: string;
  /** The build that its link points to. */
  readonly live: string;
  readonly changes: readonly Change[];
}

function readEnvironments(root: string): readonly Environment[] {
  return Object.entries(readLinks(root)).map(([name, target]) => ({
    name,
    live: target.replace('../builds/', ''),
    changes: readChanges(join(root, 'envs/.history', name)),
  }));
}

function readChanges(folder: string): readonly Change[] {
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('.json'))
        .sort()
    : [];
  return files.slice(-5).map((file) => {
    const { action, to, at, artifact } = mapping(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const manifest = String(mapping(artifact)['manifestSha256'] ?? '');
    return { action: String(action), to: String(to), at: String(at), manifest };
  });
}

const look: Panel['look'] = async (world) => {
  const root = storeFolder(world);
  const environments = readEnvironments(root);
  const builds = listBuilds(root);
  return {
    summary: count(builds.length, 'build'),
    tone: environments.some(({ live }) => live.includes('gone')) ? 'bad' : 'quiet',
    body:
      environments.length === 0
        ? empty('Nothing is live yet.')
        : html`<ul class="rows">${environments.map((one) => renderEnvironment(one, world.clock.now()))}</ul>`,
  };
};

function listBuilds(root: string): readonly string[] {
  const folder = join(root, 'builds');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
  return names.filter((name) => lstatSync(join(folder, name)).isDirectory());
}

const dots: Readonly<Record<string, Tone>> = { promote: 'good', rollback: 'warn', undo: 'bad' };

function renderEnvironment({ name, live, changes }: Environment, now: number): Html {
  const last = changes.at(-1);
  const isVerified = last?.to === live;
  return html`<li><div class="line"><span class="name">${name}</span>${badge(live, isVerified ? 'good' : 'bad')}${changes.length > 1 ? button('build-promotion.rollback', 'Roll back', name) : nothing}</div>
${last ? html`<p class="quiet">since ${shortTime(Date.parse(last.at), now)}, manifest <code>${last.manifest.slice(0, 8)}</code></p>` : nothing}
<ol class="dots" aria-label="History, the oldest first">${changes.map(({ action, to }) => html`<li title="${action} ${to}"><span class="dot ${dots[action] ?? ''}"></span>${action === 'promote' ? '' : `${action} `}${to}</li>`)}</ol></li>`;
}

function nextBuild(world: World): string {
  const numbers = listBuilds(storeFolder(world)).map((name) => Number(/^b-(\d+)$/.exec(name)?.[1] ?? 0));
  return `b-${Math.max(40, ...numbers) + 1}`;
}

/** @param change what somebody does to the build after it was stamped */
async function promote(world: World, id: string, change = (): void => {}): Promise<void> {
  await setBuildArtifact(world, PIPELINE, stampBuild(world, id));
  change();
  await startPipeline(world, PIPELINE);
}

const actions: readonly Action[] = [
  {
    name: 'promote',
    label: 'Promote a new build',
    effect: 'Its files are verified against the manifest, then one link moves per environment.',
    handledBy: 'PromoteBuild',
    run: (world) => promote(world, nextBuild(world)),
  },
  {
    name: 'tamper',
    label: 'Promote with a changed byte',
    effect: 'The promotion fails and names the file. What is live stays.',
    handledBy: 'PromoteBuild',
    run: async (world) => {
      const id = nextBuild(world);
      const changed = join(storeFolder(world), 'builds', id, 'index.html');
      await promote(world, id, () => writeStoreFile(changed, '<h1>changed</h1>\n'));
    },
  },
  {
    name: 'rollback',
    label: 'Roll back',
    effect: 'The link of the environment points to the release before.',
    isInPanel: true,
    run: async (world, env) => {
      await world.invoke('BuildStore', { env, action: 'rollback' });
    },
  },
];

export const panel: Panel = { title: 'Builds on EFS', rank: 5, isNarrow: true, look, actions };
