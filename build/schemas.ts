import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import {
  findRetryable,
  keepErrors,
  type ModelledError,
  shortenNames,
  writeOutConstants,
  writeOutKeys,
} from './rewrites.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMAS = /@aws-sdk[\\/]client-[\w-]+[\\/].*[\\/]schemas_\d+\.js$/;

/**
 * Nearly all schemas of a client stay in a bundle, 550 KB of client-ec2's, for two reasons. Their computed keys
 * (`{ [_xN]: ... }`) are side effects to esbuild: with the constant keys written out, unused schemas fall away.
 * And every modelled error is registered when the module loads: only those are kept that the pack can tell from
 * the service's base exception, as which the others arrive.
 */
export const usedSchemas: Plugin = {
  name: 'used-schemas',
  setup(build) {
    const mentioned = readWords(['functions', 'shared']);
    build.onLoad({ filter: SCHEMAS }, async ({ path }) => {
      const classes = join(path, '../../models/errors.js');
      const retryable = existsSync(classes) ? findRetryable(await readFile(classes, 'utf8')) : [];
      const isKept = (error: ModelledError): boolean =>
        error.names.some((name) => retryable.includes(name)) || isTold(error, mentioned);
      const schemas = keepErrors(writeOutKeys(await readFile(path, 'utf8')), isKept);
      return { contents: shortenNames(writeOutConstants(schemas)) };
    });
  },
};

/**
 * Whether the pack would notice an error's class. It tells errors by name (instanceof does not survive bundling), and
 * without its class an error is named by its code. So the class counts if the pack's code mentions the error, and
 * either that name would change or there are members to read but the message.
 */
function isTold({ names, code, members }: ModelledError, mentioned: ReadonlySet<string>): boolean {
  const changes = names.some((name) => name !== code) || members.some((name) => !/^message$/i.test(name));
  return changes && [...names, code].some((name) => mentioned.has(name));
}

/** Every word of the pack's code: more than the names of errors, and certainly those. */
function readWords(folders: readonly string[]): ReadonlySet<string> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(ROOT, folder, name)),
  );
  return new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/\w+(\.\w+)*/g) ?? []));
}
