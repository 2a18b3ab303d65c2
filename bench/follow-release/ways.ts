import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Release, ReleaseStore } from './release-store.ts';

const FOLLOW_RELEASE = join(import.meta.dirname, '../../tools/follow-release');

/** How a host gets a release. `host` is a folder on its disk. */
export interface Way {
  readonly name: string;
  /** Programs that it needs. */
  readonly needs: readonly string[];
  /** Gives the host this release. */
  copy(release: Release, host: string): void;
  /** Forgets a release that is not live, if the way keeps some. */
  forget?(release: Release, host: string): void;
}

/** @param environment of the programs, such as one that makes the store slow */
export function listWays(
  releases: ReleaseStore,
  environment: Readonly<Record<string, string>> = {},
): readonly [Way, ...Way[]] {
  const run = (command: string, args: readonly string[]): void => {
    execFileSync(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  return [
    {
      name: 'follow-release',
      needs: [],
      copy: (release, host) => {
        releases.promote(release);
        run('sh', [FOLLOW_RELEASE, '-w', '1', releases.store, 'prod', host]);
      },
      forget: (release, host) => rmSync(join(host, 'releases', release), { recursive: true, force: true }),
    },
    { name: 'rsync -a --delete', needs: ['rsync'], copy: copyByRsync('-a') },
    { name: 'rsync -ac --delete', needs: ['rsync'], copy: copyByRsync('-ac') },
    { name: 'the steps of CodeDeploy', needs: ['zip', 'unzip'], copy: copyLikeCodeDeploy },
  ];

  function copyByRsync(options: string): Way['copy'] {
    return (release, host) =>
      run('rsync', [options, '--delete', `${releases.buildOf(release)}/`, `${host}/live/`]);
  }

  // command_executor.rb and installer.rb of https://github.com/aws/aws-codedeploy-agent, commit 800eb28: it downloads the
  // archive, unpacks all of it, removes the files of the deployment before, and copies each file to its place.
  function copyLikeCodeDeploy(release: Release, host: string): void {
    const [bundle, archive, live] = [join(host, 'bundle.zip'), join(host, 'archive'), join(host, 'live')];
    rmSync(archive, { recursive: true, force: true });
    rmSync(bundle, { force: true });
    run('cp', [releases.archiveOf(release), bundle]);
    run('unzip', ['-qo', bundle, '-d', archive]);
    rmSync(live, { recursive: true, force: true });
    run('cp', ['-Rp', archive, live]);
  }
}

export function emptyHost(host: string): void {
  if (existsSync(host)) rmSync(host, { recursive: true });
  mkdirSync(host);
}
