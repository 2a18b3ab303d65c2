import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const CUSTOMIZATIONS = /@smithy[\\/]core[\\/].*[\\/]service-customizations[\\/]index\.js$/;
const S3_CLIENT = /@aws-sdk[\\/]client-s3[\\/].*[\\/]S3Client\.js$/;

/**
 * Every client can name S3 buckets, and only S3's has any. A module has the same text in all bundles of a build, so
 * S3's client brings the names with it, to the bundles that it is in; without it, no call asks for them.
 */
export const bucketsWithS3: Plugin = {
  name: 'buckets-with-s3',
  setup(build) {
    build.onLoad({ filter: CUSTOMIZATIONS }, () => ({
      contents: [
        'export let resolveParamsForS3 = () => {',
        `  throw new Error('S3 is left out of the bundles: see build/slim.ts.');`,
        '};',
        'export const nameBuckets = (names) => { resolveParamsForS3 = names; };',
      ].join('\n'),
    }));
    build.onLoad({ filter: S3_CLIENT }, async ({ path }) => ({
      contents: [
        await readFile(path, 'utf8'),
        `import { nameBuckets } from ${customization(path, 'index.js')};`,
        `import { resolveParamsForS3 } from ${customization(path, 's3.js')};`,
        'nameBuckets(resolveParamsForS3);',
      ].join('\n'),
    }));
  },
};

/** Written as an import names it. */
function customization(clientPath: string, file: string): string {
  const core = createRequire(clientPath).resolve('@smithy/core/package.json');
  const folder = '../dist-es/submodules/endpoints/middleware-endpoint/service-customizations';
  return JSON.stringify(join(core, folder, file));
}
