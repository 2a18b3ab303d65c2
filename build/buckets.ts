import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { changeModule, expectMatches } from './plugins.ts';

const CUSTOMIZATIONS = /@smithy[\\/]core[\\/].*[\\/]service-customizations[\\/]index\.js$/;
const S3_CLIENT = /@aws-sdk[\\/]client-s3[\\/].*[\\/]S3Client\.js$/;

const NEEDED = ['DOT_PATTERN', 'S3_HOSTNAME_PATTERN', 'isArnBucketName', 'isDnsCompatibleBucketName'];

/**
 * Every client can name S3 buckets, and only S3's has any. A module has the same text in all bundles of a build, so
 * S3's client brings the names with it, to the bundles that it is in; without it, no call asks for them.
 */
export const bucketsWithS3: Plugin = {
  name: 'buckets-with-s3',
  setup(build) {
    const matched = expectMatches(build, 'buckets-with-s3', { filter: CUSTOMIZATIONS });
    const matchedClient = expectMatches(build, 'buckets-with-s3', {
      filter: S3_CLIENT,
      given: /@aws-sdk\/client-s3\//,
    });
    build.onLoad({ filter: CUSTOMIZATIONS }, async ({ path }) => {
      matched();
      return changeModule(path, await readFile(path, 'utf8'), bringNoNames);
    });
    build.onLoad({ filter: S3_CLIENT }, async ({ path }) => {
      matchedClient();
      const names = await readFile(customization(path, 'index.js'), 'utf8');
      return bringNoNames(names) ? { contents: bringNames(path, await readFile(path, 'utf8')) } : undefined;
    });
  },
};

/** Undefined for a module that does not export S3's names as a client's bundle needs them. */
function bringNoNames(source: string): string | undefined {
  if (!/^export \{[^}]*\bresolveParamsForS3\b[^}]*\} from "\.\/s3";$/m.test(source)) return undefined;
  return [
    `export { ${NEEDED.join(', ')} } from './s3';`,
    'export let resolveParamsForS3 = () => {',
    `  throw new Error('S3 is left out of the bundles: see build/slim.ts.');`,
    '};',
    'export const nameBuckets = (names) => { resolveParamsForS3 = names; };',
  ].join('\n');
}

function bringNames(clientPath: string, source: string): string {
  return [
    source,
    `import { nameBuckets } from ${JSON.stringify(customization(clientPath, 'index.js'))};`,
    `import { resolveParamsForS3 } from ${JSON.stringify(customization(clientPath, 's3.js'))};`,
    'nameBuckets(resolveParamsForS3);',
  ].join('\n');
}

function customization(clientPath: string, file: string): string {
  const core = createRequire(clientPath).resolve('@smithy/core/package.json');
  return join(core, '../dist-es/submodules/endpoints/middleware-endpoint/service-customizations', file);
}
