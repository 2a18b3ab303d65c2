import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Changes the source of the modules that the filter matches. */
export function rewrite(name: string, filter: RegExp, change: (source: string) => string): Plugin {
  return {
    name,
    setup(build) {
      build.onLoad({ filter }, async ({ path }) => ({
        contents: change(await readFile(path, 'utf8')),
        loader: path.endsWith('.json') ? 'json' : 'js',
      }));
    },
  };
}

/**
 * Puts these lines in place of what is imported by a name that the filter matches. Importers whose paths `whole`
 * matches go on to get the real thing.
 */
export function substitute(name: string, filter: RegExp, lines: readonly string[], whole?: RegExp): Plugin {
  return {
    name,
    setup(build) {
      build.onResolve({ filter }, ({ path, importer, resolveDir }) =>
        whole?.test(importer) ? undefined : { path, namespace: name, pluginData: resolveDir },
      );
      build.onLoad({ filter, namespace: name }, ({ pluginData: resolveDir }) => ({
        contents: lines.join('\n'),
        resolveDir,
      }));
    },
  };
}
