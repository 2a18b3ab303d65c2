import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import { fakeContext } from '../../support/handlers/context.ts';
import { ROOT } from '../../support/template.ts';

// A file system of its own, and the built functions that mount it, in this process.

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they come
export type Answer = any;

export interface Site {
  readonly mount: string;
  /** The folder with builds and envs. */
  readonly root: string;
  /** Asks the built BuildStore; `remaining` is what Lambda says is left whenever it is asked. */
  store(request: object, remaining?: () => number): Promise<Answer>;
  prune(): Promise<Answer>;
  /** Stamps a build with the tool. */
  stamp(buildId: string, files?: Readonly<Record<string, string>>, ...options: string[]): Answer;
  stampFolder(buildId: string, from: string, ...options: string[]): Answer;
  promote(buildId: string, env?: string): Promise<Answer>;
  empty(): void;
  remove(): void;
}

let opened = 0;

export async function openSite(variables: Readonly<Record<string, string>> = {}): Promise<Site> {
  opened += 1;
  const mount = fs.mkdtempSync(join(tmpdir(), 'groundcrew-site-'));
  const root = join(mount, 'site');
  const settings = {
    AWS_REGION: 'eu-west-1',
    POWERTOOLS_SERVICE_NAME: 'BuildStore',
    POWERTOOLS_METRICS_NAMESPACE: 'Groundcrew',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    MOUNT_PATH: mount,
    STORE_PATH: '/site',
    COPY_FOLDERS: 'live/web',
    DRY_RUN: 'false',
    FULL_ENVIRONMENTS: 'prod',
    SYMLINKS: 'refuse',
    PUBLIC_KEY: '',
    PRUNE: 'true',
    KEEP_DAYS: '7',
    KEEP_PER_ENVIRONMENT: '3',
    MAX_BUILDS: '1000',
    ...variables,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const store = await load('BuildStore');
  const prune = await load('PruneBuilds');
  const files = { 'a/one.txt': 'one', 'a/two.txt': 'two', 'index.html': 'home' };
  const site: Site = {
    mount,
    root,
    store: (request, remaining = () => 60_000) => store(request, fakeContext({ remaining })),
    prune: () => prune({}, fakeContext({ remaining: () => 60_000 })),
    stamp: (buildId, content = files, ...options) => {
      const from = join(mount, 'work');
      fs.rmSync(from, { recursive: true, force: true });
      for (const [path, text] of Object.entries({ ...content })) {
        fs.mkdirSync(dirname(join(from, path)), { recursive: true });
        fs.writeFileSync(join(from, path), text);
      }
      const artifact = site.stampFolder(buildId, from, ...options);
      fs.rmSync(from, { recursive: true });
      return artifact;
    },
    stampFolder: (buildId, from, ...options) => {
      const artifact = join(mount, 'build.json');
      execFileSync('sh', [join(ROOT, 'tools/stamp-build'), ...options, root, buildId, from, artifact]);
      return JSON.parse(fs.readFileSync(artifact, 'utf8'));
    },
    promote: (buildId, env = 'dev') => {
      const artifact = site.stamp(buildId, { ...files, 'index.html': buildId });
      return site.store({ action: 'promote', env, key: `${env} ${buildId}`, artifact });
    },
    empty: () => {
      for (const name of fs.readdirSync(mount)) fs.rmSync(join(mount, name), { recursive: true });
    },
    remove: () => fs.rmSync(mount, { recursive: true, force: true }),
  };
  return site;
}

type Handler = (event: object, context: object) => Promise<Answer>;

/** Another copy for each site: a function reads its settings when it is loaded. */
async function load(id: string): Promise<Handler> {
  const { href } = pathToFileURL(join(ROOT, 'dist', id, 'index.mjs'));
  return (await import(`${href}?site=${opened}`)).handler;
}

const untouched = { ...fs.promises };

/** Something else happens just before the next call of a file operation; then that call goes on. */
export function meanwhile(name: 'link' | 'rename' | 'stat' | 'symlink', happens: () => unknown): void {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the operation takes
  const real: any = untouched[name];
  // biome-ignore lint/suspicious/noExplicitAny: whatever the operation takes
  const spy = vi.spyOn(fs.promises, name as 'rename').mockImplementation(async (...args: any[]) => {
    spy.mockRestore();
    syncBuiltinESMExports();
    await happens();
    return real(...args);
  });
  syncBuiltinESMExports();
}

/** Puts a build into the trash, as pruning does. */
export function putInTrash({ root }: Site, buildId: string, at = Date.now()): void {
  const folder = join(root, 'builds/.trash', `${at}-0123abcd-${buildId}`);
  fs.mkdirSync(folder, { recursive: true });
  fs.renameSync(join(root, 'builds', buildId), join(folder, 'build'));
}

/** Later than any restore that a test begins after it, however long the test takes. */
const soon = (): number => Date.now() + 1_800_000;

/** Lays a build aside as AWS Backup restores it, some time from now. Returns where it lies. */
export function layInRestoreFolder({ mount, root }: Site, buildId: string, at = soon()): string {
  const time = new Date(at).toISOString().replaceAll(':', '-').replace('.', '-');
  const folder = join(mount, `aws-backup-restore_${time}/site/builds`);
  fs.mkdirSync(folder, { recursive: true });
  fs.renameSync(join(root, 'builds', buildId), join(folder, buildId));
  return join(folder, buildId);
}

/** What environments show: the build, or what else the link says. */
export function live(root: string): Record<string, string> {
  const envs = join(root, 'envs');
  const names = fs.existsSync(envs) ? fs.readdirSync(envs).filter((name) => !name.startsWith('.')) : [];
  return Object.fromEntries(
    names.map((env) => {
      const path = join(envs, env);
      return [
        env,
        `${fs.readlinkSync(path)}${fs.existsSync(join(path, 'index.html')) ? '' : ', which is gone'}`,
      ];
    }),
  );
}

/** Changes in their order, as `1 promote none -> b-1`. */
export function history(root: string, env: string): string[] {
  const folder = join(root, 'envs/.history', env);
  return fs
    .readdirSync(folder)
    .sort()
    .map((file) => {
      const { action, from, generation, to } = JSON.parse(fs.readFileSync(join(folder, file), 'utf8'));
      return `${generation} ${action} ${from ?? 'none'} -> ${to}`;
    });
}

/** Every file below, with its content, but for drafts and for what times and random names make different. */
export function contents(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (entry.isFile() && !/\.drafts|\.history|\.checks|\.restores|\.wanted|BUILD\.json/.test(path))
      found[path.replace(/\d{13}-[0-9a-f]{8}-/g, '')] = fs.readFileSync(join(root, path), 'utf8');
  }
  return Object.fromEntries(Object.entries(found).sort());
}
