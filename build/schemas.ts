import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { changeModule, expectMatches } from './plugins.ts';
import { findRetryable, type ModelledError, slimSchemas } from './rewrites.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMAS = /@aws-sdk[\\/]client-[\w-]+[\\/].*[\\/]schemas_\d+\.js$/;

/**
 * Nearly all schemas of a client stay in a bundle, 550 KB of client-ec2's, for two reasons. Their computed keys
 * (`{ [_xN]: ... }`) are side effects to esbuild: with the constant keys written out, unused schemas fall away.
 * Also, the module registers every modelled error when it loads. We keep only those that our code can distinguish from the
 * service's base exception. The others arrive as that exception.
 */
export const usedSchemas: Plugin = {
  name: 'used-schemas',
  setup(build) {
    const mentioned = readWords(['functions', 'shared']);
    const matched = expectMatches(build, 'used-schemas', { filter: SCHEMAS });
    build.onLoad({ filter: SCHEMAS }, async ({ path }) => {
      matched();
      const classes = join(path, '../../models/errors.js');
      const retryable = existsSync(classes) ? findRetryable(await readFile(classes, 'utf8')) : [];
      const isKept = (error: ModelledError): boolean =>
        error.names.some((name) => retryable.includes(name)) || isDistinguished(error, mentioned);
      return changeModule(path, await readFile(path, 'utf8'), (source) => slimSchemas(source, isKept));
    });
  },
};

/**
 * Whether our code needs an error's class. Our code distinguishes errors by name, because instanceof does not work across
 * bundles. Without its class an error has its code as name. So the class is needed if our code mentions the error, and
 * either the name would change or the error has members other than the message.
 */
function isDistinguished({ names, code, members }: ModelledError, mentioned: ReadonlySet<string>): boolean {
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
