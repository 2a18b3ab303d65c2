import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BuildResult } from '../../build.ts';
import { zip } from '../archive.ts';
import type { FlatWing } from '../stack/flat.ts';

export interface ReleaseOptions {
  readonly root: string;
  /** Where the archives go. */
  readonly folder: string;
  readonly version: string;
}

/**
 * Writes two archives for each wing: `<wing>-<version>-sam.zip`, the template and the bundles as `sam deploy` takes
 * them, and `<wing>-<version>-flat.zip`, the template without a transform and its packages. Returns their paths.
 */
export function writeArchives(
  { functions }: BuildResult,
  wings: readonly FlatWing[],
  options: ReleaseOptions,
): readonly string[] {
  const { root, folder, version } = options;
  mkdirSync(folder, { recursive: true });
  return wings.flatMap(({ wing, template, packages }) => {
    const source = `functions/${wing}/template.yaml`;
    const own = functions.filter((one) => one.template === source);
    const sam = {
      ...readAll(root, [source, `functions/${wing}/README.md`, 'samconfig.toml', 'LICENSE']),
      ...Object.fromEntries(own.map(({ id, file }) => [`dist/${id}/index.mjs`, readFileSync(file)])),
    };
    const flat = {
      ...readAll(root, ['LICENSE']),
      ...Object.fromEntries([template, ...packages].map((path) => [archivePath(path), readFileSync(path)])),
    };
    return [
      writeArchive(join(folder, `${wing}-${version}-sam.zip`), sam),
      writeArchive(join(folder, `${wing}-${version}-flat.zip`), flat),
    ];
  });
}

/** The template at the top, the packages in a folder that can be uploaded as it is. */
function archivePath(path: string): string {
  return path.endsWith('.zip') ? `${basename(dirname(path))}/${basename(path)}` : basename(path);
}

type Files = Readonly<Record<string, Uint8Array>>;

function readAll(root: string, paths: readonly string[]): Files {
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path))]));
}

function writeArchive(path: string, files: Files): string {
  writeFileSync(path, zip(files));
  return path;
}
