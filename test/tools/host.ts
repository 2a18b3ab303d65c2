import { execFileSync, type SpawnSyncOptions, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/template.ts';
import type { Interpreter } from './shells.ts';

// A host with a mounted store, whose builds come from tools/stamp-build, and with a local disk.

export type Files = Readonly<Record<string, string>>;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Host {
  /** The folder that all others are in. */
  readonly folder: string;
  path(...parts: string[]): string;
  /** Stamps a build. A file whose name ends in `run` is executable. */
  stamp(buildId: string, files: Files, ...options: string[]): void;
  /** Moves the link of `prod`, as a promotion does. */
  promote(target: string): void;
  follow(options?: readonly string[], settings?: FollowSettings): Ran;
  /** Puts a command before the machine's own, which it reaches with `real`. */
  putCommand(name: string, script: string): void;
  removeCommand(name: string): void;
  /** Where the local link leads. */
  live(): string | undefined;
  remove(): void;
}

interface FollowSettings {
  readonly interpreter?: Interpreter;
  readonly env?: Readonly<Record<string, string>>;
  readonly spawn?: SpawnSyncOptions;
}

export const FOLLOW = join(ROOT, 'tools/follow-release');

export function openHost(): Host {
  const folder = fs.mkdtempSync(join(tmpdir(), 'groundcrew-host-'));
  const path = (...parts: string[]): string => join(folder, ...parts);
  for (const one of ['bin', 'store/envs', 'disk']) fs.mkdirSync(path(one), { recursive: true });
  return {
    folder,
    path,
    stamp: (buildId, files, ...options) => {
      writeFiles(path('out'), files);
      stampFolder(folder, buildId, options);
      fs.rmSync(path('out'), { recursive: true });
    },
    promote: (target) => {
      fs.symlinkSync(target, path('store/envs/.draft'));
      fs.renameSync(path('store/envs/.draft'), path('store/envs/prod'));
    },
    follow: (options = [], { interpreter, env, spawn } = {}) => {
      const [shell = 'sh', ...flags] = interpreter?.command ?? ['sh'];
      const found = `${path('bin')}:${interpreter?.path ?? process.env['PATH']}`;
      const args = [...flags, FOLLOW, ...options, 'store', 'prod', 'disk/site'];
      const { status, stdout, stderr } = spawnSync(shell, args, {
        cwd: folder,
        ...spawn,
        env: { ...process.env, PATH: found, ...env },
        encoding: 'utf8',
      });
      return { status, stdout: String(stdout), stderr: String(stderr) };
    },
    putCommand: (name, script) => {
      const real = `real() { PATH=$\{PATH#*:} ${name} "$@"; }`;
      fs.writeFileSync(path('bin', name), `#!/bin/sh\n${real}\n${script}\n`, { mode: 0o755 });
    },
    removeCommand: (name) => fs.rmSync(path('bin', name)),
    live: () => {
      const link = path('disk/site/current');
      return fs.existsSync(link) ? fs.readlinkSync(link).replace('releases/', '') : undefined;
    },
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

function writeFiles(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(folder, name)), { recursive: true });
    if (name.endsWith('/')) fs.mkdirSync(join(folder, name), { recursive: true });
    else fs.writeFileSync(join(folder, name), text, { mode: name.endsWith('run') ? 0o755 : 0o644 });
  }
}

function stampFolder(folder: string, buildId: string, options: readonly string[]): void {
  const args = [join(ROOT, 'tools/stamp-build'), ...options, 'store', buildId, 'out', 'build.json'];
  execFileSync('sh', args, { cwd: folder });
}

/** Everything below a folder: content, mode and, for links, the target. */
export function describeTree(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const stats = fs.lstatSync(join(folder, name));
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) found[name] = mode;
    else if (stats.isSymbolicLink()) found[name] = `-> ${fs.readlinkSync(join(folder, name))}`;
    else found[name] = `${mode} ${fs.readFileSync(join(folder, name), 'utf8')}`;
  }
  return found;
}
